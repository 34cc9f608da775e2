"""`trustsem scenario`: text, JSON and file say what the library says; what means nothing is refused before the fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import trustsem as ts
from trustsem.cli.app import main

MODEL, DATA = "interpersonal_path", str(ts.samples_dir() / "trust_patients.csv")
LEVER = ["--lever", "rights_protection=+0.5sd"]


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*words: str, model: str = MODEL, width: int = 80) -> tuple[int, str, str]:
        monkeypatch.setenv("COLUMNS", str(width))
        code = main(["scenario", model, DATA, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_json_holds_what_the_library_gives(run) -> None:
    code, out, _ = run(*LEVER, "--lever", "mediators_settle=-3points", "--json")
    assert code == 0
    payload = json.loads(out)
    result = ts.fit(MODEL, DATA).scenario({"rights_protection": "+0.5sd", "mediators_settle": "-3points"})
    assert payload["schema"] == "trustsem.scenario/1"
    assert [row["points"] for row in payload["changes"]] == pytest.approx(result.changes["points"].tolist())
    assert payload["assumptions"] == list(result.assumptions)
    assert payload["levers"][1]["not_in_model"] == ["conflict"]
    found = [finding["code"] for finding in payload["findings"]]
    assert "moved-twice" in found
    assert "dropped-rows" in found or any("not used" in finding["message"] for finding in payload["findings"])
    assert payload["changes"][0]["sd_se"] is not None  # steps in points and sd together


@pytest.mark.parametrize("width", [80, 50])
def test_text_shows_steps_changes_assumptions_and_fits_the_width(run, width: int) -> None:
    code, out, _ = run("--lever", "schools_teach_humanities=+1sd", width=width)
    assert code == 0
    assert max(map(len, out.splitlines())) <= width
    text = " ".join(out.split())
    for said in ("Medical schools", "(ours)", "Expected changes", "What this assumes", "no finding of data", "delta"):
        assert said in text


def test_ranking_in_text_and_json(run, tmp_path: Path) -> None:
    target = tmp_path / "levers.json"
    words = ["--rank", "--outcome", "interpersonal_trust", "--step", "+5points"]
    code, out, _ = run(*words, "--output", str(target))
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "Constructs on interpersonal_trust" in out
    assert "clinicians_communicate moves humanistic_quality +" in " ".join(out.split())
    saved = json.loads(target.read_text(encoding="utf-8"))
    code, out, _ = run(*words, "--json")
    printed = json.loads(out)
    assert printed == saved
    assert printed["schema"] == "trustsem.levers/1"
    frame = ts.fit(MODEL, DATA).levers("interpersonal_trust", step="+5points").frame
    assert [row["lever"] for row in printed["levers"]] == frame["lever"].tolist()


def test_draws_name_their_seed(run) -> None:
    code, out, _ = run(*LEVER, "--ci", "monte_carlo", "--draws", "60", "--seed", "5")
    assert code == 0
    assert "percentiles of 60 Monte-Carlo draws, seed 5" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--lever NAME=AMOUNT is missing"),
        (["--lever", "rights_protection"], 2, "write NAME=AMOUNT"),
        (["--lever", "rights_protection=much"], 2, "no amount"),
        ([*LEVER, *LEVER], 2, "given twice"),
        ([*LEVER, "--step", "1sd"], 2, "--step goes with --rank"),
        ([*LEVER, "--seed", "1"], 2, "seed goes with monte_carlo"),
        ([*LEVER, "--intervention", "do"], 2, "hold"),
        (["--rank"], 2, "--rank needs one --outcome"),
        (["--rank", "--outcome", "interpersonal_trust", *LEVER], 2, "--lever does not go with --rank"),
        (["--rank", "--outcome", "interpersonal_trust", "--step", "big"], 2, "no amount"),
        (["--lever", "right_protection=1sd"], 16, "Did you mean 'rights_protection'"),
        (["--lever", "interpersonal_trust=1sd", "--outcome", "rights_protection"], 16, "No arrow leads there"),
    ],
)
def test_what_means_nothing_is_refused(run, words: list[str], code: int, said: str) -> None:
    found, out, err = run(*words)
    assert found == code
    assert said in " ".join(err.split())
    assert out == ""
