"""First stage: every variable on its own, given the covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.layout import MomentLayout
from trustsem.moments.categorical.normal import EDGE
from trustsem.moments.categorical.probit import fit_ordered_probits

FloatArray = NDArray[np.float64]

_NO_RESIDUAL = 1e-8  # of the standard deviation: rounding error


@dataclass(frozen=True, eq=False)
class Margins:
    """Estimates of the first stage and what the second one needs of them.

    Scores and influences are those of standardised variables: covariates with mean 0 and standard deviation 1,
    continuous variables with residual standard deviation 1.

    Args:
        layout: Order of the moments.
        covariates: (n, k) standardised.
        thresholds: (p, T) standardised; `EDGE` where a variable has fewer than T, and for continuous ones.
        upper: (p, n) upper limit of each respondent's latent residual; `EDGE` where there is none.
        lower: (p, n) lower limit.
        probability: (p, n) of the answer of each respondent; 1 for continuous variables and where missing.
        residual: (p, n) residual of continuous variables, expected residual of ordinal ones; 0 where missing.
        centre: (p,) intercept of continuous variables, 0 for ordinal ones.
        scale: (p,) residual standard deviation of continuous variables, 1 for ordinal ones.
        slopes: (p, k) on the standardised covariates, item units (ordinal: latent units).
        influence: (M1, n) weighted influence of each respondent on each univariate moment, standardised; n times the
            inverse of the cross-product of the scores, times the score.
    """

    layout: MomentLayout
    covariates: FloatArray
    thresholds: FloatArray
    upper: FloatArray
    lower: FloatArray
    probability: FloatArray
    residual: FloatArray
    centre: FloatArray
    scale: FloatArray
    slopes: FloatArray
    influence: FloatArray


def fit_margins(data: CategoricalInput, covariates: FloatArray, names: Sequence[str]) -> Margins:
    """Estimate thresholds and probit slopes of ordinal, intercepts, slopes and variances of continuous variables.

    Both by maximum likelihood; variances have divisor n. Influences are those of lavaan and Muthen & Satorra
    (1995): the outer product of the scores, weighted once, takes the place of the information also where a continuous
    variable is not normal.

    Args:
        data: Checked input.
        covariates: (n, k) standardised covariates.
        names: The p variables, for messages.

    Raises:
        ConvergenceError: the probit regression of an item on the covariates has no maximum.
        DataError: the covariates predict a continuous variable without error.
    """
    layout = data.layout
    p, n, k = layout.n_variables, data.n_obs, layout.n_covariates
    margins = Margins(
        layout=layout,
        covariates=covariates,
        thresholds=np.full((p, layout.n_thresholds), EDGE),
        upper=np.full((p, n), EDGE),
        lower=np.full((p, n), -EDGE),
        probability=np.ones((p, n)),
        residual=np.zeros((p, n)),
        centre=np.zeros(p),
        scale=np.ones(p),
        slopes=np.zeros((p, k)),
        influence=np.empty((layout.n_univariate, n)),
    )
    if len(layout.ordinal):
        _fill_ordinal(margins, data, names)
    if len(layout.continuous):
        _fill_continuous(margins, data, names)
    return margins


def _fill_ordinal(margins: Margins, data: CategoricalInput, names: Sequence[str]) -> None:
    index, width = margins.layout.ordinal, margins.layout.n_thresholds
    n_levels = np.array(data.n_levels, dtype=np.intp)[index]
    fit = fit_ordered_probits(
        data.codes,
        n_levels,
        margins.covariates,
        data.row_weights,
        names=[name for name, count in zip(names, data.n_levels, strict=True) if count],
    )
    n_own = fit.thresholds.shape[1]  # fewer than `width` never: a mean needs one place, a threshold as well
    margins.thresholds[index, :n_own] = fit.thresholds
    margins.slopes[index] = fit.slopes
    margins.upper[index], margins.lower[index] = fit.upper, fit.lower
    margins.probability[index], margins.residual[index] = fit.probability, fit.expected
    places = margins.layout.places[index]
    places = np.concatenate([places[:, :n_own], places[:, width:-1]], axis=1)
    _store_influence(margins, places, fit.scores, data.row_weights)


def _fill_continuous(margins: Margins, data: CategoricalInput, names: Sequence[str]) -> None:
    """Regress continuous variables on the covariates; scores of (intercept, slopes, variance) of z = residual / sd."""
    index, width = margins.layout.continuous, margins.layout.n_thresholds
    observed = data.observed[index]
    weights = observed * data.row_weights
    values = np.where(observed > 0, data.values.T[index], 0.0)
    mass = weights.sum(axis=1)
    level = (weights * values).sum(axis=1) / mass
    centred = (values - level[:, None]) * observed
    design = np.hstack([np.ones((data.n_obs, 1)), margins.covariates])
    gram = np.matmul(design.T * weights[:, None, :], design)
    beta = np.linalg.solve(gram, ((weights * centred) @ design)[:, :, None])[:, :, 0]
    residual = (centred - beta @ design.T) * observed
    scale = np.sqrt((weights * residual * residual).sum(axis=1) / mass)
    own_names = [name for name, count in zip(names, data.n_levels, strict=True) if not count]
    _check_residuals(scale, np.sqrt((weights * centred * centred).sum(axis=1) / mass), own_names)
    z = residual / scale[:, None]
    margins.centre[index], margins.slopes[index], margins.scale[index] = level + beta[:, 0], beta[:, 1:], scale
    margins.residual[index] = z
    scores = np.concatenate([z[:, :, None] * design, ((z * z - observed) / 2)[:, :, None]], axis=2)
    places = margins.layout.places[index]
    _store_influence(margins, np.concatenate([places[:, :1], places[:, width:]], axis=1), scores, data.row_weights)


def _check_residuals(scale: FloatArray, spread: FloatArray, names: Sequence[str]) -> None:
    explained = [name for name, own, total in zip(names, scale, spread, strict=True) if own <= _NO_RESIDUAL * total]
    if explained:
        raise DataError(
            f"The covariates predict {', '.join(explained)} without error.",
            remedy="Leave the variable or the covariate out: they are the same.",
            code="ordinal-moments",
        )


def _store_influence(margins: Margins, places: NDArray[np.intp], scores: FloatArray, weights: FloatArray) -> None:
    """Write n A^-1 w s into the rows of these variables, A the sum of w s s'.

    Args:
        places: (v, q) positions; those behind the univariate moments are not in use, their scores are 0.
        scores: (v, n, q).
        weights: (n,).
    """
    weighted = scores * weights[:, None]
    unused = places == margins.layout.n_univariate
    product = np.matmul(scores.transpose(0, 2, 1), weighted) + unused[:, :, None] * np.eye(places.shape[1])
    influence = len(weights) * np.linalg.solve(product, weighted.transpose(0, 2, 1))
    margins.influence[places[~unused]] = influence[~unused]
