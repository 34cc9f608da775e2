"""Everything a fit offers, for several groups, incomplete rows, weights, clusters and robust estimators."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.fitting.explain import explain_differences
from trustsem.inference.residual_errors import residual_errors
from trustsem.inference.residual_matrices import given_residual_errors
from trustsem.tables.text import display_width

DATA = Path(__file__).resolve().parents[1] / "golden" / "data"
MEASUREMENT = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
PATHS = MEASUREMENT + "\ntextual ~ visual\nspeed ~ textual + visual"

FITS = {
    "configural": ("hs", {"group": "school"}),
    "metric": ("hs", {"group": "school", "group_equal": "loadings"}),
    "means": ("hs", {"group": "school", "group_equal": ("loadings", "intercepts")}),
    "no means": ("hs", {"group": "school", "meanstructure": False}),
    "wishart": ("hs", {"group": "school", "likelihood": "wishart"}),
    "mlr": ("hs", {"estimator": "MLR"}),
    "mlm groups": ("hs", {"estimator": "MLM", "group": "school"}),
    "mlmv": ("hs", {"estimator": "MLMV"}),
    "mlmvs": ("hs", {"estimator": "MLMVS"}),
    "gls groups": ("hs", {"estimator": "GLS", "group": "school"}),
    "uls": ("hs", {"estimator": "ULS"}),
    "wls": ("hs", {"estimator": "WLS"}),
    "fiml": ("hs-missing", {"missing": "fiml"}),
    "fiml groups": ("hs-missing", {"missing": "fiml", "estimator": "MLR", "group": "school"}),
    "auxiliary": ("hs-missing", {"missing": "fiml", "auxiliary": "ageyr"}),
    "two stage": ("hs-missing", {"missing": "two_stage"}),
    "pairwise": ("hs-missing", {"missing": "pairwise"}),
    "weights": ("hs-weights", {"sampling_weights": "w"}),
    "clusters": ("hs-room", {"cluster": "room", "group": "school"}),
    "no errors": ("hs", {"se": "none", "group": "school"}),
}
LIKELIHOODS = [name for name in FITS if name not in ("gls groups", "uls", "wls", "two stage", "pairwise", "no errors")]


def data_of(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{FITS[name][0]}.csv")


@cache
def fitted(name: str) -> ts.Fit:
    return ts.fit(PATHS, data_of(name), **FITS[name][1])


# --- every surface answers for every kind of fit -----------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", FITS)
def test_the_summary_keeps_the_width_and_names_groups(name: str, width: int) -> None:
    fit = fitted(name)
    text = fit.summary(width=width)
    assert max(map(display_width, text.splitlines())) <= width
    assert "nan" not in text
    for label in fit.group_labels:
        assert f"Loadings, {label}" in text
        assert f"R-squared, {label}" in text
    assert ("Fit by group" in text) == bool(fit.group_labels)


@pytest.mark.parametrize("name", FITS)
def test_json_holds_groups_tests_and_the_account_of_the_rows(name: str) -> None:
    fit = fitted(name)
    record = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert [item["label"] for item in record["data"]["groups"]] == list(fit.group_labels)
    assert sum(item["n_obs"] for item in record["group_fit"]) == fit.n_obs
    assert [item["test"] for item in record["tests"]] == list(fit.tests["test"])
    assert record["options"]["estimator"] == fit.options.pipeline.estimator
    assert (record["data"]["missing"] is not None) == ("missing" in FITS[name][1])
    assert (record["data"]["weights"] is not None) == (name == "weights")
    assert (record["data"]["clusters"] is not None) == (name == "clusters")
    first = record["r_squared"]
    assert set(first) == set(fit.group_labels) if fit.group_labels else "x1" in first


@pytest.mark.parametrize("program", ["lavaan", "mplus", "stata"])
@pytest.mark.parametrize("name", FITS)
def test_differences_to_other_programs_are_told(name: str, program: str) -> None:
    explanation = explain_differences(fitted(name), program)
    assert all(item.ours for item in explanation.differences)
    refits = [item for item in explanation.differences if item.note and "refit is not possible" in item.note]
    assert not refits


def test_missing_answers_clusters_and_weights_stand_in_the_summary() -> None:
    assert "12.1% of the answers, 64 patterns" in fitted("fiml groups").summary(width=100)
    assert "24 (by room), 8 to 17 rows each" in fitted("clusters").summary()
    assert "worth 267 equal ones" in fitted("weights").summary()
    assert "auxiliary variables: ageyr" in fitted("auxiliary").summary()


def test_robust_measures_stand_beside_the_plain_ones() -> None:
    fit = fitted("mlr")
    (row,) = [line.split() for line in fit.summary().splitlines() if line.startswith("CFI")]
    assert row[1:] == [f"{fit.fit_measures[name]:.3f}" for name in ("cfi", "cfi_scaled", "cfi_robust")]


def test_auxiliary_variables_are_no_part_of_any_result() -> None:
    fit = fitted("auxiliary")
    assert "ageyr" not in fit.implied().cov.columns
    assert "ageyr" not in fit.residuals().cov.columns
    assert not (fit.modification_indices()[["lhs", "rhs"]] == "ageyr").any(axis=None)
    assert not fit.dfbetas().columns.str.contains("ageyr").any()


def test_one_group_keeps_its_plain_results() -> None:
    fit = fitted("mlr")
    assert fit.implied().cov.shape == (9, 9)
    assert fit.residuals().cov.shape == (9, 9)
    assert isinstance(fit.r_squared()["x1"], float)
    with pytest.raises(UsageError, match="one group"):
        fit.group_differences()
    with pytest.raises(UsageError, match="one group"):
        fit.parameter_differences()


# --- groups against fits of each group -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1])
def test_a_configural_fit_is_two_fits(number: int) -> None:
    """Moments, residuals, effects, scores and R-squared of a group are those of a fit to it alone."""
    both, data = fitted("configural"), data_of("configural")
    label = both.group_labels[number]
    rows = data["school"] == label
    alone = ts.fit(PATHS, data[rows], meanstructure=True)
    tight = 1e-5  # both minimised to 1e-7 standard errors
    assert both.implied()[label].cov.to_numpy() == pytest.approx(alone.implied().cov.to_numpy(), abs=tight)
    for kind in ("raw", "cor_bollen", "standardized"):
        ours, theirs = both.residuals(kind)[label], alone.residuals(kind)
        assert ours.cov.to_numpy() == pytest.approx(theirs.cov.to_numpy(), abs=1e-4)
        assert ours.cov_se.to_numpy() == pytest.approx(theirs.cov_se.to_numpy(), abs=tight)
    effects = both.effects()
    effects = effects[effects["group_label"] == label]
    for column in ("est", "se", "std_all", "std_se"):
        assert effects[column].to_numpy() == pytest.approx(alone.effects()[column].to_numpy(), abs=tight)
    assert both.factor_scores()[rows].to_numpy() == pytest.approx(alone.factor_scores().to_numpy(), abs=tight)
    assert both.r_squared()[label] == pytest.approx(alone.r_squared(), abs=tight)
    assert both.group_fit()["chisq"][number] == pytest.approx(alone.fit_measures["chisq"], abs=tight)
    quality = both.factor_score_quality().query("group == @number + 1")
    assert quality["se"].to_numpy() == pytest.approx(alone.factor_score_quality()["se"].to_numpy(), abs=tight)


def test_differences_of_independent_groups_have_the_sum_of_their_variances() -> None:
    fit = fitted("configural")
    effects = fit.effects()
    one, two = (effects[effects["group"] == group].reset_index(drop=True) for group in (1, 2))
    frame = fit.group_differences()
    assert list(frame["effect"]) == list(one["effect"])
    assert frame["difference"].to_numpy() == pytest.approx((two["est"] - one["est"]).to_numpy())
    assert frame["se"].to_numpy() == pytest.approx(np.hypot(one["se"], two["se"]).to_numpy(), rel=1e-6)
    assert frame["std_se"].to_numpy() == pytest.approx(np.hypot(one["std_se"], two["std_se"]).to_numpy(), rel=1e-6)


def test_a_difference_is_the_wald_test_of_equality() -> None:
    labelled = MEASUREMENT + "\ntextual ~ c(a1, a2)*visual\nspeed ~ c(b1, b2)*textual + visual"
    fit = ts.fit(labelled + "\ni1 := a1*b1\ni2 := a2*b2", data_of("metric"), group="school", group_equal="loadings")
    frame = fit.group_differences("visual", "speed", "textual")
    row = frame[frame["effect"] == "specific indirect"].iloc[0]
    assert row["z"] ** 2 == pytest.approx(fit.wald("i1 == i2").statistic, rel=1e-6)
    paths = fit.parameter_differences("~").set_index(["lhs", "rhs"])
    assert paths.loc[("textual", "visual"), "z"] ** 2 == pytest.approx(fit.wald("a1 == a2").statistic, rel=1e-6)


@pytest.mark.parametrize("fewer", [1, 2])
def test_groups_may_have_different_paths(fewer: int) -> None:
    """Nothing leads from visual to speed in one of the groups."""
    full, short = PATHS, MEASUREMENT + "\ntextual ~ visual\nspeed ~ 0*visual"
    one, two = (short, full) if fewer == 1 else (full, short)
    fit = ts.fit(f"group: 1\n{one}\ngroup: 2\n{two}", data_of("metric"), group="school")
    effects = fit.effects("visual", "speed")
    assert set(effects["group"]) == {3 - fewer}
    assert fit.group_differences("visual", "speed").empty
    assert set(fit.effects()["group"]) == {3 - fewer}


def test_parameters_that_are_held_equal_differ_by_nothing() -> None:
    frame = fitted("metric").parameter_differences("=~")
    assert len(frame) == 6  # markers are fixed in both groups
    assert (frame["difference"].abs() < 1e-12).all()
    assert frame["se"].isna().all()
    with pytest.raises(UsageError, match="operator"):
        fitted("metric").parameter_differences("<~")


def test_findings_name_the_group() -> None:
    fit = fitted("configural")
    codes = {finding.code: finding for finding in fit.findings}
    assert "Grant-White (145 for 30)" in codes["small-group"].message
    assert "loadings-not-equal" in codes
    assert "loadings-not-equal" not in {finding.code for finding in fitted("metric").findings}


# --- influence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_shares_of_respondents_add_up_to_the_fit(name: str) -> None:
    fit = fitted(name)
    frame = fit.influence()
    assert frame["chisq"].sum() == pytest.approx(fit.fit_measures["chisq"], abs=1e-6)
    if name != "wishart":  # lavaan's Wishart log-likelihood mixes divisors (docs/numerical-conventions.md)
        assert frame["loglik"].sum() == pytest.approx(fit.fit_measures["logl"], abs=1e-6)


@pytest.mark.parametrize("name", ["means", "no means", "fiml groups", "clusters"])
def test_one_step_is_near_the_fit_without_a_respondent(name: str) -> None:
    data = data_of(name)
    fit = fitted(name)
    changes = fit.dfbetas(standardized=False)
    for row in (3, 60):
        without = ts.fit(PATHS, data.drop(index=row), **FITS[name][1])
        change = fit.fitted.estimate.theta - without.fitted.estimate.theta
        # one Newton step: what is left is of the order of the step squared
        assert np.abs(change - changes.loc[row].to_numpy()).max() <= 0.1 * np.abs(change).max()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("gls groups", "MLR"), ("wls", "MLR"), ("two stage", "fiml"), ("pairwise", "fiml"), ("no errors", "simplify")],
)
def test_influence_says_what_to_use_instead(name: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        fitted(name).influence()
    assert remedy in str(caught.value)


# --- standard errors of residuals ----------------------------------------------------------------------------------


def two_groups(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frames = []
    for group, spread in (("a", 1.0), ("b", 1.4)):
        factor = spread * rng.normal(size=(n, 1))
        noise = rng.normal(size=(n, 4)) * rng.uniform(0.7, 1.1, size=4)
        frames.append(pd.DataFrame(factor * [1.0, 0.8, 1.1, 0.9] + noise, columns=["y1", "y2", "y3", "y4"]))
        frames[-1]["g"] = group
    return pd.concat(frames, ignore_index=True)


def covariance_residuals(fit: ts.Fit) -> np.ndarray:
    cells, estimate = np.tril_indices(4, -1), fit.fitted.estimate
    implied = estimate.objective.implied(estimate.x)
    samples = fit.fitted.moments.groups
    return np.concatenate([(s.cov - i.sigma)[cells] for s, i in zip(samples, implied, strict=True)])


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"missing": "fiml"}])
def test_errors_of_residuals_are_those_of_the_jackknife(options: dict[str, str]) -> None:
    """Each row is left out and everything is computed again: nothing of the formulas is used."""
    data = two_groups(150, seed=3)
    if "missing" in options:
        data.loc[np.random.default_rng(4).random(len(data)) < 0.15, "y2"] = np.nan
    every = {"group": "g", "group_equal": "loadings", "estimator": "MLR", **options}
    model = "f =~ y1 + y2 + y3 + y4"
    fit = ts.fit(model, data, **every)
    changes = [covariance_residuals(ts.fit(model, data.drop(index=row), **every)) for row in data.index]
    spread = np.array(changes) - np.mean(changes, axis=0)
    jackknife = np.sqrt((spread**2).sum(axis=0) * (len(data) - 1) / len(data))
    records = fit.residuals("raw").values()
    ours = np.concatenate([record.cov_se.to_numpy()[np.tril_indices(4, -1)] for record in records])
    # the model's own misfit and second-order terms leave several per cent at n = 150 per group
    assert ours == pytest.approx(jackknife, rel=0.15)
    assert np.median(ours / jackknife) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", ["configural", "means", "no means"])
@pytest.mark.parametrize("correlations", [False, True])
def test_low_rank_and_dense_errors_are_one(name: str, correlations: bool) -> None:
    """Sums over variables, and Q Gamma Q' with matrices of moments."""
    estimate = fitted(name).fitted.estimate
    for group in (0, 1):
        one = residual_errors(estimate, group=group, correlations=correlations)
        other = given_residual_errors(estimate, group, correlations=correlations)
        assert one.cov == pytest.approx(other.cov, abs=1e-6)
        if name == "means":
            assert one.mean == pytest.approx(other.mean, abs=1e-6)


@pytest.mark.slow
def test_errors_of_residuals_with_equal_parameters_are_the_spread_over_samples() -> None:
    rng = np.random.default_rng(4)
    loadings = np.array([[1.0, 0.0], [0.8, 0.0], [1.1, 0.0], [0.0, 1.0], [0.0, 0.7], [0.0, 0.9]])
    factors = [np.array([[0.8, 0.3], [0.3, 0.9]]), np.array([[0.5, 0.2], [0.2, 1.2]])]
    residual = [[0.5, 0.6, 0.7, 0.5, 0.6, 0.7], [0.8, 0.6, 0.5, 0.9, 0.6, 0.4]]
    population = [loadings @ f @ loadings.T + np.diag(r) for f, r in zip(factors, residual, strict=True)]
    names, sizes = [f"x{i}" for i in range(1, 7)], [250, 400]
    residuals, errors = [], []
    for _ in range(600):
        covs = [
            pd.DataFrame(np.cov(rng.multivariate_normal(np.zeros(6), cov, n).T), index=names, columns=names)
            for cov, n in zip(population, sizes, strict=True)
        ]
        fit = ts.fit(
            "a =~ x1+x2+x3\nb =~ x4+x5+x6", sample_cov=covs, n_obs=sizes, group_equal="loadings", meanstructure=False
        )
        records = fit.residuals("cor_bollen")
        off = np.tril_indices(6, -1)
        residuals.append(np.concatenate([r.cov.to_numpy()[off] for r in records.values()]))
        errors.append(np.concatenate([r.cov_se.to_numpy()[off] for r in records.values()]))
    ratio = np.mean(errors, axis=0) / np.std(residuals, axis=0)
    # 600 replications leave a standard deviation an error of 3 %; three of them, for 30 cells
    assert np.abs(ratio - 1).max() < 0.1


def test_pairwise_residuals_have_no_standard_errors_and_say_so() -> None:
    fit = fitted("pairwise")
    record = fit.residuals("cor_bollen")
    assert record.cov_se.isna().all(axis=None)
    assert record.note is not None
    assert "not known" in record.note
    with pytest.raises(UsageError, match="not known"):
        fit.residuals("standardized")


# --- factor scores of incomplete rows -----------------------------------------------------------------------------


def test_scores_use_only_what_a_row_answered() -> None:
    """A row's scores are those of the model of its answered items, by the conditional expectation."""
    fit, data = fitted("fiml"), data_of("fiml")
    items = [f"x{i}" for i in range(1, 10)]
    row = data.index[data[items].isna().sum(axis=1) == 3][0]
    there = data.loc[row, items].notna().to_numpy()
    implied = fit.fitted.estimate.objective.implied(fit.fitted.estimate.x)[0]
    sigma, cross = implied.sigma[np.ix_(there, there)], implied.total_cov[9:, :9][:, there]
    gap = data.loc[row, items].to_numpy(dtype=float)[there] - implied.mu[there]
    assert fit.factor_scores().loc[row].to_numpy() == pytest.approx(cross @ np.linalg.inv(sigma) @ gap)


def test_a_factor_without_answers_has_the_mean_or_no_score() -> None:
    data = data_of("fiml")
    data.loc[0, ["x1", "x2", "x3"]] = np.nan
    fit = ts.fit(MEASUREMENT, data, missing="fiml")
    assert np.isnan(fit.factor_scores("bartlett").loc[0, "visual"])
    assert not np.isnan(fit.factor_scores("bartlett").loc[0, "textual"])
    assert not np.isnan(fit.factor_scores("regression").loc[0, "visual"])  # the other factors tell of it


@pytest.mark.parametrize("name", ["fiml", "gls groups", "configural"])
def test_the_cross_check_refuses_with_the_reason(name: str) -> None:
    record = fitted(name).cross_check()
    assert record.verdict.value == "not-possible"
    assert record.reasons
