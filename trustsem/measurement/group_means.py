"""Means of items, scales and factors in each group as functions of the parameters, with standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects.delta import delta_method
from trustsem.implied import Implied, implied_moments
from trustsem.pipeline import FittedModel

FloatArray = NDArray[np.float64]
Quantity = Callable[[Sequence[Implied]], FloatArray]

_STEP = 1e-5  # relative; central differences of smooth functions are then good to 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; NaN where it has no standard error."""

    value: float
    se: float

    @property
    def lower(self) -> float:
        """Lower limit."""
        return self.value - Z95 * self.se

    @property
    def upper(self) -> float:
        """Upper limit."""
        return self.value + Z95 * self.se

    @property
    def pvalue(self) -> float | None:
        """Of the z test that the value is 0."""
        if not (math.isfinite(self.se) and self.se > 0):
            return None
        return math.erfc(abs(self.value / self.se) / math.sqrt(2))


def with_intervals(fitted: FittedModel, quantity: Quantity) -> tuple[Interval, ...]:
    """Return functions of the implied matrices of all groups with delta-method errors.

    Args:
        fitted: A fit; its standard errors are taken, robust ones where it has them.
        quantity: From the matrices of all groups to (k,) values. Differentiated by central differences.
    """
    layout, theta = fitted.estimate.objective.layout, fitted.estimate.theta

    def at(point: FloatArray) -> FloatArray:
        return quantity([implied_moments(group, point) for group in layout.groups])

    values = at(theta)
    jacobian = np.zeros((len(values), len(theta)))
    for index, value in enumerate(theta):
        step = _STEP * max(1.0, abs(value))
        ahead, behind = theta.copy(), theta.copy()
        ahead[index] += step
        behind[index] -= step
        jacobian[:, index] = (at(ahead) - at(behind)) / (2 * step)
    errors = delta_method(values, jacobian, fitted.covariance.matrix).standard_errors
    return tuple(Interval(float(value), float(error)) for value, error in zip(values, errors, strict=True))


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Difference of a factor's mean between a group and the first one.

    Args:
        factor: Latent variable.
        group: Label of the group.
        reference: Label of the first group.
        difference: Mean in `group` minus mean in `reference`, in the factor's unit (points of its marker).
        standardized: The same over the pooled standard deviation of the factor within groups.
    """

    factor: str
    group: str
    reference: str
    difference: Interval
    standardized: Interval


def latent_mean_differences(fitted: FittedModel, factors: Sequence[str] | None = None) -> tuple[MeanDifference, ...]:
    """Return how far the groups' means on each factor are from the first group's.

    Means are those of the factors themselves, (I - A)^-1 m: of an outcome not its intercept but what follows from
    the means of its predictors too. Pooled variance: (n1 v1 + n2 v2) / (n1 + n2).

    Args:
        fitted: A fit with (partially) equal loadings and intercepts: else the differences mean nothing.
        factors: Which; None: all latent variables.
    """
    table = fitted.table
    names = fitted.estimate.objective.layout.groups[0].names
    chosen = [name for name in (factors or table.variables.latent) if name in table.variables.latent]
    columns = [names.index(name) for name in chosen]
    sizes = [sample.n_obs for sample in fitted.moments.groups]
    others = range(1, table.n_groups)

    def quantity(groups: Sequence[Implied]) -> FloatArray:
        values = []
        for number in others:
            one, other = groups[0], groups[number]
            total = sizes[0] + sizes[number]
            for column in columns:
                gap = other.total_mean[column] - one.total_mean[column]
                pooled = sizes[0] * one.total_cov[column, column] + sizes[number] * other.total_cov[column, column]
                spread = math.sqrt(pooled / total) if pooled > 0 else math.nan
                values.extend((gap, gap / spread if spread else math.nan))
        return np.array(values)

    intervals = iter(with_intervals(fitted, quantity))
    labels = table.group_labels
    return tuple(
        MeanDifference(name, labels[number], labels[0], next(intervals), next(intervals))
        for number in others
        for name in chosen
    )
