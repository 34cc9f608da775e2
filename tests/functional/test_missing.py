"""What is missing, described: patterns, coverage, Little's test; through Python and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import DataError, ModelError, UsageError
from trustsem.survey import describe_missing
from trustsem.tables.missing import coverage_frame, patterns_frame, render_missing

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "data"


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def survey() -> ts.Survey:
    return ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")


def small() -> pd.DataFrame:
    nan = np.nan
    return pd.DataFrame(
        {
            "a": [1.0, 2, 3, 4, nan, nan, 2, nan],
            "b": [2.0, 1, nan, nan, 3, 4, 1, nan],
            "c": [1.0, 3, 2, nan, 4, 1, 2, nan],
            "side": ["l", "l", "r", "r", "r", "r", None, "l"],
        }
    )


def test_counts_by_hand() -> None:
    (result,) = describe_missing(small())
    assert (result.n_rows, result.n_empty, result.n_used, result.n_complete) == (8, 1, 7, 3)
    assert result.n_missing == 5
    assert [(pattern.missing, pattern.n_rows) for pattern in result.patterns] == [
        ((), 3),
        (("a",), 2),
        (("b",), 1),
        (("b", "c"), 1),
    ]
    assert sum(pattern.share for pattern in result.patterns) == pytest.approx(1)
    coverage = coverage_frame(result)
    assert coverage.loc["a", "b"] == pytest.approx(3 / 7)
    assert coverage.loc["c", "c"] == pytest.approx(6 / 7)
    assert [(pair.first, pair.second, pair.n_rows) for pair in result.pairs] == [
        ("a", "b", 3),
        ("a", "c", 4),
        ("b", "c", 5),
    ]
    assert patterns_frame(result)["missing"].tolist() == ["", "a", "b", "b c"]


def test_published_test_of_air_quality() -> None:
    """Little's test of R's airquality: 35.1, df 14, p .00142 (help page of naniar)."""
    frame = pd.read_csv(GOLDEN / "airquality.csv")
    (result,) = describe_missing(frame)
    assert result.little is not None
    assert f"{result.little.statistic:.1f}" == "35.1"
    assert [finding.code for finding in result.findings] == ["mcar-rejected"]
    assert "chi-square 35.1, df 14, p .001" in render_missing(result)


def test_pairs_never_answered_together_are_named() -> None:
    frame = small()[["a", "b", "c"]].copy()
    frame.loc[frame["a"].notna(), "b"] = np.nan
    (result,) = describe_missing(frame)
    assert result.never_together == (("a", "b"),)
    (finding,) = [found for found in result.findings if found.code == "never-answered-together"]
    assert "a with b" in finding.message
    (covered,) = describe_missing(small())
    assert not [found for found in covered.findings if found.code == "never-answered-together"]


def test_groups_and_rows_without_one() -> None:
    left, right = describe_missing(small(), group="side")
    assert (left.group, left.n_rows, left.n_empty, left.n_complete) == ("l", 3, 1, 2)
    assert (right.group, right.n_rows, right.n_complete) == ("r", 4, 0)
    assert [finding.code for finding in left.findings if finding.code == "rows-without-group"]


@pytest.mark.parametrize(
    ("frame", "phrase"),
    [
        (pd.DataFrame({"x": [1.0, 2, 3], "y": [2.0, 1, 4]}), "nothing is missing"),
        (pd.DataFrame({"x": [1.0, 1, 1, np.nan], "y": [2.0, 1, 4, 3]}), "the same for everybody: x"),
        (pd.DataFrame({"x": [1.0, 2, 3, np.nan], "y": [2.0, 4, 6, 5]}), "singular"),
        (pd.DataFrame({"x": [1.0, 2, 3, 5], "y": [np.nan] * 4}), "empty or the same"),
    ],
)
def test_why_there_is_no_test(frame: pd.DataFrame, phrase: str) -> None:
    (result,) = describe_missing(frame)
    assert result.little is None
    assert phrase in (result.no_test or "")
    assert phrase in " ".join(render_missing(result).split())


def test_small_patterns_are_a_reason_for_caution() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 6))
    values[rng.random((60, 6)) < 0.3] = np.nan
    (result,) = describe_missing(pd.DataFrame(values, columns=list("abcdef")))
    assert [finding.code for finding in result.findings] == ["mcar-small-patterns"]


def test_items_by_construct() -> None:
    data = survey()
    (result,) = describe_missing(data, ["interpersonal_trust", "hq1"])
    assert result.items == ("ipt1", "ipt2", "ipt3", "hq1")
    assert result.n_complete == int(data.frame[list(result.items)].notna().all(axis=1).sum())


@pytest.mark.parametrize(
    ("arguments", "error", "phrase"),
    [
        ({"items": ["hq11"]}, ModelError, "Did you mean 'hq1'"),
        ({"items": ["hospital"]}, DataError, "not numeric"),
        ({"group": "nowhere"}, ModelError, "nowhere"),
        ({"group": "respondent"}, UsageError, "no grouping"),
    ],
)
def test_what_cannot_be_described_is_refused(arguments: dict, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error) as caught:
        describe_missing(survey(), **arguments)
    assert phrase in str(caught.value)


def test_command_prints_patterns_coverage_and_test(run) -> None:
    code, out, err = run(
        "describe", "trust_patients", "--missing", "--items", "interpersonal_trust,tr1", "--items", "hq1"
    )
    assert (code, err) == (0, "")
    assert all(phrase in out for phrase in ("Complete rows", "Little's test", "ipt1 with", "nothing: complete"))
    assert "Covariates" not in out


def test_command_gives_json(run) -> None:
    code, out, _ = run(
        "describe", "trust_settings", "--missing", "--group", "setting", "--items", "ipt1,ipt2", "--json"
    )
    assert code == 0
    content = json.loads(out)
    assert content["schema"] == "trustsem.describe_missing/1"
    assert {part["group"] for part in content["missing"]} == {"inpatient", "outpatient"}
    assert content["missing"][0]["little"]["df"] > 0
    assert content["missing"][0]["patterns"][0]["missing"] == []


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("--items", "hq1"), "--missing"),
        (("--group", "hospital"), "--missing"),
        (("--missing", "--log"), "--log"),
        (("--missing", "--items", "hq11"), "Did you mean"),
    ],
)
def test_command_refuses(run, words: tuple[str, ...], phrase: str) -> None:
    code, out, err = run("describe", "trust_patients", *words)
    assert code != 0
    assert out == ""
    assert phrase in err


def test_narrow_terminals(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = run("describe", "trust_patients", "--missing")
    assert max(map(len, out.splitlines())) <= 60
