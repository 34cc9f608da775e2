"""Description of items, covariates and rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsem.instruments import load_codebook
from trustsem.survey import apply_codebook, describe_covariates, describe_rows, describe_survey, survey_without_codebook
from trustsem.survey.describe import excess_kurtosis, skewness


def hints(explained):
    raw = pd.DataFrame({"ExplainedClearly": explained, "VAR_CLUSTER": [str(i) for i in range(len(explained))]})
    return apply_codebook(raw, load_codebook("hints7"))


def test_an_item_is_described_in_the_scored_direction():
    survey = hints(["Always", "Always", "Never", "Usually", "Inapplicable, coded 0 in FreqGoProvider", ""])
    (item,) = describe_survey(survey)
    assert (item.n, item.n_missing) == (4, 2)
    assert dict(item.missing) == {"inapplicable": 1, "empty": 1}
    assert item.reverse
    assert [(a.point, a.label, a.count) for a in item.distribution] == [
        (1.0, "Never", 1),
        (2.0, "Sometimes", 0),
        (3.0, "Usually", 1),
        (4.0, "Always", 2),
    ]
    assert item.mean == 3.0
    assert item.sd == pytest.approx(np.std([4, 4, 1, 3], ddof=1))
    assert (item.floor, item.ceiling) == (0.25, 0.5)


def test_skewness_and_kurtosis_are_the_adjusted_ones():
    values = np.array([1.0, 2, 2, 3, 5, 9])
    series = pd.Series(values)  # pandas documents G1 and G2 for skew() and kurt()
    assert skewness(values) == pytest.approx(series.skew())
    assert excess_kurtosis(values) == pytest.approx(series.kurt())
    assert skewness(np.array([1.0, 2.0])) is None
    assert excess_kurtosis(np.array([2.0] * 9)) is None


def test_an_item_without_answers_has_no_moments():
    (item,) = describe_survey(hints(["", "Inapplicable"]))
    assert item.mean is None
    assert item.floor is None
    assert item.n_missing == 2


def test_identifying_columns_are_counted_but_not_listed():
    raw = pd.DataFrame(
        {"QualityCare": ["Good"] * 3, "HealthInsurance2": ["Yes", "No", "Yes"], "Age": ["20", "-7", "40"]}
    )
    described = {c.name: c for c in describe_covariates(apply_codebook(raw, load_codebook("hints7")))}
    assert described["HealthInsurance2"].categories == (("Yes", 2), ("No", 1))
    assert (described["Age"].mean, described["Age"].n_missing) == (30.0, 1)
    assert dict(described["Age"].missing) == {"never_seen": 1}


def test_rows_by_missing_answers():
    survey = survey_without_codebook(
        pd.DataFrame({"a": ["1", "", "2", ""], "b": ["1", "2", "3", ""], "t": ["u", "v", "w", "x"]})
    )
    rows = describe_rows(survey)
    assert (rows.n_rows, rows.n_items, rows.n_complete, rows.n_patterns) == (4, 2, 2, 3)
    assert rows.by_missing == ((0, 2), (1, 1), (2, 1))
