"""Nonlinear equalities, inequalities and bounds: the conditions of a constrained minimum, and closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import IdentificationError, ModelError

HS = pd.read_csv(Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv")
MODEL = "f =~ x1 + a*x2 + b*x3 + x4 + x5\n"


def value(fit: ts.Fit, label: str) -> tuple[float, float]:
    row = fit.estimates[fit.estimates["label"] == label].iloc[0]
    return float(row["est"]), float(row["se"])


def test_a_nonlinear_equality_holds_and_costs_one_degree_of_freedom() -> None:
    free, fit = ts.fit(MODEL, HS), ts.fit(MODEL + "a*b == 0.5", HS)
    assert value(fit, "a")[0] * value(fit, "b")[0] == pytest.approx(0.5, abs=1e-9)
    assert fit.fit_measures["df"] == free.fit_measures["df"] + 1
    assert fit.fit_measures["chisq"] > free.fit_measures["chisq"]


def test_a_nonlinear_equality_that_is_linear_in_disguise() -> None:
    """exp(a) == exp(b) is a == b: same fit, same standard errors, by another route."""
    disguised, plain = ts.fit(MODEL + "exp(a) == exp(b)", HS), ts.fit(MODEL + "a == b", HS)
    assert disguised.fit_measures["chisq"] == pytest.approx(plain.fit_measures["chisq"], rel=1e-9)
    assert disguised.estimates["est"].to_numpy() == pytest.approx(plain.estimates["est"].to_numpy(), abs=1e-6)
    assert disguised.estimates["se"].to_numpy() == pytest.approx(
        plain.estimates["se"].to_numpy(), abs=1e-6, nan_ok=True
    )


def test_an_inactive_inequality_changes_nothing() -> None:
    free, fit = ts.fit(MODEL, HS), ts.fit(MODEL + "a > 0\nb < 5", HS)
    assert fit.estimates.equals(free.estimates)
    assert "constraint-active" not in {finding.code for finding in fit.findings}


def test_an_active_inequality_is_the_equality_at_its_edge() -> None:
    low = value(ts.fit(MODEL, HS), "a")[0] + 0.2
    edge, equal = ts.fit(MODEL + f"a > {low}", HS), ts.fit(MODEL + f"a == {low}", HS)
    assert edge.fit_measures["chisq"] == pytest.approx(equal.fit_measures["chisq"], rel=1e-8)
    assert value(edge, "a")[0] == pytest.approx(low, abs=1e-8)
    assert value(edge, "b")[1] == pytest.approx(value(equal, "b")[1], rel=1e-5)
    assert [f.parameter for f in edge.findings if f.code == "constraint-active"] == [f"a > {low}"]
    # an inequality is no equality: it adds no degree of freedom
    assert edge.fit_measures["df"] == equal.fit_measures["df"] - 1


def test_bounds_keep_a_heywood_case_at_zero() -> None:
    model = "f =~ x1 + x2 + x4\ng =~ x7 + x9"
    fit = ts.fit(model, HS, bounds="pos_var")
    variance = fit.estimates[(fit.estimates["lhs"] == "x9") & (fit.estimates["op"] == "~~")]["est"].iloc[0]
    assert variance == 0.0
    assert fit.admissible
    assert "constraint-active" in {finding.code for finding in fit.findings}
    # the same minimum as with the variance fixed at 0
    fixed = ts.fit(model + "\nx9 ~~ 0*x9", HS)
    assert fit.fit_measures["chisq"] == pytest.approx(fixed.fit_measures["chisq"], rel=1e-8)


def test_bounds_in_the_text() -> None:
    fit = ts.fit("f =~ x1 + upper(0.3)*x2 + lower(2)*x3 + x4", HS)
    loadings = fit.estimates[fit.estimates["op"] == "=~"]["est"].to_numpy()
    assert loadings[1] == pytest.approx(0.3, abs=1e-9)
    assert loadings[2] == pytest.approx(2.0, abs=1e-9)


@pytest.mark.parametrize(
    ("line", "phrase"),
    [("f =~ x1 + lower(2)*upper(1)*x2 + x3", "above upper bound"), ("f =~ lower(0)*x1 + x2 + x3", "is fixed and has")],
)
def test_bounds_that_cannot_hold(line: str, phrase: str) -> None:
    with pytest.raises(ModelError, match=phrase):
        ts.fit(line, HS)


def test_a_constraint_can_identify_a_model() -> None:
    """Two indicators alone are not identified; equal residual variances do not help, a loading tied to them does."""
    with pytest.raises(IdentificationError):
        ts.fit("f =~ x1 + x2", HS)
    fit = ts.fit("f =~ x1 + a*x2\nx1 ~~ v*x1\nx2 ~~ w*x2\na^2*v == w", HS)
    assert fit.fit_measures["df"] == 0
    assert fit.fit_measures["chisq"] == pytest.approx(0.0, abs=1e-8)


def test_a_constraint_elsewhere_does_not_identify_a_factor_without_scale() -> None:
    text = "f =~ NA*x1 + x2 + x3 + x4\ng =~ x5 + a*x6 + b*x7\na*b == 0.5"
    with pytest.raises(IdentificationError) as caught:
        ts.fit(text, HS)
    (listing,) = caught.value.faults
    assert "f=~x1" in listing
    assert "f~~f" in listing
    assert "g=~" not in listing


def test_gradient_of_the_lagrangian_vanishes() -> None:
    fit = ts.fit(MODEL + "a*b == 0.5\na > 0.9", HS)
    estimate = fit.fitted.estimate
    gradient = estimate.objective.gradient(estimate.x)
    jacobian = estimate.active.jacobian
    multipliers = np.linalg.lstsq(jacobian.T, gradient, rcond=None)[0]
    assert np.abs(jacobian.T @ multipliers - gradient).max() < 1e-7


def test_wald_score_and_likelihood_ratio_agree_for_a_small_restriction() -> None:
    """The three classical tests of one hypothesis are equal to first order."""
    free, equal = ts.fit(MODEL, HS), ts.fit(MODEL + "a == b", HS)
    ratio = float(equal.fit_measures["chisq"] or 0) - float(free.fit_measures["chisq"] or 0)
    wald = free.wald("a == b")
    score = equal.score_test().iloc[0]
    assert wald.df == 1
    assert wald.statistic == pytest.approx(ratio, rel=0.1)
    assert score["statistic"] == pytest.approx(ratio, rel=0.1)


def test_wald_counts_dependent_hypotheses_once() -> None:
    fit = ts.fit(MODEL, HS)
    one, both = fit.wald("a == b"), fit.wald("a == b\n2*a == 2*b")
    assert both.df == 1
    assert both.statistic == pytest.approx(one.statistic, rel=1e-9)
    with pytest.raises(ModelError, match="unknown labels"):
        fit.wald("a == z")
    with pytest.raises(ModelError, match="=="):
        fit.wald("a > b")


def test_modification_index_is_the_drop_of_chi_square_to_first_order() -> None:
    base = ts.fit("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6", HS)
    for row in base.modification_indices(top=3).itertuples():
        freed = ts.fit(f"f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\n{row.lhs} {row.op} {row.rhs}", HS)
        drop = float(base.fit_measures["chisq"] or 0) - float(freed.fit_measures["chisq"] or 0)
        assert row.mi == pytest.approx(drop, rel=0.35)
        keys = freed.estimates[["lhs", "op", "rhs"]].apply(tuple, axis=1)
        estimate = freed.estimates.loc[keys == (row.lhs, row.op, row.rhs), "est"].iloc[0]
        assert np.sign(estimate) == np.sign(row.epc)
