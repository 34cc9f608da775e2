"""Surveys in parts on bad input and on the command line: one message that names file and column, exit code 10."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import trustsem as ts
from trustsem.cli.app import app
from trustsem.errors import CodebookError, DataError, ModelError, TrustSemError, UsageError

MODEL = "f =~ a + b + c + d"
ITEMS = ["a", "b", "c", "d"]


def _frame(seed: int = 0, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 1)) + rng.normal(size=(n, 4)), columns=ITEMS).round(3)
    frame["w"], frame["g"] = rng.uniform(0.5, 2, n).round(3), ["u", "v"] * (n // 2)
    return frame


def _parquet(folder: Path, *frames: pd.DataFrame) -> str:
    for number, frame in enumerate(frames):
        frame.to_parquet(folder / f"p{number}.parquet", index=False)
    return str(folder / "*.parquet")


def _csv(folder: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        (folder / f"p{number}.csv").write_text(text, encoding="utf-8")
    return folder


def _text_in_item(folder: Path) -> str:
    second = _frame(1).astype({"c": object})
    second.loc[7, "c"] = "often"
    return _parquet(folder, _frame(), second.astype({"c": str}))


def _cells(name: str, value: object, rows: slice = slice(3, 5)) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        second = _frame(1)
        second.loc[second.index[rows], name] = value
        return _parquet(folder, _frame(), second)

    return make


def _all_cells(**values: object) -> Callable[[Path], str]:
    return lambda folder: _parquet(folder, *(_frame(seed).assign(**values) for seed in (0, 1)))


BAD: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str, tuple[str, ...]]] = {
    "lacks a column": (
        lambda p: _parquet(p, _frame(), _frame(1).rename(columns={"c": "C"})),
        {},
        "missing-column",
        ("p1.parquet: no column c. Did you mean 'C'?",),
    ),
    "text in an item": (_text_in_item, {}, "text-column", ("p1.parquet, rows 1 to 60", "c (60 of 60 cells|c (1 of 60")),
    "infinite": (_cells("b", np.inf), {}, "infinite-values", ("p1.parquet, rows 1 to 60", "b: 2 infinite")),
    "negative weights": (
        _cells("w", -1.0),
        {"weights": "w"},
        "bad-weights",
        ("p1.parquet", "w: 2 weights are negative"),
    ),
    "missing weights": (
        _cells("w", np.nan),
        {"weights": "w"},
        "bad-weights",
        ("p1.parquet", "w: 2 weights are missing"),
    ),
    "no rows": (lambda p: _parquet(p, _frame().iloc[:0]), {}, "no-rows", ("p*.parquet|*.parquet", "no rows")),
    "header alone": (lambda p: _csv(p, "a,b,c,d\n"), {}, "no-rows", ("no rows",)),
    "empty file": (lambda p: _csv(p, ""), {}, "empty-file", ("p0.csv is empty",)),
    "constant": (_all_cells(d=4.0), {}, "unusable-items", (".parquet", "d: all 120 answers are the same.")),
    "constant in a group": (
        lambda p: _parquet(p, _frame().assign(a=lambda f: f["a"].where(f["g"] == "u", 1.0))),
        {"group": "g"},
        "unusable-items",
        ("a: all 30 answers are the same in group v.",),
    ),
    "all incomplete": (
        _all_cells(b=np.nan),
        {},
        "no-complete-rows",
        ("None of the 120 rows", ".parquet", "b: 120 missing"),
    ),
    "one row": (lambda p: _parquet(p, _frame().iloc[:1]), {}, "too-few-rows", ("1 row of data",)),
    "one group": (lambda p: _parquet(p, _frame().assign(g="u")), {"group": "g"}, "one-group", ("column 'g'",)),
    "no groups": (lambda p: _parquet(p, _frame(n=120)), {"group": "w"}, "too-many-groups", ("p0.parquet",)),
    "mixed groups": (
        lambda p: _parquet(p, _frame(), _frame(1).assign(g=[1, 2] * 30)),
        {"group": "g"},
        "mixed-groups",
        ("numbers in some parts",),
    ),
    "ragged": (lambda p: _csv(p, "a,b,c,d\n1,2,3,4\n", "a,b,c,d\n1,2,3\n"), {}, "ragged-rows", ("p1.csv", "line 2")),
    "quotes": (lambda p: _csv(p, 'a,b,c,d\n1,"2,3,4\n'), {}, "unbalanced-quotes", ("line 2",)),
    "decimal commas": (
        lambda p: _csv(p, "a;b;c;d\n1,5;2;3;4\n2;1;4;5\n"),
        {},
        "text-column",
        ("p0.csv, lines 2 to 3", "decimal comma"),
    ),
    "no match": (lambda p: str(p / "*.parquet"), {}, "no-files", ("No file matches", "*.parquet")),
    "empty folder": (lambda p: p, {}, "no-files", ("holds no file",)),
    "other files": (lambda p: ((p / "notes.md").touch(), p)[1], {}, "not-only-parts", ("notes.md",)),
    "not there": (lambda p: p / "x.parquet", {}, "file-not-found", ("x.parquet does not exist",)),
    "workbook": (
        lambda p: (_frame().to_excel(p / "x.xlsx", index=False), p / "x.xlsx")[1],
        {},
        "not-in-parts",
        ("Excel workbook",),
    ),
    "twice": (lambda p: [_csv(p, "a\n1\n") / "p0.csv"] * 2, {}, "file-twice", ("p0.csv",)),
    "damaged": (
        lambda p: ((p / "x.parquet").write_bytes(b"PAR1 and no more"), p)[1],
        {},
        "broken-file",
        ("x.parquet",),
    ),
    "other encoding": (
        lambda p: ((p / "x.csv").write_bytes("a,b,c,d,ville\n1,2,3,4,Orléans\n".encode("latin-1")), p)[1],
        {},
        "wrong-encoding",
        ("x.csv is not written in utf-8", "encoding="),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_parts_are_refused_by_name(case: str, tmp_path: Path) -> None:
    make, options, code, phrases = BAD[case]
    with pytest.raises(DataError) as caught:
        ts.read_moments(make(tmp_path), model=MODEL, **options)
    assert (caught.value.code, caught.value.exit_code) == (code, 10)
    for phrase in phrases:
        assert any(part in str(caught.value) for part in phrase.split("|")), str(caught.value)


def test_all_faults_of_a_part_come_at_once(tmp_path: Path) -> None:
    frame = _frame().assign(a="x", w=-1.0)
    with pytest.raises(DataError) as caught:
        ts.read_moments(_parquet(tmp_path, frame), model=MODEL, weights="w")
    assert len(caught.value.faults) == 2


def test_answers_of_another_scale_do_not_fit_the_codebook(tmp_path: Path) -> None:
    text = (ts.samples_dir() / "trust_patients.csv").read_text(encoding="utf-8")
    header, first, *rest = text.splitlines()
    cells = first.split(",")
    cells[header.split(",").index("hq1")] = "17"
    (tmp_path / "p.csv").write_text("\n".join([header, ",".join(cells), *rest]), encoding="utf-8")
    with pytest.raises(CodebookError, match=r"p\.csv, lines 2 to .*\n.*hq1: 1 cell holds codes outside .*in line 2"):
        ts.read_moments(tmp_path, model="interpersonal_path")


WRONG: dict[str, tuple[dict[str, Any], type[TrustSemError], str]] = {
    "unknown variable": ({"columns": ["a", "bb"]}, ModelError, "bb: not in the data. Did you mean 'b'"),
    "unknown weights": ({"columns": ["a"], "weights": "weight"}, ModelError, "weight: not in the data"),
    "model and columns": ({"columns": ["a"], "model": MODEL}, UsageError, "Give one of them"),
    "role and variable": ({"columns": ["a", "w"], "weights": "w"}, UsageError, "role of its own"),
    "named twice": ({"columns": ["a", "a"]}, UsageError, "a is named twice"),
    "chunks of nothing": ({"columns": ["a"], "chunk_rows": 0}, UsageError, "chunk_rows"),
    "encoding of Parquet": ({"columns": ["a"], "encoding": "utf-8"}, UsageError, "takes no option encoding"),
    "treatment": ({"columns": ["a"], "missing": "none"}, UsageError, "Allowed: listwise"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_refused(case: str, tmp_path: Path) -> None:
    options, error, phrase = WRONG[case]
    with pytest.raises(error) as caught:
        ts.read_moments(_parquet(tmp_path, _frame()), **options)
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("data", "options", "phrase"),
    [
        (_frame(), {}, "Put a frame that fits memory into a list"),
        (12, {}, "paths or an iterable of data frames"),
        ([], {}, "No file was named"),
        (iter(()), {}, "no part"),
        ([_frame(), 3], {"columns": ["a"]}, "Part 2 of the data is no DataFrame"),
        ([np.zeros((4, 3))], {"columns": ["a", "b"]}, "shape (4, 3)"),
        ([_frame(), _frame()[["a"]]], {"columns": ITEMS}, "Part 2 of the data: no column b"),
        ("http://example.org/*.csv", {}, "reads files only"),
    ],
)
def test_what_is_no_survey_is_refused(data: Any, options: dict[str, Any], phrase: str) -> None:
    with pytest.raises(TrustSemError) as caught:
        ts.read_moments(data, **options)
    assert phrase in str(caught.value)


def _model_file(folder: Path) -> str:
    path = folder / "one.sem"
    path.write_text(MODEL, encoding="utf-8")
    return str(path)


def test_the_command_reads_folders_patterns_and_one_file(tmp_path: Path) -> None:
    model, parts = _model_file(tmp_path), tmp_path / "parts"
    parts.mkdir()
    pattern = _parquet(parts, _frame(), _frame(1))
    whole = tmp_path / "whole.parquet"
    pd.concat([_frame(), _frame(1)]).to_parquet(whole, index=False)
    results = [
        json.loads(CliRunner().invoke(app, ["fit", model, *words, "--json"]).stdout)
        for words in ([str(whole)], [str(whole), "--partitioned"], [str(parts)], [pattern])
    ]
    expected = [row["est"] for row in results[0]["estimates"]]
    for result in results[1:]:
        assert [row["est"] for row in result["estimates"]] == pytest.approx(expected, abs=1e-8)
        assert result["data"]["n_total"] == 120
    assert results[3]["data"]["source"]["files"] == 2


def test_the_command_fits_groups(tmp_path: Path) -> None:
    pattern = _parquet(tmp_path, _frame(), _frame(1))
    words = ["fit", _model_file(tmp_path), pattern, "--group", "g", "--group-equal", "loadings"]
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 0, run.output
    assert "u 60, v 60" in run.stdout
    assert "*.parquet (2 files), no codebook" in run.stdout


@pytest.mark.parametrize(
    ("options", "code", "phrase"),
    [
        (["--estimator", "MLR"], 2, "needs the respondents' answers"),
        (["--missing", "fiml"], 2, "needs the respondents' answers"),
        (["--cluster", "g"], 2, "needs the respondents' answers"),
        (["--ordered", "all"], 2, "need the respondents' answers"),
        (["--estimator", "auto"], 2, "needs data"),
        (["--sampling-weights", "w"], 2, "needs the respondents' answers"),
        (["--sheet", "1"], 2, "cannot be read in parts"),
        (["--group", "nowhere"], 12, "nowhere: not in the data"),
        (["--codebook", "dpt_patient"], 11, "none of its 42 items"),
    ],
)
def test_the_command_refuses_what_moments_cannot_do(options: list[str], code: int, phrase: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["fit", _model_file(tmp_path), _parquet(tmp_path, _frame()), *options])
    error = run.exception if isinstance(run.exception, TrustSemError) else None
    assert error is not None
    assert error.exit_code == code
    assert phrase in str(error)


def test_a_refused_option_does_not_wait_for_the_files(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["fit", _model_file(tmp_path), str(tmp_path / "*.none"), "--estimator", "MLR"])
    assert isinstance(run.exception, UsageError)
