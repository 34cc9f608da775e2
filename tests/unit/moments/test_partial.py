"""Moments of parts: equal to those of all rows at once, with means of 1e8 and in whatever pieces."""

from __future__ import annotations

import numpy as np
import pytest

from trustsem.moments import MomentSum, PartialMoments, merge_moments, partial_moments

ROUNDING = 1e-12  # relative; 200 times the spacing of numbers near 1, for sums of some thousand terms


def _sum(values: np.ndarray, step: int, weights: np.ndarray | None = None) -> PartialMoments:
    total = MomentSum()
    for start in range(0, len(values), step):
        rows = slice(start, start + step)
        total.add(partial_moments(values[rows], None if weights is None else weights[rows]))
    return total.total()


@pytest.mark.parametrize("step", [1, 7, 64, 1000, 5000])
def test_shifted_data_lose_no_digits(step: int) -> None:
    rng = np.random.default_rng(3)
    shifted = rng.normal(size=(5000, 4)) @ rng.normal(size=(4, 4)) + 1e8
    plain = shifted - 1e8  # exact: what was rounded by the shift stays rounded
    part = _sum(shifted, step)
    expected = np.cov(plain, rowvar=False, bias=True)
    np.testing.assert_allclose(part.covariance, expected, rtol=0, atol=ROUNDING * np.abs(expected).max())
    np.testing.assert_allclose((part.origin - 1e8) + part.offset, plain.mean(axis=0), rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(part.mean, 1e8 + plain.mean(axis=0), rtol=1e-15)


def test_sums_of_squares_would_fail_here() -> None:
    """The test above can fail: the textbook formula loses every digit on these data."""
    shifted = np.random.default_rng(3).normal(size=(5000, 1)) + 1e8
    textbook = float((shifted**2).mean() - shifted.mean() ** 2)
    assert abs(textbook - 1) > 0.5


@pytest.mark.parametrize("step", [3, 100, 900])
def test_weighted_moments_are_those_of_numpy(step: int) -> None:
    rng = np.random.default_rng(4)
    values, weights = rng.normal(size=(900, 3)) + 5, rng.uniform(0.2, 3, 900)
    part = _sum(values, step, weights)
    np.testing.assert_allclose(part.covariance, np.cov(values, rowvar=False, aweights=weights, ddof=0), rtol=1e-11)
    np.testing.assert_allclose(part.mean, np.average(values, axis=0, weights=weights), rtol=1e-13)
    assert part.mass == pytest.approx(weights.sum(), rel=1e-14)


def test_merging_with_nothing_changes_nothing() -> None:
    rows = partial_moments(np.random.default_rng(5).normal(size=(9, 2)))
    nothing = partial_moments(np.empty((0, 2)))
    assert merge_moments(rows, nothing) is rows
    assert merge_moments(nothing, rows) is rows


def test_extremes_are_kept() -> None:
    values = np.random.default_rng(6).normal(size=(50, 2))
    part = _sum(values, 8)
    assert np.array_equal(part.lowest, values.min(axis=0))
    assert np.array_equal(part.highest, values.max(axis=0))


def test_a_sum_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="no part"):
        MomentSum().total()
