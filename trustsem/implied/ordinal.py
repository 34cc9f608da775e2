"""Implied moments of ordinal and continuous variables: thresholds, slopes, variances, correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied.derivatives import derivatives_by_cell
from trustsem.implied.layout import GroupLayout, OrdinalLayout
from trustsem.implied.moments import Implied, scales

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalMoments:
    """Moments of one group, and their derivatives where asked for.

    Order: variable by variable its thresholds, or the mean of a continuous one; slopes on x, variable by variable;
    variances of continuous variables; covariances (correlations of latent responses) over the lower triangle, column
    by column.

    Args:
        vector: (M,).
        jacobian: (M, n_free), or None.
    """

    vector: FloatArray
    jacobian: FloatArray | None


@dataclass(frozen=True, eq=False, slots=True)
class _Base:
    """Moments of the endogenous variables given x, in the metric of the model, and their scales."""

    cov: FloatArray  # (t, t) V0 = B S0 B', S0 without the covariances of x
    mean: FloatArray  # (t,) at x = 0
    scale: FloatArray  # (n_endogenous,) multiplies the latent responses


def ordinal_moments(layout: GroupLayout, implied: Implied, theta: FloatArray, *, derivatives: bool) -> OrdinalMoments:
    """Return what a model implies for the statistics of ordinal data (Muthen 1984; Muthen & Asparouhov 2002).

    With tau thresholds, D the scaling factors (delta: parameters; theta: 1 / standard deviations of the latent
    responses given x): D (tau - mean), D slopes, and D cov D off the diagonal; continuous variables have D = 1.
    """
    ordinal = layout.ordinal
    assert ordinal is not None
    base = _base(ordinal, implied, theta)
    vector = _vector(ordinal, implied, base, theta)
    return OrdinalMoments(vector, _jacobian(layout, ordinal, implied, base, theta) if derivatives else None)


def scaling_factors(ordinal: OrdinalLayout, implied: Implied) -> FloatArray:
    """Return what the latent responses are multiplied by to have variance 1 given x, (n_endogenous,)."""
    return _base(ordinal, implied, implied.theta).scale


def thresholds_of(ordinal: OrdinalLayout, theta: FloatArray, variable: int) -> FloatArray:
    """Return the thresholds of one variable in the metric of the model, from the lowest up."""
    return _thresholds(ordinal, theta)[ordinal.threshold_variable == variable]


def conditional_moments(ordinal: OrdinalLayout, implied: Implied) -> tuple[FloatArray, FloatArray]:
    """Return covariances (t, t) and means (t,) of all variables given the predictors that moments are given, at 0."""
    x = ordinal.conditional
    if not len(x):
        return implied.total_cov, implied.total_mean
    covariances, intercepts = implied.covariances.copy(), implied.intercepts.copy()
    covariances[x] = 0.0
    covariances[:, x] = 0.0
    intercepts[x] = 0.0
    return implied.inverse @ covariances @ implied.inverse.T, implied.inverse @ intercepts


def _base(ordinal: OrdinalLayout, implied: Implied, theta: FloatArray) -> _Base:
    cov, mean = conditional_moments(ordinal, implied)
    scale = scales(ordinal, theta)
    if ordinal.is_theta:
        variance = np.diag(cov)[: ordinal.n_endogenous]
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(ordinal.is_ordinal, 1 / np.sqrt(variance), 1.0)
    return _Base(cov, mean, scale)


def _vector(ordinal: OrdinalLayout, implied: Implied, base: _Base, theta: FloatArray) -> FloatArray:
    first = _first_block(ordinal)
    p, x = ordinal.n_endogenous, ordinal.conditional
    values = base.mean[first.variable].copy()
    of_threshold = first.threshold >= 0
    variable = first.variable[of_threshold]
    tau = _thresholds(ordinal, theta)[first.threshold[of_threshold]]
    values[of_threshold] = base.scale[variable] * (tau - base.mean[variable])
    row, column = pairs(p)
    slopes = base.scale[:, None] * implied.inverse[np.ix_(np.arange(p), x)]
    continuous = np.flatnonzero(~ordinal.is_ordinal)
    covariances = base.scale[row] * base.scale[column] * base.cov[row, column]
    return np.concatenate([values, slopes.ravel(), np.diag(base.cov)[continuous], covariances])


def _jacobian(
    layout: GroupLayout, ordinal: OrdinalLayout, implied: Implied, base: _Base, theta: FloatArray
) -> FloatArray:
    p, n_free = ordinal.n_endogenous, len(theta)
    given_x = derivatives_by_cell(layout, implied.inverse[:p], base.cov[:p], base.mean, n_free)
    left, right, mean = given_x.left, given_x.right, given_x.mean
    variances = 2.0 * left * right  # (p, n_free)
    scale = _scale_derivatives(ordinal, base, variances, n_free)
    row, column = pairs(p)
    d = base.scale
    covariances = (d[row] * d[column])[:, None] * (left[row] * right[column] + right[row] * left[column])
    cov = base.cov[row, column][:, None]
    covariances += cov * (d[column][:, None] * scale[row] + d[row][:, None] * scale[column])
    return np.vstack(
        [
            _first_jacobian(ordinal, base, mean, scale, theta),
            _slope_jacobian(layout, ordinal, implied, base, scale, n_free),
            variances[~ordinal.is_ordinal],
            covariances,
        ]
    )


def _scale_derivatives(ordinal: OrdinalLayout, base: _Base, variances: FloatArray, n_free: int) -> FloatArray:
    """Return the derivatives of the scaling factors, (p, n_free)."""
    if ordinal.is_theta:
        return np.where(ordinal.is_ordinal[:, None], -0.5 * base.scale[:, None] ** 3 * variances, 0.0)
    result = np.zeros((ordinal.n_endogenous, n_free))
    free = np.flatnonzero(ordinal.scale_parameter >= 0)
    result[free, ordinal.scale_parameter[free]] = 1.0
    return result


def _first_jacobian(
    ordinal: OrdinalLayout, base: _Base, mean: FloatArray, scale: FloatArray, theta: FloatArray
) -> FloatArray:
    first = _first_block(ordinal)
    result = mean[first.variable].copy()
    of_threshold = np.flatnonzero(first.threshold >= 0)
    variable, number = first.variable[of_threshold], first.threshold[of_threshold]
    gap = _thresholds(ordinal, theta)[number] - base.mean[variable]
    result[of_threshold] = scale[variable] * gap[:, None] - base.scale[variable][:, None] * mean[variable]
    parameter = ordinal.threshold_parameter[number]
    free = parameter >= 0
    result[of_threshold[free], parameter[free]] += base.scale[variable[free]]
    return result


def _slope_jacobian(
    layout: GroupLayout, ordinal: OrdinalLayout, implied: Implied, base: _Base, scale: FloatArray, n_free: int
) -> FloatArray:
    p, x = ordinal.n_endogenous, ordinal.conditional
    result = np.zeros((p, len(x), n_free))
    cells = layout.path_cells
    for k, position in enumerate(x.tolist()):
        change = implied.inverse[:p][:, cells.row] * implied.inverse[cells.column, position]
        result[:, k][:, cells.parameter] = base.scale[:, None] * change
        result[:, k] += scale * implied.inverse[:p, position][:, None]
    return result.reshape(p * len(x), n_free)


@dataclass(frozen=True, eq=False, slots=True)
class _FirstBlock:
    variable: IntArray  # variable of each element of the first block
    threshold: IntArray  # position of its threshold; -1 for the mean of a continuous variable


def _first_block(ordinal: OrdinalLayout) -> _FirstBlock:
    """Return what the first block of moments is made of: thresholds and means, variable by variable."""
    means = np.flatnonzero(~ordinal.is_ordinal)
    variable = np.concatenate([ordinal.threshold_variable, means])
    threshold = np.concatenate([np.arange(len(ordinal.threshold_variable)), np.full(len(means), -1)])
    order = np.argsort(variable, kind="stable")
    return _FirstBlock(variable[order], threshold[order].astype(np.intp))


def _thresholds(ordinal: OrdinalLayout, theta: FloatArray) -> FloatArray:
    result = ordinal.threshold_value.copy()
    free = ordinal.threshold_parameter >= 0
    result[free] = theta[ordinal.threshold_parameter[free]]
    return result


def pairs(p: int) -> tuple[IntArray, IntArray]:
    """Return row and column of the pairs of p variables: lower triangle without diagonal, column by column."""
    column, row = np.triu_indices(p, 1)
    return row, column
