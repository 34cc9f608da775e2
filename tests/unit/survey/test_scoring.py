"""A codebook applied to data: scores, reversal, kinds of missing, and what does not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsem.errors import CodebookError, DataError, UsageError
from trustsem.instruments import (
    Category,
    Codebook,
    Covariate,
    CovariateKind,
    Item,
    LocalText,
    MissingCode,
    Scale,
)
from trustsem.survey import LogAction, apply_codebook

TEXT = LocalText(en="text")
AGREE = Scale(
    "agree5", (1.0, 2.0, 3.0, 4.0, 5.0), ("SD", "D", "N", "A", "SA"), ("很不同意", "不同意", "一般", "同意", "很同意")
)


def item(name, *, reverse=False, column=None):
    return Item(name, "trust_x", AGREE, reverse, TEXT, column or name)


def covariate(name, kind, **options):
    return Covariate(name, kind, TEXT, options.pop("column", name), **options)


def codebook(*variables, missing=()):
    items = tuple(v for v in variables if isinstance(v, Item))
    covariates = tuple(v for v in variables if isinstance(v, Covariate))
    return Codebook("mini", TEXT, "1", "own", "MIT", "patient", TEXT, tuple(missing), (AGREE,), items, covariates)


MISSING = (
    MissingCode("-8", None, "dont_know", LocalText(en="Don't know")),
    MissingCode("-9", None, "no_answer", LocalText(en="No answer")),
    MissingCode(None, "not asked*", "skipped", LocalText(en="Skipped")),
)


def test_numbers_and_labels_in_both_languages_give_the_same_scores():
    raw = pd.DataFrame({"q1": ["1", "sd", " SD ", "很不同意", "5", "sa", "4.0"]})
    survey = apply_codebook(raw, codebook(item("q1")))
    assert survey.frame["q1"].tolist() == [1, 1, 1, 1, 5, 5, 4]
    counts = {entry.action: entry.count for entry in survey.log}
    assert counts == {LogAction.LABEL_SCORED: 4, LogAction.TEXT_TO_NUMBER: 3}


def test_typed_numbers_are_taken_and_not_logged_as_recoded():
    survey = apply_codebook(pd.DataFrame({"q1": [1.0, 2.0, np.nan], "note": "x"}), codebook(item("q1")))
    assert survey.frame["q1"].tolist()[:2] == [1, 2]
    assert [entry.action for entry in survey.log] == [LogAction.MISSING]


def test_reversed_items_are_reflected_and_logged():
    survey = apply_codebook(
        pd.DataFrame({"q1": ["1", "2", "5", "-9"]}), codebook(item("q1", reverse=True), missing=MISSING)
    )
    np.testing.assert_array_equal(survey.frame["q1"], [5, 4, 1, np.nan])
    (entry,) = [entry for entry in survey.log if entry.action is LogAction.REVERSED]
    assert entry.count == 3
    assert "6 - answer" in entry.detail


def test_kinds_of_missing_stay_apart():
    raw = pd.DataFrame({"q1": ["-8", "-8", "-9", "", "Not asked, see q0", "3"], "note": "x"})
    survey = apply_codebook(raw, codebook(item("q1"), missing=MISSING))
    assert survey.missing_reasons == {"q1": {"dont_know": 2, "no_answer": 1, "empty": 1, "skipped": 1}}
    assert survey.frame["q1"].notna().tolist() == [False] * 5 + [True]


def test_a_code_for_one_variable_does_not_hold_for_another():
    only = (MissingCode("9", None, "no_answer", TEXT, ("q2",)),)
    raw = pd.DataFrame({"q1": ["9"], "q2": ["9"]})
    with pytest.raises(CodebookError) as caught:
        apply_codebook(raw, codebook(item("q1"), item("q2"), missing=only))
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["q1"]


def test_undeclared_codes_are_listed_item_by_item_and_texts_never_shown():
    raw = pd.DataFrame({"q1": ["6", "99", "6", "1"], "q2": ["1", "my secret", "2", "3"], "q3": ["1", "1", "1", "2.5"]})
    with pytest.raises(CodebookError) as caught:
        apply_codebook(raw, codebook(item("q1"), item("q2"), item("q3"), missing=MISSING))
    error = caught.value
    assert error.exit_code == 11
    assert len(error.faults) == 3
    assert "q1: 3 cells hold codes outside 1..5 (6, 99), in rows 1, 2 and 3." in error.faults[0]
    assert "Declared missing: -8, -9" in error.faults[0]
    assert "q2: 1 cell holds text" in error.faults[1]
    assert "secret" not in str(error)
    assert "2.5" not in error.faults[2]


def test_missing_items_are_a_warning_with_a_suggestion():
    survey = apply_codebook(pd.DataFrame({"q1": ["1"], "trsut_2": ["2"]}), codebook(item("q1"), item("trust_2")))
    by_code = {finding.code: finding for finding in survey.findings}
    assert "Did you mean 'trsut_2'" in by_code["missing-items"].message
    assert "trsut_2" in by_code["columns-not-in-codebook"].message


def test_a_file_without_any_item_is_refused():
    with pytest.raises(CodebookError, match="Did you mean 'Q1'"):
        apply_codebook(pd.DataFrame({"Q1": ["1"]}), codebook(item("q1")))


def test_a_column_of_another_name_is_read_and_logged():
    survey = apply_codebook(pd.DataFrame({"F12": ["3"]}), codebook(item("q1", column="F12")))
    assert survey.frame.columns.tolist() == ["q1"]
    assert survey.log[0].action is LogAction.RENAMED


def test_a_renamed_item_must_not_cover_a_column():
    with pytest.raises(CodebookError, match="is there too"):
        apply_codebook(pd.DataFrame({"F12": ["3"], "q1": ["2"]}), codebook(item("q1", column="F12")))


def test_numeric_covariates_and_their_limits():
    age = covariate("age", CovariateKind.NUMERIC, minimum=18.0, maximum=100.0)
    survey = apply_codebook(
        pd.DataFrame({"q1": ["1", "2", "3"], "age": ["18", "-9", "44.5"]}), codebook(item("q1"), age, missing=MISSING)
    )
    np.testing.assert_array_equal(survey.frame["age"], [18, np.nan, 44.5])
    assert survey.missing_reasons["age"] == {"no_answer": 1}
    with pytest.raises(CodebookError) as caught:
        apply_codebook(pd.DataFrame({"q1": ["1"] * 4, "age": ["17", "101", "old", "20"]}), codebook(item("q1"), age))
    assert [fault.split(".")[0] for fault in caught.value.faults] == [
        "age: 1 cell holds numbers below the minimum 18, in row 1",
        "age: 1 cell holds numbers above the maximum 100, in row 2",
        "age: 1 cell holds something else than a finite number, in row 3",
    ]


def test_weights_must_not_be_negative():
    with pytest.raises(CodebookError, match="below the minimum 0"):
        apply_codebook(
            pd.DataFrame({"q1": ["1"], "w": [-2.0]}), codebook(item("q1"), covariate("w", CovariateKind.WEIGHT))
        )


def test_ordinal_covariates_are_numbers():
    rating = covariate("rating", CovariateKind.ORDINAL, scale=AGREE)
    survey = apply_codebook(pd.DataFrame({"q1": ["1", "1"], "rating": ["同意", "2"]}), codebook(item("q1"), rating))
    assert survey.frame["rating"].tolist() == [4, 2]


def test_nominal_categories_by_value_or_label():
    categories = (Category("in", LocalText("Inpatient", "住院")), Category("out", LocalText("Outpatient", "门诊")))
    setting = covariate("setting", CovariateKind.NOMINAL, categories=categories)
    raw = pd.DataFrame({"q1": ["1"] * 4, "setting": ["in", "门诊", "OUTPATIENT", ""]})
    survey = apply_codebook(raw, codebook(item("q1"), setting))
    assert survey.frame["setting"].tolist()[:3] == ["in", "out", "out"]
    assert survey.frame["setting"].isna().tolist() == [False, False, False, True]
    with pytest.raises(CodebookError, match="something else than the 2 categories"):
        apply_codebook(pd.DataFrame({"q1": ["1"], "setting": ["Mr Smith"]}), codebook(item("q1"), setting))


def test_identifiers_are_the_same_text_from_text_and_typed_files():
    book = codebook(item("q1"), covariate("clinic", CovariateKind.IDENTIFIER))
    from_text = apply_codebook(pd.DataFrame({"q1": ["1", "2"], "clinic": ["22", "7"]}), book)
    from_typed = apply_codebook(pd.DataFrame({"q1": [1.0, 2.0], "clinic": [22.0, 7.0]}), book)
    pd.testing.assert_frame_equal(from_text.frame, from_typed.frame)


def test_empty_rows_are_dropped_and_logged():
    raw = pd.DataFrame({"q1": ["1", "", " ", "2"], "note": ["x", "", "", ""]})
    survey = apply_codebook(raw, codebook(item("q1")))
    assert survey.frame.index.tolist() == [0, 3]
    assert survey.log[0].action is LogAction.ROWS_DROPPED
    assert survey.log[0].count == 2
    assert survey.findings[0].code == "empty-rows"


def test_a_frame_without_rows_or_with_a_doubled_column_is_refused():
    with pytest.raises(DataError, match="no rows"):
        apply_codebook(pd.DataFrame({"q1": []}), codebook(item("q1")))
    with pytest.raises(DataError, match="more than once: q1"):
        apply_codebook(pd.DataFrame([[1, 2]], columns=["q1", "q1"]), codebook(item("q1")))


def test_scoring_twice_is_refused():
    survey = apply_codebook(pd.DataFrame({"q1": ["1"]}), codebook(item("q1")))
    with pytest.raises(UsageError, match="scored already"):
        apply_codebook(survey, codebook(item("q1")))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="scored already"):
        apply_codebook(survey.frame.pipe(lambda _: survey), codebook(item("q1")))  # type: ignore[arg-type]


def test_the_raw_frame_is_left_as_it_was():
    raw = pd.DataFrame({"q1": ["1", "-9"]})
    before = raw.copy(deep=True)
    apply_codebook(raw, codebook(item("q1"), missing=MISSING))
    pd.testing.assert_frame_equal(raw, before)
