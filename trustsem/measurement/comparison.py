"""A level against the one before: difference test, changes of fit indices, decision."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trustsem.errors import UsageError
from trustsem.inference.difference import DifferenceMethod, DifferenceTest
from trustsem.measurement.rules import Decision, DecisionRules, decide
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import difference_of
from trustsem.records import Finding, Severity

# Robust indices where both fits have them (Brosseau-Liard & Savalei 2014), else scaled, else plain ones. Of ordinal
# items they are not defined where thresholds are equal (Savalei 2021), so that no two levels could be compared by them.
_KINDS = ("_robust", "_scaled", "")
_ORDINAL_KINDS = ("_scaled", "")


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """How much worse a model fits than a less equal one.

    Args:
        against: Level that it is compared with.
        test: Difference test; None where there is none (`reason`).
        changes: Changes of cfi, rmsea and srmr, this minus the other; None where undefined.
        indices: Which fit measures these are.
        decision: Verdicts of all criteria.
        reason: Why there is no difference test.
        findings: What a reader must know of the difference test.
    """

    against: str
    test: DifferenceTest | None
    changes: Mapping[str, float | None]
    indices: Mapping[str, str]
    decision: Decision
    reason: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def pvalue(self) -> float | None:
        """Of the difference test."""
        return None if self.test is None else self.test.pvalue


def compare_levels(
    restricted: FittedModel,
    general: FittedModel,
    rules: DecisionRules,
    *,
    against: str,
    loadings: bool,
    method: DifferenceMethod | None = None,
) -> Comparison:
    """Compare two levels and decide by the rules.

    Args:
        restricted: The more equal model.
        general: The model that it is nested in.
        rules: Fixed beforehand.
        against: Name of the general model's level.
        loadings: Whether loadings are what became equal.
        method: Of the difference test; None: the one that goes with the fits' test.
    """
    test, reason, findings = _difference(restricted, general, method)
    indices = {name: index_name(restricted, general, name) for name in ("cfi", "rmsea")} | {"srmr": "srmr"}
    changes = {name: _change(restricted, general, measure) for name, measure in indices.items()}
    decision = decide(rules, None if test is None else test.pvalue, changes, loadings=loadings)
    return Comparison(against, test, changes, indices, decision, reason, findings)


def _difference(
    restricted: FittedModel, general: FittedModel, method: DifferenceMethod | None
) -> tuple[DifferenceTest | None, str | None, tuple[Finding, ...]]:
    """Return the test, why there is none, and a finding where the usual correction had to give way to another."""
    if restricted.identification.df <= general.identification.df:
        return None, "no degree of freedom was gained", ()
    try:
        test = difference_of(restricted, general, method)
        findings: tuple[Finding, ...] = ()
        if method is None and any(finding.code == "difference-scaling-negative" for finding in test.findings):
            test = difference_of(restricted, general, DifferenceMethod.SATORRA_BENTLER_2010)
            findings = (_other_correction(),)
    except UsageError as error:
        if error.code == "difference-method":
            raise
        return None, error.message, ()
    reason = None if math.isfinite(test.statistic) else "; ".join(finding.message for finding in test.findings)
    return test, reason, (*findings, *test.findings)


def _other_correction() -> Finding:
    return Finding(
        "difference-correction-changed",
        Severity.INFO,
        "The scaling factor of a chi-square difference was not positive (Satorra & Bentler 2001): the corrected "
        "factor of Satorra & Bentler (2010) is used there.",
    )


def index_name(one: FittedModel, other: FittedModel, name: str) -> str:
    """Return the fit measure that stands for an index: robust, scaled or plain, the first that both fits have."""
    for kind in _KINDS if one.table.ordinal is None else _ORDINAL_KINDS:
        measure = f"{name}{kind}"
        if all(fitted.measures.values.get(measure) is not None for fitted in (one, other)):
            return measure
    return name


def index_of(fitted: FittedModel, name: str) -> float | None:
    """Return an index of one fit, in the version that levels are compared by."""
    return fitted.measures.values.get(index_name(fitted, fitted, name))


def _change(restricted: FittedModel, general: FittedModel, measure: str) -> float | None:
    after, before = (fitted.measures.values.get(measure) for fitted in (restricted, general))
    return None if after is None or before is None else after - before
