"""Every choice of a fit to continuous answers has numbers of its own: no silent alias, no option taken and ignored.

Estimators, standard errors, tests and options join by being registered or by standing in the signature of `ts.fit`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import TrustSemError, UsageError
from trustsem.inference import InformationKind
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import ESTIMATORS
from trustsem.spec.options import GROUP_EQUAL

MODEL = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6"
CONTINUOUS = tuple(name for name, spec in ESTIMATORS.items() if not spec.ordinal_only)
APART = 1e-5  # relative; rounding of one formula stays below 1e-10, the nearest two formulas here are 1e-3 apart


def skewed(n: int = 300, seed: int = 3) -> pd.DataFrame:
    """Return six items of two factors with gamma errors, so that fourth moments are not those of a normal."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2))
    factors[:, 1] += 0.5 * factors[:, 0]
    items = 0.8 * factors[:, [0, 0, 0, 1, 1, 1]] + 0.7 * (rng.gamma(1.2, size=(n, 6)) - 1.2)
    frame = pd.DataFrame(items, columns=[f"x{i}" for i in range(1, 7)])
    frame["age"] = 0.4 * factors[:, 0] + rng.normal(size=n)
    frame["other"] = 0.6 * factors[:, 1] + rng.normal(size=n)
    frame["ward"] = np.where(np.arange(n) % 3, "in", "out")
    frame["hospital"] = [f"{ward}{k // 9}" for k, ward in enumerate(frame["ward"])]
    frame["weight"] = rng.uniform(0.4, 2.5, n)
    return frame


@cache
def complete() -> pd.DataFrame:
    return skewed()


@cache
def incomplete() -> pd.DataFrame:
    frame, rng = skewed(), np.random.default_rng(4)
    for name in ("x2", "x5"):
        frame[name] = frame[name].mask(rng.random(len(frame)) < 0.3 / (1 + np.exp(-frame["other"])))
    return frame.assign(age=frame["age"].mask(rng.random(len(frame)) < 0.05))


# --- standard errors and tests ------------------------------------------------------------------------------------

ERRORS = tuple(ErrorKind)
TESTS = tuple(TestKind)

# Pairs that are one number by theory, with the reason; anything else that coincides is an alias.
ADF_TESTS = frozenset({
    TestKind.STANDARD, TestKind.SATORRA_BENTLER, TestKind.MEAN_VAR_ADJUSTED, TestKind.SCALED_SHIFTED,
    TestKind.BROWNE_RESIDUAL_ADF,
})  # fmt: skip
SAME_TESTS = {
    "WLS": ADF_TESTS,  # the weight is the inverse of Gamma: U Gamma is idempotent, there is nothing to correct
    "GLS": {TestKind.STANDARD, TestKind.BROWNE_RESIDUAL_NT},  # both weight residuals by the sample's moments
}
ONE_TRACE = {TestKind.SATORRA_BENTLER, TestKind.YUAN_BENTLER}  # tr(U Gamma) of the same information
SAME_ERRORS = {
    "WLS": {ErrorKind.STANDARD, ErrorKind.ROBUST_SEM},  # the sandwich of an optimal weight is its bread
    "MLF": {ErrorKind.STANDARD, ErrorKind.FIRST_ORDER},  # its information is the first-order one
}


@dataclass(frozen=True)
class Numbers:
    """What two fits are compared by."""

    errors: np.ndarray
    tests: np.ndarray
    information: InformationKind


@cache
def accepted(estimator: str) -> dict[tuple[ErrorKind, TestKind], Numbers]:
    """Return the numbers of every pair of standard errors and test that an estimator takes."""
    found = {}
    for errors, test in product(ERRORS, TESTS):
        try:
            fit = ts.fit(MODEL, complete(), estimator=estimator, se=errors.value, test=test.value)
        except UsageError:
            continue
        statistics = [(one.statistic, one.df, one.scaling_factor or 0.0) for one in fit.fitted.tests]
        information = fit.options.pipeline.used_information
        found[errors, test] = Numbers(fit.estimates["se"].to_numpy(), np.array(statistics), information)
    return found


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=APART, atol=0, equal_nan=True)


@pytest.mark.parametrize("estimator", CONTINUOUS)
def test_every_accepted_pair_has_numbers_of_its_own(estimator: str) -> None:
    pairs = accepted(estimator)
    assert (ESTIMATORS[estimator].errors, ESTIMATORS[estimator].test) in pairs
    same_errors, same_tests = SAME_ERRORS.get(estimator, set()), SAME_TESTS.get(estimator, set())
    for ((se1, test1), one), ((se2, test2), other) in combinations(pairs.items(), 2):
        allowed = {*same_tests, *(ONE_TRACE if one.information is other.information else ())}
        if equal(one.errors, other.errors) and equal(one.tests[:, :2], other.tests[:, :2]):
            assert se1 is se2 or {se1, se2} <= same_errors, (se1, se2)
            assert test1 is test2 or {test1, test2} <= allowed, (test1, test2)


@pytest.mark.parametrize("estimator", CONTINUOUS)
def test_standard_errors_are_there_where_they_were_asked_for(estimator: str) -> None:
    for (errors, _), numbers in accepted(estimator).items():
        assert np.isnan(numbers.errors).all() == (errors is ErrorKind.NONE)
        assert np.isfinite(numbers.tests[:, :2]).all()


@pytest.mark.parametrize(("one", "other"), list(combinations(CONTINUOUS, 2)))
def test_no_two_estimators_are_the_same(one: str, other: str) -> None:
    first, second = (ts.fit(MODEL, complete(), estimator=name) for name in (one, other))
    same = [equal(first.estimates[column].to_numpy(), second.estimates[column].to_numpy()) for column in ("est", "se")]
    statistics = [np.array([(t.statistic, t.df) for t in fit.fitted.tests]) for fit in (first, second)]
    assert not (all(same) and equal(*statistics))


def test_several_tests_are_those_that_they_are_alone() -> None:
    together = ts.fit(MODEL, complete(), test=["standard", "satorra_bentler", "browne_residual_adf"]).fitted.tests
    alone = [ts.fit(MODEL, complete(), test=test.kind.value).fitted.tests[0] for test in together]
    assert [test.kind.value for test in together] == ["standard", "satorra_bentler", "browne_residual_adf"]
    assert [test.statistic for test in together] == pytest.approx([test.statistic for test in alone], rel=1e-10)


# --- options ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A fit, and the same with one option at another value: numbers change, or the error says why they cannot."""

    value: Any
    refused: bool = False
    base: dict[str, Any] = field(default_factory=dict)
    model: str = MODEL
    has_gaps: bool = False


WITH_X = f"{MODEL}\nf ~ age"
HEYWOOD = "f =~ x1 + x2 + x4\nx1 ~~ v*x1"
PRODUCT = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nage ~ f + g + f:g"
GROUPS: dict[str, Any] = {"group": "ward"}
EQUAL = {**GROUPS, "group_equal": ("loadings", "intercepts")}

CHANGES: dict[str, tuple[Change, ...]] = {
    "estimator": (Change("MLR"), Change("mlr"), Change("WLSMV", refused=True), Change("ML-R", refused=True)),
    "missing": (
        Change("fiml", has_gaps=True),
        Change("pairwise", has_gaps=True),
        Change("two_stage", has_gaps=True),
        Change("robust_two_stage", has_gaps=True, base={"missing": "two_stage"}),
        Change("fiml_x", has_gaps=True, base={"missing": "fiml"}, model=WITH_X),
        Change("mean", refused=True),
    ),
    "ordered": (Change(("x1",), refused=True), Change(True, refused=True)),
    "group": (Change("ward"), Change(3, refused=True)),
    "group_label": (Change(("in", "out"), base=GROUPS), Change(("in", "out"), refused=True)),
    "group_equal": (
        Change("loadings", base=GROUPS),
        *(
            Change((name,), base=GROUPS)
            for name in ("loadings", "intercepts", "residuals", "lv_variances", "lv_covariances")
        ),
        Change((*EQUAL["group_equal"], "means"), base=EQUAL),
        Change(("regressions",), base=GROUPS, model="f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f"),
        Change(("residual_covariances",), base=GROUPS, model=f"{MODEL}\nx1 ~~ x4"),
        Change(("thresholds",), base=GROUPS, refused=True),
        Change(("loadings",), refused=True),
    ),
    "group_partial": (Change(("f=~x2",), base=EQUAL), Change(("f=~x2",), base=GROUPS, refused=True)),
    "cluster": (Change("hospital"), Change("hospital", base={"estimator": "WLS"}, refused=True)),
    "sampling_weights": (Change("weight"), Change("weight", base={"estimator": "ULS"}, refused=True)),
    "weights_normalization": (
        Change("total", base={**GROUPS, "sampling_weights": "weight"}),
        Change("none", base={"sampling_weights": "weight"}),
        Change("total", refused=True),
    ),
    "strata": (Change("ward", refused=True),),
    "fpc": (Change("weight", refused=True),),
    "replicate_weights": (Change(("weight",), refused=True),),
    "replicate_type": (Change("brr", refused=True),),
    "replicate_scale": (Change(0.5, refused=True),),
    "auxiliary": (
        Change(("other",), base={"missing": "fiml"}, has_gaps=True),
        Change(("other",), base={"missing": "two_stage"}, has_gaps=True),
        Change(("other",), refused=True),
        Change(("x1",), base={"missing": "fiml"}, refused=True),
    ),
    "preset": (Change("growth"), Change("none", refused=True), Change("path", refused=True)),
    "meanstructure": (
        Change(True),
        Change(False, base=GROUPS),
        Change(False, base={"missing": "fiml"}, refused=True),
        Change(1, refused=True),
    ),
    "std_lv": (Change(True), Change("yes", refused=True)),
    "effect_coding": (Change(True), Change(True, base={"std_lv": True}, refused=True)),
    "orthogonal": (Change(True),),
    "fixed_x": (Change(False, model=WITH_X),),
    "conditional_x": (Change(True, refused=True),),
    "product_indicators": (
        Change("all", base={"product_indicators": "matched"}, model=PRODUCT),
        Change("all", refused=True),
        Change("some", model=PRODUCT, refused=True),
    ),
    "parameterization": (Change("theta", refused=True),),
    "likelihood": (Change("wishart"), Change("wishart", base={"estimator": "GLS"}, refused=True)),
    "information": (
        Change("observed"),
        Change("first_order"),
        Change("expected", base={"estimator": "MLR"}),
        Change("expected", base={"missing": "fiml"}, has_gaps=True),
        Change("expected", base={"missing": "two_stage"}, has_gaps=True),
        Change("observed", base={"estimator": "GLS"}),
        Change("observed", base={"estimator": "WLS"}, refused=True),
        Change("observed", base={"estimator": "ULSM"}, refused=True),
        Change("observed", base={"se": "none"}, refused=True),
        Change("observed", base={"se": "first_order"}, refused=True),
        Change("first_order", base={"se": "robust_huber_white"}, refused=True),
        Change("first_order", base={"test": "satorra_bentler"}, refused=True),
    ),
    "observed_information": (
        Change("hessian", refused=True),
        Change("h1", base={"information": "observed"}),
        Change("h1", base={"estimator": "MLR"}),
        Change("h1", base={"missing": "fiml"}, has_gaps=True),
        Change(("hessian", "h1"), base={"estimator": "MLR"}),
        Change(("h1", "hessian"), base={"estimator": "MLR"}),
        Change(("hessian", "h1"), base={"information": "observed"}, refused=True),
        Change(("h1", "h1", "h1"), base={"estimator": "MLR"}, refused=True),
        Change("h1", base={"estimator": "GLS", "information": "observed"}, refused=True),
        Change("h1", base={"missing": "two_stage", "information": "observed"}, has_gaps=True, refused=True),
    ),
    "h1_information": (Change("unstructured", base={"estimator": "MLR"}), Change("unstructured", refused=True)),
    "se": (
        Change("robust"),
        Change("bootstrap"),
        Change("robust_sem", base={"estimator": "MLF"}, refused=True),
    ),
    "test": (Change("satorra_bentler"), Change(["yuan_bentler", "bollen_stine"], refused=True)),
    "bounds": (Change("pos_var", model=HEYWOOD), Change("wide", refused=True)),
    "zero_cells": (Change((0.5, 0.0), refused=True),),
    "bootstrap": (
        Change(20),
        Change(20, base={"missing": "fiml"}, has_gaps=True),
        Change(20, base={"se": "robust"}, refused=True),
        Change(1, refused=True),
    ),
    "seed": (
        Change(1, refused=True),
        Change(1, base={"bootstrap": 20}),
        Change(-1, base={"bootstrap": 20}, refused=True),
    ),
}

OF_MOMENTS = {"sample_cov", "sample_mean", "n_obs"}  # not beside data; tested below


def numbers(fit: ts.Fit) -> np.ndarray:
    """Return estimates, standard errors, tests and fit measures in one row."""
    measures = [np.nan if value is None else value for value in fit.fit_measures.values()]
    tests = [value for test in fit.fitted.tests for value in (test.statistic, test.df)]
    return np.array([*fit.estimates["est"], *fit.estimates["se"], *tests, *measures], dtype=float)


@cache
def heywood() -> pd.DataFrame:
    """Return items of which one is nearly the factor: its residual variance comes out below zero."""
    rng = np.random.default_rng(8)
    factor = rng.normal(size=120)
    noise = rng.normal(size=(120, 3)) * [0.05, 1.0, 1.0]
    return pd.DataFrame(factor[:, None] * [1.0, 0.5, 0.5] + noise, columns=["x1", "x2", "x4"])


def test_every_option_is_tested() -> None:
    signature = inspect.signature(ts.fit).parameters
    assert set(CHANGES) == set(signature) - {"model", "data"} - OF_MOMENTS


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, changes in CHANGES.items() for change in changes]
)
def test_option_is_honoured_or_refused(name: str, change: Change) -> None:
    data = heywood() if change.model == HEYWOOD else incomplete() if change.has_gaps else complete()
    base = ts.fit(change.model, data, **change.base)
    if change.refused:
        with pytest.raises(TrustSemError):
            ts.fit(change.model, data, **{**change.base, name: change.value})
        return
    changed = ts.fit(change.model, data, **{**change.base, name: change.value})
    assert changed.converged
    assert not equal(numbers(base), numbers(changed))


def test_moments_are_honoured() -> None:
    items = complete()[["x1", "x2", "x3", "x4", "x5", "x6"]]
    base = ts.fit(MODEL, sample_cov=items.cov(), n_obs=300)
    others = (
        ts.fit(MODEL, sample_cov=items.cov() * 2, n_obs=300),
        ts.fit(MODEL, sample_cov=items.cov(), n_obs=200),
        ts.fit(MODEL, sample_cov=items.cov(), sample_mean=items.mean(), n_obs=300, meanstructure=True),
    )
    assert not any(equal(numbers(base), numbers(other)) for other in others)


# --- the command line says what there is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("estimator", CONTINUOUS),
        ("missing", ("listwise", "pairwise", "fiml", "fiml_x", "two_stage", "robust_two_stage")),
        ("se", (*(kind.value for kind in ErrorKind), "robust")),
        ("test", tuple(kind.value for kind in TestKind)),
        ("information", tuple(kind.value for kind in InformationKind)),
        ("group_equal", tuple(name for name in GROUP_EQUAL if name != "thresholds")),
    ],
)
def test_help_names_every_value(option: str, names: tuple[str, ...]) -> None:
    from trustsem.cli.fit_options import declared_options

    annotation = inspect.signature(declared_options, eval_str=True).parameters[option].annotation
    text = annotation.__metadata__[0].help
    assert [name for name in names if name not in text] == []


def test_estimators_are_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "estimators.md").read_text(encoding="utf-8")
    names = (*CONTINUOUS, *(kind.value for kind in (*ErrorKind, *TestKind)))
    assert [name for name in names if f"`{name}`" not in text] == []
