"""What a fit says beside its estimates, for several groups and kinds of data, against lavaan 0.6-14.

Standard errors of residuals are compared where lavaan computes those of the residuals themselves; for parameters equal
over groups, incomplete rows and clusters the tests below hold them against simulation and finite differences.
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
from trustsem.tables import GroupedResiduals

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = {case["id"]: case for case in json.loads((GOLDEN / "groups_extras.json").read_text("utf-8"))["cases"]}
FIELDS = {
    "id",
    "fun",
    "model",
    "data",
    "options",
    "group_chisq",
    "modification_indices",
    "residuals",
    "r_squared",
    "regression",
    "bartlett",
}

# |a - b| <= tolerance * max(1, |b|). lavaan stops its iterations 1e-5 from the minimum (see test_lavaan_ml.py).
VALUE = 1e-4
DERIVED = 1e-3
# Least squares: lavaan multiplies the gradient by (n - 1) / n where the information has no such factor, so that its
# indices and expected changes are (n - 1) / n of n - 1 times the squared gradient over the information.
LEAST_SQUARES = 300 / 301


@cache
def fitted(name: str) -> ts.Fit:
    case = CASES[name]
    options = {key.replace(".", "_"): value for key, value in case["options"].items()}
    return ts.fit(case["model"], pd.read_csv(GOLDEN / case["data"]), preset=case["fun"], **options)


def groups_of(result: Any) -> list[Any]:
    return list(result.values()) if isinstance(result, (dict, GroupedResiduals)) else [result]


def agree(ours: Any, theirs: Any, tolerance: float) -> None:
    values, expected = np.asarray(ours, dtype=float), np.array(theirs, dtype=float)
    assert values.shape == expected.shape
    assert not np.isnan(values).any()
    assert (np.abs(values - expected) / np.maximum(1.0, np.abs(expected))).max() <= tolerance


def test_every_field_is_asserted() -> None:
    assert all(set(case) == FIELDS for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_chi_square_of_each_group(name: str) -> None:
    fit, golden = fitted(name), CASES[name]["group_chisq"]
    frame = fit.group_fit()
    agree(frame["chisq"], golden, DERIVED)
    assert frame["chisq"].sum() == pytest.approx(fit.fit_measures["chisq"], rel=1e-9)
    weighted = (frame["srmr"] * frame["n_obs"]).sum() / fit.n_obs
    assert weighted == pytest.approx(fit.fit_measures["srmr"], rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_modification_indices_of_each_group(name: str) -> None:
    golden = CASES[name]["modification_indices"]
    frame = fitted(name).modification_indices().set_index(["lhs", "op", "rhs", "group"])
    factor = LEAST_SQUARES if name in ("gls", "wls") else 1.0
    for row in golden:
        ours = frame.loc[(row["lhs"], row["op"], row["rhs"], row["group"])]
        for column in ("mi", "epc", "sepc_lv", "sepc_all"):
            agree(float(ours[column]) * factor, row[column], DERIVED)
    top = frame.index[: len(golden)]  # the same parameters, whatever the order of neighbours
    assert set(top) == {(row["lhs"], row["op"], row["rhs"], row["group"]) for row in golden}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, case in CASES.items() for kind in case["residuals"]])
def test_residuals_of_each_group(name: str, kind: str) -> None:
    golden, ours = CASES[name]["residuals"][kind], groups_of(fitted(name).residuals(kind))
    assert len(ours) == len(golden)
    for record, expected in zip(ours, golden, strict=True):
        agree(record.cov, expected["cov"], DERIVED)
        assert (record.mean is None) == ("mean" not in expected)
        if record.mean is not None:
            agree(record.mean, expected["mean"], DERIVED)


@pytest.mark.parametrize("name", CASES)
def test_r_squared_of_each_group(name: str) -> None:
    result = fitted(name).r_squared()
    ours = list(result.values()) if len(CASES[name]["r_squared"]) > 1 else [result]
    for own, expected in zip(ours, CASES[name]["r_squared"], strict=True):
        assert set(own) == set(expected)
        assert all(abs(own[key] - value) <= DERIVED for key, value in expected.items())


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["bartlett"] is not None])
def test_factor_scores_of_each_group(name: str, method: str) -> None:
    fit, golden = fitted(name), CASES[name][method]
    data = pd.read_csv(GOLDEN / CASES[name]["data"])
    scores = fit.factor_scores(method)
    assert list(scores.index) == list(data.index)
    for number, expected in enumerate(golden):
        own = scores if not fit.group_labels else scores[data["school"] == fit.group_labels[number]]
        agree(own.head(len(expected)), expected, DERIVED)


def test_factor_scores_of_incomplete_rows_in_lavaan_07() -> None:
    golden = json.loads((GOLDEN / "hs-fiml-group-scalar-mlr.json").read_text("utf-8"))
    data = pd.read_csv(GOLDEN / golden["data"])
    fit = ts.fit(
        golden["model"],
        data,
        missing="fiml",
        estimator="MLR",
        group="school",
        group_equal=("loadings", "intercepts"),
    )
    scores = fit.factor_scores(se=True)
    for label, expected in golden["factor_scores_regression"].items():
        own = scores[data["school"] == label]
        agree(own.iloc[: len(expected), :3], expected, VALUE)
        complete = data.loc[own.index, [f"x{i}" for i in range(1, 10)]].notna().all(axis=1)
        best = own.loc[complete, "speed_se"]
        assert best.max() == pytest.approx(best.min())
        assert own.loc[~complete, "speed_se"].min() >= best.min() - 1e-12


def test_indices_of_a_robust_fit_are_scaled_by_its_factor() -> None:
    frame, measures = fitted("mlr").modification_indices(), fitted("mlr").fit_measures
    factor = measures["chisq_scaling_factor"]
    assert factor is not None
    assert frame["mi_scaled"].to_numpy() == pytest.approx(frame["mi"].to_numpy() / factor)
    assert "mi_scaled" not in fitted("metric").modification_indices()


def test_a_two_stage_index_estimates_the_drop_of_its_own_chi_square() -> None:
    """lavaan 0.6-14 prints 75.2 here, nearly twice the drop."""
    case = CASES["fiml"]
    data = pd.read_csv(GOLDEN / case["data"])
    fit = ts.fit(case["model"], data, missing="two_stage")
    freed = ts.fit(case["model"] + "\nvisual =~ x9", data, missing="two_stage")
    frame = fit.modification_indices().set_index(["lhs", "op", "rhs"])
    index = float(frame.loc[("visual", "=~", "x9"), "mi"])
    assert fit.fit_measures["chisq"] is not None
    assert freed.fit_measures["chisq"] is not None
    drop = fit.fit_measures["chisq"] - freed.fit_measures["chisq"]
    assert index == pytest.approx(drop, rel=0.2)  # a quadratic approximation of a large step


def test_the_comparison_can_fail() -> None:
    with pytest.raises(AssertionError):
        agree(fitted("mlm").residuals("standardized").cov, CASES["mlr"]["residuals"]["normalized"][0]["cov"], DERIVED)
