"""Factor scores: linear combinations of the answers that stand for the latent variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied
from trustsem.moments import SampleGroup
from trustsem.suggestions import suggest

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_RANK = 1e-8  # relative: a factor of which less than this share shows in the items is not determined by them
_NEGATIVE = -1e-8  # eigenvalue, in the metric of total variances, below which a residual covariance is indefinite


class ScoreMethod(Enum):
    """REGRESSION: expected value of the factors given all answers; BARTLETT: weighted least squares; MODAL: the mode.

    Of continuous answers the mode is the expected value; of ordinal items it is the only method.
    """

    REGRESSION = "regression"
    BARTLETT = "bartlett"
    MODAL = "ebm"


_ALIASES = {"modal": ScoreMethod.MODAL, "thurstone": ScoreMethod.REGRESSION, "ml": ScoreMethod.BARTLETT}


def score_method(name: str | ScoreMethod) -> ScoreMethod:
    """Return the method that a name means, in any case; "ML" is Bartlett's.

    Raises:
        UsageError: no such method.

    Example:
        >>> score_method("Bartlett")
        <ScoreMethod.BARTLETT: 'bartlett'>
    """
    if isinstance(name, ScoreMethod):
        return name
    known = {method.value: method for method in ScoreMethod} | _ALIASES
    method = known.get(str(name).strip().lower())
    if method is None:
        allowed = [method.value for method in ScoreMethod]
        raise UsageError(
            f"Unknown method of factor scores {name!r}.{suggest(str(name), allowed)}",
            remedy=f"Use one of: {', '.join(allowed)}.",
            code="score-method",
        )
    return method


@dataclass(frozen=True, eq=False, slots=True)
class ScoreWeights:
    """How answers become factor scores: scores = constant + weights @ answers, and how good they are.

    Args:
        latent: The m factors.
        weights: (m, p); NaN rows for factors that the answers do not determine.
        constant: (m,); NaN where the fit was made from covariances without means.
        se: (m,) standard deviation of score - factor, given the answers (regression) or the factor (Bartlett).
        reliability: (m,) squared correlation of score and factor in the population that the model describes.
    """

    latent: tuple[str, ...]
    weights: FloatArray
    constant: FloatArray
    se: FloatArray
    reliability: FloatArray

    @property
    def determinacy(self) -> FloatArray:
        """(m,) correlation of score and factor."""
        return np.sqrt(self.reliability)

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the (n, m) scores of (n, p) answers in the layout's order of variables."""
        return self.constant + values @ self.weights.T


@dataclass(frozen=True, eq=False, slots=True)
class CaseScores:
    """Factor scores of the rows of one group.

    Args:
        latent: The m factors.
        scores: (n, m); NaN where the answers of a row do not determine the factor.
        se: (n, m) standard deviation of score - factor, by what each row answered.
    """

    latent: tuple[str, ...]
    scores: FloatArray
    se: FloatArray


def score_cases(
    estimate: Estimate,
    method: ScoreMethod,
    indicators: Sequence[str],
    values: FloatArray,
    *,
    group: int = 0,
    columns: IntArray | None = None,
) -> CaseScores:
    """Compute the factor scores of rows, from the answers that each row has.

    Args:
        estimate: A fitted model.
        method: REGRESSION or BARTLETT.
        indicators: Observed variables that measure a factor (=~).
        values: (n, p) answers in the layout's order, NaN where one is missing.
        group: Which group, from 0.
        columns: Positions of the variables that are used; all when None.

    Raises:
        UsageError: as `score_weights`.
    """
    own, centre, implied = _group_parts(estimate, group)
    columns = np.arange(values.shape[1]) if columns is None else columns
    _require_possible(own, implied, method, indicators)
    m = len(own.latent)
    scores, errors = np.full((len(values), m), np.nan), np.full((len(values), m), np.nan)
    answered = ~np.isnan(values)
    unused = np.ones(values.shape[1], dtype=bool)
    unused[columns] = False
    answered[:, unused] = False
    masks, pattern = np.unique(answered, axis=0, return_inverse=True)
    order = np.argsort(pattern.ravel(), kind="stable")
    ends = np.searchsorted(pattern.ravel()[order], np.arange(len(masks) + 1))
    for k, mask in enumerate(masks):
        there = np.flatnonzero(mask)
        if not len(there):
            continue
        weights = _weights(own, implied, centre, method, frozenset(indicators), there)
        rows = order[ends[k] : ends[k + 1]]
        scores[rows] = weights.constant + values[np.ix_(rows, there)] @ weights.weights[:, there].T
        errors[rows] = weights.se
    return CaseScores(own.latent, scores, errors)


def score_weights(
    estimate: Estimate,
    method: ScoreMethod,
    indicators: Sequence[str],
    *,
    group: int = 0,
    columns: IntArray | None = None,
) -> ScoreWeights:
    """Compute the weights of factor scores from the fitted model, for rows that answered everything.

    Regression (Thurstone 1935; Lawley & Maxwell 1971): eta_bar + V_eta,y Sigma^-1 (y - mu). Bartlett (1937):
    the eta that minimises (r - X eta)' Theta^-1 (r - X eta), where r = (I - A_yy) y - m_y are the answers less what
    other observed variables add, X holds the arrows from factors to indicators and Theta their residual covariances.
    Observed outcomes (y ~ f) are structure, not measurement: Bartlett's scores leave them out, as lavaan's do. Where
    Theta is singular (an item without error), the same minimum under the exact relations is taken (Rao 1971: unified
    least squares); Theta itself is never inverted.

    Without a mean structure observed variables have their sample means, and factors what follows from intercepts
    of 0. Bartlett's scores of a factor without arrows of its own to observed variables (second order) are not
    determined: NaN.

    Args:
        estimate: A fitted model.
        method: REGRESSION or BARTLETT.
        indicators: Observed variables that measure a factor (=~).
        group: Which group, from 0.
        columns: Positions of the variables that are used; all when None.

    Raises:
        UsageError: Bartlett's method with a negative residual variance, or no latent variable.
    """
    own, centre, implied = _group_parts(estimate, group)
    columns = np.arange(own.n_observed) if columns is None else columns
    _require_possible(own, implied, method, indicators)
    return _weights(own, implied, centre, method, frozenset(indicators), columns)


def _group_parts(estimate: Estimate, group: int) -> tuple[GroupLayout, FloatArray, Implied]:
    """Return the layout of a group, the means of all its variables, and its implied moments."""
    layout = estimate.objective.layout
    own, sample = layout.groups[group], estimate.objective.moments.groups[group]
    implied = estimate.objective.implied(estimate.x)[group]
    if not own.latent:
        raise UsageError(
            "The model has no latent variable, so there are no factor scores.",
            remedy="A latent variable needs a line with =~ .",
            code="no-latent-variables",
        )
    return own, implied.total_mean if layout.meanstructure else _completed_means(sample, implied), implied


def _require_possible(own: GroupLayout, implied: Implied, method: ScoreMethod, indicators: Sequence[str]) -> None:
    if method is ScoreMethod.BARTLETT:
        rows = _indicator_rows(own, frozenset(indicators), np.arange(own.n_observed), implied)
        scale = np.sqrt(np.diag(implied.sigma)[rows])
        _require_no_negative_variance([own.observed[i] for i in rows], implied.covariances[np.ix_(rows, rows)], scale)


def _weights(
    own: GroupLayout,
    implied: Implied,
    centre: FloatArray,
    method: ScoreMethod,
    indicators: frozenset[str],
    answered: IntArray,
) -> ScoreWeights:
    if method is ScoreMethod.BARTLETT:
        return _bartlett(own, implied, centre, indicators, answered)
    return _regression(own, implied, centre, answered)  # of a normal law the mode is the expected value


def _completed_means(sample: SampleGroup, implied: Implied) -> FloatArray:
    """Return the means of all variables where the model has none: the sample's, latent intercepts being 0."""
    p, paths = implied.n_observed, implied.paths
    if sample.mean is None:  # covariances were handed in: weights and their quality need no means
        return np.full(len(paths), np.nan)
    latent = np.linalg.solve(np.eye(len(paths) - p) - paths[p:, p:], paths[p:, :p] @ sample.mean)
    return np.concatenate([sample.mean, latent]).astype(np.float64, copy=False)


def _regression(layout: GroupLayout, implied: Implied, centre: FloatArray, answered: IntArray) -> ScoreWeights:
    p = implied.n_observed
    cross, latent_cov = implied.total_cov[p:, answered], implied.total_cov[p:, p:]
    sigma = implied.sigma[np.ix_(answered, answered)]
    weights = np.zeros((len(latent_cov), p))
    weights[:, answered] = np.linalg.solve(sigma, cross.T).T
    explained = np.einsum("jk,jk->j", weights[:, answered], cross)
    error = np.sqrt(np.maximum(np.diag(latent_cov) - explained, 0.0))
    return ScoreWeights(
        layout.latent, weights, centre[p:] - weights @ centre[:p], error, _reliability(weights, implied)
    )


def _bartlett(
    layout: GroupLayout, implied: Implied, centre: FloatArray, indicators: frozenset[str], answered: IntArray
) -> ScoreWeights:
    p, paths = implied.n_observed, implied.paths
    rows = _indicator_rows(layout, indicators, answered, implied)
    if not len(rows):
        unknown = np.full(len(layout.latent), np.nan)
        return ScoreWeights(layout.latent, np.full((len(unknown), p), np.nan), unknown, unknown, unknown)
    scale = np.sqrt(np.diag(implied.sigma)[rows])
    theta, arrows = implied.covariances[np.ix_(rows, rows)], paths[rows, p:]
    weights = _unified_least_squares(theta / np.outer(scale, scale), arrows / scale[:, None]) / scale
    error = np.sqrt(np.maximum(np.einsum("jk,kl,jl->j", weights, theta, weights), 0.0))
    intercept = centre[rows] - paths[rows] @ centre
    full = weights @ (np.eye(p) - paths[:p, :p])[rows]
    return ScoreWeights(layout.latent, full, -weights @ intercept, error, _reliability(full, implied))


def _indicator_rows(layout: GroupLayout, indicators: frozenset[str], answered: IntArray, implied: Implied) -> IntArray:
    """Return the indicators that were answered, with whatever observed variables point at them."""
    p = implied.n_observed
    there = np.zeros(p, dtype=bool)
    there[answered] = True
    needed = implied.paths[:p, :p] != 0
    rows = [i for i in answered.tolist() if layout.observed[i] in indicators and there[np.flatnonzero(needed[i])].all()]
    return np.array(rows, dtype=np.intp)


def _require_no_negative_variance(observed: Sequence[str], theta: FloatArray, scale: FloatArray) -> None:
    if not len(theta) or np.linalg.eigvalsh(theta / np.outer(scale, scale))[0] >= _NEGATIVE:
        return
    names = [name for name, variance in zip(observed, np.diag(theta), strict=True) if variance < 0]
    what = f"negative residual variance: {', '.join(names)}" if names else "the residual covariances are inconsistent"
    raise UsageError(
        f"Bartlett's factor scores do not exist here ({what}): they weight items by the inverse of their residual "
        "covariance matrix, which must not be negative.",
        remedy='Use method="regression", or correct the model first.',
        code="negative-variance",
    )


def _unified_least_squares(theta: FloatArray, arrows: FloatArray) -> FloatArray:
    """Return the (m, p) C with C X = I and the smallest C Theta C', Theta singular or not.

    The equations are [[Theta, X], [X', 0]] [C'; L] = [0; P] with P the projection on the row space of X (Rao 1971).
    Rows of factors that X does not determine are NaN.
    """
    p, m = arrows.shape
    size = np.linalg.norm(arrows, axis=0)
    unit = arrows / np.where(size > 0, size, 1.0)
    projection = np.linalg.pinv(unit, rcond=_RANK) @ unit
    system = np.block([[theta, unit], [unit.T, np.zeros((m, m))]])
    right = np.vstack([np.zeros((p, m)), projection])
    solution = np.linalg.lstsq(system, right, rcond=None)[0][:p].T
    determined = np.diag(projection) > 1 - _RANK
    return np.where(determined[:, None], solution / np.where(size > 0, size, 1.0)[:, None], np.nan)


def _reliability(weights: FloatArray, implied: Implied) -> FloatArray:
    """Return the squared correlations of scores with their factors; NaN for a factor without variance."""
    p = implied.n_observed
    covariance = np.einsum("jk,jk->j", weights, implied.total_cov[p:, :p])
    score_variance = np.einsum("jk,kl,jl->j", weights, implied.sigma, weights)
    variance = np.diag(implied.total_cov)[p:]
    product = score_variance * variance
    return np.divide(covariance**2, product, out=np.full(len(variance), np.nan), where=product > 0)
