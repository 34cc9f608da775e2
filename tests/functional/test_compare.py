"""`ts.compare` and `trustsem compare`: what is tested, what is refused and why, and what is printed."""

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
from trustsem.cli.app import main
from trustsem.errors import UsageError
from trustsem.estimate.status import OptimStatus
from trustsem.resources import samples_dir

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SAMPLE = samples_dir() / "trust_patients.csv"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
TWO = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
ONE = "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9"


@cache
def hs() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "hs.csv")


def fit(model: str = THREE, **options: Any) -> ts.Fit:
    return ts.fit(model, hs(), **options)


def codes(comparison: ts.Comparison) -> list[str]:
    return [finding.code for finding in comparison.findings]


def refused(*fits: ts.Fit) -> tuple[str, str]:
    """Return code and message of the finding that refuses a test; none is there then."""
    comparison = ts.compare(*fits)
    assert comparison.tests == (None,)
    assert np.isnan(comparison.table["chisq_diff"]).all()
    found = [f for f in comparison.findings if f.message.startswith("No test of")]
    (finding,) = found
    assert finding.remedy
    return finding.code, finding.message


# --- what is tested ------------------------------------------------------------------------------------------------


def test_models_are_put_in_order_and_tested_against_the_one_above() -> None:
    fits = {
        equal: fit(group="school", group_equal=equal, preset="cfa")
        for equal in (("loadings", "intercepts"), (), ("loadings",))
    }
    comparison = ts.compare(*fits.values(), names=["scalar", "configural", "metric"])
    assert comparison.names == ("configural", "metric", "scalar")
    table = comparison.table.set_index("model")
    for name, one, other in (("metric", ("loadings",), ()), ("scalar", ("loadings", "intercepts"), ("loadings",))):
        measures, above = fits[one].fit_measures, fits[other].fit_measures
        difference = float(measures["chisq"] or 0) - float(above["chisq"] or 0)
        assert table.loc[name, "chisq_diff"] == pytest.approx(difference, rel=1e-9)
        assert table.loc[name, "df_diff"] == 6
        for index in ("cfi", "rmsea", "srmr"):
            expected = float(measures[index] or 0) - float(above[index] or 0)
            assert table.loc[name, f"delta_{index}"] == pytest.approx(expected, rel=1e-9)
    assert table.loc["metric", "aic"] == fits["loadings",].fit_measures["aic"]
    assert table.loc["scalar", "pvalue"] < 0.001
    assert not comparison.findings


def test_robust_fits_show_scaled_chi_squares_and_robust_indices() -> None:
    comparison = ts.compare(fit(estimator="MLR"), fit(ONE, estimator="MLR"))
    table = comparison.table
    assert {"chisq_scaled", "scaling_factor", "cfi_robust", "delta_cfi_robust", "delta_rmsea_robust"} <= set(table)
    assert table["chisq"][1] == pytest.approx(table["chisq_scaled"][1] * table["scaling_factor"][1])
    text = comparison.summary()
    assert "Satorra & Bentler (2001)" in text
    assert "CFI and RMSEA robust" in text
    assert f"{table['cfi_robust'][1]:.3f}" in text


def test_models_that_share_no_parameter_can_be_nested() -> None:
    comparison = ts.compare(
        *(ts.fit(name, SAMPLE) for name in ("trust_formation", "trust_formation_recursive", "integration_structure"))
    )
    assert comparison.names == ("trust_formation", "trust_formation_recursive", "integration_structure")
    assert [test.df for test in comparison.tests if test is not None] == [1, 1]


def test_wording_effects_against_the_plain_model() -> None:
    """A method factor of the reversed items, independent of the others, is something more than the plain model."""
    plain, wording = (ts.TrustModel(paths="intergroup", wording=kind) for kind in (None, "method_factor"))
    comparison = ts.compare(ts.fit(plain, SAMPLE), ts.fit(wording, SAMPLE), names=["plain", "wording"])
    assert comparison.names == ("wording", "plain")
    (test,) = comparison.tests
    assert test is not None
    assert test.df == comparison.table["df"].diff()[1]
    assert test.statistic == pytest.approx(comparison.table["chisq"].diff()[1], rel=1e-9)


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = hs().sample(frac=1, random_state=1)
    comparison = ts.compare(fit(), ts.fit(ONE, shuffled))
    assert comparison.tests[0] is not None


def test_names_by_default() -> None:
    data = ts.read_survey(SAMPLE, "dpt_patient")
    same = [ts.fit("interpersonal_path", data) for _ in range(2)]
    assert ts.compare(*same).names == ("interpersonal_path (1)", "interpersonal_path (2)")
    grouped = fit(group="school", group_equal="loadings")
    assert ts.compare(fit(group="school"), grouped).names == ("model 1", "model 2, equal loadings")


# --- what is refused -----------------------------------------------------------------------------------------------


def test_other_respondents() -> None:
    code, message = refused(fit(), ts.fit(ONE, hs().iloc[:-3]))
    assert code == "comparison-rows"
    assert "301" in message
    assert "298" in message
    comparison = ts.compare(fit(), ts.fit(ONE, hs().iloc[:-3]))
    assert comparison.table[["aic", "bic", "bic2", "delta_cfi"]].isna().all(axis=None)
    assert "criteria-not-comparable" in codes(comparison)


def test_as_many_but_other_respondents() -> None:
    code, message = refused(ts.fit(THREE, hs().iloc[1:]), ts.fit(ONE, hs().iloc[:-1]))
    assert code == "comparison-rows"
    assert "as many respondents but other answers" in message


def test_other_weights() -> None:
    data = hs().assign(w=1 + np.arange(301) % 2)
    code, _ = refused(ts.fit(THREE, data, estimator="MLR", sampling_weights="w"), ts.fit(ONE, data, estimator="MLR"))
    assert code == "comparison-rows"


def test_other_variables() -> None:
    comparison = ts.compare(fit(), fit(ONE), fit(TWO))
    assert comparison.names == ("model 3", "model 1", "model 2")
    table = comparison.table.set_index("model")
    assert np.isnan(table.loc["model 3", "aic"])
    assert not table.loc[["model 1", "model 2"], "aic"].isna().any()
    assert table["chisq_diff"].notna().tolist() == [False, False, True]
    (finding,) = (f for f in comparison.findings if f.code == "comparison-variables")
    assert "x7, x8, x9" in finding.message


def test_other_groups() -> None:
    code, message = refused(fit(group="school"), fit(ONE))
    assert code == "comparison-groups"
    assert "Grant-White" in message


def test_other_estimators_share_the_likelihood() -> None:
    code, message = refused(fit(estimator="MLR"), fit(ONE))
    assert code == "comparison-estimator"
    assert "yuan_bentler_mplus" in message
    comparison = ts.compare(fit(estimator="MLR"), fit(ONE))
    assert comparison.table["aic"].notna().all()
    assert "criteria-not-comparable" not in codes(comparison)


def test_scaling_factors_from_other_information() -> None:
    code, _ = refused(fit(estimator="MLR"), fit(ONE, estimator="MLR", information="expected"))
    assert code == "comparison-estimator"


def test_least_squares_has_no_criteria() -> None:
    comparison = ts.compare(fit(estimator="GLS"), fit(ONE, estimator="GLS"))
    assert comparison.tests[0] is not None
    assert comparison.table["aic"].isna().all()


def test_means_in_one_model_only() -> None:
    code, _ = refused(fit(meanstructure=True), fit(ONE))
    assert code == "comparison-means"
    assert ts.compare(fit(meanstructure=True), fit(ONE)).table["aic"].isna().all()


def test_fixed_and_random_predictors() -> None:
    mimic = f"{THREE}\nvisual + textual + speed ~ sex"
    code, message = refused(fit(mimic), fit(f"{ONE}\ng ~ sex", fixed_x=False))
    assert code == "comparison-exogenous"
    assert "sex" in message


def test_equal_degrees_of_freedom() -> None:
    code, _ = refused(fit(f"{TWO}\nx1 ~~ x4"), fit(f"{TWO}\nx2 ~~ x5"))
    assert code == "comparison-equal-df"
    assert ts.compare(fit(f"{TWO}\nx1 ~~ x4"), fit(f"{TWO}\nx2 ~~ x5")).table["aic"].notna().all()


def test_equivalent_models() -> None:
    code, message = refused(fit(f"{TWO}\ntextual ~ visual"), fit(f"{TWO}\nvisual ~ textual"))
    assert code == "comparison-equivalent"
    assert "no data can choose" in message


def test_models_that_are_not_nested() -> None:
    code, message = refused(fit(f"{TWO}\nx1 ~~ x4\nx2 ~~ x5"), fit(f"{TWO}\nx3 ~~ x6"))
    assert code == "comparison-not-nested"
    assert "F = " in message


def test_fits_that_did_not_converge() -> None:
    """A fit that stopped on its way, as an optimiser that runs out of steps leaves it."""
    good = fit()
    estimate = good.fitted.estimate
    stopped = replace(estimate, optimum=replace(estimate.optimum, status=OptimStatus.MAX_ITERATIONS))
    bad = ts.Fit(replace(good.fitted, estimate=stopped), good.model, good.data, good.options)
    assert not bad.converged
    comparison = ts.compare(bad, fit(ONE))
    assert comparison.tests == (None,)
    assert comparison.table.loc[0, ["chisq", "aic", "cfi"]].isna().all()
    assert comparison.table["delta_cfi"].isna().all()
    assert "comparison-not-converged" in codes(comparison)


def test_inadmissible_fits_are_named() -> None:
    golden = json.loads((GOLDEN / "hs-heywood.json").read_text(encoding="utf-8"))
    data = pd.read_csv(GOLDEN / golden["data"])
    heywood = ts.fit(golden["model"], data)
    assert not heywood.admissible
    comparison = ts.compare(heywood, heywood)
    assert codes(comparison).count("comparison-inadmissible") == 2


def test_a_variance_on_its_bound() -> None:
    random = "i =~ 1*x1 + 1*x2 + 1*x3\ns =~ 0*x1 + 1*x2 + 2*x3\ni ~~ 0*s"
    fixed = f"{random}\ns ~~ 0*s"
    bounded = ts.compare(fit(random, preset="growth", bounds="pos_var"), fit(fixed, preset="growth", bounds="pos_var"))
    free = ts.compare(fit(random, preset="growth"), fit(fixed, preset="growth"))
    assert "difference-on-the-edge" in codes(bounded)
    assert "difference-on-the-edge" not in codes(free)


@pytest.mark.parametrize(
    ("arguments", "names", "method", "words"),
    [
        (1, None, None, "two fits or more"),
        (2, ["a", "a"], None, "one name per fit"),
        (2, ["a"], None, "one name per fit"),
        (2, None, "satora", "Did you mean"),
        (2, None, "satorra_2000", "corrects scaled tests"),
    ],
)
def test_bad_arguments(arguments: int, names: list[str] | None, method: str | None, words: str) -> None:
    fits = (fit(), fit(ONE))[:arguments]
    with pytest.raises(UsageError, match=words):
        ts.compare(*fits, names=names, method=method)


def test_something_else_than_fits() -> None:
    with pytest.raises(UsageError, match="not DataFrame"):
        ts.compare(fit(), hs())  # type: ignore[arg-type]


# --- records -------------------------------------------------------------------------------------------------------


def test_to_dict_holds_no_nan() -> None:
    content = ts.compare(fit(), fit(ONE), fit(TWO)).to_dict()
    json.dumps(content, allow_nan=False)
    assert content["schema"] == "trustsem.compare/1"
    assert content["models"][0]["aic"] is None
    assert content["tests"][0]["statistic"] is None
    assert "other observed variables" in content["tests"][0]["refusal"]
    assert content["tests"][1]["df"] == 3
    assert content["tests"][1]["delta_cfi"] < 0


@pytest.mark.parametrize("width", [40, 80, 120])
def test_summary_keeps_the_width(width: int) -> None:
    text = ts.compare(fit(), fit(ONE), fit(TWO)).summary(width=width)
    assert max(map(len, text.splitlines())) <= width


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_command_compares_models(run) -> None:
    code, out, err = run("compare", "trust_formation", "trust_formation_recursive", "trust_patients")
    assert code == 0
    assert err == ""
    assert "trust_formation_recursive - " in out
    assert "<.001" in out


def test_command_compares_equalities(run, tmp_path: Path) -> None:
    target = tmp_path / "compared.json"
    words = ["--equal", "loadings", "--equal", "loadings,intercepts", "--json", "--output", target]
    code, out, err = run("compare", "care_setting", "trust_patients", *words)
    assert code == 0
    assert "Written" in err
    content = json.loads(out)
    assert content == json.loads(target.read_text(encoding="utf-8"))
    assert content["schema"] == "trustsem.compare/1"
    names = ["no equality", "equal loadings", "equal loadings + intercepts"]
    assert [model["model"] for model in content["models"]] == names
    assert [test["df"] for test in content["tests"]] == [14, 14]
    assert all(test["refusal"] is None for test in content["tests"])


def test_command_gives_the_numbers_of_the_function(run) -> None:
    words = ["compare", "trust_formation", "trust_formation_recursive", SAMPLE, "--estimator", "MLM"]
    _, out, _ = run(*words, "--method", "satorra-2000", "--json")
    fits = [ts.fit(name, SAMPLE, estimator="MLM") for name in ("trust_formation", "trust_formation_recursive")]
    (test,) = ts.compare(*fits, method="satorra_2000").tests
    assert test is not None
    assert json.loads(out)["tests"][0]["statistic"] == pytest.approx(test.statistic, rel=1e-9)


def test_command_reads_one_model_from_standard_input(run, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("f =~ hq1 + hq2 + hq3 + ii1\nhq1 ~~ hq2"))
    code, out, _ = run("compare", "-", "-", "trust_patients")
    assert (code, out) == (2, "")
    code, _, err = run("compare", "-", "interpersonal_path", "trust_patients", "--codebook", "dpt_patient")
    assert code == 0, err


@pytest.mark.parametrize(
    ("words", "code", "phrase"),
    [
        (["trust_formation", "trust_patients"], 2, "two models or more"),
        (["interpersonal_path", "trust_patients", "--equal", "loadings"], 2, "--group COLUMN"),
        (["interpersonal_path", "trust_formation", "trust_patients", "--equal", "loadings"], 2, "one model"),
        (["care_setting", "trust_patients", "--equal", "loadings", "--group-equal", "loadings"], 2, "--equal"),
        (["trust_formation", "trust_formation_recursive", "trust_patients", "--method", "x"], 2, "Unknown method"),
        (["trust_formation", "trust_formation_recursive", "trust_patients", "--strata", "x"], 2, "strata"),
        (["trust_formation", "hints7_communication_trust", "trust_patients"], 2, "--codebook"),
        (["trust_formation", "trust_formatoin", "trust_patients"], 12, "Did you mean"),
        (["trust_formation", "trust_formation_recursive", "no_such_file.csv"], 10, "no_such_file"),
    ],
)
def test_command_refuses(run, words: list[str], code: int, phrase: str) -> None:
    ended, out, err = run("compare", *words)
    assert (ended, out) == (code, "")
    assert phrase in err


def test_command_names_the_model_that_is_not_identified(run, tmp_path: Path) -> None:
    path = tmp_path / "two_items.sem"
    path.write_text("f =~ hq1 + hq2\ng =~ ii1 + ii2\nf ~~ 0*g", encoding="utf-8")
    code, _, err = run("compare", "interpersonal_path", path, "trust_patients", "-c", "dpt_patient")
    assert code == 13
    assert "two_items" in err


def test_command_ends_as_its_worst_fit(run, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    data = tmp_path / "noise.csv"
    pd.DataFrame(rng.normal(size=(60, 6)), columns=[f"x{k}" for k in range(1, 7)]).to_csv(data, index=False)
    for name, text in (("two", TWO), ("one", "v =~ x1 + x2 + x3 + x4 + x5 + x6")):
        (tmp_path / f"{name}.sem").write_text(text, encoding="utf-8")
    code, out, err = run("compare", tmp_path / "one.sem", tmp_path / "two.sem", data)
    assert code == 14
    assert "did not converge" in " ".join(out.split())
    assert "two" in err


def test_differences_are_absent_in_the_first_row() -> None:
    first = ts.compare(fit(), fit(ONE)).table.iloc[0]
    assert all(math.isnan(first[name]) for name in ("chisq_diff", "df_diff", "pvalue", "rmsea_diff", "delta_srmr"))
