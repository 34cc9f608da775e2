"""Exact moments of scores that are cut from a normal population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.simulate.likert import AnswerScale

FloatArray = NDArray[np.float64]

_PRECISION = 1e-13  # terms of the series below this share of the variances are left out
_LARGEST = 0.999  # beyond, the series needs tens of thousands of terms and the items are copies of each other


@dataclass(frozen=True, eq=False, slots=True)
class ScoredMoments:
    """Population moments of scores, without any sampling.

    Args:
        names: The p scales.
        mean: (p,) in score units.
        cov: (p, p) covariances, score units squared.
    """

    names: tuple[str, ...]
    mean: FloatArray
    cov: FloatArray


def scored_moments(cov: FloatArray, scales: Sequence[AnswerScale]) -> ScoredMoments:
    """Compute mean and covariance of the scores of multivariate normal responses.

    A step function g of a standard normal Z is a series of normalised Hermite polynomials h_k; two of them under a
    correlation rho have the covariance sum over k >= 1 of c_k d_k rho^k (Mehler's formula; for two categories it is
    Pearson's (1900) tetrachoric series). A jump of size s at t adds s phi(t) h_(k-1)(t) / sqrt(k) to c_k. The series
    runs for all pairs of items at once; what is left out after K terms is below rho^K times the two standard
    deviations (Cauchy-Schwarz).

    Args:
        cov: (p, p) covariance matrix of the responses, any units.
        scales: One for each response.

    Raises:
        DataError: two responses correlate beyond .999.

    Example:
        >>> halves = [AnswerScale("a", (0, 1), (0,)), AnswerScale("b", (0, 1), (0,))]
        >>> moments = scored_moments(np.array([[1, 0.5], [0.5, 1]]), halves)
        >>> moments.cov.round(6).tolist()  # arcsin(.5) / (2 pi) = 1/12
        [[0.25, 0.083333], [0.083333, 0.25]]
    """
    spread = np.sqrt(np.diag(cov))
    rho = cov / np.outer(spread, spread)
    np.fill_diagonal(rho, 0.0)
    names = tuple(scale.name for scale in scales)
    largest = float(np.abs(rho).max(initial=0.0))
    if largest > _LARGEST:
        one, other = np.unravel_index(int(np.argmax(np.abs(rho))), rho.shape)
        raise DataError(
            f"{names[one]} and {names[other]} correlate at {rho[one, other]:.4f}: they are copies of each other.",
            remedy=f"Keep correlations of responses within {_LARGEST}.",
        )
    mean = np.array([np.dot(scale.scores, scale.shares) for scale in scales])
    variance = np.array([np.dot(np.square(scale.scores), scale.shares) for scale in scales]) - mean**2
    covariances = _sum_series(rho, scales, _terms(largest))
    np.fill_diagonal(covariances, variance)
    return ScoredMoments(names, mean, covariances)


def _terms(largest: float) -> int:
    return 1 if largest == 0 else max(1, math.ceil(math.log(_PRECISION) / math.log(largest)))


def _sum_series(rho: FloatArray, scales: Sequence[AnswerScale], n_terms: int) -> FloatArray:
    width = max(len(scale.thresholds) for scale in scales)
    cuts, jumps = np.zeros((len(scales), width)), np.zeros((len(scales), width))
    for row, scale in enumerate(scales):  # scales of fewer points keep jumps of size 0
        cuts[row, : len(scale.thresholds)] = scale.thresholds
        jumps[row, : len(scale.thresholds)] = np.diff(scale.scores)
    weights = jumps * np.exp(-0.5 * cuts**2) / math.sqrt(2 * math.pi)
    total, power = np.zeros_like(rho), np.ones_like(rho)
    before, current = np.zeros_like(cuts), np.ones_like(cuts)  # h_(k-2) and h_(k-1), starting at k = 1
    for k in range(1, n_terms + 1):
        coefficient = (weights * current).sum(axis=1) / math.sqrt(k)
        power = power * rho
        total += np.outer(coefficient, coefficient) * power
        before, current = current, (cuts * current - math.sqrt(k - 1) * before) / math.sqrt(k)
    return total
