"""The identification doctor: each ailment by name, and the fix it proposes works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import IdentificationError
from trustsem.identification import check_identification, diagnose_identification
from trustsem.implied import ModelLayout, build_layout
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec import ParameterTable, build_table
from trustsem.syntax import parse_model

HS = pd.read_csv(Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv")
TWO = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\n"

# ailment -> model, codes, a cure in the proposed form
CASES = {
    "factor without scale": (
        "f =~ NA*x1 + x2 + x3 + x4",
        {"factor-without-scale"},
        "f =~ 1*x1 + x2 + x3 + x4",
    ),
    "second order over two": (TWO + "h =~ f + g", {"higher-factor-over-two"}, TWO + "h =~ 1*f + 1*g"),
    "two indicators": ("f =~ x1 + x2", {"two-indicator-factor"}, "f =~ 1*x1 + 1*x2"),
    "single indicator": (
        "f =~ x1\nx1 ~~ x1\ng =~ x4 + x5 + x6",
        {"single-indicator-factor"},
        "f =~ x1\nx1 ~~ 0*x1\ng =~ x4 + x5 + x6",
    ),
    "loop without instruments": (
        TWO + "f ~ g\ng ~ f",
        {"loop-without-instrument"},
        TWO + "f ~ g",
    ),
    "loop with one instrument and free disturbances": (
        TWO + "f ~ g + ageyr\ng ~ f\nf ~~ g",
        {"loop-without-instrument", "path-and-covariance"},
        TWO + "f ~ g + ageyr\ng ~ f + sex\nf ~~ g",
    ),
    "conflict without an instrument for trust": (
        "trust =~ x1 + x2 + x3\nconflict =~ x4 + x5 + x6\nroots =~ x7 + x8 + x9\n"
        "conflict ~ trust + roots\ntrust ~ conflict\ntrust ~~ conflict",
        {"loop-without-instrument", "path-and-covariance"},
        "trust =~ x1 + x2 + x3\nconflict =~ x4 + x5 + x6\nroots =~ x7 + x8 + x9\n"
        "conflict ~ trust + roots\ntrust ~ conflict + ageyr\ntrust ~~ conflict",
    ),
    "three-way split with one clinician per patient": (
        "clinician =~ 1*x1 + 1*x2 + 1*x3\npatient =~ 1*x1 + 1*x2 + 1*x3\nrelation =~ 1*x1 + 1*x2 + 1*x3\n"
        "clinician ~~ 0*patient + 0*relation\npatient ~~ 0*relation",
        {"same-variance-split"},
        "clinician =~ 1*x1 + 1*x2 + 1*x3",
    ),
    "path and covariance": ("x1 ~ x2\nx1 ~~ x2", {"path-and-covariance"}, "x1 ~ x2\nx1 ~~ 0*x2"),
}


def codes(text: str) -> set[str]:
    table = build_table(parse_model(text))
    report = check_identification(table, _layout(table))
    return {diagnosis.code for diagnosis in diagnose_identification(table, report)}


def _layout(table: ParameterTable) -> ModelLayout:
    names = table.variables.observed
    group = SampleGroup(names, np.eye(len(names)), np.zeros(len(names)), 10)
    return build_layout(table, SampleMoments((group,)))


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named(name: str) -> None:
    text, expected, _ = CASES[name]
    assert codes(text) == expected
    with pytest.raises(IdentificationError) as caught:
        ts.fit(text, HS)
    assert "Smallest fix" in str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_the_cure_works(name: str) -> None:
    assert codes(CASES[name][2]) == set()


def _loop_data(strength: float) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    z, e = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    slopes, arrows = np.diag([0.5, strength]), np.array([[0, 0.3], [0.25, 0]])
    y = (z @ slopes + e) @ np.linalg.inv(np.eye(2) - arrows).T
    return pd.DataFrame(np.column_stack([y, z]), columns=["y1", "y2", "z1", "z2"])


@pytest.mark.parametrize(("strength", "weak"), [(0.02, ["y1~y2"]), (0.5, [])])
def test_a_loop_whose_instrument_is_near_zero(strength: float, weak: list[str]) -> None:
    fit = ts.fit("y1 ~ y2 + z1\ny2 ~ y1 + z2\ny1 ~~ y2", _loop_data(strength))
    assert [f.parameter for f in fit.findings if f.code == "weak-instrument"] == weak


def test_a_loop_whose_gain_is_beyond_one_is_reached() -> None:
    """lavaan 0.6-14 gives 1.550 and 1.352 for these data."""
    rng = np.random.default_rng(9)
    z, e = rng.normal(size=(800, 2)), rng.normal(size=(800, 2))
    y = (z + e) @ np.linalg.inv(np.eye(2) - np.array([[0, 1.6], [1.4, 0]])).T
    data = pd.DataFrame(np.column_stack([y, z]), columns=["y1", "y2", "z1", "z2"])
    fit = ts.fit("y1 ~ y2 + z1\ny2 ~ y1 + z2\ny1 ~~ y2", data)
    assert fit.converged
    assert fit.estimates["est"].to_numpy()[[0, 2]] == pytest.approx([1.550, 1.352], abs=1e-3)


def _collinear_data(noise: float) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(500, 2))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 0] + noise * x[:, 1], "y": x[:, 0] + rng.normal(size=500)})


def test_predictors_with_the_same_information_are_refused() -> None:
    with pytest.raises(IdentificationError, match="carry the same information"):
        ts.fit("y ~ a + b", _collinear_data(1e-4))


def test_nearly_collinear_predictors_are_named() -> None:
    fit = ts.fit("y ~ a + b", _collinear_data(1e-3))
    (found,) = [f for f in fit.findings if f.code == "empirical-underidentification"]
    assert "y~a" in found.message
    assert "y~b" in found.message
