"""Bad models and bad data through `ts.fit`: the right error, its exit code, and the words a user needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import (
    DataError,
    EffectError,
    IdentificationError,
    ModelError,
    TrustSemError,
    UsageError,
)

HS = pd.read_csv(Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv")
ONE = "f =~ x1 + x2 + x3 + x4"


def fault(model: str, data: pd.DataFrame | None = None, **options: Any) -> TrustSemError:
    with pytest.raises(TrustSemError) as caught:
        ts.fit(model, HS if data is None else data, **options)
    return caught.value


MODELS = {
    "unknown variable": ("f =~ x1 + x2 + xx3\nf ~ agee", "unknown-variable", ("line 1, column 16", "'x3'", "'ageyr'")),
    "latent without indicators": ("f =~ x1 + x2 + x3\ng ~ f", "unknown-variable", ("line 2", "g:", "=~")),
    "empty": ("  \n# nothing\n", "empty-model", ("blank lines or comments",)),
    "loads on itself": ("f =~ f + x1 + x2", "syntax", ("measured by itself", "^")),
    "regressed on itself": ("f =~ x1 + x2 + x3\nf ~ f", "contradictory-model", ("regressed on itself", "line 2")),
    "duplicate": ("f =~ x1 + x2 + x3\nx1 ~~ x2\nx2 ~~ x1", "contradictory-model", ("second time", "line 2", "line 3")),
    "contradictory constraints": (
        "f =~ x1 + a*x2 + x3\na == 1\na == 2",
        "contradictory-constraints",
        ("line 3", "a == 2"),
    ),
    "impossible constraint": ("f =~ x1 + a*x2 + x3\na == a + 1", "contradictory-constraints", ("line 2",)),
    "label on unlike parameters": (
        "f =~ x1 + a*x2 + x3\nx3 ~~ a*x3",
        "label-on-unlike-parameters",
        ("loading", "variance", "'a'"),
    ),
    "unknown label in a definition": ("f =~ x1 + load*x2 + x3\nb := laod*2", "definition", ("line 2", "'load'")),
    "unknown label in a constraint": ("f =~ x1 + load*x2 + x3\nlaod == 2", "constraint", ("line 2", "'load'")),
    "definitions in a circle": ("f =~ x1 + a*x2 + x3\nb := c\nc := b", "definition", ("b, c",)),
    "latent interaction": ("f =~ x1 + x2 + x3\nx4 ~ f + f:x5", "latent-product", ("f:x5", "no line of its own")),
    "label and equal()": ('f =~ x1 + x2 + a*equal("f=~x2")*x3', "unknown-parameter", ("one of them",)),
    "equal() to nothing": ('f =~ x1 + x2 + equal("f=~x9")*x3', "unknown-parameter", ("f=~x9",)),
}


@pytest.mark.parametrize("name", MODELS)
def test_faults_of_the_model(name: str) -> None:
    text, code, phrases = MODELS[name]
    error = fault(text)
    assert isinstance(error, ModelError)
    assert (error.code, error.exit_code) == (code, 12)
    for phrase in phrases:
        assert phrase in str(error)


DATA = {
    "constant item": (HS.assign(k=3), "constant-item", ("k",)),
    "collinear pair": (HS.assign(k=2 * HS["x1"] + 1), "collinear-items", ("x1, k",)),
    "collinear sum": (HS.assign(k=HS["x1"] + HS["x2"]), "collinear-items", ("x1, x2, k",)),
    "infinite": (HS.assign(k=np.where(HS["x1"] > 5, np.inf, HS["x4"])), "infinite-values", ("k:",)),
    "all rows missing": (HS.assign(k=np.nan), "no-complete-rows", ("k: 301 missing",)),
    "text": (HS.assign(k=HS["school"]), "text-column", ("k", "301")),
    "too few rows": (HS.assign(k=HS["x4"]).head(4), "too-few-rows", ("4 usable respondents", "4 observed")),
    "no rows": (HS.assign(k=1.0).head(0), "no-rows", ("no rows",)),
    "duplicate columns": (pd.concat([HS.assign(k=1), HS[["x1"]]], axis=1), "duplicate-columns", ("x1",)),
}


@pytest.mark.parametrize("name", DATA)
def test_faults_of_the_data(name: str) -> None:
    data, code, phrases = DATA[name]
    error = fault("f =~ x1 + x2 + x3 + k", data)
    assert isinstance(error, DataError)
    assert (error.code, error.exit_code) == (code, 10)
    for phrase in phrases:
        assert phrase in str(error)


UNIDENTIFIED = {
    "two indicators": ("f =~ x1 + x2", {"f=~x2", "x1~~x1", "x2~~x2", "f~~f"}),
    "second order over two": ("f =~ x1+x2+x3\ng =~ x4+x5+x6\nh =~ f + g", {"h=~g", "f~~f", "g~~g", "h~~h"}),
    "factor without scale": ("f =~ NA*x1 + x2 + x3 + x4", {"f=~x1", "f=~x2", "f=~x3", "f=~x4", "f~~f"}),
    "loop without instruments": (
        "f =~ x1+x2+x3\ng =~ x4+x5+x6\nf ~ g\ng ~ f",
        {"f~g", "g~f", "f~~f", "g~~g"},
    ),
}


@pytest.mark.parametrize("name", UNIDENTIFIED)
def test_parameters_that_cannot_be_told_apart_are_named(name: str) -> None:
    text, expected = UNIDENTIFIED[name]
    error = fault(text)
    assert isinstance(error, IdentificationError)
    assert error.exit_code == 13
    for fault_text in error.faults:
        listing = fault_text.split("move together: ")[1].split(". Smallest fix")[0]
        assert set(listing.split(", ")) == expected


OPTIONS = {
    "estimator": ({"estimator": "PML"}, "Allowed: ml, mlm"),
    "missing": ({"missing": "fimml"}, "fiml, fiml_x"),
    "group": ({"group": ["school"]}, "one column"),
    "group_equal alone": ({"group_equal": ["loadings"]}, "needs group="),
    "group_partial alone": ({"group": "school", "group_partial": ["f=~x2"]}, "group_equal, which is empty"),
    "complete rows": ({"estimator": "MLM", "missing": "fiml"}, 'estimator="MLR"'),
    "sem errors of incomplete rows": ({"se": "robust_sem", "missing": "fiml"}, "robust_huber_white"),
    "test of incomplete rows": ({"test": "satorra_bentler", "missing": "fiml"}, "yuan_bentler_mplus"),
    "two-stage": ({"estimator": "MLR", "missing": "two_stage"}, 'estimator="ML"'),
    "pairwise": ({"se": "robust_sem", "missing": "pairwise"}, "normal theory only"),
    "least squares with scores": ({"estimator": "GLS", "se": "robust_huber_white"}, "no likelihood"),
    "least squares with weights": ({"estimator": "WLS", "sampling_weights": "x9"}, 'estimator="MLR"'),
    "wishart": ({"likelihood": "wishart", "estimator": "MLR"}, "normal theory only"),
    "h1": ({"h1_information": "unstructured"}, "robust"),
    "auxiliary": ({"auxiliary": ["x9"]}, "missing answers only"),
    "means": ({"meanstructure": False, "missing": "fiml"}, "need means"),
    "ordered": ({"ordered": 3}, "True or names"),
    "estimator of ordinal items": ({"estimator": "WLSMV"}, "name these in ordered="),
    "estimator with ordinal items": ({"estimator": "MLR", "ordered": True}, "WLSMV"),
    "missing with ordinal items": ({"missing": "fiml", "ordered": True}, "pairwise"),
    "se with ordinal items": ({"se": "robust_huber_white", "ordered": True}, "robust_sem"),
    "zero_cells": ({"zero_cells": (0.5, 0.0)}, "name these in ordered="),
    "strata": ({"strata": "school"}, "survey strata"),
    "replicate weights": ({"replicate_weights": ["w1"]}, "replicate weights"),
    "seed": ({"seed": 1}, "random"),
    "se": ({"se": "robst"}, "Did you mean 'robust'"),
    "test": ({"test": "satorra"}, "satorra_bentler"),
    "bounds": ({"bounds": "wide"}, "pos_var"),
    "conditional_x": ({"conditional_x": True}, "name these in ordered="),
    "parameterization": ({"parameterization": "theta"}, "delta"),
    "preset": ({"preset": "efa"}, "growth"),
    "observed_information": ({"observed_information": "hessian"}, "no effect"),
    "flag": ({"std_lv": "yes"}, "True or False"),
    "two scales": ({"std_lv": True, "effect_coding": True}, "choose one"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_refused_by_name(name: str) -> None:
    options, phrase = OPTIONS[name]
    error = fault(ONE, **options)
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    assert phrase in str(error)
    assert next(iter(options)) in str(error)


def test_all_refused_options_are_reported_at_once() -> None:
    error = fault(ONE, estimator="PML", missing="fimml", strata="school")
    assert len(error.faults) == 3


def test_data_and_moments_exclude_each_other() -> None:
    cov = HS[["x1", "x2", "x3"]].cov()
    assert fault("f =~ x1 + x2 + x3", HS, sample_cov=cov, n_obs=301).code == "data-twice"
    with pytest.raises(UsageError, match="No data"):
        ts.fit("f =~ x1 + x2 + x3")
    with pytest.raises(UsageError, match="n_obs"):
        ts.fit("f =~ x1 + x2 + x3", sample_cov=cov)
    with pytest.raises(DataError, match="not symmetric"):
        ts.fit("f =~ x1 + x2 + x3", sample_cov=cov + np.triu(np.ones(3), 1), n_obs=301)
    bad = pd.DataFrame([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]], columns=["x1", "x2", "x3"])
    with pytest.raises(DataError, match="not positive definite"):
        ts.fit("f =~ x1 + x2 + x3", sample_cov=bad, n_obs=301)
    with pytest.raises(DataError, match="means"):
        ts.fit("f =~ x1 + x2 + x3", sample_cov=cov, n_obs=301, meanstructure=True)


def test_effects_that_do_not_exist() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f", HS)
    with pytest.raises(EffectError, match="No path leads from g to f") as caught:
        fit.effects("g", "f")
    assert caught.value.exit_code == 16
    with pytest.raises(EffectError, match="no variable 'ff'"):
        fit.effects("ff", "g")
    with pytest.raises(EffectError, match="runs through"):
        fit.effects("f", "g", through="x1")
    with pytest.raises(UsageError, match="delta"):
        fit.effects("f", "g", ci="wild")


def test_an_unstable_loop_is_found_and_its_totals_refused() -> None:
    model = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nf ~ g + ageyr\ng ~ f + sex\nf ~~ g"
    fit = ts.fit(model, HS)
    assert fit.loops().loc[0, "stability_index"] >= 1
    assert "unstable-loop" in {finding.code for finding in fit.findings}
    with pytest.raises(EffectError, match="does not settle") as caught:
        fit.effects("sex", "f")
    assert (caught.value.code, caught.value.exit_code) == ("unstable-loop", 16)


def test_columns_of_a_multi_index_are_unknown_variables() -> None:
    # Symptom: a TypeError, because the message joined tuples.
    data = HS.set_axis(pd.MultiIndex.from_product([["a"], HS.columns]), axis=1)
    assert fault("f =~ x1 + x2 + x3", data).code == "unknown-variable"


def test_a_frame_that_was_never_scored_is_reported() -> None:
    # Symptom: ts.fit(model, pd.read_csv(...)) counted -9 as an answer and said nothing.
    # Guard: frames are screened as files are.
    raw = pd.read_csv(ts.samples_dir() / "trust_patients.csv")
    assert "possible-missing-code" in {f.code for f in ts.fit("f =~ hq1 + hq2 + hq3", raw).findings}
    scored = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient").frame
    assert "possible-missing-code" not in {f.code for f in ts.fit("f =~ hq1 + hq2 + hq3", scored).findings}


def test_no_answer_of_a_respondent_is_printed() -> None:
    secret = "my name is Eve"
    error = fault("f =~ x1 + x2 + x3 + k", HS.assign(k=secret))
    assert secret not in str(error)
