"""Reading a file from end to end."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsem.errors import CodebookError, DataError
from trustsem.instruments import load_codebook
from trustsem.survey import read_survey


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("hq1,hq2,hq3,note\n5,同意,1,a\n-8,Agree,-9,b\n,,,\n", encoding="utf-8")
    return path


def test_a_file_with_the_name_of_a_codebook(answers):
    survey = read_survey(answers, "dpt_patient")
    np.testing.assert_array_equal(survey.frame[["hq1", "hq2", "hq3"]], [[5, 4, 5], [np.nan, 4, np.nan]])
    assert survey.missing_reasons == {"hq1": {"dont_know": 1}, "hq3": {"no_answer": 1}}
    assert survey.source is not None
    assert (survey.source.format, survey.source.n_rows) == ("csv", 3)
    assert {"empty-rows", "missing-items", "columns-not-in-codebook"} <= {f.code for f in survey.findings}


def test_a_codebook_object_and_a_path_do_the_same(answers):
    book = load_codebook("dpt_patient")
    by_object, by_path = read_survey(answers, book), read_survey(answers, book.path)
    assert by_object.frame.equals(by_path.frame)


def test_without_a_codebook_columns_stay_as_they_are(answers):
    survey = read_survey(answers)
    assert survey.codebook is None
    assert survey.frame["hq1"].tolist() == [5, -8]
    assert survey.frame["hq2"].tolist() == ["同意", "Agree"]


def test_a_wrong_codebook_says_so_item_by_item(answers):
    with pytest.raises(CodebookError) as caught:
        read_survey(answers, "hints7")
    assert str(answers) in str(caught.value)
    assert len(caught.value.faults) == 16  # fifteen items and the file's columns


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError):
        read_survey(tmp_path / "no.csv", "dpt_patient")


HEADER = "hq1,hq2,note\n"


def faults_of(path):
    with pytest.raises(CodebookError) as caught:
        read_survey(path, "dpt_patient")
    return caught.value.faults


def test_faults_name_the_lines_of_a_text_file(tmp_path):
    path = tmp_path / "answers.csv"
    # Line 3 is blank, line 4 holds no answer, and the cell that starts in line 5 ends in line 6.
    path.write_text(f'{HEADER}1,1,\n\n,,\n9,1,"two\nlines"\n9,7,\n9,1,\n9,1,\n', encoding="utf-8")
    first, second = faults_of(path)
    assert "hq1: 4 cells hold codes outside 1..5 (9), first in lines 5, 7 and 8. Declared" in first
    assert "hq2: 1 cell holds codes outside 1..5 (7), in line 7. Declared" in second


def test_faults_count_the_line_that_names_the_delimiter(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("sep=;\nhq1;hq2\n1;1\n9;1\n", encoding="utf-8")
    assert "in line 4." in faults_of(path)[0]


def test_faults_in_a_file_of_one_column_count_its_blank_lines(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("hq1\n1\n\n\n9\n", encoding="utf-8")
    assert "in line 5." in faults_of(path)[0]


def test_faults_name_the_rows_of_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in ([None, None], ["hq1", "hq2"], [1, 1], [None, None], [9, 1]):
        book.active.append(row)
    book.save(tmp_path / "answers.xlsx")
    assert "in line 5." in faults_of(tmp_path / "answers.xlsx")[0]


def test_faults_name_the_rows_of_a_format_without_lines(tmp_path):
    path = tmp_path / "answers.parquet"
    pd.DataFrame({"hq1": [1.0, np.nan, 9.0], "hq2": [1.0, np.nan, 1.0]}).to_parquet(path)
    assert "in row 3." in faults_of(path)[0]
