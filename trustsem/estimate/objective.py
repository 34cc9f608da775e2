"""F/2 over all groups as a function of the independent parameters, with gradient and Hessians."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.implied import Implied, ModelLayout, contracted_second_derivatives, implied_moments, moment_derivatives
from trustsem.moments import SampleGroup, SampleMoments

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Objective:
    """Half the discrepancy, weighted by group size: sum over groups of (n_g / n) F_g / 2.

    All methods take x, the (n_parameters,) independent parameters (equality constraints already solved).
    """

    discrepancy: Discrepancy
    layout: ModelLayout
    moments: SampleMoments

    @property
    def weights(self) -> tuple[float, ...]:
        """Share of each group."""
        return tuple(group.n_obs / self.moments.n_obs for group in self.moments.groups)

    def implied(self, x: FloatArray) -> tuple[Implied, ...]:
        """Return the implied moments of every group."""
        theta = self.layout.reduction.expand(x)
        return tuple(implied_moments(group, theta) for group in self.layout.groups)

    def value(self, x: FloatArray) -> float:
        """Return F/2; infinite where the parameters imply no proper covariance matrix."""
        try:
            groups = self.implied(x)
        except np.linalg.LinAlgError:
            return math.inf
        total = 0.0
        for weight, sample, implied in zip(self.weights, self.moments.groups, groups, strict=True):
            total += weight * self.discrepancy.value(sample, implied, self.layout.meanstructure)
        return total / 2 if math.isfinite(total) else math.inf

    def gradient(self, x: FloatArray) -> FloatArray:
        """Return the (n_parameters,) gradient of F/2."""
        return self._assemble_gradient(self.implied(x))

    def gradient_and_information(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gradient and the expected Hessian of F/2 at once; they share the derivatives."""
        groups = self.implied(x)
        return self._assemble_gradient(groups), self._assemble_matrix(groups, self._expected)

    def information(self, x: FloatArray) -> FloatArray:
        """Return the expected Hessian of F/2 (n_parameters, n_parameters): unit information, per respondent."""
        return self._assemble_matrix(self.implied(x), self._expected)

    def hessian(self, x: FloatArray) -> FloatArray:
        """Return the exact Hessian of F/2: observed information per respondent at the minimum."""
        return self._assemble_matrix(self.implied(x), self._exact)

    def _assemble_gradient(self, groups: tuple[Implied, ...]) -> FloatArray:
        total = np.zeros(self.layout.n_free)
        for weight, group, sample, implied in zip(
            self.weights, self.layout.groups, self.moments.groups, groups, strict=True
        ):
            derivatives = moment_derivatives(group, implied, self.layout.n_free)
            slope = self.discrepancy.slope(sample, implied, self.layout.meanstructure)
            total += weight * (derivatives.contract(slope.sigma) + slope.mean @ derivatives.mean)
        return self.layout.reduction.reduce_gradient(total / 2)

    def _assemble_matrix(
        self, groups: tuple[Implied, ...], part: Callable[[int, SampleGroup, Implied], FloatArray]
    ) -> FloatArray:
        total = np.zeros((self.layout.n_free, self.layout.n_free))
        for number, (weight, sample, implied) in enumerate(zip(self.weights, self.moments.groups, groups, strict=True)):
            total += weight * part(number, sample, implied)
        return self.layout.reduction.reduce_matrix(total)

    def _expected(self, number: int, sample: SampleGroup, implied: Implied) -> FloatArray:
        derivatives = moment_derivatives(self.layout.groups[number], implied, self.layout.n_free)
        curvature = self.discrepancy.curvature(sample, implied, self.layout.meanstructure)
        return derivatives.inner(curvature.sigma, curvature.mean)

    def _exact(self, number: int, sample: SampleGroup, implied: Implied) -> FloatArray:
        group, n_free = self.layout.groups[number], self.layout.n_free
        derivatives = moment_derivatives(group, implied, n_free)
        slope = self.discrepancy.slope(sample, implied, self.layout.meanstructure)
        core = self.discrepancy.hessian_core(sample, implied, derivatives, self.layout.meanstructure)
        return core + contracted_second_derivatives(group, implied, slope.sigma, slope.mean, n_free) / 2
