"""Excel, Parquet, Stata and SPSS: labels, reasons for missing answers, and cells that are neither number nor text."""

from __future__ import annotations

import datetime as dt
import decimal
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from trustsem.survey.readers import read_raw
from trustsem.survey.source import RawTable

# Its stubs know no frame of pandas and no letters of Stata.
_PYREADSTAT: Any = pyreadstat


def _codes(raw: RawTable) -> list[str]:
    return [finding.code for finding in raw.findings]


def _message(raw: RawTable, code: str) -> str:
    return next(finding.message for finding in raw.findings if finding.code == code)


@pytest.fixture
def labelled_sav(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "trust": [1.0, 2.0, 5.0, 3.0, np.nan],
            "age": [44.0, -9.0, 61.0, 30.0, -7.0],
            "code": [1.0, 99.0, 2.0, 1.0, 1.0],
            "word": ["a", "x", "", "b", "a"],
        }
    )
    _PYREADSTAT.write_sav(
        frame,
        tmp_path / "a.sav",
        variable_value_labels={
            "trust": {1: "A little", 2: "A lot", 3: "Missing", 5: "Not at all"},
            "age": {-9: "Refused"},
            "word": {"a": "Alpha"},
        },
        missing_ranges={"age": [{"lo": -9, "hi": -1}], "code": [99], "word": ["x"]},
    )
    return tmp_path / "a.sav"


def test_spss_labels_stand_for_codes(labelled_sav: Path) -> None:
    frame = read_raw(labelled_sav).frame
    assert frame["trust"].tolist()[:4] == ["A little", "A lot", "Not at all", "Missing"]
    assert np.isnan(frame["trust"].iloc[4])
    assert frame["age"].tolist() == [44, "Refused", 61, 30, -7]
    assert frame["code"].tolist() == [1, 99, 2, 1, 1]
    assert frame["word"].tolist() == ["Alpha", "x", "", "b", "Alpha"]


def test_spss_user_missing_answers_are_counted(labelled_sav: Path) -> None:
    raw = read_raw(labelled_sav)
    assert _codes(raw) == ["user-missing-kept", "partly-labelled"]
    assert "4 cells of 3 columns" in _message(raw, "user-missing-kept")
    assert "2 columns: 'age', 'word'" in _message(raw, "partly-labelled")


def test_shared_labels_are_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"q": [1.0, 2.0, 3.0], "r": [1.0, 1.0, 1.0]})
    labels = {"q": {1: "Yes", 2: "Yes", 3: "No"}, "r": {1: "Yes", 2: "Yes"}}
    _PYREADSTAT.write_sav(frame, tmp_path / "a.sav", variable_value_labels=labels)
    raw = read_raw(tmp_path / "a.sav")
    assert _codes(raw) == ["shared-labels"]
    assert "1 column: 'q'" in raw.findings[0].message


def test_stata_letters_stay_apart(tmp_path: Path) -> None:
    frame = pd.DataFrame({"q": [1, 2, "a", "z"], "n": [1.5, np.nan, 2.0, 3.0], "s": ["a", "b", "", "z"]})
    _PYREADSTAT.write_dta(
        frame,
        tmp_path / "a.dta",
        variable_value_labels={"q": {1: "Yes", 2: "No", "a": "Refused"}},
        missing_user_values={"q": ["a", "z"]},
    )
    raw = read_raw(tmp_path / "a.dta")
    assert raw.frame["q"].tolist() == ["Yes", "No", ".a", ".z"]
    assert raw.frame["s"].tolist() == ["a", "b", "", "z"]
    assert np.isnan(raw.frame["n"].iloc[1])
    assert _codes(raw) == ["user-missing-kept"]
    assert "2 cells of 1 column" in raw.findings[0].message


@pytest.mark.parametrize("version", [114, 117, 118, 119])
def test_stata_releases(tmp_path: Path, version: int) -> None:
    pd.DataFrame({"q": [1, 2]}).to_stata(tmp_path / "a.dta", write_index=False, version=version)  # pyright: ignore[reportArgumentType]  # each listed release is allowed
    assert read_raw(tmp_path / "a.dta").frame["q"].tolist() == [1, 2]


def _book(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_excel_takes_the_first_visible_sheet_and_names_the_others(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"Old": [["x"], [1]], "Wave1": [["q"], [5]], "Notes": [["y"], [2]]})
    book = openpyxl.load_workbook(path)
    book["Old"].sheet_state = "hidden"
    book.save(path)
    raw = read_raw(path)
    assert raw.frame["q"].tolist() == [5]
    assert _codes(raw) == ["first-sheet-used"]
    assert "'Old', 'Notes'" in raw.findings[0].message


@pytest.mark.parametrize("sheet", ["Notes", 2, "2"])
def test_excel_sheet_by_name_or_number(tmp_path: Path, sheet: str | int) -> None:
    path = _book(tmp_path / "a.xlsx", {"Wave1": [["q"], [5]], "Notes": [["y"], [2]]})
    raw = read_raw(path, sheet=sheet)
    assert raw.frame["y"].tolist() == [2]
    assert raw.findings == ()


def test_excel_cells_become_numbers_and_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [None],
        ["id", "b", "day", "mixed", 1, "err", None],
        [1, True, dt.datetime(2024, 3, 5), 1, "x", 1],
        [2.5, False, None, "NA", None, "#N/A"],
        [None, None, None, None, None, None],
        [4, True, dt.datetime(2024, 3, 6, 12, 30), 2.5, "None", 2],
        [None],
    ]
    raw = read_raw(_book(tmp_path / "a.xlsx", {"S": rows}))
    frame = raw.frame
    assert list(frame.columns) == ["id", "b", "day", "mixed", "1", "err"]
    assert len(frame) == 4
    assert frame["b"].tolist()[:2] == [1, 0]
    assert frame["day"].tolist()[::3] == ["2024-03-05", "2024-03-06T12:30:00"]
    assert frame["mixed"].tolist()[:2] == [1, "NA"]
    assert frame["1"].tolist()[::3] == ["x", "None"]
    assert frame.iloc[2].isna().all()
    assert _codes(raw) == ["blank-lines", "booleans-as-numbers", "dates-as-text", "excel-errors"]


def test_excel_whole_numbers_compare_as_numbers(tmp_path: Path) -> None:
    raw = read_raw(_book(tmp_path / "a.xlsx", {"S": [["q"], [1], [None], [2.0]]}))
    assert [cell == whole for cell, whole in zip(raw.frame["q"], [1, 0, 2], strict=True)] == [True, False, True]
    assert raw.frame["q"].dtype == float


def _store_values(path: Path, values: dict[str, str]) -> None:
    """Write results beside formulas as Excel does: openpyxl itself never calculates."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for formula, value in values.items():
        old, new = f"<f>{formula}</f><v></v>".encode(), f"<f>{formula}</f><v>{value}</v>".encode()
        parts[sheet] = parts[sheet].replace(b"<v/>", b"<v></v>").replace(b"<v />", b"<v></v>")
        assert old in parts[sheet]
        parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_excel_formulas_give_their_stored_values(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"S": [["a", "b"], [1, "=A2*2"], [2, "=A3*2"]]})
    _store_values(path, {"A2*2": "2", "A3*2": "4"})
    raw = read_raw(path)
    assert raw.frame["b"].tolist() == [2, 4]
    assert raw.findings == ()


def test_excel_formula_without_a_value_is_said(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"S": [["a", "b"], [1, "=A2*2"], [2, "=A3*2"]]})
    _store_values(path, {"A2*2": "2"})
    raw = read_raw(path)
    assert raw.frame["b"].iloc[0] == 2
    assert np.isnan(raw.frame["b"].iloc[1])
    assert "1 of 2 formulas" in _message(raw, "formulas-without-values")


def test_excel_rows_beyond_a_wrong_stored_size_are_read(tmp_path: Path) -> None:
    path = _book(tmp_path / "a.xlsx", {"S": [["a", "b"], [1, 2], [3, 4]]})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'ref="A1:B3"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'ref="A1:B3"', b'ref="A1"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert read_raw(path).frame.to_numpy().tolist() == [[1, 2], [3, 4]]


def test_parquet_types(tmp_path: Path) -> None:
    long_id = 2**60 + 1
    table = pa.table(
        {
            "id": pa.array([long_id, None, 3]),
            "small": pa.array([1, None, 3], pa.int8()),
            "flag": pa.array([True, None, False]),
            "share": pa.array([decimal.Decimal("0.25"), None, decimal.Decimal("1.50")]),
            "label": pa.array(["a", "b", None]).dictionary_encode(),
            "day": pa.array([dt.date(2024, 3, 5), None, None]),
            "none": pa.nulls(3),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    raw = read_raw(tmp_path / "a.parquet")
    frame = raw.frame
    assert frame["id"].iloc[0] == long_id
    assert frame["small"].tolist()[::2] == [1, 3]
    assert frame["flag"].tolist()[::2] == [1, 0]
    assert frame["share"].tolist()[::2] == [0.25, 1.5]
    assert frame["label"].tolist()[:2] == ["a", "b"]
    assert frame["day"].iloc[0] == "2024-03-05"
    assert [cell != cell for cell in frame.iloc[1].to_list()] == [True, True, True, True, False, True, True]
    assert all(cell != cell for cell in frame["none"].to_list())
    assert _codes(raw) == ["booleans-as-numbers", "dates-as-text"]


def test_parquet_index_is_kept_and_said(tmp_path: Path) -> None:
    pd.DataFrame({"q": [1, 2]}, index=[5, 7]).to_parquet(tmp_path / "a.parquet")
    raw = read_raw(tmp_path / "a.parquet")
    assert list(raw.frame.columns) == ["q", "__index_level_0__"]
    assert _codes(raw) == ["index-columns"]
