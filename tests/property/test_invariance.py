"""What must not change a fit: order of items, units of an item, which item is the marker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustsem as ts

HS = pd.read_csv(Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv")
FACTORS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
PATHS = "textual ~ visual\nspeed ~ visual + textual\n"
# The optimiser stops within 1e-6 standard errors of the minimum.
SAME = 1e-5


def model(order: dict[str, list[str]]) -> str:
    return PATHS + "\n".join(f"{factor} =~ {' + '.join(items)}" for factor, items in order.items())


BASE = ts.fit(model(FACTORS), HS)
INVARIANT_MEASURES = ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "npar", "gfi", "ecvi")


def standardised(fit: ts.Fit) -> dict[str, float]:
    frame = fit.estimates
    keys = frame["lhs"] + frame["op"] + frame["rhs"]
    return dict(zip(keys, frame["std_all"], strict=True))


def assert_same(fit: ts.Fit) -> None:
    for name in INVARIANT_MEASURES:
        assert fit.fit_measures[name] == pytest.approx(BASE.fit_measures[name], abs=SAME, rel=SAME), name
    ours, base = standardised(fit), standardised(BASE)
    assert set(ours) == set(base)
    for key, value in base.items():
        assert ours[key] == pytest.approx(value, abs=SAME), key


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.permutations([0, 1, 2]), st.permutations(list(FACTORS)))
def test_order_of_items_and_choice_of_marker(order: list[int], factors: list[str]) -> None:
    assert_same(ts.fit(model({name: [FACTORS[name][i] for i in order] for name in factors}), HS))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.sampled_from([f"x{i}" for i in range(1, 10)]), st.floats(-3, 3), st.floats(-100, 100))
def test_units_of_an_item(item: str, log_factor: float, shift: float) -> None:
    factor = 10.0**log_factor
    fit = ts.fit(model(FACTORS), HS.assign(**{item: HS[item] * factor + shift}))
    assert_same(fit)
    # the log-likelihood moves by the change of variables alone
    expected = BASE.fit_measures["logl"] - len(HS) * np.log(factor)
    assert fit.fit_measures["logl"] == pytest.approx(expected, rel=1e-7)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.sampled_from([{"std_lv": True}, {"effect_coding": True}, {"meanstructure": True}]))
def test_ways_to_scale_a_factor(option: dict[str, bool]) -> None:
    fit = ts.fit(model(FACTORS).replace(PATHS, ""), HS, **option)
    base = ts.fit(model(FACTORS).replace(PATHS, ""), HS)
    assert fit.fit_measures["chisq"] == pytest.approx(base.fit_measures["chisq"], abs=SAME)
    ours, reference = standardised(fit), standardised(base)
    for key, value in reference.items():
        assert ours[key] == pytest.approx(value, abs=SAME), key


def test_order_of_rows_does_not_matter() -> None:
    assert_same(ts.fit(model(FACTORS), HS.sample(frac=1, random_state=1)))
