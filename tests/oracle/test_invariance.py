"""Invariance levels against lavaan: fits, differences, score tests of constraints and markers, partial invariance."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustsem as ts
from trustsem.measurement import release_tests

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
LEVELS = ("configural", "metric", "scalar", "strict")
ESTIMATE = 1e-4  # as in test_lavaan_ml.py: lavaan's own convergence
DERIVED = 1e-3


def load(case: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{case}.json").read_text(encoding="utf-8"))


@cache
def analysed(estimator: str, partial: bool) -> ts.Invariance:
    data = pd.read_csv(GOLDEN / "data" / "hs.csv")
    return ts.invariance(MODEL, data, group="school", levels=LEVELS, estimator=estimator, partial=partial)


def close(value: float | None, expected: float | None, tolerance: float) -> bool:
    if value is None or expected is None or pd.isna(value):
        return (value is None or bool(pd.isna(value))) and expected is None
    return abs(value - expected) <= tolerance * max(1.0, abs(expected))


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
@pytest.mark.parametrize("level", LEVELS)
def test_levels_are_lavaans_fits(estimator: str, level: str) -> None:
    golden = load(f"hs-group-{level}{'-mlr' if estimator == 'MLR' else ''}")
    result = analysed(estimator, False)
    fit = result.levels[level]
    for ours, row in zip(fit.estimates.to_dict("records"), golden["estimates"], strict=True):
        assert (ours["lhs"], ours["op"], ours["rhs"], ours["group"]) == (
            row["lhs"],
            row["op"],
            row["rhs"],
            row["group"],
        )
        assert close(ours["est"], row["est"], ESTIMATE)
        assert close(ours["se"], None if row["se"] == 0 else row["se"], DERIVED)
    shown = result.table.set_index("level").loc[level]
    robust = estimator == "MLR"
    names = {
        "df": "df",
        "chisq": "chisq.scaled" if robust else "chisq",
        "pvalue": "pvalue.scaled" if robust else "pvalue",
        "cfi": "cfi.robust" if robust else "cfi",
        "rmsea": "rmsea.robust" if robust else "rmsea",
        "srmr": "srmr",
    }
    for name, theirs in names.items():
        assert close(shown[name], golden["fit_measures"][theirs], DERIVED), name


@pytest.mark.parametrize(
    ("estimator", "method", "case"),
    [
        ("ML", None, "lrt-hs-metric-ml"),
        ("MLR", None, "lrt-hs-metric-mlr-satorra-bentler-2001"),
        ("MLR", "satorra_bentler_2010", "lrt-hs-metric-mlr-satorra-bentler-2010"),
    ],
)
def test_differences_are_lavaans(estimator: str, method: str | None, case: str) -> None:
    data = pd.read_csv(GOLDEN / "data" / "hs.csv")
    result = ts.invariance(MODEL, data, group="school", levels="metric", estimator=estimator, method=method)
    row = result.table.iloc[1]
    golden = load(case)["table"][1]
    assert close(row["chisq_diff"], golden["Chisq diff"], DERIVED)
    assert row["df_diff"] == golden["Df diff"]
    assert close(row["pvalue_diff"], golden["Pr(>Chisq)"], DERIVED)


@pytest.mark.parametrize(("level", "classes"), [("metric", ["loadings"]), ("scalar", ["loadings", "intercepts"])])
def test_score_tests_are_lavaans_and_the_markers_modification_indices(level: str, classes: list[str]) -> None:
    with (GOLDEN / "invariance_scores.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["level"] == level
        ]
    expected = {row["parameter"]: float(row["statistic"]) for row in rows}
    tests = {t.written: t for t in release_tests(analysed("ML", False).levels[level].fitted, classes)}
    assert set(tests) == set(expected)
    assert {name for name, t in tests.items() if t.is_marker} == {"visual=~x1", "textual=~x4", "speed=~x7"}
    for name, value in expected.items():
        assert close(tests[name].statistic, value, DERIVED), name
        assert tests[name].df == 1


def test_partial_invariance_is_lavaans_group_partial() -> None:
    """The search releases x3~1 and x7~1, the textbook result; the fit is lavaan's with these in group.partial."""
    result = analysed("ML", True)
    assert result.released.query("why == 'score test'")["parameter"].tolist() == ["x3~1", "x7~1"]
    golden, fit = load("hs-group-partial"), result.levels["scalar"]
    theirs = {(r["lhs"], r["op"], r["rhs"], r["group"]): r for r in golden["estimates"]}
    for row in fit.estimates.to_dict("records"):
        assert close(row["est"], theirs[row["lhs"], row["op"], row["rhs"], row["group"]]["est"], ESTIMATE)
    assert close(fit.fit_measures["chisq"], golden["fit_measures"]["chisq"], DERIVED)
    for row in result.latent_means.to_dict("records"):
        mean = theirs[row["factor"], "~1", "", 2]
        assert close(row["est"], mean["est"], ESTIMATE)
        assert close(row["se"], mean["se"], DERIVED)
        assert close(row["ci_upper"], mean["ci.upper"], DERIVED)
    for row in result.items.to_dict("records"):  # an intercept alone: its difference, in points
        gap = theirs[row["item"], "~1", "", 2]["est"] - theirs[row["item"], "~1", "", 1]["est"]
        assert close(row["points"], gap, ESTIMATE)
