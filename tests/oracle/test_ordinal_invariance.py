"""Difference tests and invariance levels of ordinal items against lavaan."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustsem as ts
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import difference_of, nesting_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ITEMS = ("ii1", "ii2", "ii3", "ec1", "ec2", "ec3", "ipt1", "ipt2", "ipt3")
MODEL = "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
ESTIMATE = 1e-4  # as in test_lavaan_ml.py: lavaan's own convergence
DERIVED = 1e-3


def load(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


DIFFERENCES = load("ordinal_difference")
CASES = {case["id"]: case for case in DIFFERENCES["cases"]}


@cache
def answers() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "trust-ordinal.csv")


def close(value: float | None, expected: float | None, tolerance: float) -> bool:
    if value is None or expected is None or pd.isna(value):
        return (value is None or bool(pd.isna(value))) and expected is None
    return abs(value - expected) <= tolerance * max(1.0, abs(expected))


@cache
def fitted(case: str, side: str) -> FittedModel:
    golden = CASES[case]
    options: dict[str, Any] = {"group": "clinic"} if golden["groups"] else {}
    if golden[side]["group.equal"]:
        options["group_equal"] = golden[side]["group.equal"]
    fit = ts.fit(
        golden[side]["model"],
        answers(),
        preset="cfa",
        ordered=ITEMS,
        estimator=golden["estimator"],
        parameterization=golden["parameterization"],
        **options,
    )
    return fit.fitted


@pytest.mark.parametrize("case", CASES)
def test_satorra_2000_differences(case: str) -> None:
    golden = CASES[case]
    restricted, general = fitted(case, "restricted"), fitted(case, "general")
    for ours, theirs in zip((general, restricted), golden["chisq"], strict=True):
        assert close(ours.test.statistic, theirs, ESTIMATE)
    test = difference_of(restricted, general, None if golden["estimator"] == "WLS" else "satorra_2000")
    assert test.df == golden["df"]
    assert close(test.statistic, golden["statistic"], DERIVED)
    assert close(test.pvalue, golden["pvalue"], DERIVED)
    assert not test.findings


def test_the_reference_table() -> None:
    """All fields but RMSEA of the difference: lavaan has 0 there although its scaled statistic (31.4) exceeds df (24).

    It takes the unscaled difference (21.2), whose size depends on the weights; here it is that of the scaled one.
    """
    golden = load("lrt-trust-ordinal-wlsmv")
    options = dict(golden["options"])
    model, equal, group = options.pop("model"), options["restricted"]["group.equal"], options["group"]
    general, restricted = (
        ts.fit(model, answers(), preset="cfa", ordered=options["ordered"], group=group, group_equal=given)
        for given in ((), equal)
    )
    comparison = ts.compare(general, restricted, names=["general", "restricted"])
    table = comparison.table
    columns = {"Df": "df", "AIC": "aic", "BIC": "bic", "Chisq": "chisq", "Chisq diff": "chisq_diff"}
    columns |= {"Df diff": "df_diff", "Pr(>Chisq)": "pvalue"}
    for row, ours in zip(golden["table"], table.to_dict("records"), strict=True):
        assert set(row) == {*columns, "RMSEA", "model"}
        for theirs, column in columns.items():
            assert close(ours[column], row[theirs], DERIVED), column
    statistic = golden["table"][1]["Chisq diff"]
    assert table["rmsea_diff"][1] == pytest.approx((2 * (statistic - 24) / ((800 - 2) * 24)) ** 0.5, rel=1e-3)
    criteria = [finding for finding in comparison.findings if finding.code == "criteria-not-comparable"]
    assert len(criteria) == 1
    assert "without a likelihood" in criteria[0].message


@pytest.mark.parametrize("case", CASES)
def test_general_models_reproduce_restricted_ones_and_not_the_other_way(case: str) -> None:
    there = nesting_of(fitted(case, "restricted"), fitted(case, "general"))
    back = nesting_of(fitted(case, "general"), fitted(case, "restricted"))
    assert there.is_nested
    assert there.discrepancy < 1e-10
    assert not back.is_nested
    assert back.discrepancy > 1e-4


LADDERS = {
    ("delta", "configural"): "trust-ordinal-groups",
    ("delta", "thresholds"): "trust-ordinal-ladder-delta-1",
    ("delta", "metric"): "trust-ordinal-groups-equal",
    ("delta", "scalar"): "trust-ordinal-ladder-delta-3",
    ("theta", "thresholds"): "trust-ordinal-ladder-theta-1",
    ("theta", "scalar"): "trust-ordinal-ladder-theta-3",
    ("theta", "strict"): "trust-ordinal-ladder-theta-4",
}


@cache
def ladder(parameterization: str) -> ts.Invariance:
    return ts.invariance(
        MODEL, answers(), group="clinic", ordered=ITEMS, parameterization=parameterization, partial=False
    )


@pytest.mark.parametrize(("parameterization", "level"), LADDERS)
def test_levels_are_lavaans_fits(parameterization: str, level: str) -> None:
    golden = load(LADDERS[parameterization, level])
    result = ladder(parameterization)
    theirs = {(r["lhs"], r["op"], r["rhs"], r["group"]): r for r in golden["estimates"]}
    compared = 0
    for ours in result.levels[level].estimates.to_dict("records"):
        row = theirs.get((ours["lhs"], ours["op"], ours["rhs"], ours["group"]))
        if row is not None:
            compared += 1
            assert close(ours["est"], row["est"], ESTIMATE * 5), row
    assert compared >= golden["fit_measures"]["npar"]
    shown = result.table.set_index("level").loc[level]
    names = {"df": "df", "chisq": "chisq.scaled", "pvalue": "pvalue.scaled", "cfi": "cfi.scaled"}
    names |= {"rmsea": "rmsea.scaled", "srmr": "srmr"}
    for name, measure in names.items():
        assert close(shown[name], golden["fit_measures"][measure], DERIVED), name


@pytest.mark.parametrize(
    ("parameterization", "level", "case"),
    [
        ("delta", "thresholds", "thresholds-wlsmv"),
        ("delta", "metric", "loadings-wlsmv"),
        ("theta", "scalar", "intercepts-theta"),
        ("theta", "strict", "residuals-theta"),
    ],
)
def test_differences_of_levels_are_lavaans(parameterization: str, level: str, case: str) -> None:
    row = ladder(parameterization).table.set_index("level").loc[level]
    assert row["method"] == "satorra_2000"
    assert row["df_diff"] == CASES[case]["df"]
    assert close(row["chisq_diff"], CASES[case]["statistic"], DERIVED)
    assert close(row["pvalue_diff"], CASES[case]["pvalue"], DERIVED)
