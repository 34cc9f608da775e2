"""Duncan, Haller & Portes (1968): reciprocal peer influence, from published correlations.

Two sources: lavaan (golden file), and the results that Fox (2006, Structural Equation Modeling 13, appendix) printed
with another program, R's sem package.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustsem as ts

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "duncan.json"
ESTIMATE = 1e-4
DERIVED = 1e-3


@cache
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@cache
def fitted() -> ts.Fit:
    reference = golden()
    matrix = pd.DataFrame(reference["correlations"], index=reference["names"], columns=reference["names"])
    return ts.fit(reference["model"], sample_cov=matrix, n_obs=reference["n_obs"], **reference["options"])


def test_agrees_with_lavaan() -> None:
    fit, reference = fitted(), golden()
    ours = {(row["lhs"], row["op"], row["rhs"]): row for row in fit.estimates.to_dict("records")}
    for row in reference["estimates"]:
        mine = ours[row["lhs"], row["op"], row["rhs"]]
        assert mine["est"] == pytest.approx(row["est"], abs=ESTIMATE)
        assert mine["std_all"] == pytest.approx(row["std_all"], abs=ESTIMATE)
        if row["se"] == 0:
            assert pd.isna(mine["se"])
        else:
            assert mine["se"] == pytest.approx(row["se"], abs=DERIVED)
    for name, value in reference["fit_measures"].items():
        assert fit.fit_measures[name] == pytest.approx(value, rel=DERIVED), name


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [("RGenAsp~FGenAsp", 0.184226, 0.0948896), ("FGenAsp~RGenAsp", 0.235458, 0.1193930)],
)
def test_agrees_with_the_published_arrows(parameter: str, value: float, error: float) -> None:
    frame = fitted().estimates
    row = frame[(frame["lhs"] + frame["op"] + frame["rhs"]) == parameter].iloc[0]
    assert row["est"] == pytest.approx(value, abs=5e-5)
    assert row["se"] == pytest.approx(error, abs=5e-5)


def test_agrees_with_the_published_test() -> None:
    measures = fitted().fit_measures
    assert measures["chisq"] == pytest.approx(26.697, abs=5e-4)
    assert measures["df"] == 15


def test_the_loop_is_stable_and_weak() -> None:
    loop = fitted().loops().iloc[0]
    assert loop["stable"]
    assert loop["gain"] == pytest.approx(0.0434, abs=1e-4)
