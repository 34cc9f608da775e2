"""Little's test: a published value, a case worked out by hand, and its size by simulation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from trustsem.moments.em import em_moments
from trustsem.moments.mcar import little_mcar_test
from trustsem.moments.patterns import missing_patterns

AIRQUALITY = Path(__file__).resolve().parents[2] / "golden" / "data" / "airquality.csv"


def test_published_value_for_air_quality_in_new_york() -> None:
    """`mcar_test(airquality)` on the help page of naniar: 35.1, df 14, p .00142, 4 patterns.

    With the covariance matrix multiplied by n / (n - 1) d^2 would be 34.88, with p .00153.
    """
    values = np.genfromtxt(AIRQUALITY, delimiter=",", skip_header=1, missing_values="NA")
    patterns = missing_patterns(values)
    test = little_mcar_test(patterns, em_moments(patterns))
    assert (test.df, test.n_patterns) == (14, 4)
    assert f"{test.statistic:.1f}" == "35.1"
    assert test.pvalue is not None
    assert f"{test.pvalue:.5f}" == "0.00142"


def test_two_variables_of_which_one_is_complete() -> None:
    """The regression of y on x drops out, and d^2 compares the means of x: n times its correlation ratio.

    With x complete, the ML mean of y lies on the regression line of the complete rows, so that (xbar, ybar) of these
    rows differs from (mu_x, mu_y) along the line only: d^2 = sum of n_k (xbar_k - xbar)^2 / var(x).
    """
    rng = np.random.default_rng(1)
    values = rng.normal(size=(90, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    values[values[:, 0] + rng.normal(size=90) > 0.7, 1] = np.nan
    apart = np.isnan(values[:, 1])
    x = values[:, 0]
    between = sum(group.size * (group.mean() - x.mean()) ** 2 for group in (x[apart], x[~apart]))
    patterns = missing_patterns(values)
    test = little_mcar_test(patterns, em_moments(patterns))
    assert test.df == 1
    assert test.statistic == pytest.approx(between / x.var(), rel=1e-7)
    assert test.pvalue == pytest.approx(math.erfc(math.sqrt(test.statistic / 2)), rel=1e-7)


def test_complete_data_have_nothing_to_test() -> None:
    patterns = missing_patterns(np.random.default_rng(2).normal(size=(50, 3)))
    test = little_mcar_test(patterns, em_moments(patterns))
    assert (test.df, test.pvalue, test.n_patterns) == (0, None, 1)
    assert test.statistic == pytest.approx(0.0, abs=1e-20)


def test_no_statistic_without_moments() -> None:
    values = np.random.default_rng(3).normal(size=(50, 3))
    values[:, 2] = values[:, 1]
    values[:5, 0] = np.nan
    patterns = missing_patterns(values)
    test = little_mcar_test(patterns, em_moments(patterns))
    assert math.isnan(test.statistic)
    assert test.pvalue is None


def test_weights_are_refused() -> None:
    values = np.random.default_rng(4).normal(size=(50, 3))
    values[:10, 1] = np.nan
    patterns = missing_patterns(values, np.linspace(0.5, 1.5, 50))
    with pytest.raises(ValueError, match="weighted"):
        little_mcar_test(patterns, em_moments(patterns))


@pytest.mark.slow
def test_size_and_power_by_simulation() -> None:
    """5 % of 1,000 samples under the hypothesis (limits: 3 standard errors of .0069), most of them under the rival."""
    rng = np.random.default_rng(20240501)
    rejected = {"at random": 0, "by the first item": 0}
    for _ in range(1000):
        values = 0.7 * rng.normal(size=(400, 1)) + 0.7 * rng.normal(size=(400, 4))
        for kind in rejected:
            seen = values.copy()
            chance = np.full(400, 0.25) if kind == "at random" else np.where(values[:, 0] > 0, 0.35, 0.15)
            seen[:, 1:][rng.random((400, 3)) < chance[:, None]] = np.nan
            patterns = missing_patterns(seen)
            rejected[kind] += (little_mcar_test(patterns, em_moments(patterns)).pvalue or 0.0) < 0.05
    assert 0.029 < rejected["at random"] / 1000 < 0.071
    assert rejected["by the first item"] > 900
