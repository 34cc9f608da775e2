"""A set of items taken as a scale: alpha, and how each item goes with the others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.measurement.alpha import alpha_coefficient, alpha_without_each, item_rest_correlations
from trustsem.measurement.coefficient import Coefficient

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class ScaleStatistics:
    """A scale of k items.

    Args:
        alpha: Of the scores.
        alpha_ordinal: Of polychoric correlations; None where they were not asked for.
        mean_correlation: Mean of the correlations between items; None for one item.
        item_rest: (k,) correlation of each item with the sum of the others; NaN where it is undefined.
        alpha_without: (k,) alpha of the other items; NaN where it is undefined.
        n_obs: Respondents behind these numbers.
    """

    alpha: Coefficient
    alpha_ordinal: Coefficient | None
    mean_correlation: float | None
    item_rest: FloatArray
    alpha_without: FloatArray
    n_obs: int


def scale_statistics(
    cov: FloatArray, n_obs: int, *, no_interval: str | None = None, alpha_ordinal: Coefficient | None = None
) -> ScaleStatistics:
    """Return what covariances say of a scale.

    Args:
        cov: (k, k) covariances of the scores.
        n_obs: Respondents behind them.
        no_interval: Why alpha has no interval; None where it has.
        alpha_ordinal: Of the latent responses; None where it was not asked for.
    """
    k, sd = len(cov), np.sqrt(np.maximum(np.diag(cov), 0.0))
    mean = None
    if k > 1 and (sd > 0).all():
        mean = float((cov / np.outer(sd, sd))[np.tril_indices(k, -1)].mean())
    return ScaleStatistics(
        alpha_coefficient(cov, n_obs, no_interval),
        alpha_ordinal,
        mean,
        item_rest_correlations(cov) if k > 1 else np.full(k, math.nan),
        alpha_without_each(cov),
        n_obs,
    )


def undefined_scale(k: int, n_obs: int, reason: str, *, ordinal: bool) -> ScaleStatistics:
    """Return a scale of which nothing can be said."""
    nothing, empty = Coefficient.undefined(reason), np.full(k, math.nan)
    return ScaleStatistics(nothing, nothing if ordinal else None, None, empty, empty.copy(), n_obs)
