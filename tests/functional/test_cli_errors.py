"""Bad input on the command line: one clear message, the right exit code, never a traceback."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pandas as pd
import pytest

from trustsem.cli import app as application
from trustsem.cli.app import main
from trustsem.fitting import Fit

FACTOR = "f =~ x1 + x2 + x3"


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*words: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return call


@pytest.fixture
def survey(tmp_path):
    """Write a survey file of six items; a test changes the frame first."""

    def write(change=lambda frame: frame, n: int = 120):
        rng = np.random.default_rng(5)
        factor = rng.normal(size=(n, 1))
        values = 0.8 * factor + 0.6 * rng.normal(size=(n, 6))
        frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(1, 7)])
        path = tmp_path / "survey.csv"
        change(frame).to_csv(path, index=False)
        return path

    return write


# --- usage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (["fti"], "Did you mean 'fit'"),
        (["fit", "interpersonal_path"], "Missing argument"),
        (["fit", "interpersonal_path", "trust_patients", "--measures", "most"], "most"),
        (["fit", "interpersonal_path", "trust_patients", "--nope"], "No such option"),
        (["check"], "No model was named"),
        (["check", "interpersonal_path", "--sheet", "2"], "--sheet without DATA"),
        (["check", "interpersonal_path", "-c", "hints7", "--encoding", "utf-8"], "--codebook and --encoding without"),
        (["check", "--refused", "--sheet", "2"], "--sheet without DATA"),
        (["constructs", "conflct"], "Did you mean 'conflict'"),
    ],
)
def test_wrong_use_exits_with_2(run, words, phrase):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert phrase in err


def test_refused_options_are_named_all_at_once(run):
    words = ("fit", "interpersonal_path", "trust_patients")
    code, _, err = run(*words, "--strata", "setting", "--bootstrap", "1", "--estimator", "PML", "--bounds", "wide")
    assert code == 2
    assert all(name in err for name in ("strata", "at least 2", "PML", "wide", "check --refused"))


# --- data file: 10 -----------------------------------------------------------------------------------------------


def test_missing_file_and_sample(run):
    code, _, err = run("fit", "interpersonal_path", "nowhere.csv")
    assert (code, "nowhere.csv" in err) == (10, True)
    code, _, err = run("describe", "trust_patient")
    assert (code, "Did you mean 'trust_patients'" in err) == (10, True)


def test_folder_empty_and_ragged_files(run, tmp_path):
    assert run("describe", tmp_path)[0] == 10
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert run("describe", tmp_path / "empty.csv")[0] == 10
    (tmp_path / "ragged.csv").write_text("a,b,c\n1,2,3\n1,2,3,4,5\n", encoding="utf-8")
    code, _, err = run("describe", tmp_path / "ragged.csv")
    assert (code, "3" in err) == (10, True)


@pytest.mark.parametrize(
    ("change", "n", "phrase"),
    [
        (lambda frame: frame.assign(x3=frame["x1"] + frame["x2"]), 120, "x3"),
        (lambda frame: frame.assign(x2=4.0), 120, "x2"),
        (lambda frame: frame, 3, "respondents"),
        (lambda frame: frame.assign(x1=np.nan), 120, "x1"),
    ],
    ids=["collinear", "constant", "few-rows", "all-missing"],
)
def test_data_that_cannot_be_analysed(run, survey, change, n, phrase):
    path = survey(change, n)
    for command in ("fit", "check"):
        code, _, err = run(command, "-", path, stdin=FACTOR)
        assert code == 10
        assert phrase in err


def test_no_answer_is_quoted_when_text_stands_in_a_number_column(run, survey):
    path = survey(lambda frame: frame.assign(x1=["my secret", *frame["x1"][1:]]))
    code, out, err = run("fit", "-", path, stdin=FACTOR)
    assert code == 10
    assert "x1" in err
    assert "secret" not in out + err


# --- codebook: 11, model: 12 -------------------------------------------------------------------------------------


def test_unknown_codebook(run):
    code, _, err = run("fit", "interpersonal_path", "trust_patients", "--codebook", "dpt_patien")
    assert (code, "Did you mean 'dpt_patient'" in err) == (11, True)


def test_a_data_file_in_place_of_a_codebook(run, survey):
    code, _, err = run("fit", "interpersonal_path", "trust_patients", "-c", survey())
    assert code == 11
    assert "codebooks are .toml files" in err


def test_a_term_written_twice_is_told_and_counted_once(run, survey):
    path = survey()
    for command in (("check", "-"), ("check", "-", path), ("fit", "-", path)):
        code, out, _ = run(*command, "--json", stdin=f"{FACTOR}\nf =~ x4 + x4")
        assert code == 0
        (finding,) = [f for f in json.loads(out)["findings"] if f["code"] == "repeated-term"]
        assert finding["severity"] == "warning"
        assert "Line 2" in finding["message"]


def test_a_codebook_that_does_not_fit(run, survey):
    assert run("fit", "interpersonal_path", survey())[0] == 11


def test_model_syntax_shows_a_caret(run):
    code, _, err = run("check", "-", stdin="f =~ x1 + x2\ny ~~~ f")
    assert code == 12
    assert "line 2" in err
    assert "^" in err


def test_unknown_variable_with_its_place_and_a_suggestion(run, survey):
    path = survey(lambda frame: frame.rename(columns={"x3": "item_3"}))
    for command in ("fit", "check"):
        code, _, err = run(command, "-", path, stdin="f =~ x1 + x2 + itme_3")
        assert code == 12
        assert "line 1, column 16" in err
        assert "Did you mean 'item_3'" in err


@pytest.mark.parametrize("text", ["", "# nothing\n", "f =~ 0\n"])
def test_models_without_substance(run, survey, text):
    code, _, err = run("fit", "-", survey(), stdin=text)
    assert code in (12, 13)
    assert err.startswith("Error:")


def test_unknown_model(run):
    code, _, err = run("fit", "interpersonal_pth", "trust_patients")
    assert (code, "Did you mean 'interpersonal_path'" in err) == (12, True)


# --- 13 to 16 ----------------------------------------------------------------------------------------------------


def test_not_identified_names_the_parameters(run, survey):
    code, out, err = run("check", "-", stdin="f =~ x1 + x2")
    assert code == 13
    assert "NO" in out
    assert "f=~x2" in err
    assert run("fit", "-", survey(), stdin="f =~ x1 + x2")[0] == 13


def test_check_json_carries_its_problems(run):
    code, out, _ = run("check", "-", "--json", stdin="f =~ x1 + x2")
    content = json.loads(out)
    assert code == 13
    assert content["identified"] is False
    assert content["problems"][0]["exit_code"] == 13
    assert "f=~x2" in content["unidentified"][0]["parameters"]


def test_a_fit_that_did_not_converge_is_shown_and_exits_with_14(run, survey, monkeypatch):
    monkeypatch.setattr(Fit, "converged", property(lambda _: False))
    code, out, err = run("fit", "-", survey(), stdin=FACTOR)
    assert code == 14
    assert "DID NOT CONVERGE" in out
    assert "did not converge" in err
    assert run("effects", "-", survey(), stdin=FACTOR)[0] == 14


def test_strict_exits_with_15_on_a_negative_variance(run, tmp_path):
    target = np.array([[1, 0.7, 0.7], [0.7, 1, 0.4], [0.7, 0.4, 1]])  # squared loading .49 / .4 > 1
    noise = np.random.default_rng(3).normal(size=(300, 3))
    noise = (noise - noise.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    path = tmp_path / "heywood.csv"
    pd.DataFrame(noise @ np.linalg.cholesky(target).T, columns=["x1", "x2", "x3"]).to_csv(path, index=False)
    code, out, _ = run("fit", "-", path, stdin=FACTOR)
    assert code == 0
    assert "Heywood" in out
    code, out, err = run("fit", "-", path, "--strict", stdin=FACTOR)
    assert code == 15
    assert "Heywood" in out
    assert "inadmissible" in err


def test_no_path_and_unknown_ends_exit_with_16(run):
    words = ("effects", "interpersonal_path", "trust_patients")
    code, _, err = run(*words, "--x", "interpersonal_trust", "--y", "humanistic_quality")
    assert (code, "No path" in err) == (16, True)
    code, _, err = run(*words, "--x", "humanistic_qualty", "--y", "interpersonal_trust")
    assert (code, "Did you mean 'humanistic_quality'" in err) == (16, True)


def test_an_unstable_loop_exits_with_16(run, tmp_path):
    rng = np.random.default_rng(9)
    z, e = rng.normal(size=(800, 2)), rng.normal(size=(800, 2))
    arrows = np.array([[0, 1.6], [-1.4, 0]])  # gain -2.24: the reduced form exists, the process does not settle
    y = (z + e) @ np.linalg.inv(np.eye(2) - arrows).T
    path = tmp_path / "loop.csv"
    pd.DataFrame(np.hstack([y, z]), columns=["y1", "y2", "z1", "z2"]).to_csv(path, index=False)
    code, _, err = run("effects", "-", path, "--x", "z1", "--y", "y2", stdin="y1 ~ y2 + z1\ny2 ~ y1 + z2\ny1 ~~ y2")
    assert code == 16
    assert "does not settle" in err


# --- output and accidents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["fit", "interpersonal_path", "nowhere.csv"], 10),
        (["fit", "nothing", "trust_patients"], 12),
        (["fit", "interpersonal_path"], 2),
        (["fit", "interpersonal_path", "trust_patients", "--strata", "g"], 2),
    ],
)
def test_errors_as_json(run, words, code):
    found, out, err = run(*words, "--json")
    content = json.loads(out)
    assert found == code
    assert content["schema"] == "trustsem.error/1"
    assert content["exit_code"] == code
    assert content["message"] in err


def test_an_unwritable_output(run, tmp_path):
    code, _, err = run("fit", "interpersonal_path", "trust_patients", "-o", tmp_path / "no" / "fit.json")
    assert (code, "cannot be written" in err) == (2, True)
    assert run("fit", "interpersonal_path", "trust_patients", "-o", tmp_path)[0] == 2


def test_a_url_is_refused_as_one(run):
    # Symptom: "https:/example.org/a.csv does not exist", because a Path had mangled the address.
    code, _, err = run("describe", "https://example.org/a.csv")
    assert code == 10
    assert "https://example.org/a.csv" in err


def test_a_model_text_in_place_of_a_name_is_told_where_to_go(run):
    code, _, err = run("fit", FACTOR, "trust_patients")
    assert code == 12
    assert "trustsem fit -" in err


def test_a_bug_is_one_sentence_without_the_data(run, survey, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ValueError("could not convert 'my secret answer'")

    monkeypatch.setattr("trustsem.cli.inputs.find_model", broken)
    code, out, err = run("fit", "-", survey(), "--json")
    assert code == 1
    assert "ValueError" in err
    assert "report" in err
    assert "secret" not in out + err
    assert json.loads(out)["code"] == "internal"


def test_an_interruption_exits_with_130(run, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("trustsem.cli.inputs.find_model", interrupted)
    assert run("fit", "interpersonal_path", "trust_patients")[0] == 130
    monkeypatch.setattr(application, "_run", interrupted)
    assert run("fit", "interpersonal_path", "trust_patients")[0] == 130


def test_a_traceback_comes_only_on_demand(capsys, monkeypatch):
    monkeypatch.setenv("TRUSTSEM_TRACEBACK", "1")
    monkeypatch.setattr("trustsem.cli.inputs.find_model", lambda *_: 1 / 0)
    assert main(["fit", "interpersonal_path", "trust_patients"]) == 1
    assert "Traceback" in capsys.readouterr().err
