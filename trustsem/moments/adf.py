"""Asymptotic covariance of sample moments without any assumption on their distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.cases import Cases
from trustsem.moments.linalg import cholesky

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_SINGULAR = 1e-6  # diagonal of the Cholesky factor of a correlation matrix; exact dependence leaves about 1e-8


def free_moments(n_observed: int, exogenous: IntArray, *, meanstructure: bool) -> NDArray[np.bool_]:
    """Return which moments the saturated model estimates: all but those among fixed exogenous variables. (P,)"""
    column, row = np.triu_indices(n_observed)
    is_x = np.zeros(n_observed, dtype=bool)
    is_x[exogenous] = True
    fixed = is_x[row] & is_x[column]
    return ~(np.concatenate([fixed, is_x]) if meanstructure else fixed)


def moment_deviations(cases: Cases, *, meanstructure: bool, exogenous: IntArray | None = None) -> FloatArray:
    """Return each row's (vech(d d') - vech(S)[, d]), d its deviations from the means; S with divisor n.

    Given fixed exogenous variables x, what is expected of the row from its x is taken off: with m the regression of
    d on x, (vech(d d') - vech(m m') less its mean[, d - m]). Moments among x are then constants.

    Returns:
        (n, p (p + 1) / 2 [+ p]); rows of vech run over the lower triangle, column by column.
    """
    weight = cases.weight_of_row
    total = float(weight.sum())
    centred = cases.values - weight @ cases.values / total
    column, row = np.triu_indices(centred.shape[1])
    products = centred[:, row] * centred[:, column]
    if exogenous is not None and len(exogenous):
        expected = regressed_on(centred, weight, exogenous)
        products -= expected[:, row] * expected[:, column]
        centred = centred - expected
    products -= weight @ products / total
    return np.hstack([products, centred]) if meanstructure else products


def regressed_on(centred: FloatArray, weight: FloatArray, exogenous: IntArray) -> FloatArray:
    """Return the least-squares prediction (n, p) of all variables from some of them, which predict themselves."""
    x = centred[:, exogenous]
    weighted = x * weight[:, None]
    slopes = np.linalg.lstsq(weighted.T @ x, weighted.T @ centred, rcond=None)[0]
    expected = np.asarray(x @ slopes, dtype=np.float64)
    expected[:, exogenous] = x
    return expected


def adf_gamma(cases: Cases, *, meanstructure: bool, exogenous: IntArray | None = None) -> FloatArray:
    """Return n times the covariance matrix of the sample moments (Browne 1984, eq. 2.7), divisor n.

    Args:
        cases: Complete rows of one group. With weights each row's part is multiplied by its weight; with clusters the
            parts of a cluster are added up first and the sum is multiplied by J / (J - 1), J the number of clusters.
        meanstructure: Whether the means follow the covariances.
        exogenous: Positions of fixed exogenous variables: the covariance is then conditional on them.

    Returns:
        (P, P), P = p (p + 1) / 2 [+ p].
    """
    parts = moment_deviations(cases, meanstructure=meanstructure, exogenous=exogenous)
    return crossproduct(parts, cases)


def adf_weight(cases: Cases, *, meanstructure: bool, exogenous: IntArray) -> FloatArray | None:
    """Return the inverse of `adf_gamma`, with zeros for moments among fixed exogenous variables.

    Returns:
        (P, P), or None where Gamma is singular: some products of answers determine each other.
    """
    free = free_moments(cases.values.shape[1], exogenous, meanstructure=meanstructure)
    cells = np.ix_(free, free)
    gamma = adf_gamma(cases, meanstructure=meanstructure, exogenous=exogenous)[cells]
    scale = np.sqrt(np.diag(gamma))
    if not scale.all():
        return None
    factor = cholesky(gamma / np.outer(scale, scale))
    if factor is None or factor.diagonal().min() < _SINGULAR:
        return None
    half = np.linalg.solve(factor, np.diag(1 / scale))
    weight = np.zeros((len(free), len(free)))
    weight[cells] = half.T @ half
    return weight


def crossproduct(parts: FloatArray, cases: Cases) -> FloatArray:
    """Return the sum over rows of part part' divided by n: rows weighted, those of one cluster added up first.

    Args:
        parts: (n, k) what each row contributes, unweighted.
        cases: Weights and clusters of the rows.

    Returns:
        (k, k), with the factor J / (J - 1) of J clusters.
    """
    total = float(cases.weight_of_row.sum())
    if cases.weights is not None:
        parts = parts * cases.weights[:, None]
    if cases.clusters is None:
        return parts.T @ parts / total
    sums, n_clusters = cluster_sums(parts, cases.clusters)
    return sums.T @ sums / total * (n_clusters / (n_clusters - 1))


def crossproduct_of_groups(
    parts: Sequence[FloatArray], cases: Sequence[Cases], shares: Sequence[float], mass: float
) -> FloatArray:
    """Return the sum over groups of share times `crossproduct`; clusters may hold rows of several groups.

    Args:
        parts: One (n_g, k) array per group, unweighted.
        cases: Weights and clusters of the rows of each group; all groups have clusters, or none has.
        shares: Weight of each group in the discrepancy.
        mass: Sum of the weights of all rows.

    Returns:
        (k, k), with the factor J / (J - 1) of J clusters.
    """
    of_group = list(zip(parts, cases, shares, strict=True))
    if cases[0].clusters is None:
        return np.sum([share * crossproduct(part, rows) for part, rows, share in of_group], axis=0)
    weighted = [part * rows.weight_of_row[:, None] for part, rows, _ in of_group]
    labels = [rows.clusters for rows in cases if rows.clusters is not None]
    sums, n_clusters = cluster_sums(np.vstack(weighted), np.concatenate(labels))
    return sums.T @ sums / mass * (n_clusters / (n_clusters - 1))


def cluster_sums(parts: FloatArray, clusters: NDArray[np.intp]) -> tuple[FloatArray, int]:
    """Return the sum of the parts of each cluster (J, k), and J."""
    labels, position = np.unique(clusters, return_inverse=True)
    order = np.argsort(position, kind="stable")
    starts = np.searchsorted(position[order], np.arange(len(labels)))
    return np.add.reduceat(parts[order], starts, axis=0), len(labels)
