"""Maximum likelihood of one correlation per pair, all pairs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

# (correlations, which pairs they belong to) -> first and second derivative of each log-likelihood
Derivatives = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]

LIMIT = 0.9999  # no correlation is taken beyond; a maximum outside is reported
_FIRST = 0.9  # start values stay within: probabilities of rare cells lose their digits beyond
_MAX_STEPS = 60
# Newton's steps square the error: after a step of this size the correlation is exact to about 1e-13.
_SMALL_STEP = 1e-7
# Per respondent: a likelihood that rises towards 1 or -1 becomes flat to rounding error before it gets there.
_FLAT_SLOPE, _FLAT_CURVATURE = 1e-9, 1e-7


@dataclass(frozen=True, eq=False)
class Correlations:
    """Maximum-likelihood correlations of pairs.

    Args:
        rho: (P,) correlations.
        at_limit: (P,) whether the likelihood still rises at +-`LIMIT`.
        flat: (P,) whether the likelihood stopped rising, for lack of digits, before it came to a maximum.
        converged: (P,) whether a maximum was reached, or one of these two ends.
    """

    rho: FloatArray
    at_limit: BoolArray
    flat: BoolArray
    converged: BoolArray


def maximise_correlations(derivatives: Derivatives, start: FloatArray, n_obs: int) -> Correlations:
    """Find where the derivative of each log-likelihood is zero, by Newton's method inside a shrinking bracket.

    A step that leaves the bracket, or that a wrong curvature would send downhill, is replaced by halving the bracket.

    Args:
        derivatives: First and second derivative; asked for the pairs that are not done only.
        start: (P,) start values.
        n_obs: Respondents, to tell small derivatives from none.
    """
    rho = np.clip(start, -_FIRST, _FIRST)
    low, high = np.full(rho.shape, -LIMIT), np.full(rho.shape, LIMIT)
    at_limit = np.zeros(rho.shape, dtype=np.bool_)
    flat, converged = np.zeros(rho.shape, dtype=np.bool_), np.zeros(rho.shape, dtype=np.bool_)
    todo = np.arange(len(rho), dtype=np.intp)
    for _ in range(_MAX_STEPS):
        if not len(todo):
            break
        slope, curvature = derivatives(rho[todo], todo)
        low[todo], high[todo] = np.where(slope > 0, rho[todo], low[todo]), np.where(slope > 0, high[todo], rho[todo])
        flat[todo] = (np.abs(slope) < _FLAT_SLOPE * n_obs) & (np.abs(curvature) < _FLAT_CURVATURE * n_obs)
        step = slope / np.where(curvature < 0, -curvature, np.inf)
        new = rho[todo] + step
        use_middle = ~((new > low[todo]) & (new < high[todo]) & (curvature < 0)) & (slope != 0)
        new = np.where(use_middle, (low[todo] + high[todo]) / 2, new)
        new = np.where(flat[todo], rho[todo], new)
        done = np.abs(new - rho[todo]) < _SMALL_STEP
        at_limit[todo] = done & (np.abs(new) > LIMIT - 2 * _SMALL_STEP)
        rho[todo] = np.where(at_limit[todo], np.sign(new) * LIMIT, new)
        # a bracket that shrinks to nothing away from the limit is a jump, not a maximum
        converged[todo] = done & (~use_middle | at_limit[todo] | flat[todo])
        todo = todo[~done]
    return Correlations(rho, at_limit, flat, converged)
