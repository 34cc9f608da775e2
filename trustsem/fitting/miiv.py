"""`Fit.miiv`: the model's equations estimated one by one through the instruments that the model implies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.distributions import Z95, normal_tails
from trustsem.effects.miiv import WEAK_F, EquationEstimate, miiv_estimates
from trustsem.errors import UsageError
from trustsem.fitting.data_options import Missing
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.miiv/1"
_LEVEL = 0.05  # of all Sargan tests of a model together, by Holm's (1979) steps

_ESTIMATE_COLUMNS = [
    "lhs", "op", "rhs", "est", "se", "z", "pvalue", "ci_lower", "ci_upper", "partial_r2", "est_fit", "group",
    "group_label",
]  # fmt: skip
_EQUATION_COLUMNS = [
    "outcome", "predictors", "instruments", "n_instruments", "sargan", "sargan_df", "sargan_pvalue", "first_stage_f",
    "reason", "group", "group_label",
]  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class GroupEquation:
    """An equation of a group, counted from 1."""

    group: int
    equation: EquationEstimate


@dataclass(frozen=True, eq=False, repr=False)
class Miiv:
    """MIIV-2SLS estimates of a model (Bollen 1996, 2019). Made by `Fit.miiv`.

    Each equation is estimated by itself, in closed form: a fault of the model in one place stays out of the others
    unless it makes their instruments invalid, which Sargan's test looks for.
    """

    fit: Fit
    rows: tuple[GroupEquation, ...]

    def __repr__(self) -> str:
        return f"<Miiv: {len(self.rows)} equations, {sum(row.equation.result is None for row in self.rows)} without>"

    def equation(self, outcome: str, group: int = 1) -> EquationEstimate | None:
        """Return the equation of an outcome; None where it has no free coefficient."""
        return next((r.equation for r in self.rows if (r.equation.outcome, r.group) == (outcome, group)), None)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Coefficients with standard errors and 95 % intervals, beside the estimates of the fit (`est_fit`).

        partial_r2 is Shea's (1997), of predictors that are not their own instruments.
        """
        operators, labels = self._operators(), group_names(self.fit.fitted.table)
        fitted = {
            (row["lhs"], row["op"], row["rhs"], row["group"]): row["est"]
            for row in self.fit.estimates.to_dict("records")
        }
        rows = []
        for item in self.rows:
            equation = item.equation
            strength = () if equation.strength is None else equation.strength.partial_r2
            partial = dict(zip(equation.endogenous, strength, strict=False))
            for predictor in equation.predictors:
                found = equation.coefficient(predictor)
                is_loading = operators[equation.outcome, predictor] == "=~"
                lhs, rhs = (predictor, equation.outcome) if is_loading else (equation.outcome, predictor)
                op = "=~" if is_loading else "~"
                est, se = (np.nan, np.nan) if found is None else found
                rows.append([lhs, op, rhs, est, se, partial.get(predictor, np.nan),
                             fitted[lhs, op, rhs, item.group], item.group, labels[item.group - 1]])  # fmt: skip
        keys = ["lhs", "op", "rhs", "est", "se", "partial_r2", "est_fit", "group", "group_label"]
        frame = pd.DataFrame(rows, columns=keys)
        z = frame["est"].to_numpy(dtype=float) / frame["se"].to_numpy(dtype=float)
        frame = frame.assign(z=z, pvalue=normal_tails(z), ci_lower=frame["est"] - Z95 * frame["se"])
        return frame.assign(ci_upper=frame["est"] + Z95 * frame["se"]).reindex(columns=_ESTIMATE_COLUMNS)

    def _operators(self) -> dict[tuple[str, str], str]:
        """Return =~ or ~ by outcome and predictor."""
        table = self.fit.fitted.table
        loadings = {(row.rhs, row.lhs): "=~" for row in table if row.op == "=~"}
        return loadings | {(row.lhs, row.rhs): "~" for row in table if row.op == "~"}

    @cached_property
    def equations(self) -> pd.DataFrame:
        """Each equation with its instruments, Sargan's test and the first-stage F of Cragg and Donald (1993)."""
        labels = group_names(self.fit.fitted.table)
        rows = []
        for item in self.rows:
            equation, result = item.equation, item.equation.result
            rows.append([
                equation.outcome, ", ".join(equation.predictors), ", ".join(equation.instruments),
                len(equation.instruments), None if result is None else result.sargan,
                len(equation.instruments) - len(equation.predictors),
                None if result is None else result.sargan_pvalue,
                None if equation.strength is None else equation.strength.f, equation.reason, item.group,
                labels[item.group - 1],
            ])  # fmt: skip
        frame = pd.DataFrame(rows, columns=_EQUATION_COLUMNS)
        numbers = ["sargan", "sargan_pvalue", "first_stage_f"]
        return frame.astype(dict.fromkeys(numbers, float))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Equations without an estimate, tests that reject, and weak instruments."""
        return (*self._not_identified(), *self._rejected(), *self._weak())

    def _name(self, item: GroupEquation) -> str:
        label = group_names(self.fit.fitted.table)[item.group - 1]
        return f"{item.equation.outcome} ({label})" if label else item.equation.outcome

    def _not_identified(self) -> list[Finding]:
        lost = [f"{self._name(item)}: {item.equation.reason}" for item in self.rows if item.equation.result is None]
        if not lost:
            return []
        return [
            Finding(
                "miiv-not-identified",
                Severity.WARNING,
                f"No MIIV-2SLS estimate of {shortened(lost, 6)}.",
                remedy="The model implies too few instruments for them; look for a predictor that one of them lacks.",
                parameter=lost[0].split(":")[0],
            )
        ]

    def _rejected(self) -> list[Finding]:
        tested = [
            (result.sargan_pvalue, item)
            for item in self.rows
            if (result := item.equation.result) is not None and result.sargan_pvalue is not None
        ]
        rejected: list[GroupEquation] = []
        for step, (pvalue, item) in enumerate(sorted(tested, key=lambda pair: pair[0])):
            if pvalue * (len(tested) - step) >= _LEVEL:
                break
            rejected.append(item)
        if not rejected:
            return []
        return [
            Finding(
                "miiv-sargan",
                Severity.WARNING,
                f"Sargan's test rejects {len(rejected)} of {len(tested)} equations (5 % for all together, Holm 1979): "
                f"{shortened([self._name(item) for item in rejected], 6)}. Not all of their instruments can be valid.",
                remedy="Look for an arrow or a residual covariance that the model leaves out there.",
                parameter=rejected[0].equation.outcome,
            )
        ]

    def _weak(self) -> list[Finding]:
        weak = [item for item in self.rows if item.equation.strength and item.equation.strength.f < WEAK_F]
        if not weak:
            return []
        told = [f"{self._name(item)} (F {item.equation.strength.f:.1f})" for item in weak if item.equation.strength]
        return [
            Finding(
                "miiv-weak-instruments",
                Severity.WARNING,
                f"The instruments of {shortened(told, 6)} are weak (first-stage F below {WEAK_F:.0f}): estimates lean "
                "towards those of ordinary least squares, and their intervals are too narrow.",
                remedy="Trust these equations no more than those of the fit; stronger predictors help.",
                parameter=weak[0].equation.outcome,
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return estimates, equations and findings as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "n_obs": self.fit.n_obs,
            "estimates": records(self.estimates),
            "equations": records(self.equations),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def miiv_fit(fit: Fit) -> Miiv:
    """Estimate every equation of a fitted model by two-stage least squares, group by group.

    Raises:
        UsageError: what the method cannot honour, all of it named.
    """
    faults = miiv_obstacles(fit)
    if faults:
        raise UsageError(
            "MIIV-2SLS is not available for this fit.",
            faults=faults,
            remedy="Fit the model to complete continuous answers or their moments, without constraints.",
            code="miiv",
        )
    groups = zip(fit.fitted.estimate.objective.layout.groups, fit.data.moments.groups, strict=True)
    rows = [
        GroupEquation(number, equation)
        for number, (layout, sample) in enumerate(groups, start=1)
        for equation in miiv_estimates(layout, sample.ordered(layout.observed).cov, sample.n_obs)
    ]
    return Miiv(fit, tuple(rows))


def miiv_obstacles(fit: Fit) -> tuple[str, ...]:
    """Return why MIIV-2SLS would not be right for a fit; empty where it is."""
    table, options = fit.fitted.table, fit.options.data
    found = {
        "ordinal items: coefficients of latent responses need polychoric instruments, which are not built": (
            table.ordinal is not None
        ),
        f'missing="{options.missing.value}": standard errors and Sargan\'s test need complete rows': (
            options.missing is not Missing.LISTWISE
        ),
        "cluster=: standard errors hold for independent respondents": options.cluster is not None,
        "sampling_weights=: standard errors hold for equal weights": options.weights is not None,
        "constraints between parameters: equations are estimated one by one": bool(
            table.constraints.texts or table.relations
        ),
    }
    return tuple(text for text, holds in found.items() if holds)
