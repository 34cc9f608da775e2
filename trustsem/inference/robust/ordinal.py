"""Maximum-likelihood misfit of latent responses' correlations, and its mean: robust RMSEA and CFI of ordinal data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.weights import normal_matrix
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective, weighted
from trustsem.inference.robust.corrected import CorrectedMisfit
from trustsem.inference.robust.pieces import open_directions
from trustsem.moments import SampleGroup
from trustsem.moments.linalg import invert, log_determinant

FloatArray = NDArray[np.float64]


def corrected_ordinal_misfit(estimate: Estimate, df: int) -> CorrectedMisfit:
    """Return the normal-theory misfit of the polychoric correlations at the least-squares estimates (Savalei 2021).

    T = n (log|P| + tr(R P^-1) - log|R| - p) with R sample and P implied correlations. Its mean is c df = tr(V Q Gamma
    Q'), V the normal weight of correlations at P and Q = I - D (D' W D)^-1 D' W the projection of the estimator.
    Both are multiplied by (n - G) / n, so that indices may divide by n - G.

    Args:
        estimate: A fit of ordinal items only, without exogenous variables.
        df: Degrees of freedom.

    Raises:
        numpy.linalg.LinAlgError: R or P is not positive definite.
    """
    objective = estimate.objective
    assert isinstance(objective, CategoricalObjective)
    n_groups = len(objective.moments.groups)
    factor = (objective.moments.mass - n_groups) / objective.moments.mass
    directions = open_directions(estimate)
    d = directions.shape[1]
    statistic, trace = 0.0, 0.0
    bread, meat, cross, inner = (np.zeros((d, d)) for _ in range(4))
    for group in _groups(estimate, objective, directions):
        statistic += group.statistic
        by_weight = group.weight @ group.pairs
        covered = group.weighted.T @ group.gamma
        trace += float(np.sum(group.weight * group.gamma[-len(group.weight) :, -len(group.weight) :]))
        bread += group.share * (group.weighted.T @ group.jacobian)
        meat += group.share * (covered @ group.weighted)
        cross += group.share * (covered[:, -len(group.weight) :] @ by_weight)
        inner += group.share * (group.pairs.T @ by_weight)
    if d:
        trace -= 2 * float(np.trace(np.linalg.solve(bread, cross)))
        trace += float(np.trace(np.linalg.solve(bread, inner) @ np.linalg.solve(bread, meat)))
    return CorrectedMisfit(factor * statistic, factor * trace / df if df else 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    share: float
    statistic: float  # n_g F
    jacobian: FloatArray  # (M, d)
    weighted: FloatArray  # (M, d) W D
    pairs: FloatArray  # (pairs, d) the rows of D that are correlations: the last ones
    weight: FloatArray  # (pairs, pairs) V
    gamma: FloatArray  # (M, M) without the factor n / (n - 1)


def _groups(estimate: Estimate, objective: CategoricalObjective, directions: FloatArray) -> Iterator[_Group]:
    implied = objective.implied(estimate.x)
    point = objective.expand_at(implied)
    for share, sample, residual, jacobian in zip(
        objective.weights, objective.moments.groups, point.residuals, point.jacobians, strict=True
    ):
        assert sample.categorical is not None
        assert sample.categorical.gamma is not None
        p = len(sample.names)
        n_pairs = p * (p - 1) // 2
        column, row = np.triu_indices(p, 1)
        correlations = np.eye(p)
        correlations[row, column] = correlations[column, row] = (sample.categorical.vector - residual)[-n_pairs:]
        inverse = invert(correlations)
        every = np.triu_indices(p)
        off = np.flatnonzero(every[0] != every[1])
        open_jacobian = jacobian @ directions
        n = sample.mass
        yield _Group(
            share,
            n * _misfit(sample, correlations, inverse),
            open_jacobian,
            weighted(sample, open_jacobian),
            open_jacobian[-n_pairs:],
            normal_matrix(inverse, None)[np.ix_(off, off)],
            sample.categorical.gamma * (1.0 if sample.is_unbiased else (n - 1) / n),
        )


def _misfit(sample: SampleGroup, correlations: FloatArray, inverse: FloatArray) -> float:
    log_det = log_determinant(sample.cov)
    if not np.isfinite(log_det):
        raise np.linalg.LinAlgError("the polychoric correlations are not positive definite")
    return log_determinant(correlations) + float(np.sum(inverse * sample.cov)) - log_det - len(inverse)
