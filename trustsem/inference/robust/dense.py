"""Robust pieces with V and Gamma as matrices of moments: least squares, two-stage, and traces of squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.implied import Implied
from trustsem.inference.robust.pieces import Traces, trace_of_quotient, unit_information
from trustsem.moments import SampleGroup
from trustsem.moments.adf import free_moments

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class GroupMatrices:
    """One group's matrices over its P moments.

    Args:
        share: n_g / n.
        jacobian: (P, d) of the moments, in the open directions.
        weight: (P, P) V, or its diagonal (P,).
        gamma: (P, P) n_g times the covariance of the sample moments.
        exogenous: Positions of fixed exogenous variables, whose moments among themselves are no parameters.
        n_observed: p.
    """

    share: float
    jacobian: FloatArray
    weight: FloatArray
    gamma: FloatArray
    exogenous: IntArray
    n_observed: int

    @property
    def weighted(self) -> FloatArray:
        """(P, d) V D."""
        return self.weight @ self.jacobian if self.weight.ndim == 2 else self.weight[:, None] * self.jacobian

    def free_moments(self) -> NDArray[np.bool_]:
        """Return which of the P moments the saturated model estimates."""
        n_cov = self.n_observed * (self.n_observed + 1) // 2
        return free_moments(self.n_observed, self.exogenous, meanstructure=len(self.weight) > n_cov)


@dataclass(frozen=True, eq=False)
class DensePieces:
    """Pieces from matrices of moments (`RobustPieces`)."""

    estimate: Estimate
    groups: tuple[GroupMatrices, ...]

    def bread(self, *, observed: bool) -> FloatArray:
        """Return the exact Hessian of F/2, or D' V D."""
        if observed:
            return unit_information(self.estimate, observed=True)
        return self._sum(lambda g: g.share * (g.jacobian.T @ g.weighted))

    def moment_bread(self, *, observed: bool) -> FloatArray:
        """Return D' V D."""
        del observed  # V is what it is
        return self.bread(observed=False)

    def score_meat(self) -> FloatArray:
        """Return D' V Gamma V D: least squares has no likelihood whose scores could differ from it."""
        return self.gamma_meat()

    def gamma_meat(self, *, observed: bool = False) -> FloatArray:
        """Return D' V Gamma V D."""
        del observed  # V is what it is
        meats = [g.share * (g.weighted.T @ b) for g, b in zip(self.groups, self._covered, strict=True)]
        return np.sum(meats, axis=0)

    def trace_h1(self, *, observed: bool) -> float:
        """Return tr(V Gamma) over the moments that the saturated model estimates."""
        del observed  # V is what it is
        return sum(
            float(g.weight @ np.diag(g.gamma)) if g.weight.ndim == 1 else float(np.sum(_restricted(g) * g.gamma))
            for g in self.groups
        )

    def ugamma_trace(self, *, observed: bool) -> float:
        """Return tr(V Gamma) - tr((D' V D)^-1 D' V Gamma V D)."""
        return self.trace_h1(observed=observed) - trace_of_quotient(self.bread(observed=False), self.gamma_meat())

    def traces(self, *, observed: bool) -> Traces:
        """Return tr(U Gamma) and tr((U Gamma)^2).

        With groups, U Gamma has the blocks V_k Gamma_k (k = m only) - f_k V_k D_k E^-1 D_m' V_m Gamma_m. With
        B_k = Gamma_k V_k D_k, the traces need no product of two of these blocks:
        tr(U Gamma) = sum tr(V_k Gamma_k) - tr(E^-1 M), M = sum f_k D_k' V_k B_k, and
        tr((U Gamma)^2) = sum tr((V_k Gamma_k)^2) - 2 tr(E^-1 sum f_k B_k' V_k B_k) + tr((E^-1 M)^2).
        """
        del observed
        trace, square = 0.0, 0.0
        for group in self.groups:
            one, two = _powers(group)
            trace, square = trace + one, square + two
        bread = self.bread(observed=False)
        if len(bread):
            twice = np.sum(
                [g.share * _quadratic(g, b) for g, b in zip(self.groups, self._covered, strict=True)], axis=0
            )
            projected = np.linalg.solve(bread, self.gamma_meat())
            trace -= float(np.trace(projected))
            square += float(np.sum(projected * projected.T)) - 2 * trace_of_quotient(bread, twice)
        return Traces(trace, square)

    @cached_property
    def _covered(self) -> tuple[FloatArray, ...]:
        """B_k = Gamma_k V_k D_k (P, d) of each group: the dearest product, used by errors and tests alike."""
        return tuple(group.gamma @ group.weighted for group in self.groups)

    def _sum(self, of_group: Callable[[GroupMatrices], FloatArray]) -> FloatArray:
        return np.sum([of_group(group) for group in self.groups], axis=0)


def _powers(group: GroupMatrices) -> tuple[float, float]:
    """Return tr(V Gamma) and tr((V Gamma)^2) of one group."""
    gamma = group.gamma
    if group.weight.ndim == 1:
        return float(group.weight @ np.diag(gamma)), float(group.weight @ (gamma * gamma.T) @ group.weight)
    product = _restricted(group) @ gamma
    return float(np.trace(product)), float(np.sum(product * product.T))


def _quadratic(group: GroupMatrices, covered: FloatArray) -> FloatArray:
    """Return B' V B (d, d)."""
    if group.weight.ndim == 1:
        return covered.T @ (group.weight[:, None] * covered)
    return covered.T @ _restricted(group) @ covered


def _restricted(group: GroupMatrices) -> FloatArray:
    """Return V less what fixed exogenous variables have in it: their marginal information (Schur complement)."""
    if not len(group.exogenous):
        return group.weight
    free = group.free_moments()
    fixed = ~free
    result = group.weight.copy()
    inner = np.linalg.solve(group.weight[np.ix_(free, free)], group.weight[np.ix_(free, fixed)])
    marginal = group.weight[np.ix_(fixed, fixed)] - group.weight[np.ix_(fixed, free)] @ inner
    result[np.ix_(fixed, fixed)] -= marginal
    return result


def observed_weight(inverse: FloatArray, sample: SampleGroup, implied: Implied, meanstructure: bool) -> FloatArray:
    """Return the observed information of the saturated model at the implied moments.

    Second differential of F/2 with W = Sigma^-1, T = S + d d', A = W T W: tr(dS W dS A) - tr(dS W dS W) / 2 +
    dmu' W dmu + 2 dmu' W dS W d (Magnus & Neudecker 1999, ch. 8).
    """
    gap = sample.mean - implied.mu if meanstructure and sample.mean is not None else np.zeros(len(inverse))
    middle = inverse @ (sample.cov + np.outer(gap, gap)) @ inverse
    column, row = np.triu_indices(len(inverse))
    times = np.where(row == column, 1.0, 2.0)
    matrix = _mixed(inverse, middle, row, column) - 0.5 * _mixed(inverse, inverse, row, column)
    matrix *= times[:, None] * times / 4
    if not meanstructure:
        return matrix
    size, p = len(matrix), len(inverse)
    full = np.zeros((size + p, size + p))
    full[:size, :size] = matrix
    full[size:, size:] = inverse
    weighted = inverse @ gap
    cross = (inverse[:, row] * weighted[column] + inverse[:, column] * weighted[row]) * (times / 2)
    full[size:, :size] = cross
    full[:size, size:] = cross.T
    return full


def _mixed(one: FloatArray, other: FloatArray, row: IntArray, column: IntArray) -> FloatArray:
    """Return X_ik Y_jl + X_il Y_jk + X_jk Y_il + X_jl Y_ik, made symmetric in X and Y."""
    total = np.zeros((len(row), len(row)))
    for x, y in ((one, other), (other, one)):
        total += x[row][:, row] * y[column][:, column] + x[row][:, column] * y[column][:, row]
    return total
