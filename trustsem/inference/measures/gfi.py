"""Goodness-of-fit indices: population-based GFI with its interval, LISREL's GFI, AGFI, PGFI."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.inference.measures.context import FitContext, MeasureSet, Noncentral, undefined
from trustsem.inference.noncentral import noncentrality_limit

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
    if context.ordinal:
        misfit, size = _ordinal_sizes(context)
        values = {**_population(context), **_lisrel(context, misfit / size)}
        reasons = {} if values["agfi_lisrel"] is not None else {"agfi_lisrel": "no degrees of freedom"}
        return MeasureSet({name: values[name] for name in _NAMES}, reasons)
    misfit = size = 0.0
    for sample, implied, exogenous, weight in zip(
        context.moments.groups, context.implied, context.exogenous, context.weights, strict=True
    ):
        share = sample.n_obs / context.n_obs
        explained, gap, mean = sample.cov.copy(), None, None
        explained[np.ix_(exogenous, exogenous)] = 0.0
        if context.meanstructure and sample.mean is not None:
            gap, mean = sample.mean - implied.mu, sample.mean.copy()
            mean[exogenous] = 0.0
        misfit += share * weight.size(sample.cov - implied.sigma, gap)
        size += share * weight.size(explained, mean)
    values = {**_population(context), **_lisrel(context, misfit / size)}
    reasons = {} if values["agfi_lisrel"] is not None else {"agfi_lisrel": "no degrees of freedom"}
    return MeasureSet({name: values[name] for name in _NAMES}, reasons)


def _ordinal_sizes(context: FitContext) -> tuple[float, float]:
    """Return e' W e and s' W s over all groups."""
    misfit = size = 0.0
    for sample, group in zip(context.moments.groups, context.ordinal, strict=True):
        share = sample.n_obs / context.n_obs
        for vector, is_misfit in ((group.sample - group.implied, True), (group.sample, False)):
            weighted = group.weight @ vector if group.weight.ndim == 2 else group.weight * vector
            part = share * float(vector @ weighted)
            misfit, size = (misfit + part, size) if is_misfit else (misfit, size + part)
    return misfit, size


def _population(context: FitContext) -> dict[str, float | None]:
    plain = _of_noncentral(context, Noncentral(context.residual_statistic, context.test.df), "")
    return {**plain, "gfi_ci_level": CI_LEVEL}


def robust_gfi_measures(context: FitContext) -> MeasureSet:
    """Return gfi_robust with its interval: the population index of T - c df, T the residual statistic."""
    if context.robust_reason is not None:
        names = ("gfi_robust", "gfi_ci_lower_robust", "gfi_ci_upper_robust")
        return undefined(names, context.robust_reason)
    if context.robust is None:
        return MeasureSet({})
    base = context.robust
    if context.scaled is not None and not context.is_incomplete and not context.ordinal:
        base = replace(base, statistic=context.residual_statistic)
    return MeasureSet(_of_noncentral(context, base, "_robust"))


def _of_noncentral(context: FitContext, base: Noncentral, suffix: str) -> dict[str, float | None]:
    n = context.n_effective
    p = len(context.moments.groups[0].names) * context.n_groups
    statistic, df = base.as_chi_square, base.df

    def index(noncentrality: float) -> float:
        return p / (p + 2 * max(noncentrality, 0.0) / n * context.n_groups)

    def limit(probability: float) -> float:
        return base.spread * noncentrality_limit(statistic, df, probability)

    return {
        f"gfi{suffix}": index(base.excess),
        f"gfi_ci_lower{suffix}": index(limit((1 - CI_LEVEL) / 2)),
        f"gfi_ci_upper{suffix}": index(limit((1 + CI_LEVEL) / 2)),
    }


def _lisrel(context: FitContext, ratio: float) -> dict[str, float | None]:
    df, n_moments = context.test.df, context.n_moments
    return {
        "gfi_lisrel": 1 - ratio,
        "agfi_lisrel": None if df == 0 else 1 - n_moments / df * ratio,
        "pgfi": df / n_moments * (1 - ratio),
    }
