"""`trustsem report`, `init` and `reproduce`: what is written, what is refused, what comes out again."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import pytest

from trustsem.cli.app import main
from trustsem.resources import models_dir, samples_dir
from trustsem.study import run_study
from trustsem.study.differences import compare_numbers
from trustsem.study.reading import LISTS, TABLES

STUDY = """[study]
title = "T"
data = "{data}"
{study}
[[models]]
model = "{model}"
{options}
[effects]
draws = {draws}
{rest}
"""
SECRETS = ("PERSON-", "told me in confidence")


def write_study(folder: Path, name: str = "study.toml", **changes: object) -> Path:
    values = {
        "data": "trust_patients",
        "study": "",
        "model": "interpersonal_path",
        "options": "",
        "draws": 0,
        "rest": "",
    }
    path = folder / name
    path.write_text(STUDY.format(**{**values, **changes}), encoding="utf-8")
    return path


def write_survey(folder: Path, *, rows: int = 400, column: str = "", values: tuple[str, ...] = ("",)) -> Path:
    """Write the first rows of the sample with an identifier, a free text and one more column."""
    with (samples_dir() / "trust_patients.csv").open(encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))[:rows]
    for number, row in enumerate(table):
        row["respondent"] = f"{SECRETS[0]}{number:04d}"
        row["remark"] = f"{SECRETS[1]} {number}"
        if column:
            row[column] = values[number % len(values)] if number < rows - 6 else "rare"
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def run(*words: object) -> int:
    return main([str(word) for word in words])


# --- report -------------------------------------------------------------------------------------------------------


def test_two_runs_write_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, draws=20)
    assert run("report", study, "--format", "markdown", "--output", tmp_path / "one") == 0
    assert run("report", study, "--format", "markdown", "--output", tmp_path / "deep" / "two", "--json") == 0
    shown = capsys.readouterr().out
    assert "Written:" in shown
    assert '"schema": "trustsem.report/1"' in shown
    for name in ("report.json", "manifest.json", "report.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "deep" / "two" / name).read_bytes()
    assert not [path for path in (tmp_path / "one").iterdir() if path.name.startswith(".")]


def test_a_skipped_part_is_named_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, rest='[[models]]\nmodel = "perception_gap"')
    assert run("report", study, "-f", "markdown", "-o", tmp_path / "out") == 0
    assert "model perception_gap" in capsys.readouterr().out


def test_exit_codes(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("", encoding="utf-8")
    (tmp_path / "bad.sem").write_text("f =~ \n", encoding="utf-8")
    (tmp_path / "book.toml").write_text("[codebook]\nid = 1\n", encoding="utf-8")
    out = ("-f", "markdown", "-o", tmp_path / "out")
    assert run("report", write_study(tmp_path, draws=1), *out) == 17
    assert run("report", write_study(tmp_path, data="broken.csv"), *out) == 10
    assert run("report", write_study(tmp_path, study='codebook = "book.toml"'), *out) == 11
    assert run("report", write_study(tmp_path, model="bad.sem"), *out) == 12
    assert run("report", write_study(tmp_path), "-f", "pdf") == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trustsem.study.running.fit", lambda *_, **__: pytest.fail("fitted"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("mine", encoding="utf-8")
    assert run("report", write_study(tmp_path), "-f", "markdown", "-o", tmp_path / "out") == 2
    assert (tmp_path / "out" / "report.md").read_text(encoding="utf-8") == "mine"


def test_an_earlier_report_is_replaced_with_its_other_formats(tmp_path: Path) -> None:
    study, out = write_study(tmp_path), tmp_path / "out"
    assert run("report", study, "-f", "markdown", "-o", out) == 0
    assert run("report", study, "-f", "json", "-o", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "report.json"]


# --- privacy ------------------------------------------------------------------------------------------------------


def test_nothing_of_a_respondent_is_in_any_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_survey(tmp_path)
    study = write_study(tmp_path, data="answers.csv", rest='[invariance]\ngroup = "remark"')
    assert run("report", study, "-f", "markdown", "-o", tmp_path / "out", "--json") == 0
    assert run("init", tmp_path / "answers.csv", "-o", tmp_path / "drafted.toml") == 0
    printed = capsys.readouterr()
    texts = [path.read_text(encoding="utf-8") for path in [*(tmp_path / "out").iterdir(), tmp_path / "drafted.toml"]]
    for text in (*texts, printed.out, printed.err):
        assert not any(secret in text for secret in SECRETS)
    assert str(tmp_path) not in "".join(texts)


def test_small_groups_are_not_computed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_survey(tmp_path, column="ward", values=("north", "south"))
    study = write_study(tmp_path, data="answers.csv", rest='[invariance]\ngroup = "ward"')
    result = run_study(study)
    assert result.invariance is None
    (skipped,) = result.skipped
    assert "1 group of the column 'ward' has fewer than 10 respondents" in skipped.reason
    assert "rare" not in json.dumps(result.to_dict())
    grouped = write_study(tmp_path, data="answers.csv", options='options = {group = "ward"}')
    assert run("report", grouped, "-f", "markdown", "-o", tmp_path / "out") == 10
    assert "smallest_group" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_large_groups_are_computed_beside_a_small_one_that_is_left_out(tmp_path: Path) -> None:
    write_survey(tmp_path, column="ward", values=("north", "south"))
    options = 'options = {group = "ward", group_label = ["north", "south"]}'
    result = run_study(write_study(tmp_path, data="answers.csv", options=options))
    assert result.main.group_labels == ("north", "south")


# --- reproduce ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a study with data, model and its description of its own."""
    folder = tmp_path_factory.mktemp("reported")
    write_survey(folder)
    for suffix in (".sem", ".toml"):
        text = (models_dir() / f"interpersonal_path{suffix}").read_text(encoding="utf-8")
        (folder / f"own{suffix}").write_text(text, encoding="utf-8")
    study = write_study(folder, data="answers.csv", model="own.sem", draws=10)
    assert run("report", study, "-f", "markdown", "-o", folder / "report") == 0
    for name in ("own.sem", "own.toml", "study.toml"):
        (folder / name).unlink()  # the manifest must suffice
    return folder / "report" / "manifest.json"


def change(path: Path, *keys: str, value: object) -> str:
    """Change a value of a JSON file; return what it was."""
    before = path.read_text(encoding="utf-8")
    content = json.loads(before)
    table = content
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    return before


def test_a_study_comes_out_again_from_its_manifest(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reproduce", reported) == 0
    assert "Every number" in capsys.readouterr().out


def test_a_changed_number_is_named(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = reported.parent / "report.json"
    before = change(numbers, "fits", "own", "fit_measures", "cfi", value=0.5)
    try:
        assert run("reproduce", reported, "--json") == 18
    finally:
        numbers.write_text(before, encoding="utf-8")
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert difference["path"] == "fits.own.fit_measures.cfi"
    assert difference["before"] == 0.5
    assert difference["after"] > 0.9


def test_other_versions_are_a_finding(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = change(reported, "versions", "numpy", value="0.1")
    try:
        assert run("reproduce", reported) == 0
    finally:
        reported.write_text(before, encoding="utf-8")
    assert "numpy 0.1 then" in " ".join(capsys.readouterr().out.split())


def test_other_data_are_named(reported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "answers.csv"
    other.write_text("hq1\n1\n", encoding="utf-8")
    assert run("reproduce", reported, "--data", other) == 18
    assert "another file" in capsys.readouterr().err
    assert run("reproduce", reported, "--data", tmp_path / "absent.csv") == 10
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("manifest.json", "report.json"):
        (moved / name).write_bytes((reported.parent / name).read_bytes())
    assert run("reproduce", moved / "manifest.json", "--data", reported.parent.parent / "answers.csv") == 0


def test_no_manifest(tmp_path: Path) -> None:
    assert run("reproduce", tmp_path / "manifest.json") == 17
    for content in ("{}", '{"schema": "trustsem.manifest/1"}', "no JSON"):
        (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
        (tmp_path / "report.json").write_text('{"schema": "trustsem.study/1"}', encoding="utf-8")
        assert run("reproduce", tmp_path / "manifest.json") == 17


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1.0, 1.0 + 5e-7, True),
        (1.0, 1.0 + 5e-6, False),
        (0.0, 5e-9, True),
        (100, 101, False),
        (1_000_000, 1_000_001, False),
        ("a", "b", False),
        (None, 0.1, False),
        (True, 1, False),
        ([1.0], [1.0, 2.0], False),
    ],
)
def test_tolerances(before: object, after: object, same: bool) -> None:
    assert (not compare_numbers({"x": before}, {"x": after})) is same
    assert not compare_numbers({"optimiser": {"iterations": 5}}, {"optimiser": {"iterations": 6}})


def test_draws_may_differ_more() -> None:
    assert not compare_numbers({"bootstrap": {"x": 1.0}}, {"bootstrap": {"x": 1.00005}})
    (found,) = compare_numbers({"a": 1, "b": 2}, {"a": 1})
    assert (found.path, found.before, found.after) == ("b", 2, None)


# --- init ---------------------------------------------------------------------------------------------------------


def test_every_key_of_the_format_is_in_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    assert run("init", "trust_patients", "-o", path) == 0
    lines = [line.removeprefix("# ") for line in path.read_text(encoding="utf-8").splitlines()]
    for table, keys in {**TABLES, **LISTS}.items():
        assert any(line.startswith((f"[{table}]", f"[[{table}]]")) for line in lines), table
        for key in keys:
            assert any(line.startswith((f"{key} = ", f"[{table}.{key}]")) for line in lines), key
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert content["study"]["codebook"] == "dpt_patient"
    assert content["models"][0]["model"] == "trust_formation"
    assert content["invariance"]["group"] == "setting"


@pytest.mark.parametrize(
    ("sample", "codebook", "model"),
    [
        ("hints7_twin", "hints7", "hints7_communication_trust"),
        ("trust_settings", "dpt_patient", "interpersonal_path"),
        ("conflict_survey", "conflict", "conflict_cycle"),
        ("perception_gap", "perception", "perception_gap"),
    ],
)
def test_codebook_and_model_are_found(sample: str, codebook: str, model: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    assert run("init", sample, "-o", path) == 0
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert (content["study"]["codebook"], content["models"][0]["model"]) == (codebook, model)


@pytest.mark.slow
def test_a_draft_runs_unchanged(tmp_path: Path) -> None:
    write_survey(tmp_path)
    assert run("init", tmp_path / "answers.csv", "--model", "interpersonal_path", "-o", tmp_path / "study.toml") == 0
    assert run("report", tmp_path / "study.toml", "-f", "markdown") == 0
    assert (tmp_path / "report" / "report.md").is_file()


def test_chinese_answers_give_a_chinese_report(tmp_path: Path) -> None:
    survey = tmp_path / "answers.csv"
    text = (samples_dir() / "trust_patients.csv").read_text(encoding="utf-8")
    survey.write_text(text.replace("respondent,", "受访者,", 1), encoding="utf-8")
    assert run("init", survey, "-o", tmp_path / "study.toml") == 0
    assert tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))["study"]["language"] == "zh"


def test_a_file_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "study.toml"
    path.write_text("mine", encoding="utf-8")
    assert run("init", "trust_patients", "-o", path) == 2
    assert "--force" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("init", "trust_patients", "-o", path, "--force") == 0


def test_a_file_without_a_known_item_needs_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey = tmp_path / "answers.csv"
    survey.write_text("x1,x2,x3\n" + "1,2,3\n2,3,1\n3,1,2\n" * 20, encoding="utf-8")
    assert run("init", survey, "-o", tmp_path / "study.toml") == 10
    assert "--model" in capsys.readouterr().err
    (tmp_path / "own.sem").write_text("f =~ x1 + x2 + x3\n", encoding="utf-8")
    assert run("init", survey, "-o", tmp_path / "study.toml", "--model", tmp_path / "own.sem") == 0
    assert 'model = "own.sem"' in (tmp_path / "study.toml").read_text(encoding="utf-8")
