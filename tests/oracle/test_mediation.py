"""Intervals of a latent mediation against lavaan 0.6-14: the same draws, other draws, draws from the same vcov."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.resample import IntervalKind, bootstrap_limits

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
KINDS = {
    "norm": IntervalKind.NORMAL,
    "basic": IntervalKind.BASIC,
    "perc": IntervalKind.PERCENTILE,
    "bca.simple": IntervalKind.BIAS_CORRECTED,
}
# se of the 2.5 % quantile of B normal draws: sqrt(.025 * .975 / B) / phi(1.96) = 2.67 / sqrt(B) standard deviations
QUANTILE = 2.67
FOUR = 4.0  # standard errors of the simulation: one comparison in 16,000 fails by chance


@cache
def golden() -> dict[str, Any]:
    return json.loads((GOLDEN / "mediation.json").read_text(encoding="utf-8"))


@cache
def fit() -> ts.Fit:
    return ts.fit(golden()["model"], pd.read_csv(GOLDEN / "data" / "hs.csv"))


@cache
def theirs() -> np.ndarray:
    """lavaan's bootstrap draws of a, b, c and the three definitions."""
    a, b, c = (np.array(golden()["draws"][name]) for name in "abc")
    return np.column_stack([a, b, c, a * b, c + a * b, a * b / (c + a * b)])


def own(ci: str, **options: Any) -> pd.DataFrame:
    return fit().intervals(ci, **options).set_index("label").loc[golden()["labels"]]


def test_delta_method() -> None:
    record, frame = golden(), own("delta")
    for field, column in (("est", "est"), ("se_delta", "se"), ("ci_lower_delta", "ci_lower")):
        assert frame[column].to_numpy() == pytest.approx(record[field], rel=1e-4, abs=1e-5)
    assert frame["ci_upper"].to_numpy() == pytest.approx(record["ci_upper_delta"], rel=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_limits_of_the_same_draws(name: str) -> None:
    """lavaan interpolates quantiles at (B + 1) p, we at (B - 1) p + 1: at most a few of 2,000 order statistics."""
    draws, record = theirs(), golden()
    lower, upper = bootstrap_limits(KINDS[name], draws, np.array(record["est"]))
    spread = draws.std(axis=0)
    if name == "norm":
        # lavaan divides by B for parameters, by B - 1 for definitions, and takes a definition's bias at the mean draws
        a, b, c = draws[:, :3].mean(axis=0)
        centre = 2 * np.array(record["est"]) - np.array([a, b, c, a * b, c + a * b, a * b / (c + a * b)])
        shift = centre - (lower + upper) / 2
        assert shift[:3] == pytest.approx([0.0, 0.0, 0.0], abs=1e-7)
        half = (upper - lower) / 2 * np.where(np.arange(6) < 3, np.sqrt(1 - 1 / record["n_draws"]), 1.0)
        assert (lower + upper) / 2 + shift - half == pytest.approx(record[name]["ci_lower"], abs=1e-6)
        assert (lower + upper) / 2 + shift + half == pytest.approx(record[name]["ci_upper"], abs=1e-6)
        return
    ordered = np.sort(draws, axis=0)
    for limits, field in ((lower, "ci_lower"), (upper, "ci_upper")):
        for k, (ours, other) in enumerate(zip(limits, record[name][field], strict=True)):
            reference = 2 * record["est"][k] - np.array([ours, other]) if name == "basic" else np.array([ours, other])
            ranks = np.searchsorted(ordered[:, k], reference)
            assert abs(int(ranks[0]) - int(ranks[1])) <= 2, (field, k)
            assert abs(ours - other) < 0.25 * spread[k]


def test_standard_errors_of_the_same_draws() -> None:
    spread = np.append(theirs()[:, :3].std(axis=0), theirs()[:, 3:].std(axis=0, ddof=1))
    assert spread == pytest.approx(golden()["se_bootstrap"], rel=1e-6)


@pytest.mark.slow
def test_other_draws_of_the_same_bootstrap() -> None:
    """lavaan keeps draws that are not admissible; limits differ by the simulation errors of both runs."""
    n, record = 4000, golden()
    frame = fit().intervals(["percentile", "basic"], draws=n, seed=5, policy="keep").set_index("label")
    frame = frame.loc[record["labels"]]
    noise = np.sqrt(1 / n + 1 / record["n_draws"])
    spread = np.array(record["se_bootstrap"])
    assert frame["se_bootstrap"].to_numpy()[:5] == pytest.approx(spread[:5], rel=FOUR * noise)
    for kind, name in (("percentile", "perc"), ("basic", "basic")):
        for side in ("lower", "upper"):
            off = np.abs(frame[f"ci_{side}_{kind}"] - record[name][f"ci_{side}"]) / spread
            # the ratio has heavy tails, where a quantile is less certain than a normal one's: twice as wide
            assert (off.to_numpy() < FOUR * QUANTILE * noise * np.array([1, 1, 1, 1, 1, 2])).all(), (kind, side)


def test_monte_carlo() -> None:
    n, record = 50_000, golden()
    frame = own("monte_carlo", draws=n, seed=9).iloc[:5]
    noise = np.sqrt(1 / n + 1 / record["n_monte_carlo"])
    spread = np.array(record["monte_carlo"]["sd"])
    assert frame["se"].to_numpy() == pytest.approx(spread, rel=FOUR * noise)
    for side in ("lower", "upper"):
        off = np.abs(frame[f"ci_{side}"] - record["monte_carlo"][f"ci_{side}"]) / spread
        assert (off < FOUR * QUANTILE * noise).all()
