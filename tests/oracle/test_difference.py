"""Difference, score and Wald tests against lavaan: every field of every golden file is asserted or excepted."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.inference.difference import DifferenceMethod, difference_test
from trustsem.inference.robust import robust_pieces
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import difference_of, nesting_of, side_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LRT = ("lrt-hs-metric-ml", "lrt-hs-metric-mlr-satorra-bentler-2001", "lrt-hs-metric-mlr-satorra-bentler-2010")

# lavaan stops at a relative change of F of 1e-10; differences of chi-squares and of scaling factors keep three figures.
DERIVED = 1e-3

# Numbers of lavaan 0.6-14 that are no oracle, each with the test below that settles ours.
EXCEPTED = {
    ("scalar-mlm", "satorra_2000_exact"): "test_exact_restrictions_with_freed_means",
    ("scalar-mlmv", "satorra_2000_exact"): "test_exact_restrictions_with_freed_means",
    ("one-factor-mlm", "satorra_bentler_2010"): "test_one_factor_is_three_with_correlations_of_1",
    ("correlations-of-1-mlr", "satorra_bentler_2010"): "test_a_negative_scaling_factor_is_no_test",
    ("fiml-metric-mlr", "satorra_2000"): "test_incomplete_rows_agree_with_robust_wald_and_score",
    ("fiml-metric-mlr", "satorra_2000_exact"): "test_incomplete_rows_agree_with_robust_wald_and_score",
}


def load(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


DIFFERENCE = load("difference")
CASES = {case["id"]: case for case in DIFFERENCE["differences"]}


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / name)


def renamed(options: dict[str, Any]) -> dict[str, Any]:
    return {name.replace(".", "_"): value for name, value in options.items()}


@cache
def fitted(case: str, side: str) -> FittedModel:
    golden = CASES[case]
    options = renamed(golden[side]["options"])
    frame = data(golden["data"])
    fit = ts.fit(golden[side]["model"], frame, preset=golden["fun"], estimator=golden["estimator"], **options)
    return fit.fitted


def close(value: float, expected: float) -> bool:
    return abs(value - expected) <= DERIVED * max(1.0, abs(expected))


@pytest.mark.parametrize("name", LRT)
def test_every_field_of_the_reference_tables(name: str) -> None:
    golden = load(name)
    assert set(golden) == {"_meta", "id", "data", "options", "method", "table"}
    options = dict(golden["options"])
    model, equal = options.pop("model"), renamed(options.pop("restricted"))
    fits = [ts.fit(model, data(golden["data"]), preset="cfa", **options, **more) for more in ({}, equal)]
    method = golden["method"].replace(".", "_") if golden["method"] else None
    table = ts.compare(*fits, names=["general", "restricted"], method=method).table
    columns = {
        "Df": "df",
        "AIC": "aic",
        "BIC": "bic",
        "Chisq": "chisq",
        "Chisq diff": "chisq_diff",
        "RMSEA": "rmsea_diff",
        "Df diff": "df_diff",
        "Pr(>Chisq)": "pvalue",
        "model": "model",
    }
    for row, ours in zip(golden["table"], table.to_dict("records"), strict=True):
        assert set(row) == set(columns)
        for theirs, column in columns.items():
            value, expected = ours[column], row[theirs]
            if expected is None:
                assert math.isnan(value), column
            elif isinstance(expected, str):
                assert value == expected
            else:
                assert close(value, expected), (column, value, expected)


@pytest.mark.parametrize("case", CASES)
def test_difference_tests(case: str) -> None:
    restricted, general = fitted(case, "restricted"), fitted(case, "general")
    for method, expected in CASES[case]["tests"].items():
        if (case, method) in EXCEPTED:
            assert EXCEPTED[case, method] in globals()
            continue
        test = difference_of(restricted, general, None if method == "default" else method)
        assert test.df == expected["df"]
        assert close(test.statistic, expected["statistic"]), method
        assert test.pvalue is not None
        assert close(test.pvalue, expected["pvalue"]), method
        assert not test.findings


def test_exceptions_are_cases() -> None:
    assert set(EXCEPTED) <= {(case, method) for case, golden in CASES.items() for method in golden["tests"]}


def test_exact_restrictions_with_freed_means() -> None:
    """Equal intercepts free the factor means of the other group: no restriction of the metric model's own parameters.

    lavaan's exact restrictions (30.6) are those of the parameters by name; restrictions found where both models imply
    the same moments belong to the same test as those found at each model's estimates (38.96), and differ little.
    """
    for case in ("scalar-mlm", "scalar-mlmv"):
        restricted, general = fitted(case, "restricted"), fitted(case, "general")
        exact = difference_of(restricted, general, "satorra_2000_exact")
        assert close(exact.statistic, CASES[case]["tests"]["satorra_2000"]["statistic"])


def test_one_factor_is_three_with_correlations_of_1() -> None:
    """The same model written in parameters that lavaan can carry over: there it gives 90.87, else -84.3."""
    expected = CASES["correlations-of-1-mlm"]["tests"]["satorra_bentler_2010"]["statistic"]
    case = "one-factor-mlm"
    test = difference_of(fitted(case, "restricted"), fitted(case, "general"), "satorra_bentler_2010")
    assert close(test.statistic, expected)


def test_a_negative_scaling_factor_is_no_test() -> None:
    """lavaan prints the difference divided by it (-377.4); the factor is the same, but nothing is tested."""
    case = "correlations-of-1-mlr"
    test = difference_of(fitted(case, "restricted"), fitted(case, "general"), "satorra_bentler_2010")
    assert close(test.unscaled / test.scaling_factor, CASES[case]["tests"]["satorra_bentler_2010"]["statistic"])  # type: ignore[operator]
    assert math.isnan(test.statistic)
    assert test.pvalue is None
    assert test.rmsea is None
    (finding,) = test.findings
    assert finding.code == "difference-scaling-negative"
    assert "satorra_2000" in str(finding.remedy)


LABELLED = (
    "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\ntextual =~ x4 + c(c1, c2)*x5 + c(d1, d2)*x6\n"
    "speed =~ x7 + c(e1, e2)*x8 + c(f1, f2)*x9"
)


def test_incomplete_rows_agree_with_robust_wald_and_score() -> None:
    """Three tests of the same equalities with the same bread and meat: 4.0, 4.2 and 4.4; lavaan 0.6-14 has 6.0 here.

    On complete rows, where lavaan's number is confirmed, the three are as near to each other (5.3, 5.3, 6.4).
    """
    case = "fiml-metric-mlr"
    frame = data(CASES[case]["data"])
    wald = ts.fit(LABELLED, frame, preset="cfa", group="school", estimator="MLR", missing="fiml").wald(
        "\n".join(f"{name}1 == {name}2" for name in "abcdef")
    )
    metric = ts.fit(
        DIFFERENCE["model"],
        frame,
        preset="cfa",
        group="school",
        group_equal="loadings",
        estimator="MLR",
        missing="fiml",
    )
    score = metric.score_test().iloc[-1]["statistic_robust"]
    for method in ("satorra_2000", "satorra_2000_exact"):
        test = difference_of(fitted(case, "restricted"), fitted(case, "general"), method)
        assert abs(test.statistic - wald.statistic) < 0.6
        assert abs(test.statistic - score) < 0.4


def test_score_tests_across_groups() -> None:
    for golden in DIFFERENCE["score"]:
        options = renamed(golden["options"])
        frame = ts.fit(DIFFERENCE["model"], data("data/hs.csv"), preset="cfa", **options).score_test()
        assert list(frame.columns) == ["constraint", "statistic", "df", "pvalue"]
        assert np.allclose(frame["statistic"][:-1], golden["uni"], rtol=DERIVED, atol=DERIVED)
        total = frame.iloc[-1]
        assert (total["constraint"], total["df"]) == ("all", golden["total"]["df"])
        assert close(total["statistic"], golden["total"]["statistic"])
        assert close(total["pvalue"], golden["total"]["pvalue"])


@pytest.mark.parametrize("golden", DIFFERENCE["wald"], ids=lambda golden: golden["estimator"])
def test_wald_across_groups_uses_the_fits_covariance(golden: dict[str, Any]) -> None:
    fit = ts.fit(
        DIFFERENCE["labelled"], data("data/hs.csv"), preset="cfa", group="school", estimator=golden["estimator"]
    )
    test = fit.wald(DIFFERENCE["hypotheses"])
    assert test.df == golden["df"]
    assert close(test.statistic, golden["statistic"])
    assert close(test.pvalue, golden["pvalue"])  # type: ignore[arg-type]


# --- by other ways of computing ------------------------------------------------------------------------------------


def test_satorra_2000_from_matrices_of_moments() -> None:
    """tr(Ud Gamma) and tr((Ud Gamma)^2) from the definition, with the restrictions as the constraint matrix."""
    case = "metric-mlm"
    restricted, general = fitted(case, "restricted"), fitted(case, "general")
    blocks = robust_pieces(general.estimate, general.options.h1).dense(observed=False).groups  # type: ignore[attr-defined]
    delta = np.vstack([block.jacobian for block in blocks])
    zeros = np.zeros((len(blocks[0].weight),) * 2)
    v = np.block([[blocks[0].share * blocks[0].weight, zeros], [zeros, blocks[1].share * blocks[1].weight]])
    gamma = np.block([[blocks[0].gamma / blocks[0].share, zeros], [zeros, blocks[1].gamma / blocks[1].share]])
    a = restricted.table.constraints.matrix
    inverse = np.linalg.inv(delta.T @ v @ delta)
    middle = inverse @ a.T @ np.linalg.inv(a @ inverse @ a.T) @ a @ inverse
    product = v @ delta @ middle @ delta.T @ v @ gamma
    trace, squared, m = np.trace(product), np.trace(product @ product), len(a)
    slope = math.sqrt(m / squared)
    expected = slope * (restricted.test.statistic - general.test.statistic) + m - slope * trace
    test = difference_of(restricted, general, "satorra_2000_exact")
    assert test.statistic == pytest.approx(expected, rel=1e-6)


def test_both_corrections_of_2000_and_2010_meet_at_one_point() -> None:
    """tr(U0 Gamma) - tr(U1 Gamma) = tr(Ud Gamma) where both models imply the same moments (Satorra & Bentler 2010)."""
    case = "metric-mlm"
    restricted, general = side_of(fitted(case, "restricted")), side_of(fitted(case, "general"))
    point = nesting_of(fitted(case, "restricted"), fitted(case, "general")).point
    assert point is not None
    moved = replace(general, estimate=point)
    by_difference = difference_test(restricted, general, "satorra_bentler_2010").scaling_factor
    by_restrictions = difference_test(restricted, moved, "satorra_2000_exact")
    assert by_restrictions.scaling_factor is not None
    assert by_restrictions.shift is not None
    slope = 1 / by_restrictions.scaling_factor
    assert by_difference == pytest.approx((6 - by_restrictions.shift) / slope / 6, rel=1e-8)


def test_a_negative_factor_of_2001_points_to_2010() -> None:
    case = "metric-mlm"
    restricted, general = side_of(fitted(case, "restricted")), side_of(fitted(case, "general"))
    inflated = replace(general, test=replace(general.test, scaling_factor=2.0))
    test = difference_test(restricted, inflated)
    assert test.method is DifferenceMethod.SATORRA_BENTLER_2001
    assert test.scaling_factor is not None
    assert test.scaling_factor < 0
    assert math.isnan(test.statistic)
    (finding,) = test.findings
    assert finding.code == "difference-scaling-negative"
    assert "satorra_bentler_2010" in str(finding.remedy)


def test_a_general_model_that_fits_worse_is_said() -> None:
    case = "metric-ml"
    restricted, general = side_of(fitted(case, "restricted")), side_of(fitted(case, "general"))
    stuck = replace(general, test=replace(general.test, statistic=general.test.statistic + 20))
    test = difference_test(restricted, stuck)
    assert test.pvalue is None
    assert [finding.code for finding in test.findings] == ["difference-negative"]


def test_standard_differences_of_robust_fits_are_marked() -> None:
    case = "metric-mlm"
    test = difference_of(fitted(case, "restricted"), fitted(case, "general"), "standard")
    assert close(test.statistic, CASES["metric-ml"]["tests"]["default"]["statistic"])
    assert [finding.code for finding in test.findings] == ["difference-uncorrected"]


@pytest.mark.parametrize(
    ("one", "other", "method", "words"),
    [
        (("metric-ml", "general"), ("metric-ml", "restricted"), None, "nothing to test"),
        (("metric-ml", "restricted"), ("metric-mlm", "general"), None, "no common scale"),
        (("metric-ml", "restricted"), ("metric-ml", "general"), "satorra_2000", "corrects scaled tests"),
        (("metric-mlmv", "restricted"), ("metric-mlmv", "general"), "satorra-bentler.2001", "satorra_2000"),
        (("metric-mlm", "restricted"), ("metric-mlm", "general"), "satorra_bentler", "Did you mean"),
        (("metric-ml", "restricted"), ("one-factor-ml", "general"), None, "other variables or groups"),
        (("orthogonal-mlm", "general"), ("pd-equal-mlm", "general"), None, "other variables or groups"),
    ],
)
def test_refusals(one: tuple[str, str], other: tuple[str, str], method: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        difference_of(fitted(*one), fitted(*other), method)


# --- nesting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_general_models_reproduce_restricted_ones_and_not_the_other_way(case: str) -> None:
    restricted, general = fitted(case, "restricted"), fitted(case, "general")
    there, back = nesting_of(restricted, general), nesting_of(general, restricted)
    assert there.is_nested
    assert there.discrepancy < 1e-10
    assert not back.is_nested
    assert back.discrepancy > 1e-4


def test_the_point_implies_the_restricted_moments() -> None:
    restricted, general = fitted("scalar-mlm", "restricted"), fitted("scalar-mlm", "general")
    point = nesting_of(restricted, general).point
    assert point is not None
    ours = point.objective.implied(point.x)
    theirs = restricted.estimate.objective.implied(restricted.estimate.x)
    for one, other in zip(ours, theirs, strict=True):
        assert np.allclose(one.sigma, other.sigma, atol=1e-6)
        assert np.allclose(one.mu, other.mu, atol=1e-6)


@pytest.mark.parametrize("estimator", ["MLM", "MLMV"])
def test_the_order_of_the_variables_does_not_matter(estimator: str) -> None:
    case = f"one-factor-{estimator.lower()}"
    turned = ts.fit("g =~ x1 + x9 + x8 + x7 + x3 + x2 + x4 + x6 + x5", data("data/hs.csv"), estimator=estimator)
    methods = ["satorra_2000", "satorra_2000_exact", *(["satorra_bentler_2010"] if estimator == "MLM" else [])]
    for method in methods:
        expected = difference_of(fitted(case, "restricted"), fitted(case, "general"), method)
        test = difference_of(turned.fitted, fitted(case, "general"), method)
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-6)


def test_robust_score_tests_are_ordinary_ones_where_scores_vary_as_information_says() -> None:
    """With normal answers bread and meat tend to the same matrix; in 20,000 rows they differ by 1/sqrt(n)."""
    rng = np.random.default_rng(20240501)
    factor = rng.normal(size=(20_000, 1))
    answers = factor * [1.0, 0.8, 0.8, 0.7, 0.72] + rng.normal(size=(20_000, 5)) * 0.6
    frame = pd.DataFrame(answers, columns=[f"y{k}" for k in range(1, 6)])
    tests = ts.fit("f =~ y1 + a*y2 + a*y3 + b*y4 + b*y5", frame, estimator="MLR").score_test()
    assert list(tests.columns)[-2:] == ["statistic_robust", "pvalue_robust"]
    assert tests["statistic"].iloc[1] > 5
    assert np.allclose(tests["statistic_robust"], tests["statistic"], rtol=0.05)


def test_robust_score_tests_hold_their_level_where_ordinary_ones_do_not() -> None:
    """Errors whose size depends on the factor: the constraints are true, ordinary tests reject too often.

    Means of 60 statistics with 2 degrees of freedom: 2 within 3 * sqrt(4 / 60) = .8.
    """
    rng = np.random.default_rng(5)
    statistics = []
    for _ in range(60):
        factor = rng.exponential(size=(1500, 1)) - 1
        errors = (rng.exponential(size=(1500, 5)) - 1) * [0.5, 0.6, 0.6, 0.7, 0.7]
        answers = factor * [1, 0.8, 0.8, 0.7, 0.7] + errors * (1 + 0.3 * np.minimum(factor, 3))
        frame = pd.DataFrame(answers, columns=[f"y{k}" for k in range(1, 6)])
        total = ts.fit("f =~ y1 + a*y2 + a*y3 + b*y4 + b*y5", frame, estimator="MLR").score_test().iloc[-1]
        statistics.append((total["statistic"], total["statistic_robust"]))
    ordinary, robust = np.mean(statistics, axis=0)
    assert abs(robust - 2) < 0.8
    assert ordinary > 3
