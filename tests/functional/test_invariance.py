"""Measurement invariance from end to end: what is planted is found, what it does is right, what cannot be is said."""

from __future__ import annotations

import inspect
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.cli.commands.invariance import TAKEN
from trustsem.errors import IdentificationError, UsageError
from trustsem.fitting.invariance import FIT_OPTIONS
from trustsem.inference.robust_score import robust_constraint_tests
from trustsem.measurement import DecisionRules, Rule, holm, release_tests
from trustsem.measurement.bias import expected_gap
from trustsem.measurement.rules import decide

SAMPLE = ts.samples_dir() / "trust_settings.csv"
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LOADINGS = np.array([0.8, 0.7, 0.75, 0.8, 0.7])
FIVE = "f =~ y1 + y2 + y3 + y4 + y5"


def group(rng: np.random.Generator, label: str, n: int, mean: float, loadings: np.ndarray, shift: float = 0.0):
    """Return answers to five items; `shift` is added to the third."""
    factor = rng.normal(mean, 1.0, n)
    answers = 3 + np.outer(factor, loadings) + rng.normal(0, 0.7, (n, 5))
    answers[:, 2] += shift
    return pd.DataFrame(answers, columns=[f"y{i}" for i in range(1, 6)]).assign(group=label)


@cache
def unequal_marker() -> pd.DataFrame:
    """The first item, the marker, loads half as much in the second group."""
    rng = np.random.default_rng(20)
    weak = LOADINGS * np.array([0.5, 1, 1, 1, 1])
    return pd.concat([group(rng, "a", 500, 0, LOADINGS), group(rng, "b", 500, 0.3, weak)], ignore_index=True)


@cache
def three_groups() -> pd.DataFrame:
    """The third item is half a point easier in the third group."""
    rng = np.random.default_rng(21)
    parts = [group(rng, "a", 400, 0, LOADINGS), group(rng, "b", 400, 0.3, LOADINGS)]
    return pd.concat([*parts, group(rng, "c", 400, -0.3, LOADINGS, 0.5)], ignore_index=True)


@cache
def of_sample(model: str, estimator: str = "ML") -> ts.Invariance:
    return ts.invariance(model, SAMPLE, estimator=estimator)


# --- what is planted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["care_setting", "care_setting_means"])
@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_the_planted_items_are_found_and_no_others(model: str, estimator: str) -> None:
    """PROVENANCE.md: the loading of ms3 and the intercepts of ms3 and rp2 differ, nothing else of measurement."""
    result = of_sample(model, estimator)
    released = result.released
    assert released.loc[released["why"] == "score test", "parameter"].tolist() == ["medical_situation=~ms3", "rp2~1"]
    assert set(released["parameter"]) - {"ms3~~ms3", "rp2~~rp2"} == {"medical_situation=~ms3", "ms3~1", "rp2~1"}
    assert (released["pvalue_holm"].dropna() < 0.05).all()
    assert result.decision == "strict (partial)"
    table = result.table.set_index(["level", "status"])
    assert table.loc[("metric", "rejected"), "decided_by"] == "chisq"
    assert result.ladder.step("scalar").final.fitted.identification.df == {"care_setting": 377}.get(model, 361)


def test_the_path_that_differs_stands_out() -> None:
    result = of_sample("care_setting")
    assert result.ladder.step("regressions").status.value == "rejected"
    paths = result.structure.query("level == 'regressions'").sort_values("statistic", ascending=False)
    assert paths.iloc[0]["parameter"] == "interpersonal_trust~emotional_communication"
    assert paths.iloc[0]["pvalue_holm"] < 0.05
    assert (paths.iloc[1:]["pvalue_holm"] > 0.05).all()


def test_effects_and_means_are_near_those_of_the_population() -> None:
    """Pseudo-true values of the sample's population (trust_settings.truth.json) lie inside the 95 % intervals."""
    truth = json.loads((ts.samples_dir() / "trust_settings.truth.json").read_text(encoding="utf-8"))
    true = truth["models"]["care_setting_means"]["together"]["parameters"]
    result = of_sample("care_setting_means")
    slope = true["medical_situation=~ms3.g2"] - true["medical_situation=~ms3"]
    mean = true["medical_situation~1.g2"]
    points = {
        "ms3": true["ms3~1.g2"] - true["ms3~1"] + slope * mean,
        "rp2": true["rp2~1.g2"] - true["rp2~1"],
    }
    for row in result.items.to_dict("records"):
        assert row["ci_lower"] < points[row["item"]] < row["ci_upper"]
    scales = result.scales.set_index("factor")
    assert (
        scales.loc["medical_situation", "bias_ci_lower"]
        < points["ms3"] / 3
        < scales.loc["medical_situation", "bias_ci_upper"]
    )
    assert scales.loc["interpersonal_trust", "bias"] == 0
    inside = [
        r["ci_lower"] < true[f"{r['factor']}~1.g2"] < r["ci_upper"] for r in result.latent_means.to_dict("records")
    ]
    assert sum(inside) >= 6  # of seven intervals of 95 %


def test_changes_of_indices_alone_miss_the_planted_items() -> None:
    """Three of 42 parameters move CFI by less than .010: the rule holds, and the result says what it overlooks."""
    result = ts.invariance("care_setting_means", SAMPLE, rules="chen", levels="metric,scalar")
    assert result.released.empty
    assert result.decision == "scalar"
    found = [f for f in result.findings if f.code == "invariance-criteria-disagree"]
    assert [f.message.split(":")[0] for f in found] == ["metric", "scalar"]


# --- markers and search -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_a_marker_that_differs_is_found_whatever_the_marker_is(estimator: str) -> None:
    results = [
        ts.invariance(text, unequal_marker(), group="group", estimator=estimator)
        for text in (FIVE, "f =~ y4 + y1 + y2 + y3 + y5")
    ]
    for result in results:
        chosen = result.released.query("why == 'score test'")
        assert chosen["parameter"].tolist() == ["f=~y1"]
        ratio = chosen["est_b"].iloc[0] / chosen["est_a"].iloc[0]
        assert ratio == pytest.approx(0.5, abs=0.12)
    first, second = (r.table[["chisq", "df", "cfi", "chisq_diff"]].dropna(subset=["chisq"]) for r in results)
    assert first.to_numpy() == pytest.approx(second.to_numpy(), rel=1e-5, abs=1e-5, nan_ok=True)
    tests = [
        {t.written: t.statistic for t in release_tests(r.ladder.step("metric").attempts[0].fitted, ["loadings"])}
        for r in results
    ]
    assert tests[0] == pytest.approx(tests[1], rel=1e-4)


def test_a_score_test_foretells_the_drop_of_chi_square() -> None:
    """For a small misfit score and likelihood ratio tests agree: both estimate the same noncentrality."""
    metric = ts.invariance(FIVE, three_groups(), group="group", levels="metric").levels["metric"].fitted
    test = next(t for t in release_tests(metric, ["loadings"]) if t.written == "f=~y4")
    freed = ts.fit(FIVE, three_groups(), group="group", group_equal="loadings", group_partial="f=~y4")
    assert test.df == 2
    assert test.statistic == pytest.approx(metric.test.statistic - freed.fit_measures["chisq"], rel=0.05, abs=0.02)


def test_robust_score_tests_agree_with_those_of_single_constraints() -> None:
    data = three_groups().query("group != 'c'")
    fitted = ts.fit(FIVE, data, group="group", group_equal=["loadings", "intercepts"], estimator="MLR").fitted
    table = fitted.table
    held = np.zeros((0, table.n_free))
    singles = robust_constraint_tests(
        fitted.estimate, table.constraints.matrix, table.constraints.texts, held, h1=fitted.options.h1, observed=False
    )
    expected = {t.text.split(" ==")[0]: t.statistic for t in singles if t.text is not None}
    tests = [t for t in release_tests(fitted, ["loadings", "intercepts"]) if not t.is_marker]
    assert len(tests) == len(expected)
    assert {t.written: t.statistic for t in tests} == pytest.approx(expected, rel=1e-6)


def test_three_groups_release_two_constraints_at_once() -> None:
    result = ts.invariance(FIVE, three_groups(), group="group")
    chosen = result.released.query("why == 'score test'")
    assert chosen["parameter"].tolist() == ["y3~1"]
    assert chosen["df"].tolist() == [2]
    assert result.items["group"].tolist() == ["b", "c"]
    effects = result.items.set_index("group")
    assert effects.loc["c", "ci_lower"] < 0.5 < effects.loc["c", "ci_upper"]
    assert effects.loc["b", "ci_lower"] < 0 < effects.loc["b", "ci_upper"]
    assert result.latent_means["group"].tolist() == ["b", "c"]


def test_two_items_stay_equal() -> None:
    """Every item but one differs: a search that went on would call the marker's neighbours equal."""
    rng = np.random.default_rng(22)
    odd = LOADINGS * np.array([1, 0.4, 1.6, 0.3, 1.9])
    data = pd.concat([group(rng, "a", 800, 0, LOADINGS), group(rng, "b", 800, 0.5, odd)], ignore_index=True)
    result = ts.invariance("f =~ y1 + y2 + y3", data, group="group")
    assert result.decision == "configural"
    assert len(result.released) == 1
    assert result.latent_means.empty
    assert result.items.empty
    codes = {finding.code for finding in result.findings}
    assert {"no-common-scale", "invariance-search-failed"} <= codes
    assert result.ladder.step("scalar").status.value == "not tested"
    assert "metric" in result.ladder.step("scalar").reason


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, None]) == pytest.approx((0.03, 0.06, 0.06, None))


# --- what unequal items do ----------------------------------------------------------------------------------------


def test_closed_form_of_dmacs_is_the_integral() -> None:
    """Gauss-Hermite quadrature over the focal group's factor gives the same mean and root mean square."""
    result = ts.invariance(FIVE, unequal_marker(), group="group")
    fitted = result.ladder.common_scale.final.fitted
    reference, focal = fitted.estimate.objective.implied(fitted.estimate.x)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    factor = focal.total_mean[5] + math.sqrt(focal.total_cov[5, 5]) * nodes
    for item in range(5):
        gap = (focal.intercepts[item] + focal.paths[item, 5] * factor) - (
            reference.intercepts[item] + reference.paths[item, 5] * factor
        )
        mean, root = expected_gap(focal, reference, item)
        assert mean == pytest.approx(weights @ gap, abs=1e-10)
        assert root == pytest.approx(math.sqrt(weights @ gap**2), abs=1e-10)
    row = result.items.iloc[0]
    own = unequal_marker().groupby("group")["y1"].var()
    mean, root = expected_gap(focal, reference, 0)
    assert row["dmacs"] == pytest.approx(root / math.sqrt(own.mean()), rel=1e-9)  # groups of one size
    assert row["dmacs_signed"] == pytest.approx(mean / math.sqrt(own.mean()), rel=1e-9)


def test_mean_scores_decompose_into_construct_and_bias() -> None:
    """Partial scalar fits reproduce the items' means nearly; the parts add up exactly; bias is as simulated."""
    result = ts.invariance(FIVE, three_groups(), group="group")
    data = three_groups()
    means = data.assign(score=data[[f"y{i}" for i in range(1, 6)]].mean(axis=1)).groupby("group")["score"].mean()
    for row in result.scales.to_dict("records"):
        assert row["observed"] == pytest.approx(row["bias"] + row["construct"], abs=1e-12)
        assert row["observed"] == pytest.approx(means[row["group"]] - means["a"], abs=0.02)
    third = result.scales.set_index("group").loc["c"]
    assert third["bias_ci_lower"] < 0.5 / 5 < third["bias_ci_upper"]


def test_standard_errors_of_effects_are_those_of_the_parameters() -> None:
    """With unequal intercepts only, points are a difference of two parameters."""
    result = ts.invariance(FIVE, three_groups(), group="group", estimator="MLR")
    fit = result.levels["scalar"]
    vcov = fit.vcov
    assert vcov is not None
    variance = vcov.loc["y3~1", "y3~1"] + vcov.loc["y3~1.g3", "y3~1.g3"] - 2 * vcov.loc["y3~1", "y3~1.g3"]
    assert result.items.set_index("group").loc["c", "se"] == pytest.approx(math.sqrt(variance), rel=1e-6)


# --- higher-order factors, data, options --------------------------------------------------------------------------


def test_second_order_means_are_kept_apart() -> None:
    data = pd.read_csv(GOLDEN / "data" / "hs.csv")
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\ng =~ visual + textual + speed"
    result = ts.invariance(text, data, group="school", rules="chisq")
    scalar = result.levels["scalar"]
    means = scalar.estimates.query("op == '~1' and lhs == 'g'")
    assert means["est"].tolist() == [0, 0]
    assert {f.code for f in result.findings} >= {"second-order-means"}
    assert result.latent_means["factor"].tolist() == ["visual", "textual", "speed"]
    second = result.ladder.step("second_order")
    assert second.final.comparison.test.df == 2  # three means against one
    assert second.status.value == "rejected"


def test_mean_of_a_second_order_factor_where_it_explains_all_differences() -> None:
    rng = np.random.default_rng(23)
    parts = []
    for label, mean in (("a", 0.0), ("b", 0.5)):
        top = rng.normal(mean, 1, 700)
        columns = {}
        for k in range(3):
            factor = 0.8 * top + rng.normal(0, 0.6, 700)
            columns |= {f"x{3 * k + i}": 0.8 * factor + rng.normal(0, 0.6, 700) for i in (1, 2, 3)}
        parts.append(pd.DataFrame(columns).assign(group=label))
    text = "f1 =~ x1 + x2 + x3\nf2 =~ x4 + x5 + x6\nf3 =~ x7 + x8 + x9\ng =~ f1 + f2 + f3"
    result = ts.invariance(text, pd.concat(parts), group="group", rules="chisq")
    assert result.ladder.step("second_order").status.value == "holds"
    top = result.latent_means.set_index("factor").loc["g"]
    assert top["d_ci_lower"] < 0.5 < top["d_ci_upper"]


@pytest.mark.parametrize(
    "options",
    [
        {"missing": "fiml", "estimator": "MLR"},
        {"missing": "robust_two_stage"},
        {"cluster": "ward"},
        {"sampling_weights": "weight"},
        {"estimator": "MLMV"},
        {"estimator": "WLS"},
    ],
    ids=str,
)
def test_options_of_a_fit_are_passed_on(options: dict[str, str]) -> None:
    """The planted intercept is found with each of them, and the fits are those of `ts.fit`."""
    rng = np.random.default_rng(24)
    data = three_groups().assign(ward=rng.integers(0, 60, 1200), weight=rng.uniform(0.5, 2, 1200))
    if "missing" in options:
        items = data.columns[:5]
        data[items] = data[items].where(rng.random((1200, 5)) > 0.08)
    result = ts.invariance(FIVE, data, group="group", levels="metric,scalar", **options)
    assert result.released.query("why == 'score test'")["parameter"].tolist() == ["y3~1"]
    fit = ts.fit(FIVE, data, group="group", group_equal=["loadings", "intercepts"], group_partial="y3~1", **options)
    shown = result.levels["scalar"].fit_measures
    assert shown["df"] == fit.fit_measures["df"]
    assert shown["chisq"] == pytest.approx(fit.fit_measures["chisq"], rel=1e-7)


def test_moments_of_groups_will_do() -> None:
    first = ts.invariance(FIVE, three_groups(), group="group", levels="scalar")
    again = ts.invariance(FIVE, first.configural.data.moments, levels="scalar")
    assert again.table["chisq"].tolist() == pytest.approx(first.table["chisq"].tolist(), rel=1e-9)


def test_without_partial_every_rung_is_fitted_as_it_is() -> None:
    result = ts.invariance(FIVE, three_groups(), group="group", partial=False)
    assert result.table["level"].head(4).tolist() == ["configural", "metric", "scalar", "strict"]
    assert result.released.empty
    assert result.decision == "metric"
    assert result.ladder.step("means").status.value == "not tested"
    assert result.ladder.step("variances").final.comparison.against == "metric"


def test_labels_that_bind_groups_are_no_test() -> None:
    rng = np.random.default_rng(25)
    data = three_groups()
    data["x"] = rng.normal(size=len(data))
    result = ts.invariance(f"{FIVE}\nf ~ b*x", data, group="group", levels="metric,regressions")
    step = result.ladder.step("regressions")
    assert step.status.value == "nothing to test"
    assert "by the model text" in step.reason


def test_loadings_that_the_text_fixes_are_no_test() -> None:
    rng = np.random.default_rng(26)
    alike = np.full(5, 0.8)
    data = pd.concat([group(rng, "a", 400, 0, alike), group(rng, "b", 400, 0.3, alike, 0.5)])
    text = "f =~ 1*y1 + 1*y2 + 1*y3 + 1*y4 + 1*y5"
    result = ts.invariance(text, data, group="group", levels="metric,scalar")
    assert result.ladder.step("metric").status.value == "nothing to test"
    assert result.released["parameter"].tolist() == ["y3~1"]
    assert result.ladder.common_scale is not None


def test_blocks_of_groups_leave_the_marker_untested_and_say_so() -> None:
    text = f"group: a\n{FIVE}\ngroup: b\n{FIVE}"
    result = ts.invariance(text, unequal_marker(), group="group", levels="metric")
    assert "f=~y1" in next(f.message for f in result.findings if f.code == "invariance-markers-untested")


# --- rules --------------------------------------------------------------------------------------------------------

CHANGES = {"cfi": -0.011, "rmsea": 0.016, "srmr": 0.02}


def test_rules_decide_by_what_they_name() -> None:
    assert decide(DecisionRules(), 0.2, CHANGES, loadings=True).decided_by == ("cfi", "rmsea")
    assert decide(DecisionRules(), 0.2, CHANGES, loadings=False).decided_by == ("cfi", "rmsea", "srmr")
    assert decide(DecisionRules(Rule.CHISQ), 0.2, CHANGES, loadings=True).rejected is False
    assert decide(DecisionRules(Rule.CFI), 0.2, CHANGES, loadings=True).decided_by == ("cfi",)
    chen = DecisionRules(Rule.CHEN)
    assert decide(chen, 0.2, CHANGES, loadings=True).decided_by == ("cfi", "rmsea")
    assert decide(chen, 0.0, {**CHANGES, "rmsea": 0.0}, loadings=True).rejected is False
    assert decide(DecisionRules(Rule.CHISQ), None, CHANGES, loadings=True).rejected is None


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"cfi": -0.01}, {"rule": "chi"}])
def test_rules_that_are_none_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError, match=r"between 0 and 1|positive|no decision rule"):
        DecisionRules(**wrong)


# --- refusals -----------------------------------------------------------------------------------------------------


def test_groups_are_needed() -> None:
    with pytest.raises(UsageError, match="none were named"):
        ts.invariance(FIVE, three_groups())


def test_unknown_levels_are_named() -> None:
    with pytest.raises(UsageError, match="Did you mean 'metric'"):
        ts.invariance(FIVE, three_groups(), group="group", levels="metrik")


def test_a_text_that_fixes_the_scale_is_refused() -> None:
    with pytest.raises(UsageError, match="variance of f is fixed"):
        ts.invariance("f =~ NA*y1 + y2 + y3\nf ~~ 1*f", three_groups(), group="group")


def test_a_model_that_is_not_identified_is_refused() -> None:
    with pytest.raises(IdentificationError):
        ts.invariance("f =~ y1 + y2", three_groups(), group="group")


# --- the command line ---------------------------------------------------------------------------------------------


def test_options_of_the_command_are_those_of_the_function() -> None:
    assert TAKEN == FIT_OPTIONS
    for function in (ts.invariance, ts.fit):
        assert set(FIT_OPTIONS) <= set(inspect.signature(function).parameters)
    defaults = inspect.signature(ts.fit).parameters
    for name in FIT_OPTIONS:
        assert inspect.signature(ts.invariance).parameters[name].default == defaults[name].default, name


def test_command_prints_rules_decision_and_search(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invariance", "care_setting_means", "trust_settings", "--levels", "metric,scalar"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for phrase in ("Rules, fixed beforehand", "scalar holds partially", "rp2~1 (scalar)", "capitalises on chance"):
        assert phrase in out


def test_command_writes_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["invariance", "care_setting_means", "trust_settings", "--estimator", "MLR", "--rule", "chisq", "--json"]
    assert main([*words, "--output", str(tmp_path / "out.json")]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["schema"] == "trustsem.invariance/1"
    assert content["rules"]["rule"] == "chisq"
    assert content["decision"] == "strict (partial)"
    levels = {level["level"]: level for level in content["levels"]}
    assert levels["scalar"]["fits"][-1]["comparison"]["method"] == "satorra_bentler_2001"
    assert levels["scalar"]["fits"][-1]["comparison"]["indices"]["cfi"] == "cfi_robust"
    assert [row["item"] for row in content["items"]] == ["ms3", "rp2"]
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert written == content


@pytest.mark.parametrize("words", [["--levels", "metrics"], ["--alpha", "2"], ["--delta-rmsea", "-0.01"]])
def test_command_refuses_what_is_no_rule(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invariance", "care_setting_means", "trust_settings", *words]) == 2
    assert "Error" in capsys.readouterr().err
