"""Explained variance of every dependent variable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import DeltaResult
from trustsem.effects.variances import model_variances
from trustsem.estimate import Estimate
from trustsem.resample.batch import Stack

FloatArray = NDArray[np.float64]


def r_squared(estimate: Estimate) -> tuple[dict[str, float | None], ...]:
    """Return 1 - residual / total variance of every variable that something points at, one mapping per group.

    None where the residual variance is negative, 0 where all arrows are fixed at 0. In a feedback loop the value is not
    a share of variance in the usual sense (Bentler & Raykov 2000); it is what other programs print.
    """
    names = dependent_names(estimate)
    groups = np.split(r_squared_values(estimate).values, np.cumsum([len(group) for group in names])[:-1])
    return tuple(
        {name: None if np.isnan(value) else float(value) for name, value in zip(group, shares, strict=True)}
        for group, shares in zip(names, groups, strict=True)
    )


def dependent_names(estimate: Estimate) -> tuple[tuple[str, ...], ...]:
    """Return the variables that something points at, group by group."""
    groups = estimate.objective.layout.groups
    return tuple(tuple(group.names[index] for index in group.dependent.tolist()) for group in groups)


def r_squared_values(estimate: Estimate) -> DeltaResult:
    """Return R-squared of every dependent variable, group after group, with derivatives and without errors.

    NaN where the residual variance is negative or the total variance not positive.
    """
    layout = estimate.objective.layout
    values, jacobians = [], []
    for group, implied in zip(layout.groups, estimate.objective.implied(estimate.x), strict=True):
        found, index = model_variances(group, implied, layout.n_free), group.dependent
        share = _share(found.residual[index], found.total[index])
        slope = found.residual_jacobian[index] - (1 - share)[:, None] * found.total_jacobian[index]
        values.append(share)
        jacobians.append(-slope / found.total[index][:, None])
    result = np.concatenate(values)
    return DeltaResult(result, np.vstack(jacobians), np.full(len(result), np.nan))


def r_squared_draws(estimate: Estimate, stacks: Sequence[Stack]) -> FloatArray:
    """Return R-squared in each draw, in the order of `r_squared_values`; NaN where it has no value."""
    parts = []
    for group, stack in zip(estimate.objective.layout.groups, stacks, strict=True):
        index = group.dependent
        total = np.diagonal(stack.total_cov, axis1=1, axis2=2)[:, index]
        parts.append(_share(np.diagonal(stack.covariances, axis1=1, axis2=2)[:, index], total))
    return np.hstack(parts)


def _share(residual: FloatArray, total: FloatArray) -> FloatArray:
    good = (residual >= 0) & (total > 0)
    return 1 - np.divide(residual, total, out=np.full_like(total, np.nan), where=good)
