"""Fits at the edges: nothing to estimate, saturated models, wild units, one variable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts

HS = pd.read_csv(Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv")


def test_nothing_to_estimate() -> None:
    """F of a fixed model in closed form: sum of s_ii + s_jj - log|S| - 2 for Sigma = I."""
    fit = ts.fit("x1 ~~ 1*x1\nx2 ~~ 1*x2\nx1 ~~ 0*x2", HS)
    cov = np.cov(HS[["x1", "x2"]].to_numpy(), rowvar=False, bias=True)
    expected = len(HS) * (np.trace(cov) - np.linalg.slogdet(cov)[1] - 2)
    assert fit.fit_measures["chisq"] == pytest.approx(expected, rel=1e-10)
    assert fit.fit_measures["df"] == 3


def test_regression_is_ordinary_least_squares() -> None:
    fit = ts.fit("x1 ~ x2 + x3", HS, meanstructure=True)
    design = np.column_stack([HS["x2"], HS["x3"], np.ones(len(HS))])
    slopes, residual, *_ = np.linalg.lstsq(design, HS["x1"].to_numpy(), rcond=None)
    values = {f"{r.lhs}{r.op}{r.rhs}": r.est for r in fit.estimates.itertuples()}
    assert [values["x1~x2"], values["x1~x3"], values["x1~1"]] == pytest.approx(slopes, rel=1e-7)
    assert values["x1~~x1"] == pytest.approx(residual[0] / len(HS), rel=1e-7)
    assert fit.fit_measures["df"] == 0
    assert fit.fit_measures["pvalue"] is None
    assert "saturated" in fit.undefined_measures["pvalue"]


def test_observed_interaction_is_the_product_of_two_columns() -> None:
    fit = ts.fit("x1 ~ x2 + x3 + x2:x3", HS)
    design = np.column_stack([HS["x2"], HS["x3"], HS["x2"] * HS["x3"], np.ones(len(HS))])
    slopes = np.linalg.lstsq(design, HS["x1"].to_numpy(), rcond=None)[0]
    assert fit.estimates["est"].to_numpy()[:3] == pytest.approx(slopes[:3], rel=1e-6)


@pytest.mark.parametrize("factors", [(1e6, 1e-4), (1e-6, 1e6), (1e3, 1e3)])
def test_units_twelve_orders_apart(factors: tuple[float, float]) -> None:
    model = "f =~ x1 + x2 + x3 + x4"
    fit = ts.fit(model, HS.assign(x1=HS["x1"] * factors[0], x2=HS["x2"] * factors[1]))
    base = ts.fit(model, HS)
    assert fit.converged
    assert fit.fit_measures["chisq"] == pytest.approx(base.fit_measures["chisq"], rel=1e-6)
    assert fit.estimates["std_all"].to_numpy() == pytest.approx(base.estimates["std_all"].to_numpy(), abs=1e-5)


def test_equal_loadings_with_a_fixed_marker_are_all_fixed() -> None:
    fit = ts.fit("f =~ a*x1 + a*x2 + a*x3 + x4", HS)
    loadings = fit.estimates[fit.estimates["op"] == "=~"]["est"]
    assert loadings.iloc[:3].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert fit.fit_measures["df"] == 4


def test_linear_constraints_agree_with_the_same_model_written_otherwise() -> None:
    """a == 2*b - 0.5 with b free is one parameter less; equal labels and == say the same."""
    label = ts.fit("f =~ x1 + a*x2 + a*x3 + x4", HS)
    equal = ts.fit('f =~ x1 + x2 + equal("f =~ x2")*x3 + x4', HS)
    assert equal.fit_measures["chisq"] == pytest.approx(label.fit_measures["chisq"], rel=1e-9)
    written = ts.fit("f =~ x1 + a*x2 + b*x3 + x4\na == b", HS)
    assert written.fit_measures["chisq"] == pytest.approx(label.fit_measures["chisq"], rel=1e-9)
    assert written.fit_measures["df"] == label.fit_measures["df"] == 3
    fit = ts.fit("f =~ x1 + a*x2 + b*x3 + x4\na == 2*b - 0.5", HS)
    values = {f"{r.lhs}{r.op}{r.rhs}": (r.est, r.se) for r in fit.estimates.itertuples()}
    assert values["f=~x2"][0] == pytest.approx(2 * values["f=~x3"][0] - 0.5, abs=1e-10)
    assert values["f=~x2"][1] == pytest.approx(2 * values["f=~x3"][1], rel=1e-9)


def test_the_result_can_be_written_as_json() -> None:
    import json

    text = json.dumps(ts.fit("f =~ x1 + x2 + x3", HS).to_dict(), allow_nan=False)
    parsed = json.loads(text)
    assert parsed["schema"] == "trustsem.fit/1"
    assert parsed["estimates"][0]["se"] is None
    assert parsed["fit_measures"]["pvalue"] is None


def test_two_fits_give_identical_results() -> None:
    one, other = (ts.fit("f =~ x1 + x2 + x3 + x4", HS).to_dict() for _ in range(2))
    assert one == other
