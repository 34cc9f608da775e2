"""Standard errors of sample moments and of residuals; of complete normal rows without any matrix of moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import NormalWeight
from trustsem.estimate import Estimate
from trustsem.estimate.objective import GroupPoint
from trustsem.implied import GroupLayout
from trustsem.inference.information import allowed_directions
from trustsem.inference.residual_cases import (
    case_moment_errors,
    case_residual_errors,
    incomplete_moment_errors,
    incomplete_residual_errors,
)
from trustsem.inference.residual_design import MomentErrors, MomentSource, inverse_information
from trustsem.inference.residual_matrices import (
    given_moment_errors,
    given_residual_errors,
    normal_incomplete_moment_errors,
    normal_incomplete_residual_errors,
)
from trustsem.inference.robust.pieces import open_directions
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK = 4096  # moments at a time: bounds the memory of their Jacobian to chunk x parameters
_EXACT = 1e-10  # share of a moment's variance below which its residual does not vary: the model reproduces it


def moment_errors(
    sample: SampleGroup, layout: GroupLayout, source: MomentSource = MomentSource.NORMAL, *, robust: bool = False
) -> MomentErrors:
    """Return the standard errors of sample moments.

    Args:
        sample: Moments of one group.
        layout: Its layout, for the fixed exogenous variables: moments among them are no estimates.
        source: Where the covariance of the moments comes from.
        robust: For incomplete rows, whether it holds for any distribution.

    Returns:
        Errors; NaN where the moments have no known covariance.
    """
    try:
        errors = _moment_errors(sample, layout, source, robust=robust)
    except np.linalg.LinAlgError:
        return MomentErrors.unknown(len(sample.names))
    errors.cov[np.ix_(layout.exogenous, layout.exogenous)] = 0.0
    errors.mean[layout.exogenous] = 0.0
    return errors


def _moment_errors(sample: SampleGroup, layout: GroupLayout, source: MomentSource, *, robust: bool) -> MomentErrors:
    if source is MomentSource.CASES:
        return case_moment_errors(sample)
    if source is MomentSource.INFORMATION:
        return incomplete_moment_errors(sample) if robust else normal_incomplete_moment_errors(sample)
    if source is MomentSource.GIVEN:
        return given_moment_errors(sample)
    if source is MomentSource.UNKNOWN:
        return MomentErrors.unknown(len(sample.names))
    return _normal_moment_errors(sample, layout)


def _normal_moment_errors(sample: SampleGroup, layout: GroupLayout) -> MomentErrors:
    """Return the standard errors of sample moments under normality.

    n var(s_ij) = s_ii s_jj + s_ij^2 and n var(xbar_i) = s_ii (Anderson 2003), conditional on the moments of
    fixed exogenous variables: the same of R = S_.x S_xx^-1 S_x. is taken off.
    """
    total = np.zeros_like(sample.cov)
    mean = np.zeros(len(sample.cov))
    for sign, cov in _signed_covariances(sample, layout):
        variance = np.diag(cov)
        total += sign * (np.outer(variance, variance) + cov**2)
        mean += sign * variance
    reference = np.diag(sample.cov)
    total = _without_rounding(total, np.outer(reference, reference))
    return MomentErrors(np.sqrt(total / sample.n_obs), np.sqrt(_without_rounding(mean, reference) / sample.n_obs))


def _signed_covariances(sample: SampleGroup, layout: GroupLayout) -> tuple[tuple[float, FloatArray], ...]:
    """Return the covariances whose normal-theory Gamma adds up to that of the moments: S, less what x explains."""
    if not len(layout.exogenous):
        return ((1.0, sample.cov),)
    of_x = sample.cov[:, layout.exogenous]
    explained = of_x @ np.linalg.solve(sample.cov[np.ix_(layout.exogenous, layout.exogenous)], of_x.T)
    return ((1.0, sample.cov), (-1.0, explained))


def _without_rounding(variance: FloatArray, reference: FloatArray) -> FloatArray:
    return np.where(variance > _EXACT * reference, variance, 0.0)


def residual_errors(
    estimate: Estimate,
    *,
    group: int = 0,
    correlations: bool = False,
    source: MomentSource = MomentSource.NORMAL,
    robust: bool = False,
) -> MomentErrors:
    """Return the standard errors of the raw residuals of one group, or of its residual correlations.

    Args:
        estimate: A fitted model.
        group: Which group, from 0.
        correlations: Errors of the residuals as correlations, r_ij - rho_ij, by the delta method at S: with e the
            raw residuals in the metric of the sample's standard deviations, e_ij - r_ij (e_ii + e_jj) / 2.
        source: Where the covariance of the moments comes from.
        robust: For incomplete rows, whether it holds for any distribution.

    Returns:
        Standard errors; all NaN where the information matrix cannot be inverted and where the covariance of the
        moments is not known.
    """
    n_variables = len(estimate.objective.moments.groups[group].names)
    try:
        if source is MomentSource.CASES:
            return case_residual_errors(estimate, group, correlations=correlations)
        if source is MomentSource.INFORMATION:
            incomplete = incomplete_residual_errors if robust else normal_incomplete_residual_errors
            return incomplete(estimate, group, correlations=correlations)
        if source is MomentSource.GIVEN:
            return given_residual_errors(estimate, group, correlations=correlations)
        if source is MomentSource.UNKNOWN:
            return MomentErrors.unknown(n_variables)
        return _normal_residual_errors(estimate, group, correlations=correlations)
    except np.linalg.LinAlgError:
        return MomentErrors.unknown(n_variables)


def _normal_residual_errors(estimate: Estimate, group: int, *, correlations: bool) -> MomentErrors:
    """Return the standard errors of residuals of complete normal rows.

    With moments s, Jacobian D, normal-theory weight A at Sigma, Gamma normal-theory at S and H = (D' A D)^-1, the
    residuals are Q (s - sigma) with Q = I - D H D' A, so that n acov = Q Gamma Q' (Ogasawara 2001; Maydeu-Olivares
    2017). Only its diagonal is computed: diag(Gamma) - 2 diag(D H D' A Gamma) + diag(D H C H D') with C = D' A Gamma
    A D; with groups, D' A D and C are sums over groups weighted by their share. Because dSigma_k = L_k R_k' + R_k
    L_k', A Gamma never appears: the row of D' A Gamma for s_ij is (S W dSigma_k W S)_ij, and C is the information
    matrix with weight W S W. With fixed exogenous variables Gamma is the conditional one.

    Raises:
        numpy.linalg.LinAlgError: D' A D cannot be inverted.
    """
    objective = estimate.objective
    sample = objective.moments.groups[group]
    p = len(sample.names)
    point = objective.expand(estimate.x)
    spread = _parameter_spread(estimate, point.information())
    if not all(isinstance(own.expansion.weight, NormalWeight) for own in point.groups):
        return given_residual_errors(estimate, group, correlations=correlations)
    by_group = [
        [_Piece.build(sign, cov, own) for sign, cov in _signed_covariances(moments, of_group)]
        for own, moments, of_group in zip(point.groups, objective.moments.groups, objective.layout.groups, strict=True)
    ]
    own, pieces = point.groups[group], by_group[group]
    inner = sum(
        other.weight * piece.inner for other, parts in zip(point.groups, by_group, strict=True) for piece in parts
    )
    carried, core = own.weight * spread, own.weight * (spread @ inner @ spread)
    deviations = np.sqrt(np.diag(sample.cov))
    own_parts = _Standardized.build(own, pieces, deviations)
    shrink = sample.cov / np.outer(deviations, deviations) if correlations else np.zeros((p, p))
    column, row = np.triu_indices(p)
    chunks = [slice(k, k + _CHUNK) for k in range(0, len(row), _CHUNK)]
    parts = [
        _residual_variances(own_parts, carried, core, row[chunk], column[chunk], shrink[row[chunk], column[chunk]])
        for chunk in chunks
    ]
    variance = np.zeros((p, p))
    variance[row, column] = variance[column, row] = _without_rounding(np.concatenate(parts), np.ones(len(row)))
    unit = np.ones((p, p)) if correlations else np.outer(deviations, deviations)
    mean = _without_rounding(_mean_variances(own, pieces, carried, core), np.diag(sample.cov))
    return MomentErrors(np.sqrt(variance / sample.n_obs) * unit, np.sqrt(mean / sample.n_obs))


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    """What one covariance matrix M of `_signed_covariances` contributes."""

    sign: float
    cov: FloatArray  # (p, p) M
    left: FloatArray  # (p, n_free) M W L
    right: FloatArray  # (p, n_free) M W R
    mean: FloatArray  # (p, n_free) M W dmu
    inner: FloatArray  # (n_free, n_free) sign * D' A Gamma(M) A D

    @classmethod
    def build(cls, sign: float, cov: FloatArray, point: GroupPoint) -> _Piece:
        expansion, derivatives = point.expansion, point.derivatives
        assert isinstance(expansion.weight, NormalWeight)
        carried = cov @ expansion.weight.sigma
        sandwich = expansion.weight.sigma @ carried
        inner = sign * derivatives.inner(sandwich, sandwich if expansion.weight.mean is not None else None)
        return cls(
            sign, cov, carried @ derivatives.left, carried @ derivatives.right, carried @ derivatives.mean, inner
        )


@dataclass(frozen=True, eq=False, slots=True)
class _LowRank:
    """(p, n_free) factors of one symmetric matrix per parameter, L_k R_k' + R_k L_k'."""

    left: FloatArray
    right: FloatArray

    def at(self, row: IntArray, column: IntArray, shrink: FloatArray) -> FloatArray:
        """Return (cells, n_free) entries, each less `shrink` times the mean of its two diagonal entries."""
        left, right = self.left, self.right
        diagonal = 2.0 * left * right
        entries = left[row] * right[column] + right[row] * left[column]
        return entries - shrink[:, None] / 2 * (diagonal[row] + diagonal[column])


@dataclass(frozen=True, eq=False, slots=True)
class _Standardized:
    """The Jacobian and the pieces in the metric of the sample's standard deviations."""

    jacobian: _LowRank
    pieces: tuple[tuple[float, FloatArray, _LowRank], ...]  # sign, M, D' A Gamma(M)

    @classmethod
    def build(cls, point: GroupPoint, pieces: list[_Piece], deviations: FloatArray) -> _Standardized:
        unit, scale = np.outer(deviations, deviations), deviations[:, None]
        return cls(
            _LowRank(point.derivatives.left / scale, point.derivatives.right / scale),
            tuple((m.sign, m.cov / unit, _LowRank(m.left / scale, m.right / scale)) for m in pieces),
        )


def _residual_variances(
    parts: _Standardized, carried: FloatArray, core: FloatArray, row: IntArray, column: IntArray, shrink: FloatArray
) -> FloatArray:
    """Return n times the variances of the residuals at these cells, in the sample's metric."""
    jacobian = parts.jacobian.at(row, column, shrink)
    weighted = jacobian @ carried
    result = np.einsum("ik,ik->i", jacobian @ core, jacobian)
    for sign, cov, cross in parts.pieces:
        gamma = _moment_variances(cov, row, column, shrink)
        result += sign * (gamma - 2.0 * np.einsum("ik,ik->i", weighted, cross.at(row, column, shrink)))
    return result


def _moment_variances(cov: FloatArray, row: IntArray, column: IntArray, shrink: FloatArray) -> FloatArray:
    """Return the normal-theory n var of s_ij - shrink_ij (s_ii + s_jj) / 2: 1 - r^2 squared for a correlation."""
    m, one, other = cov[row, column], cov[row, row], cov[column, column]
    own = one * other + m**2
    mixed = 2.0 * m * (one + other)  # cov(s_ij, s_ii + s_jj)
    diagonal = 2.0 * (one**2 + other**2) + 4.0 * m**2  # var(s_ii + s_jj)
    return own - shrink * mixed + shrink**2 / 4 * diagonal


def _mean_variances(point: GroupPoint, pieces: list[_Piece], carried: FloatArray, core: FloatArray) -> FloatArray:
    """Return n times the variances of the residual means."""
    jacobian = point.derivatives.mean
    result = np.einsum("ik,ik->i", jacobian @ core, jacobian)
    for piece in pieces:
        cross = np.einsum("ik,ik->i", jacobian @ carried, piece.mean)
        result += piece.sign * (np.diag(piece.cov) - 2.0 * cross)
    return result


def _parameter_spread(estimate: Estimate, information: FloatArray) -> FloatArray:
    """Return (n_free, n_free) H: the inverse unit information in the directions that constraints leave open.

    Raises:
        numpy.linalg.LinAlgError: singular.
    """
    if len(estimate.active.relations):
        allowed = allowed_directions(estimate.active.jacobian)
        information = allowed.T @ information @ allowed
    directions = open_directions(estimate)
    return directions @ inverse_information(information) @ directions.T
