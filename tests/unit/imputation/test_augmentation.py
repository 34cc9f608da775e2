"""Draws of missing answers: the distribution that they come from, and what stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from trustsem.imputation import draw_imputations, pool_scalars
from trustsem.moments.em import em_moments
from trustsem.moments.patterns import missing_patterns


def incomplete(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) * 0.7 + rng.normal(size=(n, 3)) * 0.7 + 3
    values[:, 1:][rng.random((n, 2)) < 0.3] = np.nan
    return values


def test_answers_stay_and_gaps_are_filled() -> None:
    values = incomplete(80, 1)
    draws = draw_imputations(values, 3, np.random.default_rng(5))
    there = ~np.isnan(values)
    for version in draws.values:
        assert (version[there] == values[there]).all()
        assert np.isfinite(version).all()
    assert not np.array_equal(draws.values[0], draws.values[1])


def test_a_seed_says_everything() -> None:
    values = incomplete(60, 2)
    first, again, other = (draw_imputations(values, 2, np.random.default_rng(s)).values for s in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_conditional_distribution_of_one_gap() -> None:
    """With 4,000 complete rows the parameters are known: a gap is normal around its regression on the others.

    Limits: four standard errors of mean and variance over 400 draws.
    """
    rng = np.random.default_rng(3)
    covariance = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.2], [0.3, 0.2, 1.0]])
    values = rng.multivariate_normal([1.0, 2.0, 3.0], covariance, 4001)
    values[0] = [3.0, np.nan, 1.0]
    moments = em_moments(missing_patterns(values))
    rest = [0, 2]
    slopes = np.linalg.solve(moments.cov[np.ix_(rest, rest)], moments.cov[rest, 1])
    mean = moments.mean[1] + slopes @ (values[0, rest] - moments.mean[rest])
    variance = moments.cov[1, 1] - slopes @ moments.cov[rest, 1]
    drawn = draw_imputations(values, 400, rng, burn_in=5, between=2).values[:, 0, 1]
    assert drawn.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 400))
    assert drawn.var() == pytest.approx(variance, abs=4 * variance * np.sqrt(2 / 400))


def test_two_gaps_of_a_row_covary_as_they_should() -> None:
    rng = np.random.default_rng(4)
    covariance = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.7], [0.3, 0.7, 1.0]])
    values = rng.multivariate_normal(np.zeros(3), covariance, 3001)
    values[0, 1:] = np.nan
    conditional = covariance[1:, 1:] - np.outer(covariance[1:, 0], covariance[0, 1:])
    drawn = draw_imputations(values, 500, rng, burn_in=5, between=2).values[:, 0, 1:]
    assert np.cov(drawn, rowvar=False) == pytest.approx(conditional, abs=4 * np.sqrt(2 / 500))


def test_too_few_rows_or_repeated_columns_are_refused() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(np.linalg.LinAlgError):
        draw_imputations(rng.normal(size=(4, 3)), 2, rng)
    values = rng.normal(size=(50, 3))
    values[:, 2] = values[:, 0] + values[:, 1]
    values[:5, 0] = np.nan
    with pytest.raises(np.linalg.LinAlgError):
        draw_imputations(values, 2, rng)


def test_slow_chains_are_noticed() -> None:
    """Two columns that 8 of 60 rows have in common carry moments from one round to the next."""
    rng = np.random.default_rng(6)
    values = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 60)
    values[8:34, 0] = np.nan
    values[34:, 1] = np.nan
    quick = draw_imputations(values, 500, np.random.default_rng(1), between=1)
    patient = draw_imputations(values, 30, np.random.default_rng(1), between=60)
    assert quick.autocorrelation > 0.6
    assert patient.autocorrelation < 0.2


@pytest.mark.slow
def test_intervals_cover() -> None:
    """95 % intervals of a mean with half of 60 answers missing: 93 to 97 % of 1,000 samples (three standard errors).

    Draws that leave out the uncertainty of the regression have a between-imputation variance half as large and
    intervals that cover less.
    """
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(1000):
        x = rng.normal(size=(60, 3))
        values = np.column_stack([x, x @ [0.5, 0.3, 0.2] + rng.normal(size=60)])
        values[rng.random(60) < 0.5, 3] = np.nan
        completed = draw_imputations(values, 20, rng, burn_in=30, between=15).values[:, :, 3]
        pooled = pool_scalars(completed.mean(axis=1)[:, None], completed.var(axis=1, ddof=1)[:, None] / 60, 59)
        hits += bool(abs(pooled.estimate[0]) < pooled.margin[0])
    assert 0.93 < hits / 1000 < 0.98
