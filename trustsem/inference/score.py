"""Score (Lagrange multiplier) tests: modification indices of fixed parameters, release of equality constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.objective import GroupPoint, Point
from trustsem.inference.candidates import Candidate
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.information import allowed_directions
from trustsem.inference.likelihood import Likelihood, effective_n
from trustsem.moments.linalg import cholesky

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK = 4096  # candidates at a time: bounds the memory of the cross-information to chunk x parameters
_DEPENDENT = 1e-8  # share of a candidate's information that must be its own


@dataclass(frozen=True, eq=False, slots=True)
class ModificationIndices:
    """Score tests of freeing one fixed parameter at a time.

    Args:
        statistic: (k,) expected drop of chi-square, df 1; NaN where the model with it free is not identified.
        change: (k,) expected value of the parameter's change when it is freed (EPC).
    """

    statistic: FloatArray
    change: FloatArray


def modification_indices(
    estimate: Estimate, candidates: Sequence[Candidate], likelihood: Likelihood
) -> ModificationIndices:
    """Compute the modification index and expected parameter change of all candidates at once.

    MI = n g^2 / (I_cc - I_ct I_tt^-1 I_tc) and EPC = -g / (...), with g the gradient of F/2 and I the expected unit
    information (Sorbom 1989, eqs. 4-6; Saris, Satorra & Sorbom 1987). Everything a candidate needs is gathered from
    products over variables, so no Jacobian of the candidates is built.
    """
    statistic, change = np.full(len(candidates), np.nan), np.full(len(candidates), np.nan)
    point = estimate.objective.expand(estimate.x)
    information, basis = point.information(), None
    if len(estimate.active.relations):
        # nonlinear equalities and inequalities on their edge hold while the candidate is freed
        basis = allowed_directions(estimate.active.jacobian)
        information = basis.T @ information @ basis
    factor = cholesky(information)
    if factor is None and len(information):
        return ModificationIndices(statistic, change)
    root = None if factor is None else np.asarray(np.linalg.inv(factor), dtype=np.float64)  # I^-1 = root' root
    n = effective_n(estimate.objective.moments, likelihood)
    for number, group in enumerate(point.groups):
        chosen = np.array([k for k, c in enumerate(candidates) if c.group == number + 1], dtype=np.intp)
        if len(chosen):
            products = _Products.build(point, group, number, basis)
            for start in range(0, len(chosen), _CHUNK):
                part = chosen[start : start + _CHUNK]
                gradient, own = _score(products, [candidates[k] for k in part], root)
                statistic[part], change[part] = n * gradient**2 / own, -gradient / own
    return ModificationIndices(statistic, change)


@dataclass(frozen=True, eq=False, slots=True)
class _Products:
    """Products over the observed variables of one group; columns of C = [E, V, E eta'] are what cells are made of.

    E: observed rows of (I - A)^-1; V: covariances of the observed with all variables.
    """

    weight: float
    cross_left: FloatArray  # (2t, n_parameters) C' W L
    cross_right: FloatArray  # (2t, n_parameters) C' W R
    own: FloatArray  # (2t, 2t) C' W C
    slope: FloatArray  # (2t, 2t) C' G C
    mean_cross: FloatArray | None  # (t, n_parameters) E' W dmu
    mean_slope: FloatArray  # (t,) E' g
    eta: FloatArray  # (t,) means of all variables
    reduction: FloatArray | None  # (n_free, n_directions) that constraints leave open; None without constraints
    t: int

    @classmethod
    def build(cls, point: Point, group: GroupPoint, number: int, basis: FloatArray | None) -> _Products:
        layout = point.objective.layout
        reduction = None if layout.reduction.is_identity and basis is None else layout.reduction.matrix
        p = layout.groups[number].n_observed
        expansion, derivatives = group.expansion, group.derivatives
        parts = np.hstack([group.implied.inverse[:p], group.implied.total_cov[:p]])
        weighted = expansion.sigma_weight @ parts
        with_means = expansion.mean_weight is not None
        t = group.implied.inverse.shape[0]
        return cls(
            group.weight,
            weighted.T @ derivatives.left,
            weighted.T @ derivatives.right,
            parts.T @ weighted,
            parts.T @ expansion.sigma_slope @ parts,
            weighted[:, :t].T @ derivatives.mean if with_means else None,
            parts[:, :t].T @ expansion.mean_slope,
            group.implied.total_mean,
            reduction if reduction is None or basis is None else reduction @ basis,
            t,
        )


def _score(products: _Products, candidates: Sequence[Candidate], root: FloatArray | None) -> tuple[FloatArray, ...]:
    """Return the gradient of F/2 and the information that is each candidate's own."""
    left, right, half, mean = _indices(products, candidates)
    slope = products.slope[left, right] * half
    own = products.own[left, left] * products.own[right, right] * half**2 + (products.own[left, right] * half) ** 2
    cross = products.cross_left[left] * products.cross_right[right]
    cross += products.cross_right[left] * products.cross_left[right]
    cross *= half[:, None]
    if products.mean_cross is not None:
        slope = slope + products.mean_slope[left] * mean / 2
        own = own + products.own[left, left] * mean**2
        cross = cross + products.mean_cross[left] * mean[:, None]
    gradient = products.weight * slope
    information = products.weight * own
    if root is not None:
        reduced = cross if products.reduction is None else cross @ products.reduction
        shared = (products.weight * reduced) @ root.T
        own = information - np.einsum("ck,ck->c", shared, shared)
    else:
        own = information
    own = np.where(own > _DEPENDENT * information, own, np.nan)
    return gradient, own


def _indices(products: _Products, candidates: Sequence[Candidate]) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return columns of C for the left and right factor, the weight of the moment part, and of the mean part."""
    t = products.t
    left = np.array([c.row for c in candidates], dtype=np.intp)
    column = np.array([c.column for c in candidates], dtype=np.intp)
    matrix = np.array([c.matrix for c in candidates])
    is_path, is_cov = matrix == "A", matrix == "S"
    right = np.where(is_path, t + column, column)
    half = np.where(is_cov & (left == column), 0.5, np.where(matrix == "m", 0.0, 1.0))
    mean = np.where(is_path, products.eta[column], np.where(matrix == "m", 1.0, 0.0))
    return left, right, half, mean


@dataclass(frozen=True, slots=True)
class ConstraintTest:
    """Score test of releasing one equality constraint (or all, where `text` is None)."""

    text: str | None
    statistic: float
    df: int
    pvalue: float | None


def constraint_score_tests(
    estimate: Estimate,
    matrix: FloatArray,
    texts: Sequence[str],
    likelihood: Likelihood,
    held: FloatArray | None = None,
) -> tuple[ConstraintTest, ...]:
    """Test each equality constraint, then all of them together, by what the gradient says about releasing them.

    T = n g' K (K' I K)^-1 K' g with K a basis of the directions that stay allowed (Silvey 1959).

    Args:
        estimate: A fitted model.
        matrix: (n_constraints, n_free) constraints on the free rows; of nonlinear ones their Jacobian at the estimate.
        texts: Their texts.
        likelihood: Decides n.
        held: (k, n_free) what stays in force throughout: the Jacobian of inequalities on their edge.
    """
    gradient, information = _unconstrained(estimate)
    n = effective_n(estimate.objective.moments, likelihood)
    tests = []
    held = matrix[:0] if held is None else held
    for k, text in enumerate(texts):
        statistic = n * _release(gradient, information, np.vstack([np.delete(matrix, k, axis=0), held]))
        tests.append(ConstraintTest(text, statistic, 1, chi_square_pvalue(statistic, 1)))
    total = n * _release(gradient, information, held)
    df = len(texts)
    return (*tests, ConstraintTest(None, total, df, chi_square_pvalue(total, df)))


def _unconstrained(estimate: Estimate) -> tuple[FloatArray, FloatArray]:
    """Return gradient and information of F/2 with respect to all free rows, constraints ignored."""
    point = estimate.objective.expand(estimate.x)
    layout = estimate.objective.layout
    gradient, information = np.zeros(layout.n_free), np.zeros((layout.n_free, layout.n_free))
    for group in point.groups:
        expansion = group.expansion
        slope = group.derivatives.contract(expansion.sigma_slope) + expansion.mean_slope @ group.derivatives.mean
        gradient += group.weight / 2 * slope
        information += group.weight * group.derivatives.inner(expansion.sigma_weight, expansion.mean_weight)
    return gradient, information


def _release(gradient: FloatArray, information: FloatArray, kept: FloatArray) -> float:
    basis = np.eye(len(gradient)) if len(kept) == 0 else allowed_directions(kept)
    reduced = basis.T @ gradient
    return float(reduced @ np.linalg.lstsq(basis.T @ information @ basis, reduced, rcond=None)[0])
