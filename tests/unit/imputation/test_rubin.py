"""Rubin's rules: published numbers, limits, and the identity of tests that must agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trustsem.imputation import chi_square_d2, likelihood_ratio_d3, pool_covariances, pool_scalars, stacked_d4, wald_d1
from trustsem.imputation.tails import f_tail, t_quantile95, t_tails

SAME_FORMULA = 1e-10  # two ways to one number, in double precision


def estimates_with(mean: float, between: float, m: int) -> np.ndarray:
    """Return (m, 1) estimates with this mean and this variance, divisor m - 1."""
    raw = np.linspace(-1.0, 1.0, m)
    return (mean + raw * math.sqrt(between / raw.var(ddof=1)))[:, None]


def test_published_example_of_ten_imputations() -> None:
    """Amos 21 User's Guide, example 31: Q 1.172, U .0233, B .0085, m 10 give T .0326, t 6.49, df 109.

    The guide computes t from the rounded standard error .1807; its df are those of the rounded U and B.
    """
    pooled = pool_scalars(estimates_with(1.172, 0.0085, 10), np.full((10, 1), 0.0233))
    assert pooled.total[0] == pytest.approx(0.0326, abs=6e-5)
    assert pooled.statistic[0] == pytest.approx(6.49, abs=6e-3)
    assert round(pooled.df[0]) in (108, 109, 110)


def test_published_degrees_of_freedom() -> None:
    """SAS/STAT, PROC MI: m = 5 and r = 10 % give 484 degrees of freedom, whatever complete data would have had."""
    between = 0.10 / (1 + 1 / 5)
    pooled = pool_scalars(estimates_with(0.0, between, 5), np.ones((5, 1)))
    assert pooled.riv[0] == pytest.approx(0.10)
    assert pooled.df[0] == pytest.approx(484)
    small = pool_scalars(estimates_with(0.0, between, 5), np.ones((5, 1)), complete_df=30)
    observed = 31 / 33 * 30 / 1.1
    assert small.df[0] == pytest.approx(1 / (1 / 484 + 1 / observed))
    assert small.df[0] < 30


def test_missing_information_by_hand() -> None:
    """U 1, B 1, m 4: T 2.25, r 1.25, df 3 * 1.8^2 = 9.72, fmi (1.25 + 2 / 12.72) / 2.25."""
    pooled = pool_scalars(estimates_with(3.0, 1.0, 4), np.ones((4, 1)))
    assert pooled.total[0] == pytest.approx(2.25)
    assert pooled.df[0] == pytest.approx(9.72)
    fmi = (1.25 + 2 / 12.72) / 2.25
    assert pooled.fmi[0] == pytest.approx(fmi)
    assert pooled.relative_efficiency[0] == pytest.approx(1 / (1 + fmi / 4))
    assert pooled.pvalue[0] == pytest.approx(2 * stats.t.sf(3.0 / 1.5, 9.72))
    assert pooled.margin[0] == pytest.approx(stats.t.ppf(0.975, 9.72) * 1.5)


def test_nothing_missing_gives_the_normal_test() -> None:
    pooled = pool_scalars(np.full((3, 1), 2.0), np.ones((3, 1)))
    assert pooled.riv[0] == pooled.fmi[0] == 0
    assert math.isinf(pooled.df[0])
    assert pooled.pvalue[0] == pytest.approx(2 * stats.norm.sf(2.0))


def test_constants_have_no_inference() -> None:
    pooled = pool_scalars(np.array([[1.0], [1.2]]), np.full((2, 1), np.nan))
    assert pooled.estimate[0] == pytest.approx(1.1)
    every = (pooled.standard_error, pooled.df, pooled.riv, pooled.fmi, pooled.pvalue, pooled.margin)
    assert all(math.isnan(values[0]) for values in every)


def test_one_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="two data sets"):
        pool_scalars(np.ones((1, 2)), np.ones((1, 2)))


def test_total_covariance_has_the_scalar_variances() -> None:
    rng = np.random.default_rng(1)
    estimates = rng.normal(size=(6, 3))
    covariances = np.array([np.cov(rng.normal(size=(9, 3)), rowvar=False) for _ in range(6)])
    scalar = pool_scalars(estimates, np.array([np.diag(matrix) for matrix in covariances]))
    assert np.diag(pool_covariances(estimates, covariances)) == pytest.approx(scalar.total, rel=SAME_FORMULA)


# --- tests of several parameters ----------------------------------------------------------------------------------


def test_d1_of_one_parameter_is_the_squared_t() -> None:
    estimates = estimates_with(1.5, 0.4, 7)
    test = wald_d1(estimates, np.full((7, 1, 1), 0.9))
    pooled = pool_scalars(estimates, np.full((7, 1), 0.9))
    assert test.statistic == pytest.approx(pooled.statistic[0] ** 2, rel=SAME_FORMULA)
    assert test.riv == pytest.approx(pooled.riv[0], rel=SAME_FORMULA)


def test_wald_and_likelihood_ratio_agree_for_normal_means() -> None:
    """Of normal means with known covariance the likelihood ratio is the Wald statistic, at any parameters.

    Then D1, D3 and D4 are one number: L = Q' U^-1 Q, and d - L = (m - 1) / m tr(B U^-1).
    """
    rng = np.random.default_rng(2)
    m, k = 8, 3
    covariance = np.cov(rng.normal(size=(20, k)), rowvar=False)
    gaps = rng.normal(size=(m, k)) + 0.7
    own = np.einsum("mk,kl,ml->m", gaps, np.linalg.inv(covariance), gaps)
    mean = gaps.mean(axis=0)
    level = float(mean @ np.linalg.solve(covariance, mean))
    d1 = wald_d1(gaps, np.repeat(covariance[None], m, axis=0))
    d3 = likelihood_ratio_d3(own, np.full(m, level), k)
    d4 = stacked_d4(own, level, k)
    for test in (d3, d4):
        assert test.statistic == pytest.approx(d1.statistic, rel=SAME_FORMULA)
        assert test.riv == pytest.approx(d1.riv, rel=SAME_FORMULA)
    assert d3.df2 == pytest.approx(d1.df2, rel=SAME_FORMULA)
    t = k * (m - 1)
    assert d1.df2 == pytest.approx(4 + (t - 4) * (1 + (1 - 2 / t) / d1.riv) ** 2, rel=SAME_FORMULA)
    assert d1.pvalue == pytest.approx(stats.f.sf(d1.statistic, k, d1.df2), rel=1e-8)


def test_few_hypotheses_times_data_sets_have_their_own_denominator() -> None:
    test = wald_d1(estimates_with(1.0, 0.5, 3), np.ones((3, 1, 1)))  # k (m - 1) = 2
    assert test.df2 == pytest.approx(2 * 2 * (1 + 1 / test.riv) ** 2 / 2)


def test_hypotheses_that_follow_from_others_count_once() -> None:
    rng = np.random.default_rng(3)
    gaps = rng.normal(size=(5, 2))
    covariance = np.cov(rng.normal(size=(20, 2)), rowvar=False)
    plain = wald_d1(gaps, np.repeat(covariance[None], 5, axis=0))
    double = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
    twice = wald_d1(gaps @ double.T, np.repeat((double @ covariance @ double.T)[None], 5, axis=0))
    assert twice.df1 == plain.df1 == 2
    assert twice.statistic == pytest.approx(plain.statistic, rel=1e-8)


def test_d2_by_hand() -> None:
    """Chi-squares 4, 9, 16 with 2 df: roots 2, 3, 4 have variance 1, r = 4/3; D2 = (29/6 - 2 * 4/3) / (7/3)."""
    test = chi_square_d2(np.array([4.0, 9.0, 16.0]), 2)
    assert test.riv == pytest.approx(4 / 3)
    assert test.statistic == pytest.approx((29 / 6 - 8 / 3) / (7 / 3))
    assert test.df2 == pytest.approx(2 ** (-3 / 3) * 2 * (1 + 3 / 4) ** 2)
    assert test.pvalue == pytest.approx(stats.f.sf(test.statistic, 2, test.df2))


def test_d2_of_disagreeing_data_sets_is_negative_and_says_nothing() -> None:
    test = chi_square_d2(np.array([0.1, 30.0]), 1)
    assert test.statistic < 0
    assert (test.chi_square, test.pvalue) == (0.0, 1.0)


def test_negative_increase_counts_as_none() -> None:
    test = likelihood_ratio_d3(np.array([5.0, 5.0]), np.array([6.0, 6.0]), 3)
    assert test.raw_riv < 0
    assert test.riv == 0
    assert test.statistic == pytest.approx(2.0)
    assert test.pvalue == pytest.approx(stats.chi2.sf(6.0, 3))


# --- distributions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("df", [0.7, 3.3, 40.0, 1e7, math.inf])
def test_tails_are_those_of_scipy(df: float) -> None:
    reference = stats.norm if math.isinf(df) else stats.t(df)
    assert t_tails(np.array([1.3]), np.array([df]))[0] == pytest.approx(2 * reference.sf(1.3), rel=1e-9)
    assert t_quantile95(np.array([df]))[0] == pytest.approx(reference.ppf(0.975), rel=1e-7)
    against = stats.chi2.sf(3 * 1.8, 3) if math.isinf(df) else stats.f.sf(1.8, 3, df)
    assert f_tail(1.8, 3, df) == pytest.approx(against, rel=1e-7)
