"""Local identification: the rank of the Jacobian of the implied moments at random points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.identification.counting import degrees_of_freedom
from trustsem.implied import (
    GroupLayout,
    Implied,
    ModelLayout,
    implied_moments,
    moment_derivatives,
    ordinal_moments,
    sigma_jacobian,
)
from trustsem.moments.linalg import cholesky
from trustsem.spec.relations import evaluate_relations
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

N_POINTS = 3
_SEED = 20260101
_CLEAR = 1e-7  # smallest eigenvalue of the scaled Gram matrix (Jacobian squared) that proves full rank
_RANK = 1e-8  # singular values of the scaled Jacobian below this count as zero
_MEMBER = 1e-6  # weight in a null vector from which a parameter belongs to it


@dataclass(frozen=True, slots=True)
class UnidentifiedSet:
    """Parameters that can change together without changing any implied moment; `freedom` counts the ways."""

    parameters: tuple[str, ...]
    freedom: int


@dataclass(frozen=True, slots=True)
class IdentificationReport:
    """Result of counting and of the rank check.

    Args:
        df: Degrees of freedom; negative: more parameters than moments.
        n_parameters: Parameters left by linear constraints.
        rank: Rank of the Jacobian: how many of them the moments (and nonlinear constraints) determine.
        unidentified: Sets of parameters that the moments cannot tell apart; empty when identified.
    """

    df: int
    n_parameters: int
    rank: int
    unidentified: tuple[UnidentifiedSet, ...]

    @property
    def identified(self) -> bool:
        """Whether the parameters are locally identified at almost every point."""
        return self.rank == self.n_parameters


def check_identification(table: ParameterTable, layout: ModelLayout) -> IdentificationReport:
    """Check local identification by the rank of d(moments)/d(parameters) at up to three random points.

    Full rank at one point means identification at almost every point (Bekker, Merckens & Wansbeek 1994, ch. 2);
    a deficit is believed only when all three points agree on it, and then the null space names the parameters.
    """
    df = degrees_of_freedom(table, layout)
    n_parameters = len(layout.reduction.kept)
    rng = np.random.default_rng(_SEED)
    best_rank, null_space = -1, np.zeros((n_parameters, 0))
    for _ in range(N_POINTS):
        theta = _random_point(table, layout, rng)
        if not table.equalities and _clearly_full_rank(layout, theta):
            return IdentificationReport(df, n_parameters, n_parameters, ())
        rank, null = _rank_and_null_space(table, layout, theta)
        if rank > best_rank:
            best_rank, null_space = rank, null
    if best_rank == n_parameters:
        return IdentificationReport(df, n_parameters, best_rank, ())
    names = [table.free_rows[position].key for position in layout.reduction.kept]
    return IdentificationReport(df, n_parameters, best_rank, _name_sets(null_space, names))


def _random_point(table: ParameterTable, layout: ModelLayout, rng: np.random.Generator) -> FloatArray:
    """Draw generic values: variances large enough for a proper matrix, loops far from a gain of 1."""
    x = np.empty(table.n_free)
    units = {
        group.observed[i]: float(np.sqrt(group.covariances[i, i])) for group in layout.groups for i in group.exogenous
    }
    for position, row in enumerate(table.free_rows):
        if row.op == "~~":
            x[position] = rng.uniform(0.8, 1.6) if row.lhs == row.rhs else rng.uniform(-0.2, 0.2)
        elif row.op == "~*~":
            x[position] = rng.uniform(0.8, 1.2)
        elif row.op == "=~":
            x[position] = rng.uniform(0.5, 1.4)
        elif row.op == "~":
            x[position] = rng.uniform(0.15, 0.6) * rng.choice((-1.0, 1.0)) / units.get(row.rhs, 1.0)
        else:
            x[position] = rng.normal()
    return layout.reduction.expand(x[layout.reduction.kept])


def _clearly_full_rank(layout: ModelLayout, theta: FloatArray) -> bool:
    gram = np.zeros((layout.n_free, layout.n_free))
    for group in layout.groups:
        implied = implied_moments(group, theta)
        if group.ordinal is not None:
            jacobian = _ordinal_jacobian(group, implied, theta)
            gram += jacobian.T @ jacobian
            continue
        derivatives = moment_derivatives(group, implied, layout.n_free)
        unit = np.diag(1 / _scale(implied) ** 2)
        gram += derivatives.inner(unit, unit if layout.meanstructure else None)
    gram = layout.reduction.reduce_matrix(gram)
    scale = np.sqrt(np.diag(gram))
    if len(gram) == 0:
        return True
    if scale.min() <= 0:
        return False
    # a Cholesky factor of M - c I exists exactly where the smallest eigenvalue of M is above c
    shifted = gram / np.outer(scale, scale) - _CLEAR * np.eye(len(gram))
    return cholesky(shifted) is not None


def _ordinal_jacobian(group: GroupLayout, implied: Implied, theta: FloatArray) -> FloatArray:
    jacobian = ordinal_moments(group, implied, theta, derivatives=True).jacobian
    assert jacobian is not None
    return jacobian


def _scale(implied: Implied) -> FloatArray:
    """Return the standard deviations that make moments comparable; fixed exogenous variables bring their units."""
    variances = np.abs(np.diag(implied.sigma))
    return np.sqrt(np.where(variances > 0, variances, 1.0))


def _rank_and_null_space(table: ParameterTable, layout: ModelLayout, theta: FloatArray) -> tuple[int, FloatArray]:
    # a nonlinear equality is one more equation that the parameters must satisfy
    blocks = [evaluate_relations(table.equalities, table, theta).jacobian]
    for group in layout.groups:
        implied = implied_moments(group, theta)
        if group.ordinal is not None:
            blocks.append(_ordinal_jacobian(group, implied, theta))
            continue
        derivatives = moment_derivatives(group, implied, layout.n_free)
        block = sigma_jacobian(derivatives, meanstructure=layout.meanstructure)
        deviations = _scale(implied)
        column, row = np.triu_indices(group.n_observed)
        unit = deviations[row] * deviations[column]
        blocks.append(block / (np.concatenate([unit, deviations]) if layout.meanstructure else unit)[:, None])
    jacobian = np.vstack(blocks)
    if not layout.reduction.is_identity:
        jacobian = jacobian @ layout.reduction.matrix
    norms = np.linalg.norm(jacobian, axis=0)
    scale = np.where(norms > 0, norms, 1.0)
    _, values, vectors = np.linalg.svd(jacobian / scale, full_matrices=True)
    rank = int(np.sum(values > _RANK * max(values[0], 1e-300)))
    return rank, vectors[rank:].T / scale[:, None]


def _name_sets(null_space: FloatArray, names: list[str]) -> tuple[UnidentifiedSet, ...]:
    """Split the null space into independent sets of parameters: connected supports of its reduced echelon form."""
    echelon = _reduced_echelon((null_space / np.abs(null_space).max(axis=0)).T)
    remaining = [np.flatnonzero(np.abs(row) > _MEMBER) for row in echelon]
    sets: list[tuple[set[int], int]] = []
    for support in remaining:
        members, freedom = set(support.tolist()), 1
        for known in [entry for entry in sets if entry[0] & members]:
            members |= known[0]
            freedom += known[1]
            sets.remove(known)
        sets.append((members, freedom))
    return tuple(UnidentifiedSet(tuple(names[i] for i in sorted(members)), freedom) for members, freedom in sets)


def _reduced_echelon(matrix: FloatArray) -> FloatArray:
    result = matrix.copy()
    n_rows, n_columns = result.shape
    row = 0
    for column in range(n_columns):
        if row == n_rows:
            break
        pivot = row + int(np.argmax(np.abs(result[row:, column])))
        if abs(result[pivot, column]) < _MEMBER:
            continue
        result[[row, pivot]] = result[[pivot, row]]
        result[row] /= result[row, column]
        others = np.arange(n_rows) != row
        result[others] -= np.outer(result[others, column], result[row])
        row += 1
    return result[:row]
