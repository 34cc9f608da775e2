"""Cross-checks through semopy and explanations of differences, on data of known results."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.fitting import semopy_model
from trustsem.fitting.cross_check import AGREE, Verdict, cross_check_lines
from trustsem.fitting.differences import PROGRAMS
from trustsem.fitting.explain import explain_differences, explanation_lines

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@cache
def fitted(case: str) -> ts.Fit:
    golden = json.loads((GOLDEN / f"{case}.json").read_text(encoding="utf-8"))
    options = {name.replace(".", "_"): value for name, value in dict(golden["options"]).items()}
    return ts.fit(golden["model"], pd.read_csv(GOLDEN / golden["data"]), preset=golden["fun"], **options)


@pytest.mark.parametrize(
    "case",
    [
        "hs-cfa-ml",
        "hs-cfa-ml-wishart",
        "hs-cfa-stdlv-means",
        "hs-effect-coding",
        "hs-heywood",
        "hs-mimic",
        "hs-mimic-random-x",
        "hs-residuals-wald-score",
        "hs-second-order",
        "pd-sem-ml",
        "feedback-loop",
    ],
)
def test_semopy_agrees(case: str) -> None:
    record = fitted(case).cross_check()
    assert record.verdict is Verdict.AGREES, record.sentence
    assert record.engine.startswith("semopy 2")
    measures = {item.name: item for item in record.measures}
    assert measures["degrees of freedom"].difference == 0
    assert abs(measures["chi-square"].difference) < 1e-4
    free = [row for row in fitted(case).fitted.table.free_rows if row.op != "~1"]
    assert len(record.parameters) == len(free)
    assert record.largest_relative is not None
    assert record.largest_relative < 1e-4
    for item in record.parameters:
        if item.ours_se is not None and item.theirs_se is not None:
            assert item.theirs_se == pytest.approx(item.ours_se, abs=AGREE)


def test_errors_are_compared_only_where_they_mean_the_same() -> None:
    assert all(item.theirs_se is not None for item in fitted("hs-cfa-ml").cross_check().parameters)
    assert all(item.theirs_se is None for item in fitted("hs-cfa-ml-observed").cross_check().parameters)
    assert any("standard errors" in text for text in fitted("hs-effect-coding").cross_check().not_compared)


def test_what_semopy_cannot_do_is_named() -> None:
    growth = fitted("growth").cross_check()
    assert growth.verdict is Verdict.NOT_POSSIBLE
    assert "t1~1" in growth.reasons[0]
    constrained = fitted("pd-nonlinear-constraint").cross_check()
    assert constrained.verdict is Verdict.NOT_POSSIBLE
    assert "p*r == 1.2" in constrained.sentence
    assert any("(loop)" in text for text in fitted("feedback-loop").cross_check().not_compared)
    assert any("intercepts" in text for text in fitted("hs-cfa-stdlv-means").cross_check().not_compared)


def test_a_failure_of_semopy_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    import semopy

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("an answer of a respondent")

    monkeypatch.setattr(semopy.Model, "fit", fail)
    record = fitted("hs-cfa-ml").cross_check()
    assert record.verdict is Verdict.NOT_POSSIBLE
    assert "ZeroDivisionError" in record.sentence
    assert "respondent" not in record.sentence


def test_a_worse_point_is_told_from_a_better_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """semopy stops after one step from plain values; from our estimates one step is enough."""
    monkeypatch.setitem(semopy_model.PRECISION, "maxiter", 1)
    record = fitted("hs-cfa-ml").cross_check()
    assert record.verdict is Verdict.ELSEWHERE
    assert "minimum for it too" in record.sentence


def test_a_different_model_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the comparison itself: a loading fixed behind its back must not pass."""
    describe = semopy_model.describe_model

    def tampered(*arguments: object) -> str:
        return describe(*arguments).replace("p0*", "0.3*")  # type: ignore[arg-type]

    monkeypatch.setattr(semopy_model, "describe_model", tampered)
    assert fitted("hs-cfa-ml").cross_check().verdict is Verdict.DIFFERS


def test_text_and_json() -> None:
    record = fitted("hs-mimic").cross_check()
    lines = cross_check_lines(record, 60)
    assert max(map(len, lines)) <= 60
    assert any("chi-square" in line for line in lines)
    assert any("fixed predictors" in line for line in lines)
    content = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert content["verdict"] == "agrees"
    assert len(content["parameters"]) == len(record.parameters)


# --- explanations -------------------------------------------------------------------------------------------------


def values_of(case: str, program: str, topic: str) -> dict[str, tuple[float | None, float | None]]:
    explanation = explain_differences(fitted(case), program)
    item = next(item for item in explanation.differences if item.topic == topic)
    return {value.name: (value.ours, value.theirs) for value in item.values}


def test_wishart_and_random_predictors_are_those_of_the_oracles() -> None:
    values = values_of("hs-cfa-ml", "lavaan", "Divisor of the covariance matrix")
    assert values["chisq"] == pytest.approx((85.306, 85.022), abs=1e-3)
    assert values["logl"] == pytest.approx((-3737.745, -3742.252), abs=1e-3)
    values = values_of("hs-mimic", "mplus", "Observed predictors")
    assert values["npar"] == (27, 30)
    assert values["aic"] == pytest.approx((7478.4, 8795.9), abs=0.1)


def test_standard_errors_of_observed_information() -> None:
    golden = json.loads((GOLDEN / "hs-cfa-ml-observed.json").read_text(encoding="utf-8"))["estimates"]
    expected = next(row["se"] for row in golden if (row["lhs"], row["rhs"]) == ("visual", "x2"))
    values = values_of("hs-cfa-ml", "stata", "Information matrix")
    assert values["first standard error (visual=~x2)"][1] == pytest.approx(expected, abs=1e-4)


def test_mean_structure_adds_parameters_and_keeps_chi_square() -> None:
    values = values_of("hs-cfa-ml", "stata", "Mean structure")
    assert values["npar"] == (21, 30)
    assert values["chisq"][0] == pytest.approx(values["chisq"][1])


def test_nothing_to_refit_is_said() -> None:
    topics = {item.topic: item for item in explain_differences(fitted("hs-cfa-stdlv-means"), "mplus").differences}
    assert "already" in (topics["Mean structure"].note or "")
    assert topics["Mean structure"].values == ()
    assert "no predictor" in (topics["Observed predictors"].note or "")


def _note(name: str, program: str, topic: str) -> str:
    (item,) = [i for i in explain_differences(fitted(name), program).differences if i.topic == topic]
    return item.note or ""


def test_the_baseline_differs_only_with_random_predictors() -> None:
    assert "no observed predictors" in _note("hs-cfa-ml", "mplus", "Baseline model")
    assert "as long as predictors stay fixed" in _note("hs-mimic", "mplus", "Baseline model")
    assert "random here" in _note("hs-mimic-random-x", "mplus", "Baseline model")


def test_predictors_beside_exogenous_factors_are_told_where_there_are_any() -> None:
    topic = "Observed predictors beside exogenous factors"
    assert "Nothing changes" in _note("hs-mimic", "stata", topic)
    data = pd.read_csv(GOLDEN / "data" / "hs.csv")
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f + ageyr", data)
    (item,) = [i for i in explain_differences(fit, "stata").differences if i.topic == topic]
    assert "f ~~ x" in (item.note or "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_difference_has_values_or_says_why_not(program: str) -> None:
    explanation = explain_differences(fitted("hs-mimic"), program)
    silent = [item.topic for item in explanation.differences if not item.values and not item.note]
    assert set(silent) <= {"Standard errors of fixed parameters", "Standardised solutions"}  # nothing but print
    assert max(map(len, explanation_lines(explanation, 70))) <= 70


def test_unknown_program() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mplus'"):
        explain_differences(fitted("hs-cfa-ml"), "mpluss")


def test_moments_without_means_say_what_is_missing() -> None:
    data = pd.read_csv(GOLDEN / "data" / "hs.csv") if (GOLDEN / "data" / "hs.csv").exists() else None
    if data is None:
        pytest.skip("the golden data are not there")
    names = [f"x{i}" for i in range(1, 5)]
    fit = ts.fit("f =~ x1 + x2 + x3 + x4", sample_cov=data[names].cov(), n_obs=len(data))
    item = next(i for i in explain_differences(fit, "mplus").differences if i.topic == "Mean structure")
    assert item.values == ()
    assert "refit is not possible" in (item.note or "")
