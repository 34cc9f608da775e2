"""`fit.validity()`: whether the model's constructs are told apart by their items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsem.fitting.reliability import require_factors
from trustsem.measurement import ConstructPair, Distinct, construct_pairs, factor_reliabilities
from trustsem.measurement.validity import LIBERAL, STRICT, Extracted
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened
from trustsem.tables.groups import group_names
from trustsem.tables.scales import extracted_frame, pairs_frame

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.validity/1"
RULES = {"distinct_below": STRICT, "not_distinct_from": LIBERAL}


@dataclass(frozen=True, eq=False)
class Validity:
    """Every pair of constructs in every group. Made by `Fit.validity`.

    Args:
        records: One record per pair and group.
        extracted: Average variances extracted, by factor and number of the group.
        group_labels: Labels of the groups; one empty text for one group.
        findings: What a reader must know.
    """

    records: tuple[ConstructPair, ...]
    extracted: Extracted
    group_labels: tuple[str, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row per pair of constructs and group.

        Columns first, second, group, group_label, correlation, se, ci_lower, ci_upper, upper_size, verdict, htmt,
        htmt2, htmt_verdict, fornell_larcker, reason.
        """
        return pairs_frame(self.records, self.group_labels)

    @cached_property
    def factors(self) -> pd.DataFrame:
        """One row per factor and group: ave, its square root, and the largest correlation with another construct."""
        return extracted_frame(self.extracted, self.records, self.group_labels)

    def summary(self, *, width: int = 80) -> str:
        """Return pairs, rules and findings as text."""
        from trustsem.fitting.summarise_scales import summarise_validity

        return summarise_validity(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values, null for what is absent."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "rules": dict(RULES),
            "pairs": records(self.pairs),
            "factors": records(self.factors),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def validity_of(fit: Fit) -> Validity:
    """Return what tells the constructs of a fit apart.

    Raises:
        UsageError: the fit did not converge, or its model has no latent variable.
    """
    require_factors(fit, "validity")
    labels = group_names(fit.fitted.table)
    with blas_threads_for(len(fit.fitted.table.variables.observed)):
        found = factor_reliabilities(fit.fitted)  # without the answers: what needs them is not asked for here
        extracted = {(item.factor, item.group): item.coefficients["ave"] for item in found}
        pairs = construct_pairs(fit.fitted, extracted)
    return Validity(pairs, extracted, labels, tuple(_findings(pairs, labels)))


def _findings(pairs: Sequence[ConstructPair], labels: Sequence[str]) -> Iterator[Finding]:
    for verdict, severity in ((Distinct.NOT_DISTINCT, Severity.WARNING), (Distinct.DOUBTFUL, Severity.INFO)):
        found = [f"{_where(pair, labels)} {pair.upper_size:.3f}" for pair in pairs if pair.verdict is verdict]
        if found:
            reach = f"{LIBERAL:.2f} or more" if verdict is Distinct.NOT_DISTINCT else f"{STRICT:.2f} to {LIBERAL:.2f}"
            yield Finding(
                f"constructs-{verdict.value.replace(' ', '-')}",
                severity,
                f"Constructs {verdict.value}: upper limit of their correlation {reach}: {shortened(found, 6)}.",
                remedy="Compare with a model in which they are one construct (ts.compare); report both.",
            )


def _where(pair: ConstructPair, labels: Sequence[str]) -> str:
    label = labels[pair.group - 1]
    both = f"{pair.first} with {pair.second}"
    return f"{both} ({label})" if label else both
