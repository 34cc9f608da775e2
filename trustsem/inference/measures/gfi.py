"""Goodness-of-fit indices: population-based GFI with its interval, LISREL's GFI, AGFI, PGFI."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.inference.measures.context import FitContext, MeasureSet, undefined
from trustsem.inference.noncentral import noncentrality_limit
from trustsem.moments.linalg import invert

FloatArray = NDArray[np.float64]

CI_LEVEL = 0.90
_NAMES = ("gfi", "gfi_ci_lower", "gfi_ci_upper", "gfi_ci_level", "gfi_lisrel", "agfi_lisrel", "pgfi")


def gfi_measures(context: FitContext) -> MeasureSet:
    """Return the goodness-of-fit indices.

    gfi: p / (p + 2 F0) with F0 = max(T - df, 0) / n (Steiger 1989; Maiti & Mukherjee 1990), T Browne's residual
    statistic with normal-theory weights at the model, interval from T's noncentrality.
    gfi_lisrel: 1 - e'We / s'Ws over residual and sample moments (Joreskog & Sorbom 1984), moments among fixed
    exogenous variables left out of s; agfi and pgfi correct it for degrees of freedom (Mulaik et al. 1989).
    """
    misfit = size = 0.0
    for sample, implied, exogenous in zip(context.moments.groups, context.implied, context.exogenous, strict=True):
        share = sample.n_obs / context.n_obs
        try:
            weight = invert(implied.sigma)
        except np.linalg.LinAlgError:
            return undefined(_NAMES, "the implied covariance matrix is not positive definite")
        explained = sample.cov.copy()
        explained[np.ix_(exogenous, exogenous)] = 0.0
        misfit += share * _quadratic(weight, sample.cov - implied.sigma)
        size += share * _quadratic(weight, explained)
        if context.meanstructure and sample.mean is not None:
            gap, mean = sample.mean - implied.mu, sample.mean.copy()
            mean[exogenous] = 0.0
            misfit += share * 2 * float(gap @ weight @ gap)
            size += share * 2 * float(mean @ weight @ mean)
    values = {**_population(context), **_lisrel(context, misfit / size)}
    reasons = {} if values["agfi_lisrel"] is not None else {"agfi_lisrel": "no degrees of freedom"}
    return MeasureSet({name: values[name] for name in _NAMES}, reasons)


def _quadratic(weight: FloatArray, matrix: FloatArray) -> float:
    """Return tr((W M)^2)."""
    product = weight @ matrix
    return float(np.sum(product * product.T))


def _population(context: FitContext) -> dict[str, float | None]:
    df, n, statistic = context.test.df, context.n_effective, context.residual_statistic
    p = len(context.moments.groups[0].names) * context.n_groups

    def index(noncentrality: float) -> float:
        return p / (p + 2 * max(noncentrality, 0.0) / n * context.n_groups)

    return {
        "gfi": index(statistic - df),
        "gfi_ci_lower": index(noncentrality_limit(statistic, df, (1 - CI_LEVEL) / 2)),
        "gfi_ci_upper": index(noncentrality_limit(statistic, df, (1 + CI_LEVEL) / 2)),
        "gfi_ci_level": CI_LEVEL,
    }


def _lisrel(context: FitContext, ratio: float) -> dict[str, float | None]:
    df, n_moments = context.test.df, context.n_moments
    return {
        "gfi_lisrel": 1 - ratio,
        "agfi_lisrel": None if df == 0 else 1 - n_moments / df * ratio,
        "pgfi": df / n_moments * (1 - ratio),
    }
