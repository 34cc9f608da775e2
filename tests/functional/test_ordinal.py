"""What a fit of ordinal items gives: scores, probabilities, residuals, summary, JSON, refusals, scripts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

import trustsem as ts
from trustsem.effects.modal_scores import interval_terms
from trustsem.errors import UsageError
from trustsem.fitting.explain import explain_differences, explanation_lines
from trustsem.spec.export import ExportRequest, FitMethod, RowRoles, export_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
MEASURED = "II =~ ii1 + ii2 + ii3\nEC =~ ec1 + ec2 + ec3\nIPT =~ ipt1 + ipt2 + ipt3"
STRUCTURE = f"{MEASURED}\nEC ~ a*II\nIPT ~ b*EC + c*II\nindirect := a*b"
FACTORS = ["II", "EC", "IPT"]
ITEMS = [f"{name}{k}" for name in ("ii", "ec", "ipt") for k in (1, 2, 3)]


def data(name: str = "trust-ordinal") -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / f"{name}.csv")


@cache
def fitted(model: str = STRUCTURE, name: str = "trust-ordinal", **options: Any) -> ts.Fit:
    return ts.fit(model, data(name), **{"ordered": True, **options})


def value(frame: pd.DataFrame, lhs: str, op: str, rhs: str = "") -> float:
    return float(frame.loc[(frame["lhs"] == lhs) & (frame["op"] == op) & (frame["rhs"] == rhs), "est"].iloc[0])


# --- factor scores --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_scores_are_the_mode_of_the_posterior(parameterization: str) -> None:
    # Written from the estimates alone: thresholds, intercepts, scales and residual variances of each group.
    answers = data()
    fit = fitted(MEASURED, group="clinic", group_equal=("thresholds", "loadings"), parameterization=parameterization)
    scores, estimates = fit.factor_scores(se=True), fit.estimates
    for number, label in enumerate(fit.group_labels, start=1):
        own = estimates[estimates["group"] == number]
        row = answers[answers["clinic"] == label].iloc[3]
        loadings = np.array([[_loading(own, factor, item) for factor in FACTORS] for item in ITEMS])
        psi = np.array([[value(own, *sorted((a, b), key=FACTORS.index)[:1], "~~", sorted((a, b), key=FACTORS.index)[1])
                         for b in FACTORS] for a in FACTORS])  # fmt: skip
        intercepts = np.array([value(own, item, "~1") for item in ITEMS])
        sd = np.sqrt([value(own, item, "~~", item) for item in ITEMS])
        limits = [
            np.array([-np.inf, *own.loc[(own["op"] == "|") & (own["lhs"] == item), "est"], np.inf]) for item in ITEMS
        ]

        def minus_log(eta: np.ndarray) -> float:
            mean = intercepts + loadings @ eta  # noqa: B023
            total = eta @ np.linalg.solve(psi, eta) / 2  # noqa: B023
            for k, item in enumerate(ITEMS):
                low, high = limits[k][int(row[item]) - 1], limits[k][int(row[item])]  # noqa: B023
                total -= np.log(norm.cdf((high - mean[k]) / sd[k]) - norm.cdf((low - mean[k]) / sd[k]))  # noqa: B023
            return float(total)

        found = minimize(minus_log, np.zeros(3), method="BFGS", tol=1e-10)
        assert scores.loc[row.name, FACTORS].to_numpy() == pytest.approx(found.x, abs=1e-4)
        errors = scores.loc[row.name, [f"{name}_se" for name in FACTORS]].to_numpy(dtype=float)
        assert errors == pytest.approx(np.sqrt(np.diag(_inverse_hessian(minus_log, found.x))), rel=1e-3)


def _loading(own: pd.DataFrame, factor: str, item: str) -> float:
    there = (own["lhs"] == factor) & (own["op"] == "=~") & (own["rhs"] == item)
    return float(own.loc[there, "est"].iloc[0]) if there.any() else 0.0


def _inverse_hessian(function: Any, x: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Return the inverse of the Hessian by central differences."""
    k = len(x)
    unit = np.eye(k) * step
    hessian = np.array(
        [
            [
                (function(x + a + b) - function(x + a - b) - function(x - a + b) + function(x - a - b)) / (4 * step**2)
                for b in unit
            ]
            for a in unit
        ]
    )
    return np.linalg.inv(hessian)


def test_missing_answers_are_scored_by_the_others_and_have_a_larger_error() -> None:
    fit, answers = fitted(MEASURED, "trust-ordinal-missing", missing="pairwise"), data("trust-ordinal-missing")
    scores = fit.factor_scores(se=True)
    complete = answers[ITEMS].notna().all(axis=1).to_numpy()
    none = answers[["ii1", "ii2", "ii3"]].isna().all(axis=1).to_numpy()
    some = ~complete & answers[ITEMS].notna().any(axis=1).to_numpy()
    assert some.any()
    assert scores.loc[complete | some, FACTORS].notna().all(axis=None)
    lacking = answers["ii1"].isna().to_numpy() & ~none
    assert scores.loc[lacking, "II_se"].mean() > scores.loc[complete, "II_se"].mean()


def test_a_row_without_any_answer_has_no_score() -> None:
    answers = data("trust-ordinal-missing")
    answers.loc[5, ITEMS] = np.nan
    fit = ts.fit(MEASURED, answers, ordered=True, missing="pairwise")
    assert fit.factor_scores().loc[5].isna().all()
    assert fit.factor_scores().drop(index=5).notna().any(axis=1).all()


def test_interval_terms_are_derivatives_and_keep_their_digits_in_the_tails() -> None:
    lower = np.array([-np.inf, -1.0, 0.3, 7.0, -9.0, 20.0, 45.0, -60.0, -np.inf])
    upper = np.array([-0.5, 0.2, np.inf, 7.01, -8.9, 21.0, 46.0, -59.0, np.inf])
    step = 1e-5
    here, first, weight = interval_terms(lower, upper)
    ahead, behind = interval_terms(lower - step, upper - step), interval_terms(lower + step, upper + step)
    assert first == pytest.approx((ahead[0] - behind[0]) / (2 * step), rel=1e-5, abs=1e-8)
    # where intervals are narrow the second derivative is a difference of large numbers
    assert weight == pytest.approx(-(ahead[1] - behind[1]) / (2 * step), rel=2e-2, abs=1e-6)
    near = slice(0, 6)
    exact = [
        norm.logsf(a) if np.isinf(b) else norm.logcdf(b) + np.log1p(-np.exp(norm.logcdf(a) - norm.logcdf(b)))
        for a, b in zip(lower[:3], upper[:3], strict=True)
    ]
    assert here[:3] == pytest.approx(exact, rel=1e-12)
    assert np.isfinite(here[near]).all()


def test_scores_recover_the_factors_they_stand_for() -> None:
    rng = np.random.default_rng(20260801)
    eta = rng.standard_normal(1500)
    latent = 0.8 * eta[:, None] + 0.6 * rng.standard_normal((1500, 6))
    answers = pd.DataFrame(np.digitize(latent, [-1.0, -0.2, 0.5, 1.3]) + 1.0, columns=[f"y{k}" for k in range(6)])
    fit = ts.fit("f =~ y0 + y1 + y2 + y3 + y4 + y5", answers, ordered=True, std_lv=True)
    scores, quality = fit.factor_scores(se=True), fit.factor_score_quality()
    assert np.corrcoef(scores["f"], eta)[0, 1] ** 2 == pytest.approx(float(quality["reliability"][0]), abs=0.03)
    inside = np.abs(scores["f"] - eta) < 1.96 * scores["f_se"]
    assert inside.mean() == pytest.approx(0.95, abs=0.02)


def test_other_methods_are_refused_and_continuous_answers_keep_theirs() -> None:
    for method in ("regression", "bartlett"):
        with pytest.raises(UsageError, match="categories of ordinal items"):
            fitted().factor_scores(method)
    with pytest.raises(UsageError, match="categories of ordinal items"):
        fitted().factor_score_quality("bartlett")
    plain = ts.fit(MEASURED, data())
    pd.testing.assert_frame_equal(plain.factor_scores("ebm"), plain.factor_scores("regression"))
    for call in (plain.thresholds, plain.category_probabilities):
        with pytest.raises(UsageError, match="no ordinal items"):
            call()


def test_items_that_more_than_the_factors_connects_are_not_scored() -> None:
    fit = fitted(f"{MEASURED}\nii1 ~~ ec1")
    with pytest.raises(UsageError, match="more than the factors connects ii1 and ec1"):
        fit.factor_scores()


# --- categories -----------------------------------------------------------------------------------------------------


def test_free_thresholds_reproduce_the_shares_of_the_categories() -> None:
    frame = fitted().category_probabilities()
    assert frame["probability"].to_numpy() == pytest.approx(frame["observed"].to_numpy(), abs=1e-6)
    sums = frame.groupby("item")["probability"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(9), abs=1e-12)
    assert list(frame["category"].unique()) == [1, 2, 3, 4, 5]


def test_probabilities_at_a_factor_follow_its_law() -> None:
    # Averaged over the factor's normal law by Gauss-Hermite quadrature they are the marginal ones again.
    fit = fitted()
    variance = float(fit.standardized()["est_std"].iloc[0] ** 2)  # of the marker: loading 1, total variance 1
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    total = np.zeros(45)
    for node, weight in zip(nodes.tolist(), (weights / weights.sum()).tolist(), strict=True):
        held = fit.category_probabilities(factors={"II": node * np.sqrt(variance)})
        total += weight * held["probability"].to_numpy()
    assert total == pytest.approx(fit.category_probabilities()["probability"].to_numpy(), abs=1e-5)


def test_probabilities_at_covariates() -> None:
    fit = fitted(f"{STRUCTURE}\nII ~ age", "trust-ordinal-age")
    young, old = (fit.category_probabilities(covariates={"age": age}) for age in (20, 80))
    slope = value(fit.estimates, "II", "~", "age")
    thresholds = fit.thresholds().query("item == 'ii1'")["est"].to_numpy()
    expected = np.diff(norm.cdf(np.concatenate([[-np.inf], thresholds - 80 * slope, [np.inf]])))
    assert old.query("item == 'ii1'")["probability"].to_numpy() == pytest.approx(expected, abs=1e-9)
    assert slope > 0
    assert old.query("category == 5")["probability"].sum() > young.query("category == 5")["probability"].sum()
    with pytest.raises(UsageError, match="no predictor that the model conditions on") as caught:
        fit.category_probabilities(factors={"trust": 1.0}, covariates={"income": 1.0})
    assert "trust: no factor" in str(caught.value)
    with pytest.raises(UsageError, match="not a number"):
        fit.category_probabilities(factors={"II": float("nan")})


# --- residuals ------------------------------------------------------------------------------------------------------


def test_residuals_of_every_type_and_statistic() -> None:
    fit = fitted(MEASURED, group="clinic", group_equal=("thresholds", "loadings"))
    raw = fit.residuals("raw")
    assert isinstance(raw, ts.tables.GroupedResiduals)
    largest = raw.largest(None)
    assert set(largest["op"]) == {"~~", "|"}
    assert len(largest) == 2 * (45 + 36)
    statistics = fit.sample_statistics()
    assert isinstance(statistics, dict)
    frame = fit.estimates
    own = frame[(frame["group"] == 1) & (frame["op"] == "|")]
    first = raw["outpatient"]
    assert first.thresholds is not None
    assert statistics["outpatient"].thresholds is not None
    gap = statistics["outpatient"].thresholds.to_numpy() - own["est"].to_numpy()  # scaling factors are 1 here
    assert first.thresholds.to_numpy() == pytest.approx(gap, abs=1e-10)
    standardized = fit.residuals("standardized")
    assert standardized["outpatient"].cov.to_numpy() == pytest.approx(first.cov_z.to_numpy())


def test_residual_errors_against_bootstrap_like_simulation() -> None:
    # The standard deviation of residuals over samples of one population: errors of any sample come near it.
    rng = np.random.default_rng(7)
    residuals, errors = [], []
    loadings = np.array([0.8, 0.7, 0.6, 0.7])
    for _ in range(150):
        eta = rng.standard_normal((400, 1))
        latent = eta * loadings + np.sqrt(1 - loadings**2) * rng.standard_normal((400, 4))
        answers = pd.DataFrame(np.digitize(latent, [-0.8, 0.4]), columns=list("abcd"))
        record = ts.fit("f =~ a + b + c + d", answers, ordered=True).residuals("raw")
        residuals.append(record.cov.to_numpy()[np.tril_indices(4, -1)])
        errors.append(record.cov_se.to_numpy()[np.tril_indices(4, -1)])
    spread = np.std(residuals, axis=0)
    assert np.mean(errors, axis=0) == pytest.approx(spread, rel=0.2)  # a standard deviation of 150: within 6 % or so


def test_correlation_residuals_of_mixed_variables() -> None:
    text = "II =~ ii1 + ii2 + ii3\nIPT =~ ipt1_raw + ipt2_raw + ipt3_raw"
    fit = fitted(text, "trust-mixed", ordered=("ii1", "ii2", "ii3"))
    raw, correlations = fit.residuals("raw"), fit.residuals("cor_bollen")
    sample, implied = fit.sample_statistics().cov, fit.implied().cov
    sd, model_sd = np.sqrt(np.diag(sample)), np.sqrt(np.diag(implied))
    expected = sample / np.outer(sd, sd) - implied / np.outer(model_sd, model_sd)
    assert correlations.cov.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-10)
    assert list(raw.mean.index) == ["ipt1_raw", "ipt2_raw", "ipt3_raw"]
    scaled = ts.fit(
        text, data("trust-mixed").assign(ipt1_raw=lambda d: d["ipt1_raw"] * 100), ordered=["ii1", "ii2", "ii3"]
    )
    other = scaled.residuals("cor_bollen")
    assert other.cov_se.to_numpy() == pytest.approx(correlations.cov_se.to_numpy(), abs=1e-5)
    assert other.cov.to_numpy() == pytest.approx(correlations.cov.to_numpy(), abs=1e-5)


# --- text, JSON, findings -------------------------------------------------------------------------------------------


def test_summary_and_json_say_what_was_analysed() -> None:
    fit = fitted(f"{STRUCTURE}\nII ~ age", "trust-ordinal-age")
    text = fit.summary()
    for phrase in ("9 items with 5 categories; delta", "polychoric correlations", "given age", "WRMR", "Thresholds"):
        assert phrase in text
    assert "Scaling factors" not in text  # all are fixed at 1
    assert "Scaling factors" in fitted(parameterization="theta").summary()
    equal = fitted(MEASURED, group="clinic", group_equal=("thresholds", "loadings")).summary()
    assert "36 equal thresholds across groups: ii1, ii2" in equal
    assert "II=~ii2 == II=~ii2.g2" in equal
    block = fit.to_dict()["data"]["ordinal"]
    assert block["parameterization"] == "delta"
    assert block["given"] == ["age"]
    assert block["items"][0] == {"name": "ii1", "scores": [1.0, 2.0, 3.0, 4.0, 5.0]}
    json.dumps(fit.to_dict())
    assert ts.fit(MEASURED, data()).to_dict()["data"]["ordinal"] is None


def test_group_fit_adds_up_to_the_chi_square() -> None:
    for estimator in ("WLSMV", "ULSMV", "WLS"):
        fit = fitted(MEASURED, group="clinic", group_equal=("loadings",), estimator=estimator)
        frame = fit.group_fit()
        assert frame["chisq"].sum() == pytest.approx(fit.fit_measures["chisq"], rel=1e-9)
        assert frame["share"].sum() == pytest.approx(1.0)
        mean = (frame["srmr"] * frame["n_obs"]).sum() / frame["n_obs"].sum()
        assert mean == pytest.approx(fit.fit_measures["srmr"], rel=1e-9)


def test_an_impossible_item_is_named_under_both_parameterizations() -> None:
    rng = np.random.default_rng(7)
    correlation = np.array([[1, 0.85, 0.85], [0.85, 1, 0.6], [0.85, 0.6, 1]])  # loading of a: sqrt(.85^2 / .6) > 1
    latent = rng.multivariate_normal(np.zeros(3), correlation, size=1000)
    answers = pd.DataFrame(np.digitize(latent, [-1, -0.2, 0.6, 1.2]) + 1.0, columns=list("abc"))
    delta = ts.fit("f =~ a + b + c", answers, ordered=True)
    assert not delta.admissible
    assert "negative-variance" in {finding.code for finding in delta.findings}
    with pytest.raises(UsageError, match="no residual variance is left of a"):
        delta.factor_scores()
    theta = ts.fit("f =~ a + b + c", answers, ordered=True, parameterization="theta")
    assert "item-without-error" in {finding.code for finding in theta.findings}
    fine = {finding.code for finding in fitted(parameterization="theta").findings}
    assert "item-without-error" not in fine


def test_what_needs_a_likelihood_is_refused_with_the_reason() -> None:
    for call in (fitted().influence, fitted().dfbetas):
        with pytest.raises(UsageError, match="polychoric correlations of ordinal items"):
            call()
    check = fitted().cross_check()
    assert check.verdict.value == "not-possible"
    assert "ordinal items" in check.sentence


@pytest.mark.parametrize("program", ["lavaan", "mplus", "stata"])
def test_explanations_speak_of_ordinal_items(program: str) -> None:
    explanation = explain_differences(fitted(), program)
    text = "\n".join(explanation_lines(explanation))
    assert "continuous" not in text
    assert "The refit is not possible" not in text
    if program == "mplus":
        values = {item.name: item for each in explanation.differences for item in each.values}
        theta = fitted(parameterization="theta")
        assert values["chisq"].theirs == pytest.approx(theta.fit_measures["chisq"], rel=1e-6)
        assert values["chisq / chisq_scaled"].theirs == pytest.approx(theta.fit_measures["chisq_scaled"], rel=1e-6)


def test_effects_and_differences_between_groups() -> None:
    model = f"{MEASURED}\nEC ~ II\nIPT ~ EC + II"
    fit = fitted(model, group="clinic", group_equal=("thresholds", "loadings"))
    frame = fit.group_differences("II", "IPT").query("effect == 'total indirect'")
    own = fit.effects("II", "IPT").query("effect == 'total indirect'").sort_values("group")["est"].to_numpy()
    assert frame["difference"].to_numpy() == pytest.approx([own[1] - own[0]])
    thresholds = fit.parameter_differences("|")
    assert (thresholds["difference"] == 0).all()
    single = fitted()
    indirect = single.effects("II", "IPT").query("effect == 'total indirect'").iloc[0]
    defined = single.estimates.query("lhs == 'indirect'").iloc[0]
    assert (indirect["est"], indirect["se"]) == pytest.approx((defined["est"], defined["se"]), rel=1e-9)


# --- scripts --------------------------------------------------------------------------------------------------------


def _request(fit: ts.Fit, **method: Any) -> ExportRequest:
    pipeline = fit.options.pipeline
    parts = {
        "discrepancy": pipeline.spec.discrepancy,
        "errors": pipeline.used_errors.value,
        "tests": tuple(kind.value for kind in pipeline.used_tests),
        "missing": fit.options.data.missing.value,
        **method,
    }
    return ExportRequest(fit.fitted.table, "ordinal", method=FitMethod(**parts), roles=RowRoles(fit.options.data.group))


def test_lavaan_script_writes_thresholds_and_leaves_derived_parameters_out() -> None:
    # Scripts of these fits give the same chi-square in lavaan 0.6-14 to eight digits.
    delta = export_model(_request(fitted(), zero_cells=(0.25, 0.0)), "lavaan").text
    for line in ("ii1 | t1", "ii1 ~*~ 1*ii1", "ii1 ~ 0*1", 'estimator = "WLSMV"', 'parameterization = "delta"',
                 "zero.add = c(0.25, 0)", 'ordered = c("ii1"'):  # fmt: skip
        assert line in delta
    assert "ii1 ~~" not in delta
    assert "likelihood" not in delta
    theta = export_model(_request(fitted(parameterization="theta")), "lavaan").text
    assert "ii1 ~~ 1*ii1" in theta
    assert "~*~" not in theta
    groups = fitted(MEASURED, group="clinic", group_equal=("thresholds", "loadings"))
    text = export_model(_request(groups), "lavaan").text
    first, second = text.split("group: 2")
    label = next(line for line in first.splitlines() if "ii1 |" in line and "t1" in line).split("|")[1].strip()
    assert label.endswith("*t1")
    assert f"ii1 | {label}" in second


def test_mplus_script_and_what_it_cannot_say() -> None:
    text = export_model(_request(fitted(parameterization="theta")), "mplus").text
    for line in ("CATEGORICAL ARE ii1", "ESTIMATOR = WLSMV;", "PARAMETERIZATION = THETA;", "[ii1$1*];", "ii1@1;"):
        assert line in text
    assert "NOMEANSTRUCTURE" not in text
    assert "INFORMATION" not in text
    assert "{ii1" not in text
    assert "{ii1@1};" in export_model(_request(fitted()), "mplus").text
    equal = fitted(MEASURED, group="clinic", group_equal=("thresholds", "loadings"))
    with pytest.raises(UsageError, match="intercepts of ii1"):
        export_model(_request(equal), "mplus")
    with pytest.raises(UsageError, match="no estimator of that kind"):
        export_model(_request(fitted(estimator="DWLS")), "mplus")
    with pytest.raises(UsageError, match="conditional_x=False"):
        export_model(_request(fitted(f"{STRUCTURE}\nII ~ age", "trust-ordinal-age", conditional_x=False)), "mplus")
