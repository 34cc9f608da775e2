"""Residual moments: raw, in correlation metric, and divided by their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.estimate.objective import GroupPoint
from trustsem.implied import GroupLayout, Implied
from trustsem.moments import SampleGroup
from trustsem.suggestions import suggest

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK = 4096  # moments at a time: bounds the memory of their Jacobian to chunk x parameters
_EXACT = 1e-10  # share of a moment's variance below which its residual does not vary: the model reproduces it


class ResidualType(Enum):
    """How residuals are scaled."""

    RAW = "raw"
    COR_BENTLER = "cor_bentler"
    COR_BOLLEN = "cor_bollen"
    NORMALIZED = "normalized"
    STANDARDIZED = "standardized"


_ALIASES = {"cor": ResidualType.COR_BOLLEN}


def residual_type(name: str | ResidualType) -> ResidualType:
    """Return the type that a name means; dots may stand for underscores, "cor" for "cor_bollen".

    Raises:
        UsageError: no such type.

    Example:
        >>> residual_type("cor.bentler")
        <ResidualType.COR_BENTLER: 'cor_bentler'>
    """
    if isinstance(name, ResidualType):
        return name
    known = {kind.value: kind for kind in ResidualType} | _ALIASES
    kind = known.get(str(name).strip().replace(".", "_").lower())
    if kind is None:
        raise UsageError(
            f"Unknown type of residuals {name!r}.{suggest(str(name), list(known))}",
            remedy=f"Use one of: {', '.join(known)}.",
            code="residual-type",
        )
    return kind


@dataclass(frozen=True, eq=False, slots=True)
class ResidualMoments:
    """Residual moments of one group; the mean part is None without a mean structure.

    Args:
        kind: Their scale.
        cov: (p, p) residuals on that scale; z-values for NORMALIZED and STANDARDIZED.
        cov_se: (p, p) standard errors: of the residual on its scale, for NORMALIZED of the sample moment, for
            STANDARDIZED of the raw residual. 0 where the model reproduces the moment whatever the sample is.
        cov_z: (p, p) residual / standard error; 0 where the standard error is 0.
        mean, mean_se, mean_z: (p,) the same of the means.
    """

    kind: ResidualType
    cov: FloatArray
    cov_se: FloatArray
    cov_z: FloatArray
    mean: FloatArray | None
    mean_se: FloatArray | None
    mean_z: FloatArray | None


@dataclass(frozen=True, eq=False, slots=True)
class MomentErrors:
    """Sampling standard errors of one group's moments or residuals: (p, p) and (p,); NaN where unknown."""

    cov: FloatArray
    mean: FloatArray


def residual_moments(estimate: Estimate, kind: ResidualType, *, group: int = 0) -> ResidualMoments:
    """Compute the residual moments of one group with their standard errors.

    RAW: S - Sigma, xbar - mu. COR_BENTLER: divided by the sample's standard deviations (Bentler 1995). COR_BOLLEN:
    correlations of S minus correlations of Sigma (Bollen 1989, p. 258), means by the sample's standard deviations.
    NORMALIZED: raw residuals by the standard errors of the sample moments (Joreskog & Sorbom 1981). STANDARDIZED:
    raw residuals by their own standard errors (`residual_errors`).

    Args:
        estimate: A fitted model; S with the divisor of its likelihood.
        kind: The scale.
        group: Which group, from 0.

    Returns:
        Residuals with standard errors; errors are NaN where the information matrix cannot be inverted. The errors
        of both correlation types treat the standard deviations that residuals are divided by as known, as lavaan's.
    """
    layout, sample = estimate.objective.layout, estimate.objective.moments.groups[group]
    implied = estimate.objective.implied(estimate.x)[group]
    raw = sample.cov - implied.sigma
    with_means = layout.meanstructure and sample.mean is not None
    gap = sample.mean - implied.mu if with_means and sample.mean is not None else None
    if kind is ResidualType.NORMALIZED:
        errors = moment_errors(sample, layout.groups[group])
    else:
        errors = residual_errors(estimate, group=group)
    if kind in (ResidualType.NORMALIZED, ResidualType.STANDARDIZED):
        z, mean_z = _ratio(raw, errors.cov), None if gap is None else _ratio(gap, errors.mean)
        return ResidualMoments(kind, z, errors.cov, z, mean_z, None if gap is None else errors.mean, mean_z)
    return _scaled(kind, raw, gap, errors, sample, implied)


def _scaled(
    kind: ResidualType,
    raw: FloatArray,
    gap: FloatArray | None,
    errors: MomentErrors,
    sample: SampleGroup,
    implied: Implied,
) -> ResidualMoments:
    deviations = np.ones(len(raw)) if kind is ResidualType.RAW else np.sqrt(np.diag(sample.cov))
    unit = np.outer(deviations, deviations)
    residual, se = raw / unit, errors.cov / unit
    if kind is ResidualType.COR_BOLLEN:
        model = np.sqrt(np.maximum(np.diag(implied.sigma), np.finfo(float).tiny))
        residual = sample.cov / unit - implied.sigma / np.outer(model, model)
        np.fill_diagonal(residual, 0.0)  # both diagonals are 1 by definition: nothing is left, not even rounding
        np.fill_diagonal(se, 0.0)
    if gap is None:
        return ResidualMoments(kind, residual, se, _ratio(residual, se), None, None, None)
    mean, mean_se = gap / deviations, errors.mean / deviations
    return ResidualMoments(kind, residual, se, _ratio(residual, se), mean, mean_se, _ratio(mean, mean_se))


def _ratio(residual: FloatArray, se: FloatArray) -> FloatArray:
    """Return residual / se; 0 where se is 0: the model leaves no residual there but rounding."""
    return np.divide(residual, se, out=np.where(np.isnan(se), np.nan, 0.0), where=se > 0)


def moment_errors(sample: SampleGroup, layout: GroupLayout) -> MomentErrors:
    """Return the standard errors of sample moments under normality.

    n var(s_ij) = s_ii s_jj + s_ij^2 and n var(xbar_i) = s_ii (Anderson 2003, sec. 3.4), conditional on the moments of
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


def residual_errors(estimate: Estimate, *, group: int = 0) -> MomentErrors:
    """Return the standard errors of the raw residuals of one group.

    With moments s, Jacobian D, normal-theory weight A at Sigma, Gamma normal-theory at S and H = (D' A D)^-1, the
    residuals are Q (s - sigma) with Q = I - D H D' A, so that n acov = Q Gamma Q' (Ogasawara 2001, eq. 13; Maydeu-
    Olivares 2017, eq. 9). Only its diagonal is computed: diag(Gamma) - 2 diag(D H D' A Gamma) + diag(D H C H D')
    with C = D' A Gamma A D; with groups, H and C are sums over groups weighted by their share. Because dSigma_k = L_k R_k' + R_k L_k', A Gamma never appears: the row of D' A Gamma for
    s_ij is (S W dSigma_k W S)_ij, and C is the information matrix with weight W S W. With fixed exogenous variables
    Gamma is the conditional one.

    Returns:
        Standard errors; all NaN where D' A D cannot be inverted.
    """
    objective = estimate.objective
    sample, layout = objective.moments.groups[group], objective.layout.groups[group]
    p = len(sample.names)
    try:
        point = objective.expand(estimate.x)
        inverse = _inverse_information(point.information())
    except np.linalg.LinAlgError:
        return MomentErrors(np.full((p, p), np.nan), np.full(p, np.nan))
    reduction = objective.layout.reduction.matrix
    spread = reduction @ inverse @ reduction.T  # (n_free, n_free) H, carried to all free rows
    by_group = [
        [_Piece.build(sign, cov, own) for sign, cov in _signed_covariances(moments, of_group)]
        for own, moments, of_group in zip(
            point.groups, objective.moments.groups, objective.layout.groups, strict=True
        )
    ]
    own, pieces = point.groups[group], by_group[group]
    inner = sum(
        other.weight * piece.inner for other, parts in zip(point.groups, by_group, strict=True) for piece in parts
    )
    carried, core = own.weight * spread, own.weight * (spread @ inner @ spread)
    column, row = np.triu_indices(p)
    chunks = [slice(k, k + _CHUNK) for k in range(0, len(row), _CHUNK)]
    parts = [_residual_variances(own, pieces, carried, core, row[chunk], column[chunk]) for chunk in chunks]
    variance = np.zeros((p, p))
    variance[row, column] = variance[column, row] = np.concatenate(parts)
    reference = np.diag(sample.cov)
    variance = _without_rounding(variance, np.outer(reference, reference))
    mean = _without_rounding(_mean_variances(own, pieces, carried, core), reference)
    return MomentErrors(np.sqrt(variance / sample.n_obs), np.sqrt(mean / sample.n_obs))


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
        carried = cov @ expansion.sigma_weight
        sandwich = expansion.sigma_weight @ carried
        inner = sign * derivatives.inner(sandwich, sandwich if expansion.mean_weight is not None else None)
        return cls(
            sign, cov, carried @ derivatives.left, carried @ derivatives.right, carried @ derivatives.mean, inner
        )


def _residual_variances(
    point: GroupPoint, pieces: list[_Piece], carried: FloatArray, core: FloatArray, row: IntArray, column: IntArray
) -> FloatArray:
    """Return n times the variances of the residual covariances at these cells."""
    left, right = point.derivatives.left, point.derivatives.right
    jacobian = left[row] * right[column] + right[row] * left[column]
    weighted = jacobian @ carried
    result = np.einsum("ik,ik->i", jacobian @ core, jacobian)
    for piece in pieces:
        m = piece.cov
        gamma = m[row, row] * m[column, column] + m[row, column] ** 2
        cross = piece.left[row] * piece.right[column] + piece.right[row] * piece.left[column]
        result += piece.sign * (gamma - 2.0 * np.einsum("ik,ik->i", weighted, cross))
    return result


def _mean_variances(point: GroupPoint, pieces: list[_Piece], carried: FloatArray, core: FloatArray) -> FloatArray:
    jacobian = point.derivatives.mean
    result = np.einsum("ik,ik->i", jacobian @ core, jacobian)
    for piece in pieces:
        cross = np.einsum("ik,ik->i", jacobian @ carried, piece.mean)
        result += piece.sign * (np.diag(piece.cov) - 2.0 * cross)
    return result


def _inverse_information(information: FloatArray) -> FloatArray:
    """Invert the unit information in correlation metric, where 1e-10 means singular whatever the units are.

    Raises:
        numpy.linalg.LinAlgError: singular.
    """
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    correlation = information / np.outer(scale, scale)
    if len(scale) and np.linalg.eigvalsh(correlation)[0] <= _EXACT:
        raise np.linalg.LinAlgError("information matrix is singular")
    return np.linalg.inv(correlation) / np.outer(scale, scale)
