"""Residual moments: raw, in correlation metric, and divided by their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.implied import Implied
from trustsem.inference.residual_design import MomentErrors, moment_source
from trustsem.inference.residual_errors import moment_errors, residual_errors
from trustsem.moments import SampleGroup
from trustsem.suggestions import suggest

FloatArray = NDArray[np.float64]


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


def residual_moments(
    estimate: Estimate, kind: ResidualType, *, group: int = 0, robust: bool = False, pairwise: bool = False
) -> ResidualMoments:
    """Compute the residual moments of one group with their standard errors.

    RAW: S - Sigma, xbar - mu. COR_BENTLER: divided by the sample's standard deviations (Bentler 1995). COR_BOLLEN:
    correlations of S minus correlations of Sigma (Bollen 1989), means by the sample's standard deviations.
    NORMALIZED: raw residuals by the standard errors of the sample moments (Joreskog & Sorbom 1981). STANDARDIZED:
    raw residuals by their own standard errors (`residual_errors`).

    Args:
        estimate: A fitted model; S with the divisor of its likelihood.
        kind: The scale.
        group: Which group, from 0.
        robust: Whether standard errors hold for any distribution: those of a fit whose own are sandwiches. With
            weights and clusters they always do.
        pairwise: Whether each pair of variables has rows of its own: the errors are then not known.

    Returns:
        Residuals with standard errors; errors are NaN where the information matrix cannot be inverted, and for
        pairwise moments, whose covariance is not known. Of incomplete rows, S is that of the saturated model; where a
        model all but reproduces a moment (variances of items), its error is too large rather than too small.
        COR_BENTLER takes the standard deviations that it divides by as known, so that its z-values are those of RAW;
        COR_BOLLEN carries the residuals of the variances along (delta method).
    """
    layout, sample = estimate.objective.layout, estimate.objective.moments.groups[group]
    implied = estimate.objective.implied(estimate.x)[group]
    raw = sample.cov - implied.sigma
    with_means = layout.meanstructure and sample.mean is not None
    gap = sample.mean - implied.mu if with_means and sample.mean is not None else None
    source = moment_source(estimate, robust=robust, pairwise=pairwise)
    if kind is ResidualType.NORMALIZED:
        errors = moment_errors(sample, layout.groups[group], source, robust=robust)
    else:
        correlations = kind is ResidualType.COR_BOLLEN
        errors = residual_errors(estimate, group=group, correlations=correlations, source=source, robust=robust)
    if kind in (ResidualType.NORMALIZED, ResidualType.STANDARDIZED):
        z, mean_z = in_errors(raw, errors.cov), None if gap is None else in_errors(gap, errors.mean)
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
        variances = np.diag(implied.sigma)
        model = np.sqrt(np.where(variances > 0, variances, np.nan))
        residual, se = sample.cov / unit - implied.sigma / np.outer(model, model), errors.cov
        np.fill_diagonal(residual, 0.0)  # both diagonals are 1 by definition: nothing is left, not even rounding
    if gap is None:
        return ResidualMoments(kind, residual, se, in_errors(residual, se), None, None, None)
    mean, mean_se = gap / deviations, errors.mean / deviations
    return ResidualMoments(kind, residual, se, in_errors(residual, se), mean, mean_se, in_errors(mean, mean_se))


def in_errors(residual: FloatArray, se: FloatArray) -> FloatArray:
    """Return residual / se; 0 where se is 0: the model leaves no residual there but rounding."""
    return np.divide(residual, se, out=np.where(np.isnan(se), np.nan, 0.0), where=se > 0)
