"""The real survey: HINTS 7 (half sample) read from the public file, scored, fitted, against lavaan on the same rows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustsem as ts

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SURVEY = Path(__file__).resolve().parents[3] / "shared" / "data" / "hints7"
MODELS = ("hints7_communication_trust", "hints7_communication_two_factor")
ESTIMATE = 1e-4
DERIVED = 1e-3

pytestmark = pytest.mark.skipif(not SURVEY.is_dir(), reason="the HINTS 7 half sample is not beside the checkout")


@cache
def survey(suffix: str) -> ts.Survey:
    return ts.read_survey(SURVEY / f"hints7_half.{suffix}", "hints7")


@cache
def fitted(model: str) -> ts.Fit:
    return ts.fit(model, survey("csv"))


@cache
def golden(model: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{model}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", MODELS)
def test_agrees_with_lavaan(model: str) -> None:
    fit, reference = fitted(model), golden(model)
    assert fit.n_obs == reference["n_obs"]
    ours = {(row["lhs"], row["op"], row["rhs"]): row for row in fit.estimates.to_dict("records")}
    for row in reference["estimates"]:
        mine = ours[row["lhs"], row["op"], row["rhs"]]
        assert mine["est"] == pytest.approx(row["est"], abs=ESTIMATE, rel=ESTIMATE)
        assert mine["std_all"] == pytest.approx(row["std_all"], abs=ESTIMATE)
        assert pd.isna(mine["se"]) if row["se"] == 0 else mine["se"] == pytest.approx(row["se"], abs=DERIVED)
    for name, value in reference["fit_measures"].items():
        assert fit.fit_measures[name] == pytest.approx(value, rel=DERIVED), name


def test_the_two_communication_factors_are_not_told_apart() -> None:
    found = [f for f in fitted("hints7_communication_two_factor").findings if f.code == "constructs-not-distinct"]
    assert [f.parameter for f in found] == ["interaction~~emotion"]
    assert "0.95" in found[0].message
    assert "Merge" in str(found[0].remedy)


def test_the_one_factor_model_has_no_such_finding() -> None:
    assert not [f for f in fitted(MODELS[0]).findings if f.code == "constructs-not-distinct"]


def test_spss_and_csv_give_the_same_fit() -> None:
    from_spss = ts.fit(MODELS[0], survey("sav"))
    assert from_spss.fit_measures == fitted(MODELS[0]).fit_measures


def test_kinds_of_missing_stay_apart_to_the_end() -> None:
    (loss,) = [f for f in fitted(MODELS[0]).findings if f.code == "listwise-deletion"]
    for kind in ("inapplicable", "commission", "not_ascertained"):
        assert kind in loss.message.replace("-", "_").lower(), loss.message
