"""Distribution functions against SciPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from trustsem.distributions import (
    chi_square_quantile,
    chi_square_tail,
    noncentral_cdf,
    noncentral_cdf_and_slope,
    normal_cdf,
    normal_quantile,
    normal_tails,
)
from trustsem.inference.noncentral import noncentrality_limit

DFS = (1, 2, 3, 4, 7, 10, 24, 25, 780, 781, 6954, 28164)
# sums of logarithms: each of up to 14,000 terms carries a rounding of 1e-16 times its size, which is up to 1e5
CLOSE = 1e-9


@pytest.mark.parametrize("df", DFS)
def test_chi_square_tail(df: int) -> None:
    for ratio in (1e-3, 0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 3.0):
        x = df * ratio
        assert chi_square_tail(x, df) == pytest.approx(special.chdtrc(df, x), rel=CLOSE, abs=1e-300)
    assert chi_square_tail(0.0, df) == 1.0


@pytest.mark.parametrize("df", DFS)
@pytest.mark.parametrize("tail", [0.001, 0.01, 0.05, 0.5, 0.95])
def test_chi_square_quantile(df: int, tail: float) -> None:
    assert chi_square_quantile(tail, df) == pytest.approx(special.chdtri(df, tail), rel=1e-8)


@pytest.mark.parametrize("df", DFS)
@pytest.mark.parametrize("noncentrality", [0.0, 0.1, 1.0, 30.0, 600.0, 5000.0])
def test_noncentral_cdf(df: int, noncentrality: float) -> None:
    mean, sd = df + noncentrality, math.sqrt(2 * (df + 2 * noncentrality))
    for z in (-4, -2, -0.5, 0, 1, 3):
        x = mean + z * sd
        if x > 0:
            assert noncentral_cdf(x, df, noncentrality) == pytest.approx(special.chndtr(x, df, noncentrality), abs=1e-8)


@pytest.mark.parametrize("noncentrality", [0.0, 0.5, 20.0, 900.0])
def test_slope_in_the_noncentrality(noncentrality: float) -> None:
    x, df, step = 60.0 + noncentrality, 24, 1e-3
    _, slope = noncentral_cdf_and_slope(x, df, noncentrality)
    ahead, here = noncentral_cdf(x, df, noncentrality + step), noncentral_cdf(x, df, max(noncentrality - step, 0.0))
    width = step + min(noncentrality, step)
    assert slope == pytest.approx((ahead - here) / width, rel=1e-3)
    assert slope < 0


@pytest.mark.parametrize(("statistic", "df"), [(85.3, 24), (802.0, 780), (1565.1, 62), (30843.0, 28164), (3.0, 1)])
def test_noncentrality_limits(statistic: float, df: int) -> None:
    for probability in (0.05, 0.95):
        limit = noncentrality_limit(statistic, df, probability)
        if limit > 0:
            assert special.chndtr(statistic, df, limit) == pytest.approx(probability, abs=1e-7)
        else:
            assert special.chndtr(statistic, df, 0.0) <= probability


@pytest.mark.parametrize("noncentrality", [4.1e5, 1e7, 1e10])
def test_large_noncentralities_cost_nothing(noncentrality: float) -> None:
    """Samples of a population, n in the millions: the sum would take gigabytes."""
    for z in (-3.0, -1.0, 0.0, 1.5):
        x = 780 + noncentrality + z * math.sqrt(2 * (780 + 2 * noncentrality))
        exact = special.chndtr(x, 780, noncentrality) if noncentrality < 1e6 else special.ndtr(z)
        close = 1e-6 if noncentrality < 1e6 else 3e-3 / math.sqrt(noncentrality / 1e7)
        assert noncentral_cdf(x, 780, noncentrality) == pytest.approx(exact, abs=close)
    limit = noncentrality_limit(noncentrality, 780, 0.05)
    assert noncentral_cdf(noncentrality, 780, limit) == pytest.approx(0.05, abs=1e-6)


def test_normal() -> None:
    z = np.array([-9.0, -1.96, 0.0, 0.3, 5.0, 30.0, np.nan])
    assert normal_tails(z)[:-1] == pytest.approx(2 * special.ndtr(-np.abs(z[:-1])), rel=1e-12)
    assert np.isnan(normal_tails(z)[-1])
    assert normal_cdf(1.3) == pytest.approx(special.ndtr(1.3), rel=1e-14)
    assert normal_quantile(0.975) == pytest.approx(special.ndtri(0.975), rel=1e-13)
    assert normal_quantile(0.0) == -math.inf
    assert math.isnan(normal_quantile(1.5))
