"""Monte-Carlo intervals: moments of products have a closed form; what cannot be drawn is refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + c*visual
indirect := a*b
total := c + a*b
"""
DRAWS = 100_000


@cache
def data() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "hs.csv")


@cache
def drawn() -> tuple[ts.Fit, pd.DataFrame]:
    fit = ts.fit(MODEL, data())
    return fit, fit.monte_carlo(DRAWS, seed=3).intervals()


def test_the_product_of_two_normal_variables() -> None:
    """Mean ab + s_ab and variance a2 s_b2 + b2 s_a2 + 2 ab s_ab + s_a2 s_b2 + s_ab2 (Goodman 1960, eq. 5)."""
    fit, frame = drawn()
    row = frame.set_index("lhs").loc["indirect"]
    free = fit.fitted.table.free_rows
    i, j = (next(k for k, r in enumerate(free) if r.label == label) for label in "ab")
    cov = fit.fitted.covariance.matrix
    assert cov is not None
    a, b = fit.fitted.estimate.theta[[i, j]]
    variance = a**2 * cov[j, j] + b**2 * cov[i, i] + 2 * a * b * cov[i, j] + cov[i, i] * cov[j, j] + cov[i, j] ** 2
    # the standard error of a standard deviation from 100,000 draws is 0.25 % of it; four of these
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=0.01)
    assert row["bias"] == pytest.approx(cov[i, j], abs=4 * np.sqrt(variance / DRAWS))


def test_limits_of_parameters_are_those_of_the_normal_distribution() -> None:
    fit, frame = drawn()
    errors = fit.estimates["se"].to_numpy()
    # the limits of 100,000 draws are off by about a hundredth of the standard error
    for column in ("ci_lower", "ci_upper"):
        off = np.abs(frame[column] - fit.estimates[column]) / np.where(errors > 0, errors, np.inf)
        parameters = frame["op"] != ":="
        assert off[parameters].max() < 0.03


def test_effects_and_definitions_agree() -> None:
    fit, frame = drawn()
    effects = fit.monte_carlo(DRAWS, seed=3).effects("visual", "speed")
    own = frame.set_index("lhs")
    for kind, name in (("specific indirect", "indirect"), ("total", "total")):
        row = effects.loc[effects["effect"] == kind].iloc[0]
        assert row["ci_lower"] == pytest.approx(own.loc[name, "ci_lower"])
        assert row["n_draws"] == DRAWS


def test_seeds() -> None:
    fit, _ = drawn()
    one, same, other = (fit.monte_carlo(50, seed=seed).draws for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_summary_data_can_be_drawn_and_not_resampled() -> None:
    frame = data()[[f"x{k}" for k in range(1, 10)]]
    fit = ts.fit(MODEL, sample_cov=frame.cov(), n_obs=len(frame))
    assert fit.monte_carlo(100, seed=1).n_used == 100
    with pytest.raises(UsageError, match="moments"):
        fit.bootstrap(10, seed=1)


@pytest.mark.parametrize("options", [{"n": 1}, {"n": 2.5}, {"seed": -1}, {"seed": "x"}])
def test_options_that_mean_nothing(options: dict[str, object]) -> None:
    fit, _ = drawn()
    with pytest.raises(UsageError):
        fit.monte_carlo(**options)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        fit.bootstrap(**options)  # type: ignore[arg-type]


def test_other_kinds_of_intervals_are_refused() -> None:
    fit, _ = drawn()
    with pytest.raises(UsageError, match="percentile"):
        fit.monte_carlo(10, seed=1).intervals("bca")


def test_without_standard_errors() -> None:
    fit = ts.fit(MODEL, data(), se="none")
    with pytest.raises(UsageError, match="covariance matrix"):
        fit.monte_carlo(10)
