"""Moments of ordinal data against lavaan.

`polychoric.json` is lavaan 0.6-14's, data included; the files of whole fits are lavaan 0.7-2's.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustsem.moments.categorical import CategoricalInput, CategoricalMoments, MomentLayout, categorical_moments

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = {case["id"]: case for case in json.loads((GOLDEN / "polychoric.json").read_text("utf-8"))["cases"]}

# |a - b| <= tolerance * max(1, |b|); lavaan stops its search for a correlation about 1e-8 from the maximum.
MOMENT = 1e-7
# of the product of the standard deviations: entries of gamma move by some 1e-7 with that distance
GAMMA = 1e-6
# Standard errors of thresholds are printed to ten digits and do not depend on any search.
STANDARD_ERROR = 1e-8

FIELDS = {
    *("id", "n_obs", "variables", "ordered", "covariates", "weights", "zero_cells", "keep_margins", "pairwise"),
    *("columns", "names", "moments", "gamma"),
}


def column(values: list[Any]) -> np.ndarray:
    return np.array(values, dtype=float)  # null becomes NaN


def coded(values: np.ndarray) -> tuple[np.ndarray, int]:
    levels = np.unique(values[~np.isnan(values)])
    return np.where(np.isnan(values), np.nan, np.searchsorted(levels, values)), len(levels)


def input_of(
    columns: dict[str, np.ndarray], variables: list[str], ordered: list[str], **extra: Any
) -> CategoricalInput:
    parts = [coded(columns[name]) if name in ordered else (columns[name], 0) for name in variables]
    return CategoricalInput(np.column_stack([part[0] for part in parts]), tuple(part[1] for part in parts), **extra)


@cache
def moments(name: str) -> CategoricalMoments:
    case = CASES[name]
    columns = {key: column(values) for key, values in case["columns"].items()}
    weights = None if case["weights"] is None else columns[case["weights"]]
    data = input_of(
        columns,
        case["variables"],
        case["ordered"],
        covariates=np.column_stack([columns[x] for x in case["covariates"]]) if case["covariates"] else None,
        weights=None if weights is None else weights / weights.mean(),
    )
    return categorical_moments(
        data,
        case["variables"],
        pairwise=case["pairwise"],
        zero_cells=tuple(case["zero_cells"]),
        keep_margins=case["keep_margins"],
    )


def in_lavaans_order(layout: MomentLayout) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and signs: slopes covariate by covariate, means with the sign minus."""
    order, sign = np.arange(layout.n_moments), np.ones(layout.n_moments)
    p, k = layout.n_variables, layout.n_covariates
    order[layout.slopes] = layout.slopes.start + np.arange(p * k).reshape(p, k).T.ravel()
    sign[layout.thresholds] = np.where(layout.threshold_of[:, 1] < 0, -1.0, 1.0)
    return order, sign


def lavaan_names(case: dict[str, Any], layout: MomentLayout) -> list[str]:
    y, x = case["variables"], case["covariates"]
    first = [
        f"{y[variable]}~1" if level < 0 else f"{y[variable]}|t{level + 1}" for variable, level in layout.threshold_of
    ]
    slopes = [f"{name}~{covariate}" for covariate in x for name in y]
    variances = [f"{y[variable]}~~{y[variable]}" for variable in layout.continuous]
    return first + slopes + variances + [f"{y[j]}~~{y[i]}" for i, j in zip(layout.row, layout.column, strict=True)]


def gamma_of(case: dict[str, Any]) -> np.ndarray:
    size = len(case["moments"])
    full = np.zeros((size, size))
    column_index, row_index = np.triu_indices(size)
    full[row_index, column_index] = full[column_index, row_index] = case["gamma"]
    return full


def worst_gap(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float((np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))).max())


def test_every_field_is_used() -> None:
    assert all(set(case) == FIELDS for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_moments(name: str) -> None:
    case, ours = CASES[name], moments(name)
    order, sign = in_lavaans_order(ours.layout)
    assert ours.n_obs == case["n_obs"]
    assert lavaan_names(case, ours.layout) == case["names"]
    assert worst_gap((ours.vector * sign)[order], column(case["moments"])) < MOMENT


@pytest.mark.parametrize("name", CASES)
def test_asymptotic_covariance(name: str) -> None:
    ours, theirs = moments(name), gamma_of(CASES[name])
    order, sign = in_lavaans_order(ours.layout)
    assert ours.gamma is not None
    # lavaan prints gamma without the factor n / (n - 1) that its standard errors have (see the clusters below)
    gamma = (ours.gamma * np.outer(sign, sign))[np.ix_(order, order)] * (1 - 1 / ours.n_obs)
    scale = np.sqrt(np.diag(theirs))
    assert (np.abs(gamma - theirs) / np.outer(scale, scale)).max() < GAMMA


@pytest.mark.parametrize("name", CASES)
def test_parts_repeat_the_vector(name: str) -> None:
    ours, layout = moments(name), moments(name).layout
    for entry, (variable, level) in zip(ours.vector, layout.threshold_of, strict=False):
        assert entry == (ours.mean[variable] if level < 0 else ours.thresholds[variable][level])
    assert np.array_equal(ours.vector[layout.slopes], ours.slopes.ravel())
    assert np.array_equal(ours.vector[layout.variances], np.diag(ours.cov)[layout.continuous])
    assert np.array_equal(ours.vector[layout.pairs], ours.cov[layout.row, layout.column])
    assert np.array_equal(ours.cov, ours.cov.T)


def whole_fit(name: str) -> tuple[dict[str, Any], pd.DataFrame, list[str]]:
    golden = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return golden, pd.read_csv(GOLDEN / golden["data"]), golden["options"]["ordered"]


def test_thresholds_and_correlations_of_lavaan_07() -> None:
    golden, frame, items = whole_fit("trust-ordinal-extras")
    data = input_of({item: frame[item].to_numpy(float) for item in items}, items, items)
    ours = categorical_moments(data, items, gamma=False)
    assert ours.gamma is None
    assert worst_gap(ours.vector[ours.layout.thresholds], column(list(golden["thresholds"].values())).ravel()) < MOMENT
    expected = pd.DataFrame(golden["polychoric"]).set_index("_row").loc[items, items].to_numpy(float)
    assert worst_gap(ours.cov, expected) < MOMENT


def test_standard_errors_of_thresholds_in_clusters() -> None:
    """A threshold is a free parameter: its standard error is sqrt(gamma / n), both corrections in it."""
    golden, frame, items = whole_fit("trust-ordinal-cluster")
    clusters = frame[golden["options"]["cluster"]].to_numpy(int)
    data = input_of({item: frame[item].to_numpy(float) for item in items}, items, items, clusters=clusters)
    ours = categorical_moments(data, items)
    expected = {(row["lhs"], row["rhs"]): row["se"] for row in golden["estimates"] if row["op"] == "|"}
    assert ours.gamma is not None
    errors = np.sqrt(np.diag(ours.gamma) / ours.n_obs)
    assert len(expected) == len(ours.layout.threshold_of)
    for error, (variable, level) in zip(errors, ours.layout.threshold_of, strict=False):
        assert error == pytest.approx(expected[items[variable], f"t{level + 1}"], abs=STANDARD_ERROR)


def test_the_comparison_can_fail() -> None:
    """A product-moment correlation of the codes is far outside; so is gamma with divisor n - 1."""
    case, ours = CASES["ordinal"], moments("ordinal")
    answers = np.column_stack([column(case["columns"][name]) for name in case["variables"]])
    pearson = np.corrcoef(answers.T)[ours.layout.row, ours.layout.column]
    theirs = column(case["moments"])[ours.layout.pairs]
    assert worst_gap(pearson, theirs) > 1000 * MOMENT
    assert ours.gamma is not None
    assert worst_gap(ours.gamma, gamma_of(case)) > 1000 * GAMMA
