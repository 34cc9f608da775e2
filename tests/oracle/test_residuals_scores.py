"""Residuals, their standard errors and factor scores against lavaan.

`residuals_scores.json` is lavaan 0.6-14's; three fields of the other golden files are lavaan 0.7-2's.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = {case["id"]: case for case in json.loads((GOLDEN / "residuals_scores.json").read_text("utf-8"))["cases"]}
WITH_RESIDUALS = [name for name, case in CASES.items() if "residuals" in case]

# |a - b| <= tolerance * max(1, |b|). lavaan stops its iterations 1e-5 from the minimum (see test_lavaan_ml.py).
VALUE = 1e-4
ERROR = 1e-5
# A residual moves by 1e-6 with that distance, and z is residual / se: with the smallest se (.003) it moves by 4e-4.
Z = 1e-3
# lavResiduals prints a residual below this size itself in place of its z (residuals(type = "standardized") does not).
LAVAAN_PRINTS_NO_Z = 1e-3

FIELDS = {"id", "fun", "model", "data", "options", "names", "residuals", "regression", "bartlett"}


@cache
def fitted(name: str) -> ts.Fit:
    case = CASES[name]
    options = {key.replace(".", "_"): value for key, value in case["options"].items()}
    return ts.fit(case["model"], pd.read_csv(GOLDEN / case["data"]), preset=case["fun"], **options)


def numbers(values: list[Any]) -> np.ndarray:
    return np.array(values, dtype=float)


def agree(ours: Any, theirs: list[Any], tolerance: float, where: np.ndarray | None = None) -> None:
    expected, values = numbers(theirs), np.asarray(ours, dtype=float)
    assert values.shape == expected.shape
    gap = np.abs(values - expected) / np.maximum(1.0, np.abs(expected))
    gap = gap if where is None else gap[where]
    assert not np.isnan(gap).any()
    assert gap.max(initial=0.0) <= tolerance


def test_every_field_is_asserted() -> None:
    assert all(set(case) <= FIELDS for case in CASES.values())
    types = {kind for name in WITH_RESIDUALS for kind in CASES[name]["residuals"]}
    assert types == {"raw", "cor.bentler", "cor.bollen", "normalized", "standardized"}


@pytest.mark.parametrize("kind", ["raw", "cor.bentler", "cor.bollen"])
@pytest.mark.parametrize("name", WITH_RESIDUALS)
def test_residuals_with_standard_errors(name: str, kind: str) -> None:
    golden, ours = CASES[name]["residuals"][kind], fitted(name).residuals(kind)
    assert list(ours.cov.columns) == CASES[name]["names"]
    agree(ours.cov, golden["cov"], VALUE)
    agree(ours.cov_se, golden["cov_se"], ERROR)
    agree(ours.cov_z, golden["cov_z"], Z, np.abs(numbers(golden["cov"])) > LAVAAN_PRINTS_NO_Z)
    assert (ours.mean is None) == ("mean" not in golden)
    if ours.mean is not None:
        agree(ours.mean, golden["mean"], VALUE)
        agree(ours.mean_se, golden["mean_se"], ERROR)
        agree(ours.mean_z, golden["mean_z"], Z, np.abs(numbers(golden["mean"])) > LAVAAN_PRINTS_NO_Z)


@pytest.mark.parametrize("kind", ["normalized", "standardized"])
@pytest.mark.parametrize("name", WITH_RESIDUALS)
def test_residuals_as_z_values(name: str, kind: str) -> None:
    golden, ours = CASES[name]["residuals"][kind], fitted(name).residuals(kind)
    agree(ours.cov, golden["cov"], Z)
    pd.testing.assert_frame_equal(ours.cov, ours.cov_z)
    if ours.mean is not None:
        agree(ours.mean, golden["mean"], Z)


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize("name", CASES)
def test_factor_scores(name: str, method: str) -> None:
    golden, fit = CASES[name][method], fitted(name)
    scores = fit.factor_scores(method).head(5)
    assert list(scores.columns) == golden["names"]
    undetermined = [column for column in scores if scores[column].isna().any()]
    # lavaan gives every respondent 0 for a factor that Bartlett's method does not determine, with no standard error
    assert undetermined == (["g"] if (name, method) == ("hs-second-order", "bartlett") else [])
    known = [k for k, column in enumerate(scores) if column not in undetermined]
    agree(scores.iloc[:, known], numbers(golden["rows"])[:, known].tolist(), VALUE)
    quality = fit.factor_score_quality(method)
    for k in known:
        theirs = golden["se"][k]
        # lavaan prints NaN for a factor that one item measures without error
        assert quality["se"][k] == pytest.approx(0.0 if theirs is None else theirs, abs=VALUE)


@pytest.mark.parametrize("case", ["hs-cfa-ml", "pd-sem-ml", "feedback-loop"])
@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_factor_scores_of_lavaan_07(case: str, method: str) -> None:
    golden = json.loads((GOLDEN / f"{case}.json").read_text("utf-8"))
    fit = ts.fit(golden["model"], pd.read_csv(GOLDEN / golden["data"]), preset=golden["fun"])
    expected = pd.DataFrame(golden[f"factor_scores_{method}"]).drop(columns="_row", errors="ignore")
    scores = fit.factor_scores(method).head(len(expected))
    assert list(scores.columns) == list(expected.columns)
    agree(scores, expected.to_numpy().tolist(), VALUE)


@pytest.mark.parametrize("kind", ["raw", "cor.bentler"])
def test_residuals_of_lavaan_07(kind: str) -> None:
    golden = json.loads((GOLDEN / "hs-residuals-wald-score.json").read_text("utf-8"))
    fit = ts.fit(golden["model"], pd.read_csv(GOLDEN / golden["data"]), preset=golden["fun"])
    expected = pd.DataFrame(golden["residuals"][kind]).set_index("_row")
    ours = fit.residuals(kind).cov
    assert list(ours.columns) == list(expected.columns)
    agree(ours, expected.to_numpy().tolist(), VALUE)


def test_the_comparison_can_fail() -> None:
    """Standard errors with divisor n - 1 in place of n are outside the tolerance."""
    golden = CASES["hs-cfa"]["residuals"]["standardized"]["cov"]
    ours = fitted("hs-cfa").residuals("standardized").cov * np.sqrt(300 / 301)
    with pytest.raises(AssertionError):
        agree(ours, golden, Z)
