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
ORDINAL = ("hints7_ordinal_communication", *(name.replace("hints7_", "hints7_ordinal_") for name in MODELS))
ONE_FACTOR = (
    "communication =~ ChanceAskQuestions + FeelingsAddressed + InvolvedDecisions + UnderstoodNextSteps + "
    "ExplainedClearly + SpentEnoughTime + HelpUncertainty"
)
ESTIMATE = 1e-4
DERIVED = 1e-3  # lavaan 0.6-14 has the robust RMSEA with n - 1 in place of n

pytestmark = pytest.mark.skipif(not SURVEY.is_dir(), reason="the HINTS 7 half sample is not beside the checkout")


@cache
def survey(suffix: str) -> ts.Survey:
    return ts.read_survey(SURVEY / f"hints7_half.{suffix}", "hints7")


@cache
def fitted(model: str) -> ts.Fit:
    """Fit a golden file's model: as it is meant, or with answers taken as numbers, as the name of the file says."""
    if model == "hints7_ordinal_communication":
        return ts.fit(ONE_FACTOR, survey("csv"), ordered=True)
    if model.startswith("hints7_ordinal_"):
        return ts.fit(model.replace("ordinal_", ""), survey("csv"))
    return ts.fit(model, survey("csv"), ordered=False)


@cache
def golden(model: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{model}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", [*MODELS, *ORDINAL])
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


@pytest.mark.parametrize("model", [MODELS[1], ORDINAL[2]])
def test_the_two_communication_factors_are_not_told_apart(model: str) -> None:
    found = [f for f in fitted(model).findings if f.code == "constructs-not-distinct"]
    assert [f.parameter for f in found] == ["interaction~~emotion"]
    correlation = next(
        row["std_all"] for row in golden(model)["estimates"] if (row["lhs"], row["rhs"]) == ("interaction", "emotion")
    )
    assert f"{correlation:.2f}" in found[0].message
    assert "Merge" in str(found[0].remedy)


@pytest.mark.parametrize("model", [MODELS[0], ORDINAL[1]])
def test_the_one_factor_model_has_no_such_finding(model: str) -> None:
    assert not [f for f in fitted(model).findings if f.code == "constructs-not-distinct"]


def test_ordinal_loadings_are_larger_than_those_of_numbers() -> None:
    """Four categories with a ceiling: taking them for numbers pulls loadings and correlations towards zero."""
    ordinal, numbers = fitted(ORDINAL[1]).estimates, fitted(MODELS[0]).estimates
    loadings = [frame.query("lhs == 'communication' and op == '=~'")["std_all"] for frame in (ordinal, numbers)]
    assert (loadings[0].to_numpy() > loadings[1].to_numpy() + 0.02).all()


def test_spss_and_csv_give_the_same_fit() -> None:
    from_spss = ts.fit(MODELS[0], survey("sav"))
    assert from_spss.fit_measures == fitted(ORDINAL[1]).fit_measures


def test_kinds_of_missing_stay_apart_to_the_end() -> None:
    (loss,) = [f for f in fitted(MODELS[0]).findings if f.code == "listwise-deletion"]
    for kind in ("inapplicable", "commission", "not_ascertained"):
        assert kind in loss.message.replace("-", "_").lower(), loss.message
