"""`fit.reliability()`: how reliable the sum scores of the model's factors are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.errors import UsageError
from trustsem.measurement import FactorReliability, ScoredAnswers, factor_reliabilities
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened
from trustsem.tables.groups import group_names
from trustsem.tables.scales import reliability_frame

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.reliability/1"
ENOUGH = 0.70  # Nunnally & Bernstein (1994), for research on groups
HALF = 0.50  # Fornell & Larcker (1981): the factor explains as much of its items as error does


@dataclass(frozen=True, eq=False)
class Reliability:
    """Reliability of every factor in every group. Made by `Fit.reliability`.

    Args:
        factors: One record per factor and group.
        group_labels: Labels of the groups; one empty text for one group.
        findings: What a reader must know.
    """

    factors: tuple[FactorReliability, ...]
    group_labels: tuple[str, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """One row per factor, group and coefficient.

        Columns factor, group, group_label, coefficient, est, se, ci_lower, ci_upper, interval, n_items, n_obs, reason.
        """
        return reliability_frame(self.factors, self.group_labels)

    def summary(self, *, width: int = 80) -> str:
        """Return coefficients and findings as text."""
        from trustsem.fitting.summarise_scales import summarise_reliability

        return summarise_reliability(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values, null for what is absent."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "coefficients": records(self.coefficients),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def reliability_of(fit: Fit) -> Reliability:
    """Return the reliability of the sum scores of a fit's factors.

    Raises:
        UsageError: the fit did not converge, or its model has no latent variable.
    """
    require_factors(fit, "reliability")
    labels = group_names(fit.fitted.table)
    with blas_threads_for(len(fit.fitted.table.variables.observed)):
        factors = factor_reliabilities(fit.fitted, _answers(fit), _no_interval(fit))
    return Reliability(factors, labels, tuple(_findings(factors, labels)))


def require_factors(fit: Fit, what: str) -> None:
    """Refuse fits that tell nothing of factors.

    Raises:
        UsageError: not converged, or no latent variable.
    """
    if not fit.converged:
        raise UsageError(f"The fit did not converge: it says nothing of {what}.", code="not-converged")
    if not fit.fitted.table.variables.latent:
        raise UsageError(
            f"The model has no latent variable: there is nothing to tell the {what} of.",
            remedy="ts.item_analysis(data, items=[...]) looks at items without a model.",
            code="no-factor",
        )


def _answers(fit: Fit) -> ScoredAnswers | None:
    """Return the answers of each group, for ordinal fits, whose moments are not those of scores."""
    if fit.fitted.table.ordinal is None:
        return None
    samples = fit.fitted.moments.groups
    values = fit.cases("reliability").by_group([sample.n_obs for sample in samples])
    return ScoredAnswers(values, tuple(None if sample.cases is None else sample.cases.weights for sample in samples))


def _no_interval(fit: Fit) -> list[str | None]:
    """Return, for each group, why alpha has no interval: Feldt's rests on independent, equal, complete rows."""
    data, values = fit.options.data, fit.data.values
    samples = fit.fitted.moments.groups
    if data.cluster is not None or data.weights is not None:
        what = "clusters" if data.cluster is not None else "weights"
        return [f"Feldt's interval knows no {what}"] * len(samples)
    if values is None or fit.fitted.table.ordinal is not None:
        return [None] * len(samples)
    sizes = [sample.n_obs for sample in samples]
    parts = fit.cases("reliability").by_group(sizes)
    return ["Feldt's interval needs complete rows" if np.isnan(part).any() else None for part in parts]


def _findings(factors: Sequence[FactorReliability], labels: Sequence[str]) -> Iterator[Finding]:
    omega = ("omega", "omega_categorical")
    low = [f"{_where(item, labels)} {value:.3f}" for item, value in _values(factors, omega) if value < ENOUGH]
    if low:
        yield Finding(
            "low-reliability",
            Severity.INFO,
            f"Omega below {ENOUGH:.2f}: {shortened(low)}. Sum scores of these factors carry much error.",
            remedy="Use the factor in a model rather than its sum score; look at the items by ts.item_analysis.",
        )
    small = [f"{_where(item, labels)} {value:.3f}" for item, value in _values(factors, ("ave",)) if value < HALF]
    if small:
        yield Finding(
            "low-ave",
            Severity.INFO,
            f"Average variance extracted below {HALF:.2f}: {shortened(small)}. Errors explain more of the items than "
            "the factor does.",
        )
    for item in factors:
        if item.opposed:
            yield Finding(
                "opposed-loadings",
                Severity.WARNING,
                f"{item.factor}: {shortened(item.opposed)} load with another sign than the other items. A sum score "
                "adds them up against each other, and alpha and omega are those of that sum.",
                remedy="Turn these items when they are scored (a codebook does it), then fit again.",
                parameter=item.factor,
            ).in_group(labels[item.group - 1])
    yield from _undefined(factors, labels, omega)


def _undefined(factors: Sequence[FactorReliability], labels: Sequence[str], names: Sequence[str]) -> Iterator[Finding]:
    reasons: dict[str, list[str]] = {}
    for item in factors:
        for name in names:
            coefficient = item.coefficients.get(name)
            if coefficient is not None and coefficient.value is None:
                reasons.setdefault(str(coefficient.reason), []).append(_where(item, labels))
    for reason, found in reasons.items():
        message = f"No omega of {shortened(found)}: {reason}."
        yield Finding("no-reliability", Severity.INFO, message)


def _values(factors: Sequence[FactorReliability], names: Sequence[str]) -> Iterator[tuple[FactorReliability, float]]:
    for item in factors:
        for name in names:
            coefficient = item.coefficients.get(name)
            if coefficient is not None and coefficient.value is not None:
                yield item, coefficient.value


def _where(item: FactorReliability, labels: Sequence[str]) -> str:
    label = labels[item.group - 1]
    return f"{item.factor} ({label})" if label else item.factor
