"""Pooled tests of models against likelihoods computed row by row, and against data sets that are all the same."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import trustsem as ts
from trustsem.imputation import ImputedModel, align_factors, model_tests
from trustsem.pipeline import FittedModel

DATA = Path(__file__).resolve().parents[2] / "golden" / "data"
ITEMS = [f"x{k}" for k in range(1, 10)]
FACTORS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ROWWISE = 1e-8  # relative: sums of 301 log-densities
SAME = 1e-9  # relative: averages of equal numbers


@cache
def completed(m: int = 4) -> tuple[pd.DataFrame, ...]:
    frame = pd.read_csv(DATA / "hs-missing.csv")
    return tuple(ts.impute(frame, m, seed=11, columns=[*ITEMS, "ageyr"]))


def rowwise(values: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> float:
    return float(multivariate_normal(mean, cov).logpdf(values).sum())


def moments_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=0), np.cov(values, rowvar=False, ddof=0)


def pooled_by_rows(values: list[np.ndarray], implied: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the likelihood ratios at the averaged estimates of both models."""
    own = [moments_of(one) for one in values]
    mean = np.mean([one[0] for one in own], axis=0)
    cov = np.mean([one[1] for one in own], axis=0)
    return np.array(
        [2 * (rowwise(one, mean, cov) - rowwise(one, *at)) for one, at in zip(values, implied, strict=True)]
    )


def model_moments(est: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Rebuild means and covariances from printed estimates, so that nothing of the engine's likelihood is used."""
    loadings, phi = np.zeros((9, 3)), np.eye(3)
    for column, factor in enumerate(("visual", "textual", "speed")):
        for row in range(3 * column, 3 * column + 3):
            loadings[row, column] = est[factor, "=~", ITEMS[row]]
    for i, j, pair in ((0, 1, ("visual", "textual")), (0, 2, ("visual", "speed")), (1, 2, ("textual", "speed"))):
        phi[i, j] = phi[j, i] = est[pair[0], "~~", pair[1]]
    sigma = loadings @ phi @ loadings.T + np.diag([est[name, "~~", name] for name in ITEMS])
    return np.array([est[name, "~1", ""] for name in ITEMS]), sigma


@pytest.mark.parametrize("group", [None, "school"])
def test_d3_from_densities_row_by_row(group: str | None) -> None:
    pooled = ts.fit_imputed(FACTORS, completed(), meanstructure=True, std_lv=True, group=group)
    labels = pooled.fits[0].fitted.table.group_labels or (None,)
    level, df = 0.0, pooled.fit_measures["df"]
    for number, label in enumerate(labels, start=1):
        mine = pooled.estimates["group"] == number
        est = pooled.estimates[mine].set_index(["lhs", "op", "rhs"])["est"]
        parts = [frame if label is None else frame[frame["school"] == label] for frame in completed()]
        level += pooled_by_rows([part[ITEMS].to_numpy() for part in parts], [model_moments(est)] * 4).mean()
    own = np.mean([fit.fit_measures["chisq"] for fit in pooled.fits])
    riv = 5 / (df * 3) * (own - level)
    test = pooled.model_tests.tests["D3"]
    assert test.riv == pytest.approx(riv, rel=ROWWISE)
    assert test.statistic == pytest.approx(level / (df * (1 + riv)), rel=ROWWISE)


def test_d3_with_predictors_is_conditional_on_them() -> None:
    """y on an imputed x with one path held at 0: densities of y given x, averaged regressions on both sides."""
    model = "x4 ~ x1 + 0*x2\nx4 ~ 1"
    pooled = ts.fit_imputed(model, completed(), meanstructure=True)
    own, level = [], []
    full, restricted = [], []
    for frame in completed():
        y, x = frame["x4"].to_numpy(), frame[["x1", "x2"]].to_numpy()
        for results, columns in ((full, x), (restricted, x[:, :1])):
            design = np.column_stack([np.ones(len(y)), columns])
            beta = np.linalg.lstsq(design, y, rcond=None)[0]
            results.append(np.append(beta, ((y - design @ beta) ** 2).mean()))
    for frame, large, small in zip(completed(), full, restricted, strict=True):
        y, x = frame["x4"].to_numpy(), frame[["x1", "x2"]].to_numpy()
        own.append(2 * (regression_logl(y, x, large) - regression_logl(y, x[:, :1], small)))
        averages = np.mean(full, axis=0), np.mean(restricted, axis=0)
        level.append(2 * (regression_logl(y, x, averages[0]) - regression_logl(y, x[:, :1], averages[1])))
    test = pooled.model_tests.tests["D3"]
    riv = 5 / 3 * (np.mean(own) - np.mean(level))
    assert test.df1 == 1
    assert test.raw_riv == pytest.approx(riv, rel=1e-6)
    assert test.statistic == pytest.approx(np.mean(level) / (1 + max(riv, 0.0)), rel=1e-6)


def regression_logl(y: np.ndarray, x: np.ndarray, parameters: np.ndarray) -> float:
    gaps = y - parameters[0] - x @ parameters[1:-1]
    return float(-0.5 * (np.log(2 * np.pi * parameters[-1]) + gaps**2 / parameters[-1]).sum())


@pytest.mark.parametrize(
    "options",
    [{}, {"meanstructure": True}, {"group": "school"}, {"group": "school", "group_equal": ("loadings", "intercepts")}],
    ids=["covariances", "means", "groups", "equal groups"],
)
def test_d4_is_the_fit_to_all_rows_stacked(options: dict) -> None:
    pooled = ts.fit_imputed(FACTORS, completed(), **options)
    stacked = ts.fit(FACTORS, pd.concat(completed(), ignore_index=True), **options)
    ratio, df = stacked.fit_measures["chisq"] / 4, stacked.fit_measures["df"]
    own = np.mean([fit.fit_measures["chisq"] for fit in pooled.fits])
    riv = max(5 / (df * 3) * (own - ratio), 0.0)
    test = pooled.model_tests.tests["D4"]
    assert test.riv == pytest.approx(riv, rel=1e-6)
    assert test.statistic == pytest.approx(ratio / (df * (1 + riv)), rel=1e-6)


def test_d4_does_not_depend_on_the_scale_of_the_factors() -> None:
    """D3 does: averages of loadings relative to an uncertain marker are not those of standardised ones."""
    marker, unit = (
        ts.fit_imputed(FACTORS, completed(), group="school", std_lv=std).model_tests for std in (False, True)
    )
    assert marker.tests["D4"].statistic == pytest.approx(unit.tests["D4"].statistic, rel=1e-6)
    assert marker.tests["D2"].statistic == pytest.approx(unit.tests["D2"].statistic, rel=1e-6)
    assert marker.tests["D3"].statistic != pytest.approx(unit.tests["D3"].statistic, rel=0.1)


@pytest.mark.parametrize("method", ["D2", "D3", "D4"])
def test_baseline_is_pooled_like_the_model(method: str) -> None:
    """The independence model, written out, has the chi-square that CFI uses."""
    pooled = ts.fit_imputed(FACTORS, completed(), pool=method)
    null = ts.fit_imputed("\n".join(f"{name} ~~ {name}" for name in ITEMS), completed(), pool=method, preset="none")
    assert pooled.fit_measures["baseline_chisq"] == pytest.approx(null.fit_measures["chisq"], rel=1e-6)
    assert pooled.fit_measures["baseline_df"] == null.fit_measures["df"] == 36


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"meanstructure": True, "std_lv": True},
        {"likelihood": "wishart"},
        {"estimator": "MLR"},
        {"estimator": "MLMV"},
        {"estimator": "GLS"},
        {"estimator": "ULS"},
        {"group": "school", "group_equal": ("loadings", "intercepts")},
    ],
    ids=lambda options: " ".join(map(str, options.values())) or "ML",
)
def test_equal_data_sets_reproduce_the_single_fit(options: dict) -> None:
    frame = pd.read_csv(DATA / "hs.csv")
    single, pooled = ts.fit(FACTORS, frame, **options), ts.fit_imputed(FACTORS, [frame] * 3, **options)
    for mine, theirs in (("est", "est"), ("se", "se"), ("t", "z"), ("pvalue", "pvalue"), ("ci_lower", "ci_lower"),
                         ("ci_upper", "ci_upper"), ("std_lv", "std_lv"), ("std_all", "std_all")):  # fmt: skip
        assert pooled.estimates[mine].to_numpy() == pytest.approx(
            single.estimates[theirs].to_numpy(), rel=1e-7, nan_ok=True
        )
    assert (pooled.estimates["fmi"].dropna() == 0).all()
    assert pooled.standardized()["se"].to_numpy() == pytest.approx(
        single.standardized()["se"].to_numpy(), rel=1e-7, nan_ok=True
    )
    for test in pooled.model_tests.tests.values():
        assert test.chi_square == pytest.approx(single.fit_measures["chisq"], rel=SAME)
    shared = set(pooled.fit_measures) & set(single.fit_measures) - {"aic", "bic"}
    assert {"cfi", "rmsea", "rmsea_ci_upper", "srmr", "chisq"} <= shared
    assert ("cfi_robust" in shared) == (options.get("estimator") in ("MLR", "MLMV"))
    for name in shared:
        assert pooled.fit_measures[name] == pytest.approx(single.fit_measures[name], rel=1e-7, abs=1e-10), name
    assert [finding.code for finding in pooled.findings if finding.code == "nothing-imputed"]


def test_tests_that_are_not_defined_say_why() -> None:
    frames = completed()
    scaled = ts.fit_imputed(FACTORS, frames, estimator="MLR").model_tests
    assert set(scaled.tests) == {"D2"}
    assert scaled.scaled is not None
    assert "scaled test" in scaled.undefined["D3"]
    assert "no likelihood" in ts.fit_imputed(FACTORS, frames, estimator="GLS").model_tests.undefined["D4"]
    curved = ts.fit_imputed(f"{FACTORS}\nvisual ~~ a*speed\nvisual ~~ b*textual\na == b^2", frames).model_tests
    assert "nonlinear" in curved.undefined["D3"]
    assert set(curved.tests) == {"D2", "D4"}
    saturated = ts.fit_imputed("f =~ x1 + x2 + x3", frames)
    assert "saturated" in saturated.model_tests.undefined["D2"]
    assert saturated.fit_measures["chisq"] == 0
    assert saturated.fit_measures["cfi"] == 1


# --- direction of factors -----------------------------------------------------------------------------------------


def mirrored(fit: FittedModel, factor: str) -> FittedModel:
    """Return the other solution of a model with latent variances of 1: one factor turned round."""
    signs = np.array([(-1.0) ** ((row.lhs == factor) + (row.rhs == factor)) for row in fit.table.free_rows])
    assert fit.covariance.matrix is not None
    theta = fit.estimate.theta * signs
    covariance = replace(fit.covariance, matrix=fit.covariance.matrix * np.outer(signs, signs))
    return replace(fit, estimate=replace(fit.estimate, theta=theta, x=theta), covariance=covariance)


def test_turned_factors_are_turned_back() -> None:
    model = f"{FACTORS}\nspeed ~ visual + textual"
    fits = [ts.fit(model, frame, std_lv=True).fitted for frame in completed()]
    mixed = [fits[0], mirrored(fits[1], "visual"), fits[2], mirrored(mirrored(fits[3], "speed"), "textual")]
    aligned = align_factors(mixed)
    assert aligned.turned == ("speed", "textual", "visual")
    assert aligned.opposed == ()
    for one, other in zip(aligned.fits, fits, strict=True):
        assert (one.estimate.theta == other.estimate.theta).all()
        assert (one.covariance.matrix == other.covariance.matrix).all()
    right = model_tests(ImputedModel(tuple(fits))).tests["D3"]
    assert model_tests(ImputedModel(aligned.fits)).tests["D3"] == right


def test_a_factor_that_cannot_be_turned_is_named() -> None:
    """A lower limit on a loading has no mirror image."""
    model = "f =~ a*x1 + x2 + x3 + x4\na > 0"
    fits = [ts.fit(model, frame, std_lv=True).fitted for frame in completed()[:2]]
    assert align_factors([fits[0], mirrored(fits[1], "f")]).opposed == ("f",)
