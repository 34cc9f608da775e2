"""`trustsem effects --ci`: intervals from draws, in text and JSON; what means nothing is refused before the fit."""

from __future__ import annotations

import json

import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.resources import samples_dir

MODEL, DATA = "interpersonal_path", str(samples_dir() / "trust_patients.csv")
PAIR = ["--x", "humanistic_quality", "--y", "interpersonal_trust"]


@pytest.fixture
def run(capsys):
    def call(*words: str) -> tuple[int, str, str]:
        code = main(["effects", MODEL, DATA, *PAIR, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("kind", ["percentile", "monte_carlo"])
def test_json_holds_what_the_library_gives(run, kind: str) -> None:
    code, out, _ = run("--ci", kind, "--draws", "40", "--seed", "3", "--json")
    assert code == 0
    payload = json.loads(out)
    fit = ts.fit(MODEL, DATA)
    drawn = fit.bootstrap(40, seed=3) if kind == "percentile" else fit.monte_carlo(40, seed=3)
    own = drawn.effects("humanistic_quality", "interpersonal_trust")
    assert [row["ci_lower"] for row in payload["effects"]] == pytest.approx(own["ci_lower"].tolist())
    assert [row["se"] for row in payload["effects"]] == pytest.approx(own["se"].tolist())
    assert all(row["pvalue"] is None for row in payload["effects"])
    assert (payload["ci"], payload["seed"], payload["n_draws_used"]) == (kind, 3, drawn.n_used)


def test_text_names_the_draws_and_has_no_empty_column(run) -> None:
    code, out, _ = run("--ci", "bias_corrected", "--draws", "40", "--seed", "3")
    assert code == 0
    assert "bias-corrected bootstrap intervals, 40 draws used, seed 3" in out
    assert "effect                 est     se  lower" in out
    assert "40 draws: limits of intervals vary" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ci", "wild"], "wild"),
        (["--seed", "3"], "--seed"),
        (["--draws", "30", "--policy", "keep"], "--draws"),
        (["--ci", "monte_carlo", "--policy", "keep"], "--policy"),
        (["--ci", "percentile", "--draws", "1"], "at least 2"),
        (["--ci", "percentile", "--policy", "burn"], "burn"),
    ],
)
def test_what_means_nothing_is_refused(run, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert said in err
