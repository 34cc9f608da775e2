"""`trustsem effects --moderator`: what is printed, what is in the JSON, what is refused."""

from __future__ import annotations

import json
import math

import pytest

from trustsem.cli.app import main
from trustsem.resources import samples_dir

PRACTICES = ["effects", "clinician_practices", str(samples_dir() / "clinician_practices.csv"), "--estimator", "MLR"]
ASK = ["--x", "clinician_practices", "--y", "interpersonal_trust", "--moderator", "time_constraint"]


@pytest.fixture
def run(capsys):
    def call(*words: str) -> tuple[int, str, str]:
        code = main([*words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("width", ["80", "50"])
def test_text(run, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    code, out, _ = run(*PRACTICES, *ASK, "--at", "-1sd", "--at", "0", "--at", "2.5")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= int(width)
    flat = " ".join(out.split())
    for phrase in ("specific indirect effect", "Index of moderated mediation", "mean - 1 SD", "2.500"):
        assert phrase in flat
    assert "differs from zero (p < .05): it is positive where time_constraint is below" in flat


def test_json(run):
    _, out, _ = run(*PRACTICES, *ASK, "--through", "feeling_heard", "--json")
    content = json.loads(out)
    assert content["schema"] == "trustsem.effects/1"
    assert [row["level"] for row in content["effects"]] == ["mean - 1 SD", "mean", "mean + 1 SD"]
    index = content["moderated_mediation"]["indices"][0]
    slope = (content["effects"][2]["est"] - content["effects"][0]["est"]) / (
        content["effects"][2]["at"] - content["effects"][0]["at"]
    )
    assert math.isclose(index["est"], slope, rel_tol=1e-6)
    assert content["johnson_neyman"][0]["through"] == ["feeling_heard"]
    assert content["products"][0]["n_columns"] == 5


def test_intervals_from_draws(run):
    code, out, _ = run(*PRACTICES, *ASK, "--ci", "monte_carlo", "--draws", "500", "--seed", "1")
    assert code == 0
    assert "Monte-Carlo intervals, 500 draws used, seed 1" in out


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["--at", "1"], "--at gives values of a moderator"),
        (["--moderator", "time_constraint"], "--moderator needs one --x; got 0"),
        ([*ASK, "--at", "sd", "--at", "1"], "stand alone"),
        ([*ASK, "--at", "often"], "'often' is no value"),
        ([*ASK[:-1], "implicit_bias"], "Products in the model"),
        ([*ASK[:-1], "time_constrain"], "Did you mean"),
    ],
)
def test_refusals(run, arguments, phrase):
    code, _, err = run(*PRACTICES, *arguments)
    assert code in (2, 16)
    assert phrase in " ".join(err.split())


def test_product_indicators_of_the_command_line(run):
    fit = ["fit", "rights_buffer", str(samples_dir() / "group_relations.csv"), "--json"]
    content = json.loads(run(*fit, "--product-indicators", "all")[1])
    assert content["options"]["product_indicators"] == "all"
    assert sum(row["lhs"] == "conflict:rights_protection" and row["op"] == "=~" for row in content["estimates"]) == 9
    code, _, err = run(*fit, "--product-indicators", "some")
    assert code == 2
    assert "matched, all" in err
