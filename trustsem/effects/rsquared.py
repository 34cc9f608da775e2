"""Explained variance of every dependent variable."""

from __future__ import annotations

from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied


def r_squared(estimate: Estimate) -> tuple[dict[str, float | None], ...]:
    """Return 1 - residual / total variance of every variable that something points at, one mapping per group.

    None where the residual variance is negative, 0 where all arrows are fixed at 0. In a feedback loop the value is not
    a share of variance in the usual sense (Bentler & Raykov 2000); it is what other programs print.
    """
    groups = estimate.objective.layout.groups
    return tuple(
        _of_group(group, implied) for group, implied in zip(groups, estimate.objective.implied(estimate.x), strict=True)
    )


def _of_group(group: GroupLayout, implied: Implied) -> dict[str, float | None]:
    result: dict[str, float | None] = {}
    for index in group.dependent.tolist():
        residual, total = implied.covariances[index, index], implied.total_cov[index, index]
        result[group.names[index]] = None if residual < 0 or total <= 0 else float(1 - residual / total)
    return result
