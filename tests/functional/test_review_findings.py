"""Findings that a reader of one fit relies on: each comes where it should and stays away where it should not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.records import Severity

MODEL = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f"


def _data(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    f, a, b = rng.normal(size=(3, n))
    g = 0.5 * f + 0.3 * a + rng.normal(size=n)
    items = {f"x{k}": (f if k < 4 else g) + rng.normal(size=n) for k in range(1, 7)}
    return pd.DataFrame({**items, "a": a, "b": b, "y": a + b + rng.normal(size=n), "near": a + 0.01 * b})


Call = Callable[[], ts.Fit]

# code -> a fit with the finding, a phrase of it, a fit next to it without the finding
CASES: dict[str, tuple[Call, str, Call]] = {
    "small-sample": (lambda: ts.fit(MODEL, _data(60)), "60 respondents", lambda: ts.fit(MODEL, _data(65))),
    "exploding-standard-errors": (
        lambda: ts.fit("y ~ a + near", _data(50)),
        "y~a, y~near",
        lambda: ts.fit("y ~ a + b", _data(50)),
    ),
    "exogenous-uncorrelated": (
        lambda: ts.fit(f"{MODEL} + a", _data()),
        "f",
        lambda: ts.fit(f"{MODEL} + a\nf ~~ a", _data()),
    ),
    "predictor-made-random": (
        lambda: ts.fit("y ~ a + b\na ~~ a", _data()),
        "a",
        lambda: ts.fit("y ~ a + b", _data(), fixed_x=False),
    ),
    "redundant-constraint": (
        lambda: ts.fit("y ~ p*a + q*b\np == q\n2*q == 2*p", _data()),
        "adds no degree of freedom",
        lambda: ts.fit("y ~ p*a + q*b\np == q", _data()),
    ),
}


def _found(fit: ts.Fit, code: str) -> list[str]:
    return [finding.message for finding in fit.findings if finding.code == code]


@pytest.mark.parametrize("code", CASES)
def test_a_finding_comes_and_stays_away(code: str) -> None:
    with_it, phrase, without_it = CASES[code]
    (message,) = _found(with_it(), code)
    assert phrase in message
    assert _found(without_it(), code) == []


def test_a_very_small_sample_is_a_warning() -> None:
    severities = {}
    for n in (25, 40):
        (finding,) = [f for f in ts.fit(MODEL, _data(n)).findings if f.code == "small-sample"]
        severities[n] = finding.severity
    assert severities == {25: Severity.WARNING, 40: Severity.INFO}


def test_a_construct_and_the_column_that_stands_for_it() -> None:
    survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
    survey.frame["hospital_grade"] = (survey.frame["hospital_grade"] == "large").astype(float)
    model = "medical_situation =~ ms1 + ms2 + ms3\nii1 ~ medical_situation"
    assert _found(ts.fit(f"{model} + hospital_grade", survey.frame), "same-factor-twice")
    assert not _found(ts.fit(model, survey.frame), "same-factor-twice")
