"""Inputs that used to end in a traceback or a silent wrong number: each now has an answer or one clear message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import DataError, ModelError, UsageError

HS = pd.read_csv(Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv")
MODEL = "v =~ x1 + x2 + x3\ns =~ x7 + x8 + x9"
ITEMS = ["x1", "x2", "x3", "x7", "x8", "x9"]
COV = HS.filter(items=ITEMS).cov()


@pytest.mark.parametrize("name", ["group_label", "group_equal", "group_partial", "auxiliary", "ordered"])
@pytest.mark.parametrize("value", [3, 2.5, {"a": 1}, b"x1"])
def test_options_that_take_names_say_so(name: str, value: Any) -> None:
    options: dict[str, Any] = {"group": "school", name: value}
    with pytest.raises(UsageError, match="Some options") as caught:
        ts.fit(MODEL, HS, **options)
    assert any(fault.startswith(f"{name} takes ") and "names, as text" in fault for fault in caught.value.faults)


@pytest.mark.parametrize("as_what", [np.array, pd.Index, pd.Series])
def test_names_may_come_as_an_array_or_an_index(as_what: Any) -> None:
    labels, auxiliary = as_what(["Grant-White", "Pasteur"]), as_what(["x4", "x5"])
    fit = ts.fit(MODEL, HS, group="school", group_label=labels, missing="fiml", auxiliary=auxiliary)
    plain = ts.fit(
        MODEL,
        HS,
        group="school",
        group_label=["Grant-White", "Pasteur"],
        missing="fiml",
        auxiliary=["x4", "x5"],
    )
    assert fit.group_labels == ("Grant-White", "Pasteur")
    assert fit.fit_measures["chisq"] == plain.fit_measures["chisq"]


@pytest.mark.parametrize("value", [np.array(["school"]), pd.Series(["school"]), 3])
def test_group_is_one_name(value: Any) -> None:
    with pytest.raises(UsageError) as caught:
        ts.fit(MODEL, HS, group=value)
    assert any("group names one column" in fault for fault in caught.value.faults)


@pytest.mark.parametrize("options", [{"estimator": name} for name in ("MLR", "MLM", "MLMV", "MLF", "ULSMV")] + [
    {"se": "robust_huber_white"}, {"test": "satorra_bentler"}, {"test": "browne_residual_adf"},
])  # fmt: skip
@pytest.mark.parametrize("with_means", [False, True])
def test_robust_corrections_of_moments_need_answers(options: dict[str, Any], with_means: bool) -> None:
    mean = HS.filter(items=ITEMS).mean() if with_means else None
    with pytest.raises(UsageError, match="needs the respondents' answers") as caught:
        ts.fit(MODEL, sample_cov=COV, sample_mean=mean, n_obs=301, **options)
    assert caught.value.code == "no-raw-data"


@pytest.mark.parametrize("options", [{}, {"estimator": "GLS"}, {"estimator": "ULS"}, {"test": "browne_residual_nt"}])
def test_what_moments_are_enough_for_equals_the_fit_to_rows(options: dict[str, Any]) -> None:
    moments, rows = ts.fit(MODEL, sample_cov=COV, n_obs=301, **options), ts.fit(MODEL, HS, **options)
    np.testing.assert_allclose(moments.estimates["est"], rows.estimates["est"], atol=1e-8)
    np.testing.assert_allclose(moments.estimates["se"], rows.estimates["se"], atol=1e-8)
    assert moments.fit_measures["chisq"] == pytest.approx(rows.fit_measures["chisq"], rel=1e-9)


def test_rows_and_columns_of_a_covariance_matrix_name_the_same_variables() -> None:
    renamed = COV.set_axis(["x1", "x2", "x3", "x7", "x8", "y9"])
    with pytest.raises(DataError, match="Rows and columns") as caught:
        ts.fit(MODEL, sample_cov=renamed, n_obs=301)
    assert caught.value.faults == ("y9: only a row", "x9: only a column")


def test_rows_of_a_covariance_matrix_may_be_permuted_or_numbered() -> None:
    expected = ts.fit(MODEL, sample_cov=COV, n_obs=301).fit_measures["chisq"]
    for matrix in (COV.loc[ITEMS[::-1]], COV.loc[:, ITEMS[::-1]], COV.reset_index(drop=True)):
        assert ts.fit(MODEL, sample_cov=matrix, n_obs=301).fit_measures["chisq"] == pytest.approx(expected, rel=1e-9)


def test_moments_that_are_empty_or_no_numbers() -> None:
    with pytest.raises(UsageError, match="empty list"):
        ts.fit(MODEL, sample_cov=[], n_obs=[])
    with pytest.raises(DataError, match="no number"):
        ts.fit(MODEL, sample_cov=COV.astype(object).replace(COV.iloc[0, 0], "1.36 *"), n_obs=301)


@pytest.mark.parametrize("options", [{}, {"estimator": "GLS"}, {"missing": "fiml"}])
@pytest.mark.parametrize("unit", [1e-10, 1e-12, 1e10])
def test_units_of_an_item_change_no_test(options: dict[str, Any], unit: float) -> None:
    fit, scaled = ts.fit(MODEL, HS, **options), ts.fit(MODEL, HS.assign(x1=HS["x1"] * unit), **options)
    assert scaled.fit_measures["chisq"] == pytest.approx(fit.fit_measures["chisq"], rel=1e-8)
    np.testing.assert_allclose(scaled.estimates["z"], fit.estimates["z"], rtol=1e-6)
    assert [finding.code for finding in scaled.findings] == [finding.code for finding in fit.findings]


def test_two_columns_of_one_name_are_refused_wherever_a_table_is_read() -> None:
    doubled = pd.concat([HS[ITEMS], HS[["x1"]]], axis=1)
    for read in (lambda: ts.impute(doubled, m=2, seed=1), lambda: ts.describe_missing(doubled)):
        with pytest.raises(DataError, match="more than once: x1"):
            read()


def test_arguments_of_another_type() -> None:
    with pytest.raises(UsageError, match="not str"):
        ts.describe_missing("data.csv")  # pyright: ignore[reportArgumentType]
    fit = ts.fit("v =~ x1 + a*x2 + b*x3", HS)
    for hypotheses in (3, [3], {"a": 1}):
        with pytest.raises(ModelError, match="A hypothesis is text"):
            fit.wald(hypotheses)  # pyright: ignore[reportArgumentType]
    assert fit.wald(("a == b",)).df == 1


def test_a_table_without_answers_is_not_complete() -> None:
    (described,) = ts.describe_missing(pd.DataFrame({"x1": [np.nan] * len(HS), "x2": np.nan}))
    assert described.n_empty == len(HS)
    assert described.no_test == "no row has an answer"


@pytest.mark.parametrize("size", [99.5, "100", True])
def test_a_number_of_respondents_that_is_none_says_so(size: Any) -> None:
    with pytest.raises(UsageError, match="as a whole number; got"):
        ts.fit(MODEL, sample_cov=COV, n_obs=size)


def test_an_auxiliary_variable_named_twice() -> None:
    with pytest.raises(UsageError, match="Some options") as caught:
        ts.fit(MODEL, HS, missing="fiml", auxiliary=["x4", "x4"])
    assert caught.value.faults == ("auxiliary names x4 more than once.",)
