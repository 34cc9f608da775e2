"""Text files: encodings, delimiters, headers, and cells that stay as written."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trustsem.records import Severity
from trustsem.survey.readers import read_raw
from trustsem.survey.source import RawTable

CHINESE = "编号,性别,信任医生\n1,男,非常同意\n2,女,不同意\n3,男,一般\n"
FRENCH = "id,réponse\n1,très bien\n2,déjà vu\n"
# One pass of the strict parser over 1,200 x 52 cells takes about 12 ms; the target leaves room for a busy machine.
READ_SECONDS = 0.02


def _read(path: Path, content: str, written_in: str = "utf-8", **options: str) -> RawTable:
    path.write_bytes(content.encode(written_in))
    return read_raw(path, **options)  # pyright: ignore[reportArgumentType]  # only text options are passed here


def _codes(raw: RawTable) -> list[str]:
    return [finding.code for finding in raw.findings]


def test_cells_stay_exactly_as_written(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", 'id,q1,q2\n007,None,"a ""b"", c"\n1.0, NA ,\n')
    assert raw.frame.to_numpy().tolist() == [["007", "None", 'a "b", c'], ["1.0", " NA ", ""]]
    assert raw.findings == ()
    assert raw.source.encoding == "utf-8"


@pytest.mark.parametrize(
    ("content", "encoding", "severity"),
    [
        (CHINESE, "utf-8", None),
        (CHINESE, "utf-8-sig", None),
        (CHINESE, "gb18030", Severity.WARNING),
        (CHINESE, "utf-16", Severity.INFO),
        (CHINESE, "utf-32", Severity.INFO),
        (FRENCH, "cp1252", Severity.WARNING),
        ("id,note\n1,it’s “fine”\n", "cp1252", Severity.WARNING),
        # é and s together are a rare Chinese character in GB18030; one accent must not make a file Chinese.
        ("id,cafés\n1,2\n", "cp1252", Severity.WARNING),
    ],
)
def test_encoding_is_detected_and_said(tmp_path: Path, content: str, encoding: str, severity: Severity | None) -> None:
    raw = _read(tmp_path / "a.csv", content, encoding)
    assert list(raw.frame.columns) == content.split("\n")[0].split(",")
    assert raw.frame.iloc[0].tolist() == content.split("\n")[1].split(",")
    assert raw.source.encoding == encoding
    said = [finding.severity for finding in raw.findings if finding.code == "encoding-detected"]
    assert said == ([] if severity is None else [severity])


def test_explicit_encoding_overrides_detection(tmp_path: Path) -> None:
    big5 = "編號,性別\n1,非常同意醫師\n"
    raw = _read(tmp_path / "a.csv", big5, "big5", encoding="big5")
    assert list(raw.frame.columns) == ["編號", "性別"]
    assert raw.source.encoding == "big5"
    assert raw.findings == ()


def test_explicit_utf8_drops_the_mark(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id,q\n1,2\n", "utf-8-sig", encoding="utf-8")
    assert list(raw.frame.columns) == ["id", "q"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_delimiter_is_detected(tmp_path: Path, delimiter: str, suffix: str) -> None:
    lines = [delimiter.join(row) for row in (["id", "q1", "q2"], ["1", "2", "x"], ["2", "", "y"])]
    raw = _read(tmp_path / f"a{suffix}", "\n".join(lines))
    assert raw.frame.to_numpy().tolist() == [["1", "2", "x"], ["2", "", "y"]]
    promised = {".csv": ",", ".tsv": "\t", ".txt": None}[suffix]
    assert _codes(raw) == ([] if delimiter == promised else ["delimiter-detected"])


def test_commas_in_the_wording_do_not_hide_a_semicolon(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id;Trust, overall;Trust, doctor\n1;2,5;no, never\n2;3,5;yes\n")
    assert list(raw.frame.columns) == ["id", "Trust, overall", "Trust, doctor"]


def test_excel_hint_line_is_no_data(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "sep=;\r\nid;q\r\n1;2\r\n")
    assert raw.frame.to_numpy().tolist() == [["1", "2"]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path: Path, line_end: str) -> None:
    raw = _read(tmp_path / "a.csv", line_end.join(["id,q", "1,2", "3,4", ""]))
    assert raw.frame.to_numpy().tolist() == [["1", "2"], ["3", "4"]]
    assert raw.findings == ()


def test_decimal_commas_are_converted_and_said(tmp_path: Path) -> None:
    content = "id;w;list;thousands;mixed\n1;1,5;1,2,3;1,234;1,5\n2;NA;1,2;2,500;2.5\n3;;2;12;1\n"
    raw = _read(tmp_path / "a.csv", content)
    assert raw.frame["w"].tolist() == ["1.5", "NA", ""]
    assert raw.frame["list"].tolist() == ["1,2,3", "1,2", "2"]
    assert raw.frame["thousands"].tolist() == ["1,234", "2,500", "12"]
    assert raw.frame["mixed"].tolist() == ["1,5", "2.5", "1"]
    messages = {finding.code: finding.message for finding in raw.findings}
    assert "1 column: 'w'" in messages["decimal-comma"]
    assert "'list', 'thousands', 'mixed'" in messages["ambiguous-comma"]


def test_names_are_stripped_and_said(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", ' id ,"q\n1",\u3000答案\u200b\n1,2,3\n')
    assert list(raw.frame.columns) == ["id", "q 1", "答案"]
    assert _codes(raw) == ["column-names-trimmed"]


def test_row_numbers_without_a_name_are_kept(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", ",q1,q2\n0,5,6\n1,7,8\n")
    assert list(raw.frame.columns) == ["Unnamed: 0", "q1", "q2"]
    assert _codes(raw) == ["unnamed-columns"]
    assert raw.findings[0].severity is Severity.INFO


def test_unnamed_column_with_answers_is_kept_with_a_warning(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id,,q2\n0,5,6\n1,7,8\n")
    assert list(raw.frame.columns) == ["id", "Unnamed: 1", "q2"]
    assert raw.findings[0].severity is Severity.WARNING


def test_delimiter_at_the_end_of_every_line_makes_no_column(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id,q1,\n0,5,\n1,7, \n")
    assert list(raw.frame.columns) == ["id", "q1"]
    assert _codes(raw) == ["empty-columns"]


def test_blank_lines_are_passed_over_and_said(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id,q1\n\n1,2\n\n3,4\n\n")
    assert len(raw.frame) == 2
    assert _codes(raw) == ["blank-lines"]
    assert "3 lines" in raw.findings[0].message


def test_blank_line_in_a_table_of_one_column_is_an_empty_cell(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "q1\n5\n\n\n4\n\n")
    assert raw.frame["q1"].tolist() == ["5", "", "", "4"]


def test_numbered_questions_are_names_with_a_warning(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "1,2,3\n5,5,4\n")
    assert list(raw.frame.columns) == ["1", "2", "3"]
    assert _codes(raw) == ["numeric-column-names"]


def test_reading_leaves_no_cell_in_a_finding(tmp_path: Path) -> None:
    raw = _read(tmp_path / "a.csv", "id;w;réponse\n1;98761,5;s3cr3t\n", "cp1252")
    assert len(raw.findings) == 3
    assert all("98761" not in str(f.to_dict()) and "s3cr3t" not in str(f.to_dict()) for f in raw.findings)


def test_survey_of_usual_size_is_read_fast(tmp_path: Path) -> None:
    answers = np.random.default_rng(1).integers(1, 6, (1200, 52))
    path = tmp_path / "a.csv"
    pd.DataFrame(answers, columns=[f"q{i}" for i in range(52)]).to_csv(path, index=False)
    raw = read_raw(path)
    seconds = []
    for _ in range(5):
        # Processor time: other programs on the machine prove nothing about the reader.
        started = time.process_time()
        read_raw(path)
        seconds.append(time.process_time() - started)
    assert (raw.frame.to_numpy() == answers.astype(str)).all()
    assert min(seconds) < READ_SECONDS
