"""Scales and exploration as their users meet them: from Python, on the command line, with wrong words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import DataError, ModelError, UsageError

PATIENTS = ts.samples_dir() / "trust_patients.csv"
HQ = ["hq1", "hq2", "hq3"]
RUN = ("explore", "trust_patients", "--items", "humanistic_quality,group_identity,social_trust", "--seed", "5")


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def survey() -> ts.Survey:
    return ts.read_survey(PATIENTS, "dpt_patient")


def codes(result: object) -> set[str]:
    return {finding.code for finding in result.findings}  # type: ignore[attr-defined]


# --- items --------------------------------------------------------------------------------------------------------


def test_items_are_scored_as_the_codebook_says(survey: ts.Survey) -> None:
    """Third items are asked from the negative pole: unscored they work against the others and alpha collapses."""
    scored = ts.item_analysis(survey, ["humanistic_quality"])
    assert scored.items.loc[scored.items["reverse"], "item"].tolist() == ["hq3"]
    assert (scored.items["item_rest"] > 0.4).all()
    raw = pd.read_csv(PATIENTS)[HQ].where(lambda values: values > 0)
    unscored = ts.item_analysis(raw, HQ)
    assert unscored.scales["alpha"].item() < 0.1 < scored.scales["alpha"].item()
    assert "negative-item-rest" in codes(unscored)
    assert "negative-item-rest" not in codes(scored)
    again = ts.item_analysis(raw, HQ, codebook="dpt_patient")
    assert again.scales["alpha"].item() == pytest.approx(scored.scales["alpha"].item())


def test_item_statistics_by_definition(survey: ts.Survey) -> None:
    row = ts.item_analysis(survey, HQ).items.set_index("item").loc["hq1"]
    answers = survey.frame["hq1"].dropna()
    assert row["n"] == len(answers)
    assert row["mean"] == pytest.approx(answers.mean())
    assert row["sd"] == pytest.approx(answers.std())
    assert row["skewness"] == pytest.approx(answers.skew())
    assert (row["floor"], row["ceiling"]) == pytest.approx(((answers == 1).mean(), (answers == 5).mean()))
    complete = survey.frame[HQ].dropna()
    assert row["item_rest"] == pytest.approx(complete["hq1"].corr(complete[["hq2", "hq3"]].sum(axis=1)))


def test_answers_add_up(survey: ts.Survey) -> None:
    answers = ts.item_analysis(survey, ["group_identity"]).answers
    assert answers.groupby("item")["share"].sum().to_numpy() == pytest.approx(np.ones(3))
    assert answers["label"].notna().all()


def test_groups_are_analysed_by_themselves(survey: ts.Survey) -> None:
    result = ts.item_analysis(survey, HQ, group="setting")
    (one,) = [scale for scale in result.analysed if scale.group == "inpatient"]
    rows = survey.frame.loc[survey.frame["setting"] == "inpatient"]
    alone = ts.item_analysis(rows, HQ)
    assert one.statistics.alpha.value == pytest.approx(alone.scales["alpha"].item())
    assert result.scales["group"].tolist() == ["outpatient", "inpatient"]


def test_incomplete_rows_count_under_full_information(survey: ts.Survey) -> None:
    listwise, fiml = (ts.item_analysis(survey, HQ, missing=word).scales for word in ("listwise", "fiml"))
    assert fiml["n_obs"].item() > listwise["n_obs"].item()
    assert fiml["alpha"].item() != listwise["alpha"].item()
    assert np.isnan(fiml["ci_lower"].item())
    assert "complete rows" in fiml["reason"].item()


def test_the_model_or_a_mapping_names_the_scales(survey: ts.Survey) -> None:
    of_model = ts.item_analysis(PATIENTS, model="interpersonal_path").scales
    assert {"interpersonal_trust", "emotional_communication"} <= set(of_model["scale"])
    mapped = ts.item_analysis(survey, {"mine": ["hq1", "gi1"]}).scales
    assert mapped["scale"].tolist() == ["mine"]


def test_small_and_constant_samples_have_reasons() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, None], "b": [1.0, None, 3]})
    scales = ts.item_analysis(frame, ["a", "b"]).scales
    assert np.isnan(scales["alpha"].item())
    assert "1 complete rows" in scales["reason"].item()
    assert "two items" in ts.item_analysis(pd.DataFrame({"a": [1.0, 2, 4]}), ["a"]).scales["reason"].item()
    few = pd.DataFrame({"a": [1.0, 1, 1], "b": [1.0, 2, 2], "c": [2.0, 1, 3]})
    latent = ts.item_analysis(few, ["a", "b", "c"], ordered=True).scales
    assert "no scale of 2 to 20 categories: a" in latent["reason"].item()


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"items": ["hq1"], "model": "interpersonal_path"}, UsageError, "Both items and a model"),
        ({"items": ["hq1", "hq9"]}, ModelError, "hq9: not in the data"),
        ({"missing": "pairwise"}, UsageError, "not available for answers as numbers"),
        ({"items": ["hq1"], "codebook": "dpt_patient"}, UsageError, "scored already"),
        ({"model": "x ~ y"}, ModelError, "no factor"),
        ({"items": HQ, "group": "nothing"}, ModelError, "no column"),
    ],
)
def test_wrong_requests(survey: ts.Survey, words: dict, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        ts.item_analysis(survey, **words)


def test_a_frame_without_a_codebook_needs_scales() -> None:
    with pytest.raises(UsageError, match="which items make a scale"):
        ts.item_analysis(pd.DataFrame({"a": [1.0, 2]}))


# --- exploration --------------------------------------------------------------------------------------------------


def test_exploration_finds_the_constructs_again(survey: ts.Survey) -> None:
    result = ts.explore(survey, ["humanistic_quality", "group_identity", "social_trust"], seed=5)
    assert result.constructs == ("humanistic_quality", "group_identity", "social_trust")
    assert result.n_factors == result.parallel.n_factors == 3
    assert result.items["elsewhere"].isna().all()
    matched = [row[row["factor"]] for row in result.congruence.to_dict("records")]
    assert min(matched) > 0.95
    assert result.loadings.loc["gi1"].abs().idxmax() == "F2"  # factors stand in the order of the constructs


def test_a_misplaced_item_is_named(survey: ts.Survey) -> None:
    """gi1 is put among the items of humanistic quality: it loads on the factor of the other group_identity items."""
    sets = {"quality": [*HQ, "gi1"], "identity": ["gi2", "gi3"], "trust": ["st1", "st2", "st3"]}
    result = ts.explore(survey, sets, seed=5)
    moved = result.items.dropna(subset="elsewhere")
    assert moved["item"].tolist() == ["gi1"]
    assert moved["elsewhere"].tolist() == ["F2"]
    assert "items-elsewhere" in codes(result)


def test_rotations_and_extractions_differ_and_share_communalities(survey: ts.Survey) -> None:
    items = ["humanistic_quality", "individual_quality"]
    found = {how: ts.explore(survey, items, rotation=how, seed=1) for how in ("oblimin", "promax", "varimax", "none")}
    loadings = [result.loadings.to_numpy() for result in found.values()]
    assert all(np.abs(a - b).max() > 1e-3 for k, a in enumerate(loadings) for b in loadings[:k])
    for result in found.values():
        assert result.items["communality"].to_numpy() == pytest.approx(found["none"].items["communality"].to_numpy())
    assert found["varimax"].factor_correlations.to_numpy() == pytest.approx(np.eye(2), abs=1e-8)
    assert found["oblimin"].factor_correlations.iloc[0, 1] > 0.2
    by_ml = ts.explore(survey, items, method="ml", seed=1)
    assert (by_ml.loadings - found["oblimin"].loadings).abs().max().max() > 1e-4


def test_ordinal_and_incomplete_answers(survey: ts.Survey) -> None:
    items = ["humanistic_quality", "individual_quality"]
    plain = ts.explore(survey, items, seed=1)
    latent = ts.explore(survey, items, ordered=True, seed=1)
    assert (np.abs(latent.correlation) >= np.abs(plain.correlation) - 0.02).all()
    assert "parallel-of-polychorics" in codes(latent)
    assert ts.explore(survey, items, ordered=True, missing="pairwise", seed=1).n_obs > latent.n_obs
    full = ts.explore(survey, items, missing="fiml", seed=1)
    assert full.n_obs > plain.n_obs
    assert "parallel-of-incomplete" in codes(full)


def test_the_seed_is_recorded_when_it_was_drawn(survey: ts.Survey) -> None:
    assert "seed-drawn" in codes(ts.explore(survey, HQ, draws=20))
    assert "seed-drawn" not in codes(ts.explore(survey, HQ, draws=20, seed=2))


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"items": HQ, "factors": 2}, UsageError, "1 factor at most"),
        ({"items": HQ[:2]}, UsageError, "three are needed"),
        ({"items": HQ, "rotation": "equamax"}, UsageError, "rotation='equamax' is unknown"),
        ({"items": HQ, "method": "paf"}, UsageError, "minres, ml"),
        ({"items": HQ, "factors": 0}, UsageError, "at least 1"),
        ({"items": HQ, "draws": 1}, UsageError, "parallel analysis"),
        ({"items": HQ, "ordered": True, "missing": "fiml"}, UsageError, "polychoric"),
    ],
)
def test_wrong_explorations(survey: ts.Survey, words: dict, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        ts.explore(survey, **words)


def test_impossible_data() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(5, 6)), columns=list("abcdef"))
    with pytest.raises(DataError, match="more respondents than items"):
        ts.explore(frame, list("abcdef"))
    frame = pd.DataFrame(rng.normal(size=(50, 3)), columns=list("abc")).assign(c=1.0)
    with pytest.raises(DataError, match="No variance in: c"):
        ts.explore(frame, list("abc"))


def test_items_that_repeat_others_have_no_adequacy() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(80, 1)) + rng.normal(size=(80, 4)), columns=list("abcd"))
    result = ts.explore(frame.assign(e=frame["a"] + frame["b"]), list("abcde"), factors=1, seed=1)
    assert result.adequacy is None
    assert result.to_dict()["kmo"] is None
    assert "not-positive-definite" in codes(result)


# --- reports ------------------------------------------------------------------------------------------------------


def test_the_command_scales_says_what_python_says(run) -> None:
    code, out, err = run("scales", "interpersonal_path", "trust_patients", "--json")
    assert code == 0, err
    content = json.loads(out)
    assert content["schema"] == "trustsem.scales/1"
    fit = ts.fit("interpersonal_path", PATIENTS)
    frame = fit.reliability().coefficients
    ours = [row["est"] for row in content["reliability"]["coefficients"]]
    assert ours == pytest.approx(frame["est"].tolist())
    assert content["validity"]["rules"] == {"distinct_below": 0.85, "not_distinct_from": 0.9}
    assert len(content["validity"]["pairs"]) == len(fit.validity().pairs)
    row = content["items"]["items"][0]
    values = fit.data.values
    assert values is not None
    own = values[:, fit.fitted.table.variables.observed.index(row["item"])]
    assert row["n"] == fit.n_obs  # items are those of the rows that the fit used
    assert row["mean"] == pytest.approx(own.mean())


def test_ordinal_scales_on_the_command_line(run) -> None:
    code, out, err = run("scales", "hints7_communication_trust", "hints7_twin", "--json")
    assert code == 0, err
    names = {row["coefficient"] for row in json.loads(out)["reliability"]["coefficients"]}
    assert names == {"alpha", "alpha_ordinal", "omega_categorical", "composite_reliability", "ave"}


def test_unweighted_items_of_a_weighted_fit_are_said_to_be(run, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(120, 1)) + rng.normal(size=(120, 3)), columns=["a", "b", "c"])
    frame.assign(w=rng.uniform(0.5, 2, 120)).to_csv(tmp_path / "w.csv", index=False)
    (tmp_path / "m.sem").write_text("f =~ a + b + c", encoding="utf-8")
    words = ("scales", tmp_path / "m.sem", tmp_path / "w.csv", "--json")
    found = [
        {finding["code"] for finding in json.loads(run(*words, *more)[1])["findings"]}
        for more in ((), ("--sampling-weights", "w"))
    ]
    assert ["items-unweighted" in codes for codes in found] == [False, True]


def test_groups_on_the_command_line(run) -> None:
    code, out, err = run("scales", "care_setting", "trust_settings")
    assert code == 0, err
    for title in ("Reliability, outpatient", "Reliability, inpatient", "Validity, inpatient", "Items, inpatient"):
        assert title in out


@pytest.mark.parametrize("width", [50, 80])
def test_reports_fit_the_terminal(run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("scales", "interpersonal_path", "trust_patients"), RUN):
        code, out, err = run(*words)
        assert code == 0, err
        assert max(map(len, out.splitlines())) <= width


def test_explore_on_the_command_line(run, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    code, out, err = run(*RUN, "--json", "--output", file)
    assert code == 0, err
    content = json.loads(out)
    assert json.loads(file.read_text("utf-8"))["n_factors"] == content["n_factors"] == 3
    assert content["parallel"]["seed"] == 5
    assert [row["item"] for row in content["loadings"]][:3] == HQ
    again = json.loads(run(*RUN, "--json")[1])
    assert again["parallel"] == content["parallel"]


@pytest.mark.parametrize(
    ("words", "code", "match"),
    [
        (("explore", "trust_patients", "--items", "hq1", "--model", "interpersonal_path"), 2, "both name the items"),
        (("explore", "trust_patients", "--items", "humanistic_qualty"), 12, "Did you mean"),
        (("explore", "trust_patients", "--rotation", "equamax"), 2, "rotation"),
        (("explore", "trust_patients", "--items", "humanistic_quality", "--missing", "pairwise"), 2, "not available"),
        (("scales", "interpersonal_pth", "trust_patients"), 12, "Did you mean"),
        (("scales", "interpersonal_path", "trust_patients", "--bootstrap", "10"), 2, "bootstrap"),
    ],
)
def test_wrong_words_on_the_command_line(run, words: tuple[str, ...], code: int, match: str) -> None:
    found, _, err = run(*words)
    assert found == code
    assert match in err


@pytest.mark.slow
def test_factor_analyzer_is_not_loaded_before_it_is_needed() -> None:
    script = (
        "import sys, trustsem as ts; ts.explore; ts.item_analysis; "
        "fit = ts.fit('interpersonal_path', ts.samples_dir() / 'trust_patients.csv'); fit.reliability(); "
        "print('factor_analyzer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_summaries_from_python(survey: ts.Survey) -> None:
    fit = ts.fit("interpersonal_path", survey)
    assert "omega" in fit.reliability().summary()
    assert "verdict" in fit.validity().summary(width=60)
    assert "answers, %" in ts.item_analysis(survey, HQ, ordered=True).summary()
    assert "Parallel analysis" in ts.explore(survey, HQ, seed=1).summary()
    assert fit.validity().factors["root_ave"].to_numpy() == pytest.approx(np.sqrt(fit.validity().factors["ave"]))


def test_fits_that_say_nothing_of_scales_are_refused(survey: ts.Survey) -> None:
    fit = ts.fit("hq1 ~ hq2", survey)
    with pytest.raises(UsageError, match="no latent variable"):
        fit.reliability()
    with pytest.raises(UsageError, match="no latent variable"):
        fit.validity()
