"""Reading without a codebook."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustsem.survey import LogAction, survey_without_codebook, suspicious_codes, suspicious_codes_in


def read(**columns):
    return survey_without_codebook(pd.DataFrame(columns))


def test_digits_become_numbers_and_tokens_missing():
    survey = read(x=["1", " 2 ", "", "NA", ".", "NaN", "3.5"], note=["n"] * 7)
    np.testing.assert_array_equal(survey.frame["x"], [1, 2, np.nan, np.nan, np.nan, np.nan, 3.5])
    assert survey.missing_reasons["x"] == {"empty": 1, "not_available": 3}


def test_the_answer_none_stays_text():
    survey = read(visits=["None", "1 time", "None"])
    assert survey.frame["visits"].tolist() == ["None", "1 time", "None"]
    assert survey.missing_reasons == {}


def test_identifiers_keep_leading_zeros_and_long_digits():
    survey = read(ward=["007", "012"], pid=["12345678901234567", "2"], code=["1_000", "2"])
    assert survey.frame["ward"].tolist() == ["007", "012"]
    assert survey.frame["pid"].tolist()[0] == "12345678901234567"
    assert {entry.variable for entry in survey.log if entry.action is LogAction.KEPT_AS_TEXT} == {"ward", "pid"}
    assert survey.frame["code"].tolist() == ["1_000", "2"]


def test_weights_with_many_decimals_are_numbers():
    assert read(w=["9805.96670610874123", "0.5"]).frame["w"].dtype == np.float64


def test_a_few_texts_among_numbers_are_said_without_showing_them():
    survey = read(x=[*"12345" * 2, "ill"])
    (finding,) = survey.findings
    assert finding.code == "mixed-column"
    assert "1 cell of text" in finding.message
    assert "ill" not in finding.message.replace("will", "")


def test_missing_codes_that_count_as_numbers_are_suspected():
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 6, size=(200, 3)).astype(float)
    answers[:5, 0] = -9
    answers[:5, 1] = 99
    age = rng.integers(18, 90, size=200).astype(float)
    age[:3] = 999
    frame = pd.DataFrame(answers, columns=["a", "b", "c"]).assign(age=age)
    found = {finding.parameter: finding.message for finding in suspicious_codes(frame)}
    assert set(found) == {"a", "b", "age"}
    assert "-9" in found["a"]


def test_ordinary_columns_are_not_suspected():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "nine_points": rng.integers(1, 10, 300).astype(float),
            "eleven_points": rng.integers(0, 11, 300).astype(float),
            "centred": rng.integers(-9, 10, 300).astype(float),
            "age": rng.integers(18, 100, 300).astype(float),
            "continuous": rng.standard_normal(300),
            "flag": rng.integers(0, 2, 300).astype(bool),
        }
    )
    assert suspicious_codes(frame) == ()


def test_one_finding_names_all_columns_of_a_code():
    frame = pd.DataFrame({f"q{i}": [1.0, 2, 3, 4, 5, 2, 3, 99] for i in range(12)})
    (finding,) = suspicious_codes(frame)
    assert "12 columns" in finding.message
    assert "and 4 more" in finding.message


def test_arrays_are_screened_like_frames():
    values = np.array([[1.0, 3], [2, 4], [3, 5], [4, 4], [5, 1], [-9, 2], [2, 3], [1, 2]])
    (finding,) = suspicious_codes_in(values, ("a", "b"))
    assert finding.parameter == "a"
    assert suspicious_codes_in(values[:5], ("a", "b")) == ()
