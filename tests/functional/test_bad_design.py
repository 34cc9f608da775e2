"""Bad groups, weights, clusters and gaps: one clear message through `ts.fit` and on the command line, with its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import TrustSemError

MODEL = "f =~ x1 + x2 + x3 + x4"
Change = Callable[[pd.DataFrame], pd.DataFrame]


def survey(n: int = 240) -> pd.DataFrame:
    """Return six items of one factor with a group, a weight and a cluster."""
    rng = np.random.default_rng(5)
    items = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 6))
    frame = pd.DataFrame(items, columns=[f"x{i}" for i in range(1, 7)])
    frame["ward"] = np.where(np.arange(n) % 2, "in", "out")
    frame["weight"] = rng.uniform(0.5, 2, n)
    frame["hospital"] = [f"h{number}" for number in np.arange(n) // 6]
    return frame


def cells(column: str, rows: Callable[[pd.DataFrame], Any], value: Any) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        where = np.asarray(rows(frame))
        changed = frame.copy()
        changed[column] = pd.Series(np.where(where, value, frame[column]), index=frame.index)
        return changed

    return change


def first(n: int) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: np.arange(len(frame)) < n


def inside(frame: pd.DataFrame) -> Any:
    return frame["ward"] == "in"


def never_together(frame: pd.DataFrame) -> pd.DataFrame:
    third = np.arange(len(frame)) % 3 == 0
    return frame.assign(x1=frame["x1"].mask(third), x2=frame["x2"].where(third))


def same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


@dataclass(frozen=True)
class Bad:
    """What is done to the data, how it is fitted, and what must come out."""

    change: Change
    code: str
    exit_code: int
    phrases: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


GROUP = {"group": "ward"}
BAD = {
    "group of one": Bad(cells("ward", first(1), "lone"), "group-too-small", 10, ("lone: 1 row", "group_label"), GROUP),
    "group smaller than the items": Bad(
        cells("ward", first(4), "lone"), "too-few-rows", 10, ("4 usable", "group lone", "4 observed"), GROUP
    ),
    "the same with incomplete rows": Bad(
        cells("ward", first(4), "lone"),
        "too-few-rows",
        10,
        ("4 usable", "group lone"),
        {**GROUP, "missing": "fiml"},
    ),
    "constant in one group": Bad(
        cells("x2", inside, 3.0), "constant-item", 10, ("No variance in group in", "x2"), GROUP
    ),
    "constant in one group, fiml": Bad(
        cells("x2", inside, 3.0), "constant-item", 10, ("group in", "x2"), {**GROUP, "missing": "fiml"}
    ),
    "an item that repeats another in one group": Bad(
        lambda frame: frame.assign(x2=np.where(inside(frame), 2 * frame["x1"], frame["x2"])),
        "collinear-items",
        10,
        ("group in", "x1, x2"),
        GROUP,
    ),
    "pair never answered, pairwise": Bad(
        never_together, "never-answered-together", 10, ("x2 with x1", "fewer than two"), {"missing": "pairwise"}
    ),
    "pair never answered, two-stage": Bad(
        never_together, "never-answered-together", 10, ("x1", "x2", "fiml"), {"missing": "two_stage"}
    ),
    "negative weights": Bad(
        cells("weight", first(2), -1.0),
        "bad-weights",
        10,
        ("weight", "2 weights are neg"),
        {"sampling_weights": "weight"},
    ),
    "infinite weight": Bad(
        cells("weight", first(1), np.inf), "bad-weights", 10, ("1 weight is no finite",), {"sampling_weights": "weight"}
    ),
    "all weights zero": Bad(
        cells("weight", first(240), 0.0), "bad-weights", 10, ("all weights are zero",), {"sampling_weights": "weight"}
    ),
    "a group of weight zero": Bad(
        cells("weight", inside, 0.0), "group-too-small", 10, ("in: 0 rows",), {**GROUP, "sampling_weights": "weight"}
    ),
    "text weights": Bad(
        cells("weight", first(240), "big"), "bad-weights", 10, ("240 weights",), {"sampling_weights": "weight"}
    ),
    "no such column of weights": Bad(
        same, "unknown-variable", 12, ("'wieght'", "Did you mean 'weight'"), {"sampling_weights": "wieght"}
    ),
    "one cluster": Bad(
        cells("hospital", first(240), "h"), "one-cluster", 10, ("1 cluster", "two"), {"cluster": "hospital"}
    ),
    "one cluster in a group": Bad(
        cells("hospital", inside, "h"),
        "one-cluster",
        10,
        ("one cluster in group in",),
        {**GROUP, "cluster": "hospital"},
    ),
    "WLS with few rows": Bad(
        lambda frame: frame.head(10), "too-few-rows", 10, ("11 at least", "there are 10"), {"estimator": "WLS"}
    ),
    "WLS with few rows in a group": Bad(
        lambda frame: frame.head(24), "too-few-rows", 10, ("group out", "15 at least"), {**GROUP, "estimator": "WLS"}
    ),
    "no such column of groups": Bad(
        same, "unknown-variable", 10, ("'wards'", "Did you mean 'ward'"), {"group": "wards"}
    ),
    "one group": Bad(cells("ward", first(240), "in"), "one-group", 10, ("1 group", "at least two"), GROUP),
    "as many groups as rows": Bad(same, "too-many-groups", 10, ("240 different values", "cluster"), {"group": "x6"}),
    "unknown group": Bad(
        same, "unknown-group", 2, ("otu", "Did you mean 'out'"), {**GROUP, "group_label": ("in", "otu")}
    ),
    "one group named": Bad(same, "one-group", 2, ("two different",), {**GROUP, "group_label": ("in",)}),
    "a group without complete rows": Bad(
        cells("x3", inside, np.nan), "group-too-small", 10, ("in: 0 rows", 'missing="fiml"'), GROUP
    ),
    "a group without answers to an item": Bad(
        cells("x3", inside, np.nan), "item-without-answers", 10, ("group in", "x3"), {**GROUP, "missing": "fiml"}
    ),
    "equality of nothing": Bad(
        same, "unknown-group-equal", 2, ("Did you mean 'loadings'",), {**GROUP, "group_equal": ("loading",)}
    ),
    "exception from nothing": Bad(
        same,
        "unknown-parameter",
        2,
        ("f=~x9",),
        {**GROUP, "group_equal": ("loadings",), "group_partial": ("f=~x9",)},
    ),
    "equality without groups": Bad(
        same, "option-not-supported", 2, ("group_equal needs group",), {"group_equal": ("loadings",)}
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_fit_refuses(name: str) -> None:
    case = BAD[name]
    with pytest.raises(TrustSemError) as caught:
        ts.fit(MODEL, case.change(survey()), **case.options)
    assert (caught.value.code, caught.value.exit_code) == (case.code, case.exit_code)
    assert all(phrase in str(caught.value) for phrase in case.phrases), str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_command_line_refuses(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = BAD[name]
    model, data = tmp_path / "m.sem", tmp_path / "survey.csv"
    model.write_text(MODEL, encoding="utf-8")
    case.change(survey()).to_csv(data, index=False)
    words = [word for key, value in case.options.items() for word in (f"--{key.replace('_', '-')}", written(value))]
    code = main(["fit", str(model), str(data), *words])
    printed = capsys.readouterr()
    assert code == case.exit_code
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert all(phrase in " ".join(printed.err.split()) for phrase in case.phrases), printed.err


def written(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


# --- what is used, and said ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What is done to the data, how it is fitted, the rows used, and the finding that says so."""

    change: Change
    code: str
    phrases: tuple[str, ...]
    n_obs: int = 240
    options: dict[str, Any] = field(default_factory=dict)


SAID = {
    "weights of zero": Said(
        cells("weight", first(2), 0.0), "zero-weights", ("2 rows", "not counted"), 238, {"sampling_weights": "weight"}
    ),
    "missing weights": Said(
        cells("weight", first(3), np.nan), "listwise-deletion", ("weight 3",), 237, {"sampling_weights": "weight"}
    ),
    "equal weights": Said(
        cells("weight", first(240), 2.0), "equal-weights", ("'weight'", "equal"), 240, {"sampling_weights": "weight"}
    ),
    "clusters across groups": Said(
        same, "clusters-cross-groups", ("40 clusters", "more than one group"), 240, {**GROUP, "cluster": "hospital"}
    ),
    "missing cluster": Said(
        cells("hospital", first(6), None), "listwise-deletion", ("hospital 6",), 234, {"cluster": "hospital"}
    ),
    "every row a cluster": Said(
        lambda frame: frame.assign(hospital=np.arange(len(frame))),
        "clusters-of-one",
        ("hospital",),
        240,
        {"cluster": "hospital"},
    ),
    "few clusters": Said(
        lambda frame: frame.assign(hospital=np.arange(len(frame)) % 12),
        "few-clusters",
        ("12 clusters",),
        240,
        {"cluster": "hospital"},
    ),
    "missing group": Said(cells("ward", first(4), None), "listwise-deletion", ("ward 4",), 236, GROUP),
    "groups that are not named": Said(
        cells("ward", first(20), "day"), "groups-left-out", ("20 of 240",), 220, {**GROUP, "group_label": ("in", "out")}
    ),
    "pair never answered, fiml": Said(
        never_together, "never-answered-together", ("x1 with x2",), 240, {"missing": "fiml"}
    ),
    "pairwise": Said(
        cells("x1", first(20), np.nan), "pairwise-covariances", ("too optimistic",), 240, {"missing": "pairwise"}
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_fit_says(name: str) -> None:
    case = SAID[name]
    fit = ts.fit(MODEL, case.change(survey()), **case.options)
    assert fit.converged
    assert fit.n_obs == case.n_obs
    found = [finding.message for finding in fit.findings if finding.code == case.code]
    assert found, [finding.code for finding in fit.findings]
    assert all(phrase in " ".join(found) for phrase in case.phrases), found


def test_clean_design_says_nothing() -> None:
    """None of these findings comes where nothing is wrong."""
    data = survey().assign(hospital=lambda frame: [f"{w}{k // 8}" for k, w in enumerate(frame["ward"])])
    fit = ts.fit(MODEL, data, group="ward", cluster="hospital", sampling_weights="weight")
    assert {finding.code for finding in fit.findings} == set()


def test_equal_weights_change_no_estimate() -> None:
    """What the finding claims; weights that only scale all rows are normalised away."""
    plain = ts.fit(MODEL, survey(), estimator="MLR")
    weighted = ts.fit(MODEL, survey().assign(weight=3.0), sampling_weights="weight")
    assert np.allclose(plain.estimates["est"], weighted.estimates["est"], atol=1e-8)
    assert np.allclose(plain.estimates["se"], weighted.estimates["se"], atol=1e-8, equal_nan=True)


def test_text_that_is_numbers_is_read_as_weights() -> None:
    text = survey().assign(weight=lambda frame: frame["weight"].astype(str))
    one, other = (ts.fit(MODEL, data, sampling_weights="weight") for data in (survey(), text))
    assert np.allclose(one.estimates["est"], other.estimates["est"], atol=1e-10)


def test_auxiliary_variables_make_no_solution_inadmissible() -> None:
    """Saturated correlates covary with items instead of factors: their block with the residuals need not be proper.

    Symptom: a variable of the same factor as auxiliary one gave "residual-covariance-not-positive-definite".
    """
    fit = ts.fit(MODEL, survey(), missing="fiml", auxiliary=("x5", "x6"))
    assert fit.converged
    assert fit.admissible


def test_moments_take_no_columns() -> None:
    frame = survey()
    cov = frame[["x1", "x2", "x3", "x4"]].cov()
    for option in ({"cluster": "hospital"}, {"sampling_weights": "weight"}, {"group": "ward"}, {"missing": "fiml"}):
        with pytest.raises(TrustSemError, match="needs the respondents' answers"):
            ts.fit(MODEL, sample_cov=cov, n_obs=240, **option)


def test_groups_of_moments_can_be_named_and_equal() -> None:
    """Symptom: group_equal was refused for lists of moments, which have no column of groups."""
    frame = survey()
    items = ["x1", "x2", "x3", "x4"]
    parts = {label: part[items] for label, part in frame.groupby("ward", sort=False)}
    moments = {
        "sample_cov": [part.cov() for part in parts.values()],
        "sample_mean": [part.mean() for part in parts.values()],
        "n_obs": [len(part) for part in parts.values()],
    }
    of_moments = ts.fit(MODEL, **moments, group_label=tuple(parts), group_equal="loadings")
    of_rows = ts.fit(MODEL, frame, group="ward", group_equal="loadings")
    assert of_moments.fitted.table.group_labels == ("out", "in")
    assert of_moments.fit_measures["chisq"] == pytest.approx(of_rows.fit_measures["chisq"], abs=1e-8)
    with pytest.raises(TrustSemError, match="names 3 groups; moments of 2"):
        ts.fit(MODEL, **moments, group_label=("a", "b", "c"))
