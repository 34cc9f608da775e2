"""Reliability, validity and explored factors against lavaan, base R and published output."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.fitting.factoring import Extraction, Rotation, explore_factors

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SCALES: dict[str, Any] = json.loads((GOLDEN / "scales.json").read_text("utf-8"))

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ORDINAL = "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
NAMES = {"omega": "omega", "cr": "composite_reliability", "ave": "ave"}

# lavaan stops its iterations 1e-5 from the minimum: coefficients of 0 to 1 then move by 1e-6 (see test_lavaan_ml.py).
VALUE = 5e-6
ERROR = 5e-6
# pbivnorm is exact to 1e-7 or so, and the fit of lavaan to 1e-8 here.
CATEGORICAL = 1e-6
# sums of correlations: rounding of the printed 12 digits; polychorics agree to 1e-6 (tests/oracle/test_polychoric.py)
EXACT = 1e-10
POLYCHORIC = 1e-5
# optimisers and rotations stop 1e-5 from the optimum, factor_analyzer's as well as R's
LOADING = 2e-4


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / f"{name}.csv")


@cache
def fitted(case: str) -> ts.Fit:
    if case == "hs-mlr":
        return ts.fit(THREE, data("hs"), estimator="MLR")
    if case == "hs-fiml":
        return ts.fit(THREE, data("hs-missing"), missing="fiml")
    if case == "hs-complex":  # a cross-loading and a residual covariance
        return ts.fit(THREE.replace("x3", "x3 + x9") + "\nx1 ~~ x2", data("hs"))
    if case == "hs-groups":
        return ts.fit("visual =~ x1 + x2 + x3", data("hs"), group="school", group_equal=("loadings",))
    return ts.fit(THREE, data("hs"))


@cache
def ordinal() -> ts.Fit:
    return ts.fit(ORDINAL, data("trust-ordinal"), ordered=True)


def coefficient(fit: ts.Fit, factor: str, name: str, group: int = 1) -> Any:
    found = [item for item in fit.reliability().factors if item.factor == factor and item.group == group]
    return found[0].coefficients[name]


def test_every_field_is_asserted() -> None:
    asserted = {"cases", "categorical_omega", "ordinal_alpha", "htmt_hs", "htmt_ordinal", "efa_oblimin"}
    asserted |= {"efa_oblimin_phi", "efa_promax", "ml_uniquenesses"}
    assert set(SCALES) == {"_meta"} | asserted


@pytest.mark.parametrize(("case", "key"), [(case, key) for case, found in SCALES["cases"].items() for key in found])
def test_coefficients_and_their_errors_are_lavaans(case: str, key: str) -> None:
    short, what = key.split("_")
    factor, group = ("visual", int(what)) if what.isdigit() else (what, 1)
    ours = coefficient(fitted(case), factor, NAMES[short], group)
    value, error = SCALES["cases"][case][key]
    assert ours.value == pytest.approx(value, abs=VALUE)
    assert ours.se == pytest.approx(error, abs=ERROR)


def test_fits_of_all_kinds_differ() -> None:
    """A test that every case would pass alike proves nothing: errors are robust, rows incomplete, items crossed."""
    errors = {case: coefficient(fitted(case), "visual", "omega").se for case in SCALES["cases"]}
    assert len({round(error, 6) for error in errors.values()}) == len(errors)


# psych (raw_alpha) and semTools (reliability) print these for Holzinger & Swineford's nine tests
PUBLISHED = {"visual": (0.6261171, 0.6253180), "textual": (0.8827069, 0.8851754), "speed": (0.6884550, 0.6877600)}


@pytest.mark.parametrize("factor", PUBLISHED)
def test_alpha_and_omega_are_those_that_psych_and_semtools_print(factor: str) -> None:
    alpha, omega = PUBLISHED[factor]
    assert coefficient(fitted("hs-ml"), factor, "alpha").value == pytest.approx(alpha, abs=5e-8)
    assert coefficient(fitted("hs-ml"), factor, "omega").value == pytest.approx(omega, abs=VALUE)


@pytest.mark.parametrize("factor", ["II", "EC", "IPT"])
def test_categorical_omega(factor: str) -> None:
    ours = coefficient(ordinal(), factor, "omega_categorical")
    value, error = SCALES["categorical_omega"][factor]
    assert ours.value == pytest.approx(value, abs=CATEGORICAL)
    assert ours.se == pytest.approx(error, abs=CATEGORICAL)


def test_ordinal_alpha() -> None:
    ours = [coefficient(ordinal(), factor, "alpha_ordinal").value for factor in ("II", "EC", "IPT")]
    assert ours == pytest.approx(SCALES["ordinal_alpha"], abs=POLYCHORIC)


def test_ordinal_alpha_of_the_item_analysis_is_the_same() -> None:
    sets = {"II": ["ii1", "ii2", "ii3"], "EC": ["ec1", "ec2", "ec3"], "IPT": ["ipt1", "ipt2", "ipt3"]}
    ours = ts.item_analysis(data("trust-ordinal"), sets, ordered=True).scales["alpha_ordinal"]
    assert ours.tolist() == pytest.approx(SCALES["ordinal_alpha"], abs=POLYCHORIC)


@pytest.mark.parametrize(("which", "tolerance"), [("htmt_hs", EXACT), ("htmt_ordinal", POLYCHORIC)])
def test_ratios_of_correlations(which: str, tolerance: float) -> None:
    fit = fitted("hs-ml") if which == "htmt_hs" else ordinal()
    names = fit.fitted.table.variables.latent
    pairs = {frozenset((pair.first, pair.second)): pair for pair in fit.validity().records}
    order = [frozenset((names[i], names[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    ours = [value for key in order for value in (pairs[key].htmt.value, pairs[key].htmt2.value)]
    assert ours == pytest.approx(SCALES[which], abs=tolerance)


def test_correlations_of_constructs_are_those_of_the_standardised_solution() -> None:
    fit = fitted("hs-ml")
    frame = fit.standardized()
    for pair in fit.validity().records:
        both = frame["lhs"].isin([pair.first, pair.second]) & frame["rhs"].isin([pair.first, pair.second])
        row = frame.loc[both & (frame["op"] == "~~") & (frame["lhs"] != frame["rhs"])].iloc[0]
        assert pair.correlation.value == pytest.approx(row["est_std"], abs=1e-12)
        assert pair.correlation.se == pytest.approx(row["se"], abs=1e-9)


def explored(rotation: Rotation) -> Any:
    correlation = data("hs")[[f"x{k}" for k in range(1, 10)]].corr().to_numpy()
    return explore_factors(correlation, 3, Extraction.ML, rotation)


def in_their_order(loadings: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of our columns each of theirs is, and its sign."""
    products = loadings.T @ theirs
    order = np.abs(products).argmax(axis=0)
    return order, np.sign(products[order, np.arange(len(order))])


@pytest.mark.parametrize("rotation", [Rotation.OBLIMIN, Rotation.PROMAX])
def test_rotated_loadings(rotation: Rotation) -> None:
    ours, theirs = explored(rotation), np.array(SCALES[f"efa_{rotation.value}"])
    order, sign = in_their_order(ours.loadings, theirs)
    assert sorted(order) == [0, 1, 2]
    assert np.abs(ours.loadings[:, order] * sign - theirs).max() < LOADING


def test_correlations_belong_to_the_rotated_factors() -> None:
    """factor_analyzer 0.5.1 sorts rotated factors and leaves their correlations behind; ours follow the columns."""
    ours = explored(Rotation.OBLIMIN)
    order, sign = in_their_order(ours.loadings, np.array(SCALES["efa_oblimin"]))
    phi = ours.correlations[np.ix_(order, order)] * np.outer(sign, sign)
    assert np.abs(phi - np.array(SCALES["efa_oblimin_phi"])).max() < LOADING
    shared = np.diag(ours.loadings @ ours.correlations @ ours.loadings.T)
    assert shared == pytest.approx(ours.communalities, abs=1e-10)


def test_unique_variances() -> None:
    assert 1 - explored(Rotation.NONE).communalities == pytest.approx(np.array(SCALES["ml_uniquenesses"]), abs=1e-4)
