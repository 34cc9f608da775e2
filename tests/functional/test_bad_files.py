"""Every kind of unusable survey file gives one clear error: what, where, what to do, and never a cell's content."""

from __future__ import annotations

import gzip
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from trustsem.errors import DataError, UsageError
from trustsem.survey.readers import READERS, read_raw
from trustsem.survey.readers.textfile import load_text_bytes

# Its stubs know no frame of pandas.
_PYREADSTAT: Any = pyreadstat

# Stands in a cell of every file below; a message that repeats it leaks an answer.
SECRET = "S3CR3T-ANSWER"


def _text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def _workbook(path: Path, rows: list[list[object]], *more_sheets: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Wave1"
    for row in rows:
        sheet.append(row)
    for name in more_sheets:
        book.create_sheet(name).append(["x"])
    book.save(path)
    return path


def _sav(path: Path) -> Path:
    # Long enough that a cut inside the rows leaves a whole header.
    _PYREADSTAT.write_sav(pd.DataFrame({"a": range(500), "b": [SECRET] * 500}), path)
    return path


def _cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def _parquet(path: Path, names: list[str]) -> Path:
    columns = [pa.array([1, 2]) for _ in names[1:]]
    pq.write_table(pa.table([pa.array([SECRET, "y"]), *columns], names=names), path)
    return path


def _ole(path: Path, stream: str) -> Path:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le") + bytes(64))
    return path


def _zip(path: Path, member: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, SECRET)
    return path


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


_GOOD = f"id,name,q1\n1,{SECRET},3\n2,b,4\n"
_RAGGED = "\n".join(["id,q1,q2", *("1,2,3" for _ in range(10)), f"1,{SECRET}", *("1,2,3,4" for _ in range(7))]) + "\n"

Case = tuple[str, Callable[[Path], Path], str, str]
CASES: dict[str, Case] = {
    "missing": ("no-such.csv", lambda p: p, "file-not-found", "does not exist"),
    "missing folder": ("no/such.csv", lambda p: p, "file-not-found", "neither does the folder"),
    "folder": ("dir.csv", lambda p: (p.mkdir(), p)[1], "is-a-directory", "is a folder"),
    "empty": ("e.csv", lambda p: _text(p, ""), "empty-file", "0 bytes"),
    "blank lines only": ("b.csv", lambda p: _text(p, "\n\n\n"), "empty-file", "blank lines"),
    "header only": ("h.csv", lambda p: _text(p, "id,q1\n"), "no-rows", "2 columns and 0 rows"),
    "header only, excel": ("h.xlsx", lambda p: _workbook(p, [["id", "q1"]]), "no-rows", "2 columns and 0 rows"),
    "empty sheet": ("h.xlsx", lambda p: _workbook(p, []), "empty-file", "sheet 'Wave1'"),
    "damaged utf-8": (
        "d.csv",
        lambda p: _bytes(p, "编,b\n甲,乙\n".encode() + b"\xff,2\n"),
        "invalid-utf8",
        "in line 3",
    ),
    "unknown encoding": (
        "j.csv",
        lambda p: _bytes(p, "番号,性別\n1,とてもそう思う\n".encode("euc-jp")),
        "encoding-undetected",
        "shift_jis",
    ),
    "nul bytes": (
        "n.csv",
        lambda p: _bytes(p, b"id,q1\n1,2\n1,\x00\n"),
        "nul-bytes",
        "1 NUL byte, the first in line 3",
    ),
    "utf-16 without mark": ("u.csv", lambda p: _text(p, _GOOD, "utf-16-le"), "nul-bytes", "--encoding utf-16-le"),
    "ragged": ("r.csv", lambda p: _text(p, _RAGGED), "ragged-rows", "line 12 has 2 fields, expected 3"),
    "row names from R": ("r.csv", lambda p: _text(p, "a,b\n1,2,3\n2,3,4\n"), "ragged-rows", "row.names = FALSE"),
    "open quote": ("q.csv", lambda p: _text(p, f'id,q\n1,a\n2,"{SECRET}\n3,b\n'), "unbalanced-quotes", "in line 3"),
    "stray quote": ("q.csv", lambda p: _text(p, f'id,q\n1,"a" {SECRET}\n2,b\n'), "unbalanced-quotes", "in line 2"),
    "huge cell": ("q.csv", lambda p: _text(p, f'id,q\n1,"{"x" * 200_000}"\n'), "unbalanced-quotes", "131,072"),
    "duplicates": ("d.csv", lambda p: _text(p, "q1,id,q1 ,id\n1,2,3,4\n"), "duplicate-columns", "'q1' in columns 1, 3"),
    "duplicates, excel": (
        "d.xlsx",
        lambda p: _workbook(p, [["q", "q"], [1, SECRET]]),
        "duplicate-columns",
        "'q' in columns 1, 2",
    ),
    "duplicates, parquet": ("d.parquet", lambda p: _parquet(p, ["q", "r", "q"]), "duplicate-columns", "columns 1, 3"),
    "no header": ("n.csv", lambda p: _text(p, "7,3,3,5\n8,2,2,1\n"), "no-header", "numbers instead of column names"),
    "title row": (
        "t.xlsx",
        lambda p: _workbook(p, [["Our survey"], ["id", "q1", "q2"], [1, 2, 3]]),
        "no-header",
        "delete title rows",
    ),
    "blanks as delimiter": ("w.txt", lambda p: _text(p, "id q1 q2\n1 2 3\n2 3 4\n"), "no-delimiter", "semicolon"),
    "unknown suffix": ("a.cvs", lambda p: _text(p, _GOOD), "unknown-suffix", "Did you mean '.csv'"),
    "no suffix": ("answers", lambda p: _text(p, _GOOD), "unknown-suffix", "no suffix"),
    "sas": (
        "a.sas7bdat",
        lambda p: _bytes(p, bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf"),
        "unknown-suffix",
        "SAS",
    ),
    "text as sav": ("b.sav", lambda p: _text(p, _GOOD), "broken-file", "does not begin like one"),
    "cut sav": ("b.sav", lambda p: _cut(_sav(p), 0.7), "broken-file", "cut off or damaged"),
    "cut dta": (
        "b.dta",
        lambda p: (pd.DataFrame({"a": range(500)}).to_stata(p, write_index=False), _cut(p, 0.7))[1],
        "broken-file",
        "cut off or damaged",
    ),
    "cut parquet": ("b.parquet", lambda p: _cut(_parquet(p, ["a", "b"]), 0.9), "broken-file", "ArrowInvalid"),
    "list column": (
        "l.parquet",
        lambda p: (pq.write_table(pa.table({"a": [1, 2], "l": [[1], [2]]}), p), p)[1],
        "unsupported-cells",
        "'l'",
    ),
    "cut xlsx": ("b.xlsx", lambda p: _cut(_workbook(p, [["a"], [SECRET]]), 0.6), "broken-file", "cannot be read"),
    "zip without workbook": ("z.xlsx", lambda p: _zip(p, "x.csv"), "wrong-suffix", "zip archive"),
    "xlsx as csv": ("x.csv", lambda p: _workbook(p, [["a"], [SECRET]]), "wrong-suffix", "Rename it to end in .xlsx"),
    "sav as csv": ("s.csv", _sav, "wrong-suffix", "Rename it to end in .sav"),
    "parquet as xlsx": ("p.xlsx", lambda p: _parquet(p, ["a", "b"]), "wrong-suffix", "Rename it to end in .parquet"),
    "gzip as csv": ("g.csv", lambda p: _bytes(p, gzip.compress(_GOOD.encode())), "wrong-suffix", ".csv.gz"),
    "web page": ("w.csv", lambda p: _text(p, "<!DOCTYPE html><html></html>"), "wrong-suffix", "a web page"),
    "json": ("j.csv", lambda p: _text(p, '[{"a": 1, "b": 2}]'), "wrong-suffix", "JSON"),
    "old xls": ("o.xlsx", lambda p: _ole(p, "Workbook"), "wrong-suffix", "97-2003"),
    "password": ("p.xlsx", lambda p: _ole(p, "EncryptedPackage"), "password-protected", "remove the password"),
    "formulas never calculated": (
        "f.xlsx",
        lambda p: _workbook(p, [["a", "b"], [1, "=A2*2"]]),
        "formulas-without-values",
        "let it calculate",
    ),
    "cut gzip": ("g.csv.gz", lambda p: _cut(_bytes(p, gzip.compress(_GOOD.encode() * 99)), 0.6), "broken-file", "gzip"),
    "too wide": ("w.csv", lambda p: _text(p, ",".join(f"q{i}" for i in range(10_001)) + "\n"), "too-wide", "10001"),
}


@pytest.mark.parametrize("name", CASES)
def test_unusable_file_is_refused_with_code_and_remedy(name: str, tmp_path: Path) -> None:
    file_name, write, code, phrase = CASES[name]
    path = write(tmp_path / file_name)
    with pytest.raises(DataError) as caught:
        read_raw(path)
    error = caught.value
    assert error.code == code
    assert error.exit_code == 10
    assert error.remedy
    assert phrase in str(error)
    assert str(path) in str(error)
    assert SECRET not in str(error)


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    _text(tmp_path / "wave1_answers.csv", _GOOD)
    with pytest.raises(DataError, match=r"Did you mean 'wave1_answers.csv'"):
        read_raw(tmp_path / "wave1_anwsers.csv")
    with pytest.raises(DataError, match=r"Did you mean 'wave1_answers.csv'"):
        read_raw(tmp_path / "wave1_answers.sav")


def test_ragged_rows_are_all_counted_and_the_first_five_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="8 rows have") as caught:
        read_raw(_text(tmp_path / "r.csv", _RAGGED))
    assert caught.value.faults[0] == "line 12 has 2 fields, expected 3"
    assert caught.value.faults[4] == "line 16 has 4 fields, expected 3"
    assert caught.value.faults[5] == "and 3 more"


def test_line_numbers_count_physical_lines_after_quoted_line_ends(tmp_path: Path) -> None:
    path = _text(tmp_path / "q.csv", 'id,q\r\n1,"two\r\nlines"\r\n2\r\n3,"a\r\nb",c\r\n')
    with pytest.raises(DataError) as caught:
        read_raw(path)
    assert caught.value.faults[0] == "line 4 has 1 field, expected 2"
    assert caught.value.faults[1].startswith("lines 5-6, joined by a quoted cell, have 3 fields")


def test_faults_of_header_and_rows_are_raised_together(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 kinds of faults") as caught:
        read_raw(_text(tmp_path / "x.csv", "q,q,r\n1,2,3\n1,2\n"))
    text = str(caught.value)
    assert "'q' in columns 1, 2" in text
    assert "line 3 has 2 fields, expected 3" in text


def test_header_of_answers_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_raw(_text(tmp_path / "n.csv", "9817,4411,4411\n1,2,3\n"))
    assert "4411" not in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "code"), [("ascii", "wrong-encoding"), ("utf-88", "unknown-encoding"), ("hex", "unknown-encoding")]
)
def test_wrong_explicit_encoding(tmp_path: Path, encoding: str, code: str) -> None:
    with pytest.raises(DataError) as caught:
        read_raw(_text(tmp_path / "e.csv", "id,q\n1,a\n2,é\n"), encoding=encoding)
    assert caught.value.code == code
    if code == "wrong-encoding":
        assert "in line 3" in str(caught.value)


def test_unknown_sheet_suggests_the_near_one(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "s.xlsx", [["a"], [1]], "Notes")
    with pytest.raises(DataError, match="Did you mean 'Wave1'") as caught:
        read_raw(path, sheet="wave 1")
    assert caught.value.code == "unknown-sheet"
    with pytest.raises(DataError, match="a number from 1 to 2"):
        read_raw(path, sheet=0)


@pytest.mark.parametrize(
    ("suffix", "option"), [(".csv", "sheet"), (".sav", "sheet"), (".parquet", "encoding"), (".xlsx", "encoding")]
)
def test_option_of_another_format_is_refused(tmp_path: Path, suffix: str, option: str) -> None:
    path = _text(tmp_path / f"a{suffix}", _GOOD)
    with pytest.raises(UsageError, match=f"no option {option}"):
        read_raw(path, **{option: "1"})  # pyright: ignore[reportArgumentType]  # one name at a time


def test_every_reader_refuses_a_file_of_another_kind(tmp_path: Path) -> None:
    for suffix in READERS:
        path = _bytes(tmp_path / f"x{suffix}", b"%PDF-1.7\n")
        with pytest.raises(DataError) as caught:
            read_raw(path)
        assert caught.value.code == "wrong-suffix", suffix


def test_line_of_100_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        for _ in range(100):
            stream.write(b"1," * (1 << 19))
    started = time.perf_counter()
    with pytest.raises(DataError, match="Line 1 of") as caught:
        read_raw(path)
    assert caught.value.code == "line-too-long"
    # Reading the whole file alone would take longer on a slow disk; looking at its beginning does not.
    assert time.perf_counter() - started < 0.5


def test_long_line_below_the_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Line 3 of") as caught:
        read_raw(_text(tmp_path / "long.csv", "a,b\n1,2\n" + "1," * 600_000 + "\n"))
    assert caught.value.code == "line-too-long"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_text_above_the_limit_is_refused_also_when_compressed(tmp_path: Path, suffix: str) -> None:
    content = b"a,b\n" + b"1,2\n" * 1000
    path = _bytes(tmp_path / f"a{suffix}", gzip.compress(content) if suffix.endswith("gz") else content)
    assert load_text_bytes(path, limit=len(content)) == content
    with pytest.raises(DataError, match="4,003 bytes") as caught:
        load_text_bytes(path, limit=len(content) - 1)
    assert caught.value.code == "file-too-large"


def test_missing_package_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _sav(tmp_path / "a.sav")
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    with pytest.raises(DataError, match="pip install pyreadstat") as caught:
        read_raw(path)
    assert caught.value.code == "missing-package"


def test_web_address_is_refused() -> None:
    with pytest.raises(DataError, match="Download the file first"):
        read_raw("https://example.org/survey.csv")
