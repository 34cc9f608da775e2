"""Residuals of ordinal data: thresholds, means, slopes, variances and correlations, with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective, weighted
from trustsem.inference.residual_design import spread_of
from trustsem.inference.residuals import ResidualType, in_errors
from trustsem.inference.robust.pieces import open_directions
from trustsem.moments import SampleGroup
from trustsem.moments.categorical import CategoricalMoments, MomentLayout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_EXACT = 1e-10  # share of a moment's variance below which the model reproduces it whatever the sample is


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalResiduals:
    """Residuals of one group's statistics, all in the order of `layout`.

    Args:
        kind: Their scale.
        layout: Which statistic stands where.
        residual: (M,) on that scale; z-values for NORMALIZED and STANDARDIZED.
        se: (M,) standard errors: of the residual on its scale, for NORMALIZED of the sample statistic, for STANDARDIZED
            of the raw residual; NaN where unknown, 0 where the model always reproduces the statistic.
        z: (M,) residual / standard error, 0 where that is 0.
    """

    kind: ResidualType
    layout: MomentLayout
    residual: FloatArray
    se: FloatArray
    z: FloatArray


def ordinal_residuals(estimate: Estimate, kind: ResidualType, *, group: int = 0) -> OrdinalResiduals:
    """Compute what a model leaves of the statistics that ordinal data are fitted by.

    Thresholds, slopes and correlations of latent responses are in the metric of their standard deviations whatever the
    type; with predictors that the model conditions on, all statistics are given them. COR_BENTLER and COR_BOLLEN divide
    what belongs to a continuous variable by its standard deviation: the sample's in both moments, or each moment by its
    own; COR_BOLLEN carries the residuals of the variances along (delta method).

    Standard errors of residuals: the diagonal of Q Gamma Q' / n with Q = I - D (D' W D)^-1 D' W (Maydeu-Olivares 2017,
    eq. 9), Gamma the asymptotic covariance of the statistics (Muthen & Satorra 1995); NORMALIZED: of Gamma / n.

    Args:
        estimate: A fit of ordinal items.
        kind: The scale.
        group: Which group, from 0.
    """
    objective = estimate.objective
    assert isinstance(objective, CategoricalObjective)
    sample = objective.moments.groups[group]
    statistics = sample.categorical
    assert statistics is not None
    point = objective.expand_at(objective.implied(estimate.x))
    raw = point.residuals[group]
    scale = _deviations(statistics)
    if kind in (ResidualType.NORMALIZED, ResidualType.STANDARDIZED):
        own = _identity(statistics.layout)
        se = _sample_errors(sample) if kind is ResidualType.NORMALIZED else _errors(estimate, group, own)
        z = in_errors(raw, se)
        return OrdinalResiduals(kind, statistics.layout, z, se, z)
    if kind is ResidualType.COR_BOLLEN:
        residual = _correlation_residuals(statistics, raw, scale)
        se = _errors(estimate, group, _as_correlations(statistics)) / scale
    else:
        unit = np.ones(len(raw)) if kind is ResidualType.RAW else scale
        residual, se = raw / unit, _errors(estimate, group, _identity(statistics.layout)) / unit
    return OrdinalResiduals(kind, statistics.layout, residual, se, in_errors(residual, se))


def _deviations(statistics: CategoricalMoments) -> FloatArray:
    """Return (M,) the sample's standard deviations behind each statistic; 1 for latent responses."""
    layout, sd = statistics.layout, np.sqrt(np.diag(statistics.cov))
    result = np.ones(layout.n_moments)
    result[layout.thresholds] = np.where(layout.threshold_of[:, 1] < 0, sd[layout.threshold_of[:, 0]], 1.0)
    result[layout.slopes] = np.repeat(sd, layout.n_covariates)
    result[layout.variances] = sd[layout.continuous] ** 2
    result[layout.pairs] = sd[layout.row] * sd[layout.column]
    return result


def _correlation_residuals(statistics: CategoricalMoments, raw: FloatArray, scale: FloatArray) -> FloatArray:
    """Return sample minus implied correlations; the rest in the sample's standard deviations."""
    layout = statistics.layout
    residual = raw / scale
    variances = np.ones(layout.n_variables)
    variances[layout.continuous] = (statistics.vector - raw)[layout.variances]
    sd = np.sqrt(np.where(variances > 0, variances, np.nan))
    of_model = (statistics.vector - raw)[layout.pairs] / (sd[layout.row] * sd[layout.column])
    residual[layout.pairs] = statistics.vector[layout.pairs] / scale[layout.pairs] - of_model
    residual[layout.variances] = 0.0  # 1 by definition on both sides
    return residual


@dataclass(frozen=True, eq=False, slots=True)
class _Functionals:
    """Linear functions of the M statistics: each a sum of up to three of them, (R, 3) positions and weights."""

    position: IntArray
    weight: FloatArray

    def of(self, rows: FloatArray) -> FloatArray:
        """Return the functions of the rows of a (M, k) matrix, (R, k)."""
        result = self.weight[:, :1] * rows[self.position[:, 0]]
        for term in (1, 2):
            used = np.flatnonzero(self.weight[:, term])
            result[used] += self.weight[used, term, None] * rows[self.position[used, term]]
        return result

    def variances(self, gamma: FloatArray) -> FloatArray:
        """Return the (R,) variances of the functions when the statistics have covariance `gamma` (M, M)."""
        total = np.zeros(len(self.position))
        for one in range(3):
            for other in range(3):
                product = self.weight[:, one] * self.weight[:, other]
                total += product * gamma[self.position[:, one], self.position[:, other]]
        return total


def _identity(layout: MomentLayout) -> _Functionals:
    position = np.repeat(np.arange(layout.n_moments)[:, None], 3, axis=1)
    return _Functionals(position, np.tile([1.0, 0.0, 0.0], (layout.n_moments, 1)))


def _as_correlations(statistics: CategoricalMoments) -> _Functionals:
    """Return e_ij - s_ij / 2 (e_ii / s_ii + e_jj / s_jj) for covariances; latent responses have no e_ii."""
    layout = statistics.layout
    own = _identity(layout)
    place = np.full(layout.n_variables, -1, dtype=np.intp)
    place[layout.continuous] = layout.variances.start + np.arange(len(layout.continuous))
    pairs = np.arange(layout.n_moments)[layout.pairs]
    for term, variable in ((1, layout.row), (2, layout.column)):
        there = np.flatnonzero(place[variable] >= 0)
        chosen = variable[there]
        own.position[pairs[there], term] = place[chosen]
        own.weight[pairs[there], term] = -statistics.vector[pairs[there]] / (2 * np.diag(statistics.cov)[chosen])
    variances = np.arange(layout.n_moments)[layout.variances]
    own.weight[variances] = 0.0
    return own


def _sample_errors(sample: SampleGroup) -> FloatArray:
    assert sample.categorical is not None
    assert sample.categorical.gamma is not None
    return np.sqrt(np.maximum(np.diag(sample.categorical.gamma), 0.0) / sample.mass)


def _errors(estimate: Estimate, group: int, functions: _Functionals) -> FloatArray:
    """Return the (R,) standard errors of functions of one group's residuals; NaN where D' W D has no inverse.

    Of Q Gamma Q' only the diagonal is computed: with H = (D' W D)^-1, P = W D and C = P' Gamma P it is diag(Gamma) -
    2 diag(D H P' Gamma) + diag(D H C H D'); with groups P and C carry the groups' shares, C is a sum over them.
    """
    objective = estimate.objective
    assert isinstance(objective, CategoricalObjective)
    point = objective.expand_at(objective.implied(estimate.x))
    sample = objective.moments.groups[group]
    assert sample.categorical is not None
    assert sample.categorical.gamma is not None
    try:
        spread = _spread(estimate, objective, point.jacobians)
    except np.linalg.LinAlgError:
        return np.full(len(functions.position), np.nan)
    n_free = objective.layout.n_free
    core, cross = np.zeros((n_free, n_free)), np.zeros((len(sample.categorical.vector), n_free))
    parts = zip(objective.weights, objective.moments.groups, point.jacobians, strict=True)
    for number, (share, other, jacobian) in enumerate(parts):
        assert other.categorical is not None
        assert other.categorical.gamma is not None
        carried = share * weighted(other, jacobian)
        covered = other.categorical.gamma @ carried
        core += carried.T @ covered * (sample.mass / other.mass)
        if number == group:
            cross = covered
    by_parameter = functions.of(point.jacobians[group]) @ spread
    variance = functions.variances(sample.categorical.gamma)
    reference = np.diag(sample.categorical.gamma)
    variance -= 2.0 * np.einsum("ik,ik->i", by_parameter, functions.of(cross))
    variance += np.einsum("ik,kl,il->i", by_parameter, core, by_parameter, optimize=True)
    variance = np.where(variance > _EXACT * reference, variance, 0.0)
    return np.sqrt(variance / sample.mass)


def _spread(estimate: Estimate, objective: CategoricalObjective, jacobians: tuple[FloatArray, ...]) -> FloatArray:
    total = np.zeros((objective.layout.n_free,) * 2)
    for share, sample, jacobian in zip(objective.weights, objective.moments.groups, jacobians, strict=True):
        total += share * (jacobian.T @ weighted(sample, jacobian))
    return spread_of(total, open_directions(estimate))
