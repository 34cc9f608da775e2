"""From standardised variables, in which everything is estimated, back to the units of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.margins import Margins

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandardCovariates:
    """Covariates with mean 0 and standard deviation 1.

    Args:
        values: (n, k).
        centre: (k,) means that were taken off.
        spread: (k,) standard deviations by which they were divided.
    """

    values: FloatArray
    centre: FloatArray
    spread: FloatArray


@dataclass(frozen=True, eq=False)
class UnivariateMoments:
    """Moments of single variables in the units of the data.

    Args:
        thresholds: Of each variable; empty for continuous ones.
        mean: (p,) means or intercepts; 0 for ordinal variables.
        slopes: (p, k).
    """

    thresholds: tuple[FloatArray, ...]
    mean: FloatArray
    slopes: FloatArray


def standardise_covariates(data: CategoricalInput) -> StandardCovariates:
    """Centre and scale the covariates, so that no sum over respondents loses digits to their units."""
    if not data.layout.n_covariates or data.covariates is None:
        return StandardCovariates(np.zeros((data.n_obs, 0)), np.zeros(0), np.ones(0))
    centre, spread = data.covariates.mean(axis=0), data.covariates.std(axis=0)
    return StandardCovariates((data.covariates - centre) / spread, centre, spread)


def restore_margins(margins: Margins, standard: StandardCovariates) -> UnivariateMoments:
    """Return the moments on the covariates as they are, x = m + s z: t - z'b = (t + m'(b / s)) - x'(b / s)."""
    slopes = margins.slopes / standard.spread
    shift = slopes @ standard.centre
    n_levels = margins.layout.n_levels
    thresholds = tuple(
        margins.thresholds[variable, : max(count - 1, 0)] + shift[variable] for variable, count in enumerate(n_levels)
    )
    return UnivariateMoments(thresholds, np.where(np.array(n_levels) == 0, margins.centre - shift, 0.0), slopes)


def restore_influences(margins: Margins, standard: StandardCovariates, rho: FloatArray, influence: FloatArray) -> None:
    """Turn standardised influences into those of the moments, in place.

    Args:
        margins: First stage with its influences.
        standard: Covariates.
        rho: (P,) correlations of the pairs.
        influence: (M, n); its last P rows hold the influences on the correlations, the others are filled here.
    """
    _restore_pairs(margins, rho, influence)
    layout, scale = margins.layout, margins.scale
    influence[: layout.n_univariate] = margins.influence
    p, k = margins.slopes.shape
    factor = scale[:, None] / standard.spread
    influence[layout.slopes] *= factor.reshape(-1, 1)
    variable, level = layout.threshold_of.T
    influence[layout.thresholds] *= scale[variable, None]
    if k:
        of_slopes = influence[layout.slopes].reshape(p, k, -1)
        shift = np.matmul(standard.centre, of_slopes)
        influence[layout.thresholds] += np.where(level < 0, -1.0, 1.0)[:, None] * shift[variable]
    influence[layout.variances] *= scale[layout.continuous, None] ** 2


def _restore_pairs(margins: Margins, rho: FloatArray, influence: FloatArray) -> None:
    """Replace influences on correlations by those on covariances c = rho s_i s_j.

    dc = s_i s_j (drho + rho (dlog s_i + dlog s_j)). The standardised influence on a variance is that on its logarithm,
    twice that on log(s).
    """
    layout, scale = margins.layout, margins.scale
    of_pairs = influence[layout.pairs]
    for side in (layout.row, layout.column):
        places = layout.places[side, -1]
        continuous = np.flatnonzero(places < layout.n_univariate)
        if len(continuous):
            of_pairs[continuous] += (rho[continuous] / 2)[:, None] * margins.influence[places[continuous]]
    if len(layout.continuous):
        of_pairs *= (scale[layout.row] * scale[layout.column])[:, None]
