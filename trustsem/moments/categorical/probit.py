"""Ordered probit regressions of all ordinal variables at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_quantile
from trustsem.errors import ConvergenceError
from trustsem.moments.categorical.normal import EDGE, normal_cdf_of, normal_density

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_MAX_STEPS = 100
_MAX_HALVINGS = 30
# Newton's decrement s' H^-1 s, a squared distance in standard errors: the step from there ends at rounding error.
_CONVERGED = 1e-12
_FLAT = 1e-9  # information per respondent; a level that one in 100,000 chose has 1e-5
_TINY = 1e-300
_CROSSED = -1e9  # log-likelihood of an answer whose thresholds are in the wrong order


@dataclass(frozen=True, eq=False)
class OrderedProbits:
    """Probit regressions of v items.

    Args:
        thresholds: (v, T); `EDGE` where an item has fewer than T.
        slopes: (v, k).
        upper: (v, n) threshold above each answer less x'slope; `EDGE` above the highest level and where missing.
        lower: (v, n) threshold below it; -`EDGE` below the lowest level and where missing.
        probability: (v, n) of each answer; 1 where missing.
        expected: (v, n) expected latent residual given the answer; 0 where missing.
        scores: (v, n, T + k) derivatives of each log-likelihood; 0 for places that are not in use.
    """

    thresholds: FloatArray
    slopes: FloatArray
    upper: FloatArray
    lower: FloatArray
    probability: FloatArray
    expected: FloatArray
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class _Designs:
    """Each answer's limits as linear functions of (thresholds, slopes): rows of (v, n, T + k), zero at infinity."""

    upper: FloatArray
    lower: FloatArray
    has_upper: NDArray[np.bool_]
    has_lower: NDArray[np.bool_]

    def limits(self, params: FloatArray) -> tuple[FloatArray, FloatArray]:
        upper = np.matmul(self.upper, params[:, :, None])[:, :, 0]
        lower = np.matmul(self.lower, params[:, :, None])[:, :, 0]
        return np.where(self.has_upper, upper, EDGE), np.where(self.has_lower, lower, -EDGE)


def fit_ordered_probits(
    codes: IntArray, n_levels: IntArray, covariates: FloatArray, weights: FloatArray, *, names: Sequence[str]
) -> OrderedProbits:
    """Maximise the likelihood of every item, P(y = a) = Phi(t_(a + 1) - x'b) - Phi(t_a - x'b).

    Ordered probit of McKelvey & Zavoina (1975). Newton's method on all items at once, from the normal quantiles of the
    cumulative proportions, which are the solution without covariates. The log-likelihood is concave; steps that lower
    it are halved.

    Args:
        codes: (v, n) answers 0 .. K - 1; -1 where missing.
        n_levels: (v,) levels K; every one occurs.
        covariates: (n, k), k may be 0.
        weights: (n,).
        names: The v items, for messages.

    Raises:
        ConvergenceError: no maximum, because the covariates separate the levels of an item.
    """
    width = int(n_levels.max()) - 1
    designs = _designs(codes, n_levels, covariates, width)
    params = np.hstack([_quantiles(codes, n_levels, weights, width), np.zeros((len(codes), covariates.shape[1]))])
    in_use = np.hstack([np.arange(width) < n_levels[:, None] - 1, np.ones((len(codes), covariates.shape[1]), bool)])
    if covariates.shape[1]:
        params = _maximise(params, in_use, designs, weights, names)
    upper, lower = designs.limits(params)
    probability = interval_probability(upper, lower)
    above, below = normal_density(upper) / probability, normal_density(lower) / probability
    scores = above[:, :, None] * designs.upper - below[:, :, None] * designs.lower
    thresholds = np.where(in_use[:, :width], params[:, :width], EDGE)
    return OrderedProbits(thresholds, params[:, width:], upper, lower, probability, below - above, scores)


def interval_probability(upper: FloatArray, lower: FloatArray) -> FloatArray:
    """Return P(lower < Z < upper), precise in both tails, at least the smallest number."""
    flipped = lower > 0
    high, low = np.where(flipped, -lower, upper), np.where(flipped, -upper, lower)
    return np.maximum(normal_cdf_of(high) - normal_cdf_of(low), _TINY)


def _designs(codes: IntArray, n_levels: IntArray, covariates: FloatArray, width: int) -> _Designs:
    has_upper = (codes >= 0) & (codes < n_levels[:, None] - 1)
    has_lower = codes > 0
    levels = np.arange(width)
    parts = []
    for level, finite in ((codes, has_upper), (codes - 1, has_lower)):
        indicator = (level[:, :, None] == levels) & finite[:, :, None]
        parts.append(np.concatenate([indicator, -covariates * finite[:, :, None]], axis=2, dtype=np.float64))
    return _Designs(parts[0], parts[1], has_upper, has_lower)


def _quantiles(codes: IntArray, n_levels: IntArray, weights: FloatArray, width: int) -> FloatArray:
    """Return the normal quantiles of the cumulative proportions (v, width); 0 where an item has no such threshold."""
    counts = np.matmul((codes[:, None, :] == np.arange(width + 1)[:, None]).astype(np.float64), weights)
    shares = np.cumsum(counts, axis=1)[:, :-1] / counts.sum(axis=1, keepdims=True)
    inner = np.arange(width) < n_levels[:, None] - 1
    quantiles = np.array([normal_quantile(share) for share in shares[inner].tolist()])
    result = np.zeros((len(codes), width))
    result[inner] = quantiles
    return result


def _maximise(
    params: FloatArray, in_use: NDArray[np.bool_], designs: _Designs, weights: FloatArray, names: Sequence[str]
) -> FloatArray:
    spare = ~in_use[:, :, None] * np.eye(params.shape[1])
    value = _log_likelihood(params, designs, weights)
    decrement = np.full(len(params), np.inf)
    for _ in range(_MAX_STEPS):
        slope, curvature = _derivatives(params, designs, weights)
        try:
            step: FloatArray = np.linalg.solve(curvature + spare, slope[:, :, None])[:, :, 0].astype(np.float64)
        except np.linalg.LinAlgError:
            break
        decrement = (step * slope).sum(axis=1)
        params, value = _ascend(params, step, value, designs, weights)
        if (decrement < _CONVERGED).all():
            break
    _refuse(_is_flat(params, spare, designs, weights) | ~(decrement < _CONVERGED), names)
    return params


def _is_flat(params: FloatArray, spare: FloatArray, designs: _Designs, weights: FloatArray) -> NDArray[np.bool_]:
    """Return for which items the information vanishes: a slope that grows without end leaves nothing to estimate."""
    curvature = _derivatives(params, designs, weights)[1] + spare
    return ~(np.linalg.eigvalsh(curvature)[:, 0] > _FLAT * weights.sum())


def _refuse(stuck: NDArray[np.bool_], names: Sequence[str]) -> None:
    if stuck.any():
        items = ", ".join(name for name, is_stuck in zip(names, stuck, strict=True) if is_stuck)
        raise ConvergenceError(
            f"The probit regression on the covariates has no maximum for {items}.",
            remedy="A covariate probably predicts a level of the item without error: join levels, or leave it out.",
        )


def _ascend(
    params: FloatArray, step: FloatArray, value: FloatArray, designs: _Designs, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Take the step, halved for the items whose log-likelihood it would lower."""
    length = np.ones(len(params))
    trial, trial_value, worse = params, value, np.ones(len(params), dtype=np.bool_)
    slack = 1e-12 * (1 + np.abs(value))  # rounding error of a sum over respondents
    for _ in range(_MAX_HALVINGS):
        trial = params + length[:, None] * step
        trial_value = _log_likelihood(trial, designs, weights)
        worse = ~(trial_value >= value - slack)
        if not worse.any():
            return trial, trial_value
        length = np.where(worse, length / 2, length)
    kept = np.where(worse[:, None], params, trial)
    return kept, np.where(worse, value, trial_value)


def _log_likelihood(params: FloatArray, designs: _Designs, weights: FloatArray) -> FloatArray:
    upper, lower = designs.limits(params)
    return np.where(upper > lower, np.log(interval_probability(upper, lower)), _CROSSED) @ weights


def _derivatives(params: FloatArray, designs: _Designs, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope (v, q) and negative Hessian (v, q, q) of the log-likelihoods.

    With a = phi(u) / P and b = phi(l) / P of the limits u and l: d log P / du = a, / dl = -b, and second derivatives
    -(u a + a^2), l b - b^2 and a b.
    """
    upper, lower = designs.limits(params)
    probability = interval_probability(upper, lower)
    above, below = normal_density(upper) / probability, normal_density(lower) / probability
    scores = above[:, :, None] * designs.upper - below[:, :, None] * designs.lower
    slope = np.matmul(weights, scores)
    to_upper = weights * (upper * above + above * above)
    to_lower = weights * (below * below - lower * below)
    mixed = np.matmul((designs.upper * (weights * above * below)[:, :, None]).transpose(0, 2, 1), designs.lower)
    curvature = np.matmul((designs.upper * to_upper[:, :, None]).transpose(0, 2, 1), designs.upper)
    curvature += np.matmul((designs.lower * to_lower[:, :, None]).transpose(0, 2, 1), designs.lower)
    return slope, curvature - mixed - mixed.transpose(0, 2, 1)
