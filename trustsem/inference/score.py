"""Score (Lagrange multiplier) tests: modification indices of fixed parameters, release of equality constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective
from trustsem.estimate.objective import GroupPoint, Point
from trustsem.implied import MomentDerivatives, sigma_jacobian
from trustsem.inference.candidates import Candidate
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.information import allowed_directions
from trustsem.inference.ordinal_score import ordinal_scores
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


def modification_indices(estimate: Estimate, candidates: Sequence[Candidate]) -> ModificationIndices:
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
    n = estimate.objective.moments.n_effective
    if isinstance(estimate.objective, CategoricalObjective):
        return _of_ordinal(estimate, candidates, root, basis)
    for number, group in enumerate(point.groups):
        chosen = np.array([k for k, c in enumerate(candidates) if c.group == number + 1], dtype=np.intp)
        if len(chosen):
            products = _Products.build(point, group, number, basis)
            for start in range(0, len(chosen), _CHUNK):
                part = chosen[start : start + _CHUNK]
                gradient, own = products.score([candidates[k] for k in part], root)
                statistic[part], change[part] = n * gradient**2 / own, -gradient / own
    return ModificationIndices(statistic, change)


def _of_ordinal(
    estimate: Estimate, candidates: Sequence[Candidate], root: FloatArray | None, basis: FloatArray | None
) -> ModificationIndices:
    statistic, change = np.full(len(candidates), np.nan), np.full(len(candidates), np.nan)
    n = estimate.objective.moments.n_effective
    directions = estimate.objective.layout.reduction.matrix
    if basis is not None:
        directions = directions @ basis
    for number in range(len(estimate.objective.moments.groups)):
        chosen = [k for k, c in enumerate(candidates) if c.group == number + 1]
        if chosen:
            parts = ordinal_scores(estimate, [candidates[k] for k in chosen], number, directions, root)
            gradient, information, own = parts
            sample = estimate.objective.moments.groups[number]
            # lavaan leaves the factor n / (n - 1) of Gamma out of the information here: 1/n of both results
            own = own if sample.is_unbiased else own * (sample.mass / (sample.mass - 1))
            own = np.where(own > _DEPENDENT * information, own, np.nan)
            statistic[chosen], change[chosen] = n * gradient**2 / own, -gradient / own
    return ModificationIndices(statistic, change)


@dataclass(frozen=True, eq=False, slots=True)
class _Products:
    """Products over the observed variables of one group; columns of C = [E, V, E eta'] are what cells are made of.

    E: observed rows of (I - A)^-1; V: covariances of the observed with all variables.
    """

    weight: float
    moment_weight: NormalWeight | MomentWeight
    derivatives: MomentDerivatives
    parts: FloatArray  # (p, 2t) C
    slope: FloatArray  # (2t, 2t) C' G C
    mean_slope: FloatArray  # (t,) E' g
    eta: FloatArray  # (t,) means of all variables
    reduction: FloatArray | None  # (n_free, n_directions) that constraints leave open; None without constraints
    meanstructure: bool

    @classmethod
    def build(cls, point: Point, group: GroupPoint, number: int, basis: FloatArray | None) -> _Products:
        layout = point.objective.layout
        reduction = None if layout.reduction.is_identity and basis is None else layout.reduction.matrix
        p = layout.groups[number].n_observed
        expansion = group.expansion
        parts = np.hstack([group.implied.inverse[:p], group.implied.total_cov[:p]])
        t = group.implied.inverse.shape[0]
        return cls(
            group.weight,
            expansion.weight,
            group.derivatives,
            parts,
            parts.T @ expansion.sigma_slope @ parts,
            parts[:, :t].T @ expansion.mean_slope,
            group.implied.total_mean,
            reduction if reduction is None or basis is None else reduction @ basis,
            layout.meanstructure,
        )

    def score(self, candidates: Sequence[Candidate], root: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Return the gradient of F/2 and the information that is each candidate's own."""
        cells = _cells(self, candidates)
        slope = self.slope[cells.left, cells.right] * cells.half
        if self.meanstructure:
            slope = slope + self.mean_slope[cells.left] * cells.mean / 2
        own, cross = _own_and_cross(self, cells)
        gradient, information = self.weight * slope, self.weight * own
        remaining = information
        if root is not None:
            reduced = cross if self.reduction is None else cross @ self.reduction
            shared = (self.weight * reduced) @ root.T
            remaining = information - np.einsum("ck,ck->c", shared, shared)
        return gradient, np.where(remaining > _DEPENDENT * information, remaining, np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """Columns of C for the left and right factor of each candidate, weight of its moment and of its mean part."""

    left: IntArray
    right: IntArray
    half: FloatArray
    mean: FloatArray


def _cells(products: _Products, candidates: Sequence[Candidate]) -> _Cells:
    t = len(products.eta)
    left = np.array([c.row for c in candidates], dtype=np.intp)
    column = np.array([c.column for c in candidates], dtype=np.intp)
    matrix = np.array([c.matrix for c in candidates])
    is_path, is_cov = matrix == "A", matrix == "S"
    right = np.where(is_path, t + column, column)
    half = np.where(is_cov & (left == column), 0.5, np.where(matrix == "m", 0.0, 1.0))
    mean = np.where(is_path, products.eta[column], np.where(matrix == "m", 1.0, 0.0))
    return _Cells(left, right, half, mean)


def _own_and_cross(products: _Products, cells: _Cells) -> tuple[FloatArray, FloatArray]:
    """Return dsigma_c' V dsigma_c (k,) and dsigma_c' V D (k, n_free) of candidates c."""
    if isinstance(products.moment_weight, NormalWeight):
        return _normal_products(products, cells)
    return _dense(products, cells)


def _normal_products(products: _Products, cells: _Cells) -> tuple[FloatArray, FloatArray]:
    """Take both from products over variables: no Jacobian of the candidates is built."""
    weight, derivatives = products.moment_weight, products.derivatives
    assert isinstance(weight, NormalWeight)
    left, right, half = cells.left, cells.right, cells.half
    weighted = weight.sigma @ products.parts
    size = products.parts.T @ weighted
    own = size[left, left] * size[right, right] * half**2 + (size[left, right] * half) ** 2
    with_left, with_right = weighted.T @ derivatives.left, weighted.T @ derivatives.right
    cross = with_left[left] * with_right[right] + with_right[left] * with_left[right]
    cross *= half[:, None]
    if weight.mean is not None:
        t = len(products.eta)
        by_mean = weight.mean @ products.parts[:, :t]
        own = own + np.einsum("ik,ik->k", products.parts[:, :t], by_mean)[left] * cells.mean**2
        cross = cross + (by_mean.T @ derivatives.mean)[left] * cells.mean[:, None]
    return own, cross


def _dense(products: _Products, cells: _Cells) -> tuple[FloatArray, FloatArray]:
    """Take both from the Jacobian of the candidates, for a weight that is a matrix of moments."""
    weight = products.moment_weight
    assert isinstance(weight, MomentWeight)
    with_means = weight.meanstructure
    own_derivatives = MomentDerivatives(
        products.parts[:, cells.left],
        products.parts[:, cells.right] * cells.half,
        products.parts[:, cells.left] * cells.mean,
    )
    candidates = sigma_jacobian(own_derivatives, meanstructure=with_means)
    weighted = weight.matrix @ candidates
    model = sigma_jacobian(products.derivatives, meanstructure=with_means)
    return np.einsum("ik,ik->k", candidates, weighted), weighted.T @ model


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
    held: FloatArray | None = None,
) -> tuple[ConstraintTest, ...]:
    """Test each equality constraint, then all of them together, by what the gradient says about releasing them.

    T = n g' K (K' I K)^-1 K' g with K a basis of the directions that stay allowed (Silvey 1959).

    Args:
        estimate: A fitted model.
        matrix: (n_constraints, n_free) constraints on the free rows; of nonlinear ones their Jacobian at the estimate.
        texts: Their texts.
        held: (k, n_free) what stays in force throughout: the Jacobian of inequalities on their edge.
    """
    gradient, information = _unconstrained(estimate)
    n = estimate.objective.moments.n_effective
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
        information += group.weight * expansion.weight.inner(group.derivatives)
    return gradient, information


def _release(gradient: FloatArray, information: FloatArray, kept: FloatArray) -> float:
    basis = np.eye(len(gradient)) if len(kept) == 0 else allowed_directions(kept)
    reduced = basis.T @ gradient
    return float(reduced @ np.linalg.lstsq(basis.T @ information @ basis, reduced, rcond=None)[0])
