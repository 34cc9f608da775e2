"""Defaults of other programs for ordinal items that differ from ours, as their documentation states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trustsem.fitting.data_options import Missing
from trustsem.fitting.differences import Change, Difference

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


def ordinal_differences(program: str) -> tuple[Difference, ...]:
    """Return the differences to one program in fits of ordinal items, those that change most first."""
    return _TABLE[program]


def _estimator_text(fit: Fit) -> str:
    ordinal = fit.fitted.table.ordinal
    scaling = "theta" if ordinal is not None and ordinal.is_theta else "delta"
    return f"{fit.options.to_dict()['estimator']} with {scaling} parameterization."


def _missing_text(fit: Fit) -> str:
    if fit.options.data.missing is Missing.PAIRWISE:
        return "each correlation uses the rows that answered both items."
    return "complete rows only."


def _groups_text(fit: Fit) -> str:
    if not fit.group_labels:
        return "this fit has one group."
    equal = fit.options.spec.group_equal
    return f"equal across groups: {', '.join(equal)}." if equal else "nothing is equal across groups."


def _is_delta(fit: Fit) -> bool:
    return fit.fitted.table.ordinal is not None and not fit.fitted.table.ordinal.is_theta


_THETA = Difference(
    "Parameterization",
    "delta by default; theta on request.",
    _estimator_text,
    "loadings, paths, thresholds and variances; chi-square and the standardised solution only where an ordinal outcome "
    "predicts something in turn, or parameters are equal across groups.",
    Change(spec={"theta": True}),
    ("first standard error", "first free variance", "df", "chisq"),
    applies=_is_delta,
    otherwise="This fit is one with theta already.",
    column="with theta",
)
_MPLUS_MISSING = Difference(
    "Missing answers",
    "pairwise: each correlation uses the rows that answered both items; LISTWISE = ON uses complete rows.",
    _missing_text,
    "every number, when rows are incomplete.",
    missing='missing="pairwise" follows it.',
)
_MPLUS = (
    Difference(
        "Chi-square",
        "prints the scaled and shifted chi-square as the chi-square.",
        "chisq_scaled is that one; chisq is the unscaled statistic, which has no p-value.",
        "the chi-square and its p-value.",
        pairs=(("chisq", "chisq_scaled"),),
    ),
    Difference(
        "CFI, TLI and RMSEA",
        "built on the scaled and shifted chi-square.",
        "cfi_scaled, tli_scaled and rmsea_scaled are those; the robust ones are built on maximum-likelihood misfit of "
        "the correlations (Savalei 2021).",
        "CFI, TLI, RMSEA.",
        pairs=(("cfi", "cfi_scaled"), ("tli", "tli_scaled"), ("rmsea", "rmsea_scaled")),
    ),
    _MPLUS_MISSING,
    Difference(
        "Several groups",
        "thresholds and loadings are equal across groups by default, and scaling factors and factor means are free in "
        "the later groups.",
        _groups_text,
        "every number of a fit of several groups.",
        missing='group_equal=("thresholds", "loadings") follows it.',
    ),
    _THETA,
)
_LAVAAN = (
    Difference(
        "Estimator",
        "WLSMV for ordered items: DWLS estimates, robust standard errors, scaled and shifted test, as here.",
        _estimator_text,
        "nothing where the names are the same.",
    ),
    Difference(
        "Clusters",
        "before 0.7 clusters of ordered items are ignored.",
        "standard errors and tests take clusters into account.",
        "standard errors and scaled tests of clustered rows.",
    ),
    Difference(
        "Missing answers",
        'complete rows; missing = "pairwise" on request, as here.',
        _missing_text,
        "every number, when rows are incomplete.",
    ),
    _THETA,
)
_STATA = (
    Difference(
        "Ordered answers",
        "sem has no estimator for them; gsem with oprobit integrates the factors out (maximum likelihood), without a "
        "chi-square of the model.",
        _estimator_text,
        "every number; loadings compare with those of theta.",
        missing="There is nothing to refit: this engine has no maximum likelihood of ordered answers.",
    ),
)
_TABLE: Mapping[str, tuple[Difference, ...]] = {"lavaan": _LAVAAN, "mplus": _MPLUS, "stata": _STATA}
