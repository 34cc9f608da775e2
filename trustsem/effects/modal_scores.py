"""Factor scores of ordinal items: the mode of the factors' distribution given the chosen categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.responses import Measurement, Responses, condition, measurement, responses_of
from trustsem.effects.scores import CaseScores
from trustsem.errors import ConvergenceError, UsageError
from trustsem.estimate import Estimate
from trustsem.moments.categorical.normal import normal_cdf_of, normal_density

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_ROWS = 4096  # rows at a time: bounds the memory of their Hessians
_STEPS = 100
_HALVINGS = 30
_CLOSE = 1e-9  # step, in standard deviations of the factors, below which the mode is reached
_FAR = 30.0  # standard deviations beyond which a probability is replaced by its asymptote
_TINY = 1e-280


def modal_scores(estimate: Estimate, codes: FloatArray, *, group: int = 0) -> CaseScores:
    """Compute the mode of the factors given what each row answered (empirical Bayes modal, EBM).

    The mode of log phi(eta; mean, Psi) + sum_i log(Phi((tau_k+1 - nu_i) / s_i) - Phi((tau_k - nu_i) / s_i)), nu_i the
    mean and s_i the residual standard deviation of the latent response given the factors, k the chosen category
    (Muthen 1998-2004, Mplus technical appendix 11; Bartholomew, Knott & Moustaki 2011, section 4.7). Continuous answers
    and predictors are given: the normal law of the rest is taken conditional on them. The function is concave;
    Newton's steps are halved where they do not climb.

    Args:
        estimate: A fit of ordinal items.
        codes: (n, p) answers in the layout's order; those of ordinal items as categories 0, 1, ..., NaN where missing.
        group: Which group, from 0.

    Returns:
        Scores; standard errors are those of the normal approximation at the mode, (minus the Hessian)^-1.

    Raises:
        UsageError: no latent variable, or items that are not independent given the factors.
        ConvergenceError: the mode of some row was not reached.
    """
    responses = responses_of(estimate, group)
    if not responses.latent:
        raise UsageError(
            "The model has no latent variable, so there are no factor scores.",
            remedy="A latent variable needs a line with =~ .",
            code="no-latent-variables",
        )
    m = len(responses.latent)
    scores, errors = np.full((len(codes), m), np.nan), np.full((len(codes), m), np.nan)
    there = ~np.isnan(codes[:, responses.continuous])
    masks, pattern = np.unique(there, axis=0, return_inverse=True)
    answered = ~np.isnan(codes[:, responses.items]).all(axis=1) | there.any(axis=1)
    answered &= ~np.isnan(codes[:, responses.given]).any(axis=1)
    for k, mask in enumerate(masks):
        rows = np.flatnonzero((pattern.ravel() == k) & answered)
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            scores[part], errors[part] = _modes(responses, codes[part], np.flatnonzero(mask))
    return CaseScores(responses.latent, scores, errors)


def _modes(responses: Responses, codes: FloatArray, known: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return modes and standard errors of rows that answered the same continuous variables."""
    law = condition(responses, known)
    parts = measurement(responses, law)
    q, size = responses.n_items, responses.factors.stop
    mean = responses.mean + codes[:, responses.given] @ responses.by_x.T
    deviations = codes[:, responses.continuous[known]] - mean[:, size + known]
    mean = mean[:, :size] + deviations @ law.weights.T
    problem = _Problem.build(responses, parts, codes[:, responses.items], mean[:, :q])
    z, hessian = problem.climb()
    spread = np.linalg.solve(hessian, np.broadcast_to(parts.factors.T, (len(z), *parts.factors.T.shape)))
    errors = np.sqrt(np.maximum(np.einsum("kr,nrk->nk", parts.factors, spread), 0.0))
    return mean[:, q:] + z @ parts.factors.T, errors


@dataclass(frozen=True, eq=False, slots=True)
class _Problem:
    """Limits of the chosen categories at z = 0 and how they move with z, in residual standard deviations."""

    lower: FloatArray  # (n, q) -inf for the lowest category and for a missing answer
    upper: FloatArray  # (n, q) inf for the highest category and for a missing answer
    slopes: FloatArray  # (q, r)

    @classmethod
    def build(cls, responses: Responses, parts: Measurement, codes: FloatArray, mean: FloatArray) -> _Problem:
        lower, upper = np.full(codes.shape, -np.inf), np.full(codes.shape, np.inf)
        for item, thresholds in enumerate(responses.thresholds):
            limits = np.concatenate([[-np.inf], thresholds, [np.inf]])
            there = np.flatnonzero(~np.isnan(codes[:, item]))
            chosen = codes[there, item].astype(np.intp)
            lower[there, item], upper[there, item] = limits[chosen], limits[chosen + 1]
        sd = parts.residual_sd
        return cls((lower - mean) / sd, (upper - mean) / sd, parts.items / sd[:, None])

    def climb(self) -> tuple[FloatArray, FloatArray]:
        """Return the (n, r) modes and the (n, r, r) minus Hessians there."""
        n, r = len(self.lower), self.slopes.shape[1]
        z = np.zeros((n, r))
        products = (self.slopes[:, :, None] * self.slopes[:, None, :]).reshape(-1, r * r)
        value, gradient, weight = self._expand(z)
        for _ in range(_STEPS):
            hessian = (weight @ products).reshape(n, r, r) + np.eye(r)
            step = np.asarray(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0], dtype=np.float64)
            if np.abs(step).max(initial=0.0) < _CLOSE:
                return z + step, hessian
            z = self._advance(z, step, value)
            value, gradient, weight = self._expand(z)
        raise ConvergenceError(
            f"The factor scores of some of {n} rows were not reached in {_STEPS} steps.",
            remedy="Look at the loadings: one of them leaves its item next to no error.",
            code="scores-not-converged",
        )

    def _advance(self, z: FloatArray, step: FloatArray, value: FloatArray) -> FloatArray:
        """Halve the steps of rows whose function would fall."""
        length = np.ones(len(z))
        for _ in range(_HALVINGS):
            falls = np.flatnonzero(self._expand(z + length[:, None] * step)[0] < value - 1e-9 * (1 + np.abs(value)))
            if not len(falls):
                break
            length[falls] /= 2
        return z + length[:, None] * step

    def _expand(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the (n,) log densities, their (n, r) gradients, and (n, q) minus second derivatives by item."""
        shift = z @ self.slopes.T
        log_probability, first, weight = interval_terms(self.lower - shift, self.upper - shift)
        value = log_probability.sum(axis=1) - np.einsum("nr,nr->n", z, z) / 2
        return value, first @ self.slopes - z, weight


def interval_terms(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log(Phi(upper) - Phi(lower)), its derivative and minus its second derivative when the mean moves up.

    Intervals above 0 are mirrored, so that probabilities in a tail keep their digits. Beyond 30 standard deviations
    the probability is that of its nearer limit a, phi(a) / a.

    Args:
        lower: Any shape, -inf allowed.
        upper: The same shape, above `lower`; inf allowed.
    """
    mirrored = lower > 0
    low, high = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    probability = np.maximum(normal_cdf_of(high) - normal_cdf_of(low), _TINY)
    at_high, at_low = normal_density(high), normal_density(low)
    by_high = np.where(np.isinf(high), 0.0, high) * at_high
    by_low = np.where(np.isinf(low), 0.0, low) * at_low
    first = (at_low - at_high) / probability
    weight = (by_high - by_low) / probability + first**2
    value = np.log(probability)
    far = high < -_FAR
    nearest = np.where(far, high, -1.0)
    value = np.where(far, -(nearest**2) / 2 - np.log(-nearest) - 0.5 * np.log(2 * np.pi), value)
    first = np.where(far, nearest + 1 / nearest, first)
    weight = np.where(far, 1.0, weight)
    return value, np.where(mirrored, -first, first), np.clip(weight, 0.0, None)
