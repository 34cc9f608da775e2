"""F/2 over all groups as a function of the independent parameters, with gradient and Hessians."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy, Expansion
from trustsem.implied import (
    GroupLayout,
    Implied,
    ModelLayout,
    MomentDerivatives,
    contracted_second_derivatives,
    implied_moments,
    moment_derivatives,
)
from trustsem.moments import SampleMoments

FloatArray = NDArray[np.float64]
_Cells = tuple[slice, slice] | tuple[NDArray[np.intp], ...]


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
        return tuple(group.n_effective / self.moments.n_effective for group in self.moments.groups)

    def implied(self, x: FloatArray) -> tuple[Implied, ...]:
        """Return the implied moments of every group.

        Raises:
            numpy.linalg.LinAlgError: a loop with a gain of exactly 1.
        """
        theta = self.layout.reduction.expand(x)
        return tuple(implied_moments(group, theta) for group in self.layout.groups)

    def value(self, x: FloatArray) -> float:
        """Return F/2; infinite where the parameters imply no proper covariance matrix."""
        return self.evaluate(x)[0]

    def evaluate(self, x: FloatArray) -> tuple[float, tuple[Implied, ...]]:
        """Return F/2 and the implied moments behind it; infinity and none where no covariance matrix is implied."""
        try:
            groups = self.implied(x)
        except np.linalg.LinAlgError:
            return math.inf, ()
        return self.value_of(groups), groups

    def value_of(self, groups: tuple[Implied, ...]) -> float:
        """Return F/2 of implied moments that are there already."""
        total = 0.0
        for weight, sample, implied in zip(self.weights, self.moments.groups, groups, strict=True):
            total += weight * self.discrepancy.value(sample, implied, self.layout.meanstructure)
        return total / 2 if math.isfinite(total) else math.inf

    def expand(self, x: FloatArray) -> Point:
        """Return everything that gradient and Hessians at x share."""
        return self.expand_at(self.implied(x))

    def expand_at(self, implied_moments_of_groups: tuple[Implied, ...]) -> Point:
        """Return the same from implied moments that are there already."""
        groups = []
        for weight, layout, sample, implied in zip(
            self.weights, self.layout.groups, self.moments.groups, implied_moments_of_groups, strict=True
        ):
            expansion = self.discrepancy.expand(sample, implied, self.layout.meanstructure)
            derivatives = moment_derivatives(layout, implied, self.layout.n_free)
            groups.append(GroupPoint(weight, implied, expansion, derivatives))
        return Point(self, tuple(groups))

    def gradient(self, x: FloatArray) -> FloatArray:
        """Return the (n_parameters,) gradient of F/2."""
        return self.expand(x).gradient()

    def information(self, x: FloatArray) -> FloatArray:
        """Return the expected Hessian of F/2 (n_parameters, n_parameters): unit information, per respondent."""
        return self.expand(x).information()

    def hessian(self, x: FloatArray) -> FloatArray:
        """Return the exact Hessian of F/2: observed information per respondent at the minimum."""
        return self.expand(x).hessian()


@dataclass(frozen=True, eq=False, slots=True)
class GroupPoint:
    """One group at a point: its share, implied moments, slopes and weights, derivatives of its moments."""

    weight: float
    implied: Implied
    expansion: Expansion
    derivatives: MomentDerivatives


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """An objective expanded at a point."""

    objective: Objective
    groups: tuple[GroupPoint, ...]

    def gradient(self) -> FloatArray:
        """Return the (n_parameters,) gradient of F/2."""
        layout = self.objective.layout
        total = np.zeros(layout.n_free)
        for group in self.groups:
            slope = group.derivatives.contract(group.expansion.sigma_slope)
            if layout.meanstructure:
                slope = slope + group.expansion.mean_slope @ group.derivatives.mean
            total += group.weight / 2 * slope
        return layout.reduction.reduce_gradient(total)

    def information(self) -> FloatArray:
        """Return the expected Hessian of F/2."""
        layout = self.objective.layout
        total = np.zeros((layout.n_free, layout.n_free))
        for group, group_layout in zip(self.groups, layout.groups, strict=True):
            own, derivatives = self._own(group, group_layout)
            total[own] += group.weight * group.expansion.weight.inner(derivatives)
        return layout.reduction.reduce_matrix(total)

    def hessian(self) -> FloatArray:
        """Return the exact Hessian of F/2."""
        layout = self.objective.layout
        total = np.zeros((layout.n_free, layout.n_free))
        samples = self.objective.moments.groups
        for group, group_layout, sample in zip(self.groups, layout.groups, samples, strict=True):
            expansion = group.expansion
            second = contracted_second_derivatives(
                group_layout, group.implied, expansion.sigma_slope, expansion.mean_slope, layout.n_free
            )
            own, derivatives = self._own(group, group_layout)
            core = self.objective.discrepancy.hessian_core(sample, group.implied, expansion, derivatives)
            total += group.weight / 2 * second
            total[own] += group.weight * core
        return layout.reduction.reduce_matrix(total)

    def _own(self, group: GroupPoint, layout: GroupLayout) -> tuple[_Cells, MomentDerivatives]:
        """Return the cells of a group's own parameters in the matrix of all, and its derivatives for these."""
        if len(self.groups) == 1:
            return (slice(None), slice(None)), group.derivatives
        own = layout.parameters
        return np.ix_(own, own), group.derivatives.take(own)
