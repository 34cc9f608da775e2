"""Groups, estimators and gaps on the command line, and the groups that shipped models bring along."""

from __future__ import annotations

import json

import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.spec import list_models

GROUPED = [model for model in list_models() if model.group is not None]
SETTINGS = ("care_setting", "trust_settings")


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def run_json(run):
    def call(*words: object) -> dict:
        code, out, err = run(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    return call


def codes(content: dict) -> set[str]:
    return {finding["code"] for finding in content["findings"]}


# --- groups of the model ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", GROUPED, ids=lambda model: model.name)
def test_check_counts_over_the_groups_of_the_model(run_json, model) -> None:
    content = run_json("check", model.name)
    assert content["groups"] == list(model.group_label)
    assert content["df"] == content["expected_df"] == model.expected_df
    assert content["identified"]
    assert "groups-of-the-model" in codes(content)


@pytest.mark.parametrize("model", GROUPED, ids=lambda model: model.name)
def test_fit_takes_the_groups_of_the_model(run_json, model) -> None:
    content = run_json("fit", model.name, model.sample)
    assert content["fit_measures"]["df"] == model.expected_df
    assert {row["group"] for row in content["estimates"] if row["op"] == "=~"} == {1, 2}
    assert "groups-of-the-model" in codes(content)
    assert content["options"]["group"] == model.group
    assert content["options"]["group_equal"] == list(model.group_equal)


def test_python_and_command_line_fit_the_same(run_json) -> None:
    fit = ts.fit("care_setting", ts.samples_dir() / "trust_settings.csv")
    assert fit.fit_measures["chisq"] == pytest.approx(run_json("fit", *SETTINGS)["fit_measures"]["chisq"], rel=1e-9)


@pytest.mark.parametrize(
    ("words", "df", "taken"),
    [
        (("--group", "setting"), 352, False),  # configural: all that the description says is replaced
        (("--group", ""), 176, False),  # one group of all rows
        (("--group-equal", "loadings"), 366, True),  # exceptions go with the equalities that they are exceptions from
        (("--group-equal", "loadings,intercepts"), 380, True),
        (("--group-partial", "ms3~1"), 379, True),
        (("--group-label", "inpatient,outpatient"), 377, True),
    ],
)
def test_what_is_named_wins(run_json, words, df, taken) -> None:
    content = run_json("check", *SETTINGS, *words)
    assert content["df"] == df
    assert ("groups-of-the-model" in codes(content)) == taken


def test_named_order_makes_the_reference(run_json) -> None:
    content = run_json("check", *SETTINGS, "--group-label", "inpatient,outpatient", "--table")
    assert content["groups"] == ["inpatient", "outpatient"]
    assert content["n_by_group"] == [645, 645]
    free = {(row["lhs"], row["group"]) for row in content["parameters"] if row["op"] == "~1" and row["free"]}
    assert ("interpersonal_trust", 1) not in free
    assert ("interpersonal_trust", 2) in free


def test_effects_and_explain_take_the_groups(run, run_json) -> None:
    content = run_json("effects", *SETTINGS, "--x", "interpersonal_interaction", "--y", "interpersonal_trust")
    assert "groups-of-the-model" in codes(content)
    assert len({row["group"] for row in content["effects"]}) == 2
    code, out, _ = run("explain", *SETTINGS, "--mimic", "lavaan")
    assert code == 0
    assert out


def test_models_say_that_they_are_for_groups(run, run_json) -> None:
    listed = {model["name"]: model for model in run_json("models", "list")["models"]}
    assert listed["care_setting"]["group"] == "setting"
    assert listed["interpersonal_path"]["group"] is None
    shown = run_json("models", "show", "care_setting")
    assert shown["group_label"] == ["outpatient", "inpatient"]
    assert shown["group_equal"] == ["loadings", "intercepts"]
    assert shown["group_partial"] == ["medical_situation=~ms3", "ms3~1", "rp2~1"]
    _, out, _ = run("models", "show", "perception_gap")
    assert "by the column side: patient, clinician" in out
    _, out, _ = run("models", "list")
    assert "groups by setting" in out


# --- groups of the text -------------------------------------------------------------------------------------------

BLOCKS = "f =~ x1 + x2 + x3 + x4\ngroup: in\nx1 ~~ x2\ngroup: out\nx3 ~~ x4\n"


def test_check_counts_the_groups_that_a_text_is_written_for(run_json, tmp_path) -> None:
    path = tmp_path / "m.sem"
    path.write_text("f =~ x1 + c(a, b, NA)*x2 + x3 + x4\nd := a - b\n", encoding="utf-8")
    content = run_json("check", path)
    assert content["groups"] == ["1", "2", "3"]
    assert content["df"] == 6  # 3 groups, each 14 moments and 12 parameters
    path.write_text(BLOCKS, encoding="utf-8")
    content = run_json("check", path)
    assert content["groups"] == ["in", "out"]
    assert content["df"] == 2


def test_groups_without_data_must_be_named(run, run_json, tmp_path) -> None:
    path = tmp_path / "m.sem"
    path.write_text("f =~ x1 + x2 + x3 + x4", encoding="utf-8")
    code, _, err = run("check", path, "--group", "ward")
    assert code == 2
    assert "--group-label" in err
    content = run_json("check", path, "--group", "ward", "--group-label", "a,b", "--group-equal", "loadings")
    assert content["df"] == 7


def test_check_names_bad_groups_and_goes_on(run) -> None:
    code, out, err = run("check", *SETTINGS, "--group-label", "outpatient,inpatients")
    assert code == 2
    assert "Did you mean 'inpatient'" in err
    assert "Degrees of freedom" in out  # the model was examined all the same


# --- estimators ---------------------------------------------------------------------------------------------------


def test_several_tests_and_any_writing(run_json) -> None:
    path = ("interpersonal_path", "trust_patients")
    content = run_json(
        "fit", *path, "--estimator", "mlr", "--test", "yuan.bentler.mplus", "--test", "Browne-Residual-ADF"
    )
    assert content["options"]["estimator"] == "MLR"
    assert content["options"]["test"] == ["yuan_bentler_mplus", "browne_residual_adf"]
    assert content["fit_measures"]["chisq_scaled"] is not None
    plain = run_json("fit", *path)
    assert plain["options"]["test"] == ["standard"]
    assert plain["fit_measures"]["chisq"] == pytest.approx(content["fit_measures"]["chisq"], rel=1e-9)


def test_unknown_words_are_answered_with_what_there_is(run) -> None:
    path = ("fit", "interpersonal_path", "trust_patients")
    for words, phrases in (
        (("--estimator", "MRL"), ("'mlr'", "ulsmvs")),
        (("--missing", "fimle"), ("Did you mean 'fiml'", "two_stage")),
        (("--se", "robst"), ("Did you mean 'robust'", "first_order")),
        (("--test", "standard", "--test", "satorra"), ("satorra_bentler", "browne_residual_nt_model")),
        (("--estimator", "ULS", "--missing", "fiml"), ("ULS needs complete rows",)),
    ):
        code, out, err = run(*path, *words)
        assert code == 2
        assert out == ""
        assert all(phrase in err for phrase in phrases), err


def test_incomplete_rows_are_used_and_counted(run_json) -> None:
    listwise = run_json("fit", "interpersonal_path", "trust_patients")
    full = run_json("fit", "interpersonal_path", "trust_patients", "--missing", "ml", "--estimator", "MLR")
    assert full["n_obs"] > listwise["n_obs"]
    assert full["options"]["missing"] == "fiml"
