"""Answers on points: shares, reversal, counts, and the exact moments of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trustsem.errors import DataError, UsageError
from trustsem.simulate import AnswerScale, count_categories, cut_responses, scored_moments, store_answers

SKEWED = (0.03, 0.09, 0.22, 0.43, 0.23)
N_LARGE = 200_000


def _two(shares: tuple[float, ...] = SKEWED) -> tuple[AnswerScale, AnswerScale]:
    return AnswerScale.from_shares("a", shares), AnswerScale.from_shares("b", shares[::-1], reverse=True)


def test_shares_are_kept_and_thresholds_ascend():
    scale = AnswerScale.from_shares("a", SKEWED)
    np.testing.assert_allclose(scale.shares, SKEWED, atol=1e-12)
    assert scale.scores == (1, 2, 3, 4, 5)
    assert scale.thresholds[0] == pytest.approx(-1.8808, abs=1e-4)  # normal quantile of .03


def test_answers_have_the_shares_of_the_population():
    rng = np.random.default_rng(2)
    scales = _two()
    responses = 3 + 2 * rng.standard_normal((N_LARGE, 2))
    scores = cut_responses(responses, scales, np.array([3.0, 3.0]), np.array([2.0, 2.0]))
    counts = count_categories(scores, scales)
    # Five standard errors of a share of .5 are .0056.
    np.testing.assert_allclose(counts[0] / N_LARGE, SKEWED, atol=0.006)
    np.testing.assert_allclose(counts[1] / N_LARGE, SKEWED[::-1], atol=0.006)


def test_cutting_at_given_thresholds():
    scale = AnswerScale("a", (0, 1, 5), (-1.0, 1.0))
    scores = cut_responses(np.array([[-2.0], [0.0], [2.0]]), [scale], np.zeros(1), np.ones(1))
    assert scores.ravel().tolist() == [0, 1, 5]


def test_only_reversed_items_are_reflected_and_twice_is_none():
    scales = _two()
    scores = np.array([[1.0, 1.0], [4.0, 5.0]])
    stored = store_answers(scores, scales)
    assert stored.tolist() == [[1, 5], [4, 1]]
    np.testing.assert_array_equal(store_answers(stored, scales), scores)


def test_counts_leave_missing_out():
    counts = count_categories(np.array([[1.0], [np.nan], [5.0], [5.0]]), [AnswerScale.from_shares("a", SKEWED)])
    assert counts[0].tolist() == [1, 0, 0, 0, 2]


def test_rounding_cuts_at_the_halves():
    scale = AnswerScale.from_rounding("age", mean=47, sd=16, minimum=18, maximum=95)
    ages = cut_responses(np.array([[46.6], [47.4], [3.0], [120.0]]), [scale], np.array([47.0]), np.array([16.0]))
    assert ages.ravel().tolist() == [47, 47, 18, 95]


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.95])
def test_moments_of_halves_are_the_arcsine(rho: float):
    halves = [AnswerScale("a", (0, 1), (0.0,)), AnswerScale("b", (0, 1), (0.0,))]
    moments = scored_moments(np.array([[1, rho], [rho, 1]]), halves)
    # Sheppard's quadrant probability: P = 1/4 + arcsin(rho) / (2 pi)
    assert moments.cov[0, 1] == pytest.approx(math.asin(rho) / (2 * math.pi), abs=1e-12)


def test_many_points_come_back_to_the_normal_moments():
    scores = np.linspace(-6, 6, 601)
    fine = [AnswerScale(name, tuple(scores), tuple(scores[:-1] + 0.01)) for name in ("a", "b")]
    moments = scored_moments(np.array([[1, 0.6], [0.6, 1]]), fine)
    # Rounding to steps of h adds h^2 / 12 = 3.3e-5 to a variance and nothing to the covariance.
    assert moments.cov[0, 1] == pytest.approx(0.6, abs=1e-6)
    assert moments.cov[0, 0] == pytest.approx(1 + 0.02**2 / 12, abs=1e-6)


def test_exact_moments_agree_with_a_large_sample():
    rng = np.random.default_rng(4)
    cov = np.array([[1.0, 1.2, -0.3], [1.2, 4.0, 0.5], [-0.3, 0.5, 1.0]])
    scales = (*_two(), AnswerScale.from_rounding("age", mean=47, sd=16, minimum=18, maximum=95))
    exact = scored_moments(cov, scales)
    draws = rng.standard_normal((10 * N_LARGE, 3)) @ np.linalg.cholesky(cov).T
    sample = cut_responses(draws, scales, np.zeros(3), np.sqrt(np.diag(cov)))
    sd = np.sqrt(np.diag(exact.cov))
    # Five standard errors at n = 2,000,000 are .0035 in standard deviations.
    assert (np.abs(sample.mean(axis=0) - exact.mean) / sd).max() < 0.0036
    assert (np.abs(np.cov(sample, rowvar=False) - exact.cov) / np.outer(sd, sd)).max() < 0.006


def test_copies_are_refused():
    with pytest.raises(DataError, match="copies of each other"):
        scored_moments(np.ones((2, 2)), _two())


@pytest.mark.parametrize(
    "make",
    [
        lambda: AnswerScale.from_shares("a", (0.5, 0.6)),
        lambda: AnswerScale.from_shares("a", (0.0, 1.0)),
        lambda: AnswerScale("a", (1, 2, 3), (0.0,)),
        lambda: AnswerScale("a", (1, 2, 3), (0.5, 0.0)),
        lambda: AnswerScale("a", (1, 1, 3), (0.0, 0.5)),
    ],
)
def test_impossible_scales_are_refused(make):
    with pytest.raises(UsageError, match="a: "):
        make()
