"""From frames to arrays: listwise deletion, products, and columns that are no numbers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from trustsem.errors import DataError, ModelError
from trustsem.records import Severity
from trustsem.survey import analysis_arrays

FRAME = pd.DataFrame(
    {"x": [1.0, 2.0, np.nan, 4.0], "y": [1, 2, 3, 4], "z": [np.nan, 1.0, np.nan, 0.0], "g": list("abaa")}
)


def test_listwise_deletion_is_accounted_for():
    arrays = analysis_arrays(FRAME, ["x", "y", "z"])
    assert arrays.values.tolist() == [[2, 2, 1], [4, 4, 0]]
    assert arrays.row_index.tolist() == [1, 3]
    assert (arrays.n_total, arrays.n_dropped) == (4, 2)
    assert dict(arrays.dropped_by) == {"x": 1, "z": 2}
    (finding,) = arrays.findings
    assert finding.code == "listwise-deletion"
    assert finding.severity is Severity.WARNING
    assert "2 of 4 rows" in finding.message


def test_incomplete_rows_can_be_kept():
    arrays = analysis_arrays(FRAME, ["x", "z"], complete=False)
    assert arrays.row_index.tolist() == [0, 1, 3]  # row 2 has no answer at all
    assert np.isnan(arrays.values[0, 1])
    assert arrays.findings[0].code == "unusable-rows"


def test_required_columns_drop_rows_and_come_along():
    frame = FRAME.assign(g=["a", None, "a", "b"])
    arrays = analysis_arrays(frame, ["y"], required=["g"])
    assert arrays.row_index.tolist() == [0, 2, 3]
    assert arrays.required["g"].tolist() == ["a", "a", "b"]
    assert dict(arrays.dropped_by) == {"g": 1}


def test_products_of_observed_variables():
    arrays = analysis_arrays(FRAME, ["x", "x:y"])
    assert arrays.values[:, 1].tolist() == [1, 4, 16]
    named = pd.DataFrame({"a:b": [5.0, 6.0], "a": [1.0, 1.0], "b": [1.0, 2.0]})
    assert analysis_arrays(named, ["a:b"]).values[:, 0].tolist() == [5, 6]  # a column of that very name is the column


def test_unknown_variables_are_all_listed_with_suggestions():
    with pytest.raises(ModelError) as caught:
        analysis_arrays(pd.DataFrame({"trust_1": [1.0], "age": [2.0]}), ["trsut_1", "age:agee"])
    assert caught.value.code == "unknown-variable"
    assert caught.value.exit_code == 12
    assert "Did you mean 'trust_1'" in str(caught.value)
    assert len(caught.value.faults) == 2


def test_text_columns_are_all_listed_without_their_text():
    frame = pd.DataFrame({"a": ["yes", "no"], "b": [1.0, 2.0], "c": ["1", "private"]})
    with pytest.raises(DataError) as caught:
        analysis_arrays(frame, ["a", "b", "c"])
    assert caught.value.code == "text-column"
    assert caught.value.faults == ("a (2 of 2 cells are text)", "c (1 of 2 cells are text)")
    assert "codebook" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values", "code"),
    [
        (pd.Series([True, False, True]), [1, 0, 1], "bool-column"),
        (pd.Series([True, None, True], dtype="boolean"), [1, 1], "bool-column"),
        (pd.Series([1, None, 3], dtype="Int64"), [1, 3], None),
        (pd.Series(["1", "2", None], dtype="string"), [1, 2], "text-numbers"),
        (pd.Series([Decimal("1.5"), Decimal(2), None], dtype=object), [1.5, 2], None),
        (pd.Series(pd.Categorical([1, 3, None], categories=[1, 2, 3], ordered=True)), [1, 3], "categorical-column"),
        (pd.Series([1, 2, 3], dtype="uint8"), [1, 2, 3], None),
    ],
)
def test_columns_that_convert_without_doubt(column, values, code):
    arrays = analysis_arrays(pd.DataFrame({"x": column}), ["x"])
    assert arrays.values[:, 0].tolist() == values
    assert [f.code for f in arrays.findings if f.code != "listwise-deletion"] == ([code] if code else [])


@pytest.mark.parametrize(
    ("column", "phrase"),
    [
        (
            pd.Series(pd.Categorical(["low", "high"], categories=["low", "high"], ordered=True)),
            "ordered categories that are text",
        ),
        (pd.Series(pd.Categorical([1, 2])), "categories without an order"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"])), "datetime64"),
        (pd.Series([1 + 2j, 1j]), "complex"),
        (pd.Series([[1], [2]]), "2 of 2 cells"),
    ],
)
def test_columns_that_do_not(column, phrase):
    with pytest.raises(DataError, match="not numeric") as caught:
        analysis_arrays(pd.DataFrame({"x": column}), ["x"])
    assert phrase in str(caught.value)


def test_infinite_values_doubled_names_and_no_complete_row():
    with pytest.raises(DataError, match="x: 1 infinite"):
        analysis_arrays(pd.DataFrame({"x": [1.0, np.inf]}), ["x"])
    with pytest.raises(DataError, match="more than once: x"):
        analysis_arrays(pd.DataFrame([[1.0, 2.0]], columns=["x", "x"]), ["x"])
    with pytest.raises(DataError, match="None of the 2 rows is complete"):
        analysis_arrays(pd.DataFrame({"x": [1.0, np.nan], "y": [np.nan, 1.0]}), ["x", "y"])
    with pytest.raises(DataError, match="must be a pandas DataFrame"):
        analysis_arrays([[1.0]], ["x"])  # type: ignore[arg-type]


def test_columns_numbered_instead_of_named():
    assert analysis_arrays(pd.DataFrame(np.ones((2, 2))), ["1"]).values.shape == (2, 1)


def test_the_arrays_are_read_only_and_apart_from_the_frame():
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    arrays = analysis_arrays(frame, ["x"])
    with pytest.raises(ValueError, match="read-only"):
        arrays.values[0, 0] = 9.0
    frame.loc[0, "x"] = 5.0
    assert arrays.values[0, 0] == 1.0
