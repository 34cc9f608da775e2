"""Residuals, factor scores and statistics of ordinal items against lavaan.

`trust-ordinal-extras.json` is lavaan 0.7-2's, `ordinal_extras.json` lavaan 0.6-14's.
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
EXTRAS = json.loads((GOLDEN / "trust-ordinal-extras.json").read_text("utf-8"))
CASES = {case["id"]: case for case in json.loads((GOLDEN / "ordinal_extras.json").read_text("utf-8"))["cases"]}
FIELDS = {"id", "model", "data", "options", "residuals", "factors", "ebm"}

# lavaan stops its iterations 1e-5 from the minimum; its scores come from an optimiser of their own with 1e-5.
VALUE = 1e-4
EXACT = 1e-6  # statistics of the sample: maxima of one and two variables at a time
# lavaan leaves the factor n / (n - 1) = 1.0006 (1.0013 in a group) out of Gamma here, which its robust errors have.
ERROR = 2e-3
PROJECTED = 1e-6  # standard errors of what the model always reproduces are rounding there and 0 here


@cache
def extras() -> ts.Fit:
    data = pd.read_csv(GOLDEN / EXTRAS["data"])
    return ts.fit(EXTRAS["model"], data, ordered=EXTRAS["options"]["ordered"])


@cache
def fitted(name: str) -> ts.Fit:
    case = CASES[name]
    options: dict[str, Any] = {key.replace(".", "_"): value for key, value in case["options"].items()}
    return ts.fit(case["model"], pd.read_csv(GOLDEN / case["data"]), **options)


def test_every_field_is_asserted() -> None:
    assert all(set(case) <= FIELDS for case in CASES.values())
    assert set(EXTRAS["residuals"]) == {"raw", "cor.bentler"}


@pytest.mark.parametrize("kind", ["raw", "cor.bentler"])
def test_residuals_of_lavaan_07(kind: str) -> None:
    expected = pd.DataFrame(EXTRAS["residuals"][kind]).set_index("_row")
    ours = extras().residuals(kind).cov
    assert list(ours.columns) == list(expected.columns)
    assert ours.to_numpy() == pytest.approx(expected.to_numpy(), abs=VALUE)


def test_modal_scores_of_lavaan_07() -> None:
    expected = pd.DataFrame(EXTRAS["factor_scores_ebm"])
    scores = extras().factor_scores("ebm").head(len(expected))
    assert list(scores.columns) == list(expected.columns)
    assert scores.to_numpy() == pytest.approx(expected.to_numpy(), abs=VALUE)


def test_statistics_of_lavaan_07() -> None:
    statistics = extras().sample_statistics()
    expected = pd.DataFrame(EXTRAS["polychoric"]).set_index("_row")
    assert statistics.cov.to_numpy() == pytest.approx(expected[statistics.cov.columns].to_numpy(), abs=EXACT)
    assert dict(statistics.thresholds) == pytest.approx(EXTRAS["thresholds"], abs=EXACT)
    ours = extras().thresholds()  # thresholds are free here: estimates are the sample's
    assert dict(zip(ours["item"] + "|" + ours["threshold"], ours["est"], strict=True)) == pytest.approx(
        EXTRAS["thresholds"], abs=VALUE
    )


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "residuals" in case])
def test_residuals_with_standard_errors(name: str) -> None:
    golden, ours = CASES[name]["residuals"], fitted(name).residuals("raw")
    cov, errors = np.array(golden["cov"], dtype=float), np.array(golden["cov_se"], dtype=float)
    assert ours.cov.to_numpy() == pytest.approx(cov, abs=VALUE)
    assert ours.cov_se.to_numpy() == pytest.approx(errors, rel=ERROR, abs=PROJECTED)
    assert (errors[np.tril_indices(9, -1)] > 0.01).all()
    assert ours.thresholds is not None
    assert ours.thresholds.to_numpy() == pytest.approx(np.array(golden["thresholds"], dtype=float), abs=VALUE)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "ebm" in case])
def test_modal_scores(name: str) -> None:
    case, fit = CASES[name], fitted(name)
    scores, rows = fit.factor_scores(), case["ebm"]
    assert list(scores.columns) == case["factors"]
    if fit.group_labels:
        # Of later groups lavaan 0.6-14's are not those of the same model fitted to the group alone (next test).
        column = pd.read_csv(GOLDEN / case["data"])[case["options"]["group"]]
        scores, rows = scores[column == fit.group_labels[0]], rows[0]
    assert scores.head(5).to_numpy() == pytest.approx(np.array(rows), abs=VALUE)


def test_scores_of_groups_without_equalities_are_those_of_each_group_alone() -> None:
    case, fit = CASES["groups"], fitted("groups")
    data = pd.read_csv(GOLDEN / case["data"])
    for label in fit.group_labels:
        own = data[data[case["options"]["group"]] == label]
        alone = ts.fit(case["model"], own, ordered=case["options"]["ordered"]).factor_scores()
        assert fit.factor_scores().loc[own.index].to_numpy() == pytest.approx(alone.to_numpy(), abs=1e-5)


def test_scores_of_delta_and_theta_are_the_same_in_standard_deviations() -> None:
    # The parameterizations are one model in two metrics: lavaan 0.6-14's scores of theta are not those of delta.
    delta, theta = fitted("delta"), fitted("theta")
    for name in ("II", "EC", "IPT"):
        one, other = delta.factor_scores()[name], theta.factor_scores()[name]
        assert float(np.std(other - one * (np.std(other) / np.std(one)))) < VALUE
        marker = {"II": "ii1", "EC": "ec1", "IPT": "ipt1"}[name]
        r_squared = delta.r_squared()[marker]
        assert isinstance(r_squared, float)
        assert np.std(other) / np.std(one) == pytest.approx((1 - r_squared) ** -0.5, rel=1e-4)
