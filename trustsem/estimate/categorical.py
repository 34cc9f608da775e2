"""Least squares on thresholds, slopes, variances and correlations of ordinal data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.estimate.objective import Objective
from trustsem.implied import GroupLayout, Implied, ModelLayout, ordinal_moments
from trustsem.moments import SampleGroup, SampleMoments

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class CategoricalPoint:
    """The objective expanded at a point (as `Point`)."""

    objective: CategoricalObjective
    residuals: tuple[FloatArray, ...]  # (M,) sample minus implied moments of each group
    jacobians: tuple[FloatArray, ...]  # (M, n_free)

    def gradient(self) -> FloatArray:
        """Return the (n_parameters,) gradient of F/2."""
        objective = self.objective
        total = np.zeros(objective.layout.n_free)
        for share, sample, residual, jacobian in self._groups():
            total -= share * (jacobian.T @ weighted(sample, residual))
        return objective.layout.reduction.reduce_gradient(total)

    def information(self) -> FloatArray:
        """Return D' W D: the Gauss-Newton Hessian of F/2."""
        objective = self.objective
        total = np.zeros((objective.layout.n_free,) * 2)
        for share, sample, _, jacobian in self._groups():
            total += share * (jacobian.T @ weighted(sample, jacobian))
        return objective.layout.reduction.reduce_matrix(total)

    def hessian(self) -> FloatArray:
        """Return D' W D: second derivatives of the moments are left out, as least squares does (lavaan, Mplus)."""
        return self.information()

    def _groups(self) -> Iterator[tuple[float, SampleGroup, FloatArray, FloatArray]]:
        objective = self.objective
        return zip(objective.weights, objective.moments.groups, self.residuals, self.jacobians, strict=True)


@dataclass(frozen=True, eq=False, slots=True)
class CategoricalObjective(Objective):
    """F/2 = sum over groups of (n_g / n) e' W e / 2, e the residuals of the moments (Muthen 1984)."""

    def value_of(self, groups: tuple[Implied, ...]) -> float:
        """Return F/2 of implied moments that are there already."""
        total = 0.0
        for share, sample, residual in zip(self.weights, self.moments.groups, self._residuals(groups), strict=True):
            total += share * float(residual @ weighted(sample, residual))
        return total / 2 if math.isfinite(total) else math.inf

    def expand_at(self, implied_moments_of_groups: tuple[Implied, ...]) -> CategoricalPoint:  # type: ignore[override]
        """Return gradient and Hessian at implied moments."""
        residuals, jacobians = [], []
        for layout, sample, implied in self._parts(implied_moments_of_groups):
            moments = ordinal_moments(layout, implied, implied.theta, derivatives=True)
            assert moments.jacobian is not None
            residuals.append(sample_vector(sample) - moments.vector)
            jacobians.append(moments.jacobian)
        return CategoricalPoint(self, tuple(residuals), tuple(jacobians))

    def _residuals(self, groups: tuple[Implied, ...]) -> list[FloatArray]:
        return [
            sample_vector(sample) - ordinal_moments(layout, implied, implied.theta, derivatives=False).vector
            for layout, sample, implied in self._parts(groups)
        ]

    def _parts(self, groups: tuple[Implied, ...]) -> list[tuple[GroupLayout, SampleGroup, Implied]]:
        return list(zip(self.layout.groups, self.moments.groups, groups, strict=True))


def objective_for(discrepancy: Discrepancy, layout: ModelLayout, moments: SampleMoments) -> Objective:
    """Return the function to minimise: on covariances, or on the statistics of ordinal data where moments hold them."""
    ordinal = any(sample.categorical is not None for sample in moments.groups)
    return (CategoricalObjective if ordinal else Objective)(discrepancy, layout, moments)


def sample_vector(sample: SampleGroup) -> FloatArray:
    """Return the (M,) moments of ordinal data."""
    assert sample.categorical is not None
    return sample.categorical.vector


def weighted(sample: SampleGroup, right: FloatArray) -> FloatArray:
    """Return W right; W is a matrix (M, M) or a diagonal (M,)."""
    weight = sample.moment_weight
    assert weight is not None
    if weight.ndim == 2:
        return weight @ right
    return weight * right if right.ndim == 1 else weight[:, None] * right
