"""Factor scores, residuals and influence: definitions, rows, edges, errors."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects import ScoreMethod, score_weights
from trustsem.errors import UsageError
from trustsem.inference import ResidualType, case_deviations, casewise_scores, residual_moments
from trustsem.inference.information import allowed_directions

DATA = Path(__file__).resolve().parents[2] / "golden" / "data"
HS = pd.read_csv(DATA / "hs.csv")
CFA = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
MIMIC = CFA + "\nvisual + textual + speed ~ sex + ageyr"
EQUAL = "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual"
OPTIONS = [
    (CFA, {}),
    (CFA, {"meanstructure": True}),
    (CFA, {"likelihood": "wishart"}),
    (MIMIC, {}),
    (MIMIC, {"fixed_x": False, "meanstructure": True}),
    (EQUAL, {}),
    ("visual =~ x1 + a*x2 + b*x3 + c*x4\na == b^2", {}),
]
STEP = 1e-5


def log_likelihoods(fit: ts.Fit, x: np.ndarray) -> np.ndarray:
    """Casewise normal log-likelihood, up to a constant, at any parameters: written out, not through the engine."""
    estimate, values = fit.fitted.estimate, fit.data.values
    assert values is not None
    (implied,) = estimate.objective.implied(x)
    with_means = estimate.objective.layout.meanstructure
    gap = values - (implied.mu if with_means else values.mean(axis=0))
    distance = np.einsum("ij,jk,ik->i", gap, np.linalg.inv(implied.sigma), gap)
    return -(np.linalg.slogdet(implied.sigma)[1] + distance) / 2


@pytest.mark.parametrize(("model", "options"), [case for case in OPTIONS if "likelihood" not in case[1]])
def test_casewise_scores_against_finite_differences(model: str, options: dict) -> None:
    fit = ts.fit(model, HS, **options)
    estimate = fit.fitted.estimate
    scores = casewise_scores(estimate, case_deviations(estimate, fit.data.values))
    for k in range(len(estimate.x)):
        step = np.zeros_like(estimate.x)
        step[k] = STEP
        slope = (log_likelihoods(fit, estimate.x + step) - log_likelihoods(fit, estimate.x - step)) / (2 * STEP)
        assert scores[:, k] == pytest.approx(slope, abs=1e-6 * max(1.0, np.abs(slope).max()))


@pytest.mark.parametrize(("model", "options"), OPTIONS)
def test_casewise_scores_sum_to_zero_at_the_minimum(model: str, options: dict) -> None:
    fit = ts.fit(model, HS, **options)
    estimate = fit.fitted.estimate
    scores = casewise_scores(estimate, case_deviations(estimate, fit.data.values, fit.fitted.likelihood))
    if len(estimate.active.relations):
        scores = scores @ allowed_directions(estimate.active.jacobian)
    assert np.abs(scores.sum(axis=0)).max() < 1e-6 * np.abs(scores).sum(axis=0).max()
    assert np.abs(scores).max() > 1  # not zero one by one


@pytest.mark.parametrize(("model", "options"), OPTIONS)
def test_shares_of_respondents_add_up_to_the_fit(model: str, options: dict) -> None:
    fit = ts.fit(model, HS, **options)
    frame = fit.influence()
    assert frame["chisq"].sum() == pytest.approx(fit.fit_measures["chisq"], rel=1e-7)
    assert frame["loglik"].sum() == pytest.approx(fit.fit_measures["logl"], rel=1e-9)


def test_mahalanobis_distances_are_those_of_the_sample() -> None:
    fit = ts.fit(CFA, HS)
    values = HS[[f"x{i}" for i in range(1, 10)]].to_numpy()
    gap = values - values.mean(axis=0)
    cov = gap.T @ gap / len(gap)
    expected = np.einsum("ij,jk,ik->i", gap, np.linalg.inv(cov), gap)
    frame = fit.influence()
    assert frame["mahalanobis_saturated"].to_numpy() == pytest.approx(expected, rel=1e-9)
    sigma = fit.implied().cov.to_numpy()
    expected = np.einsum("ij,jk,ik->i", gap, np.linalg.inv(sigma), gap)
    assert frame["mahalanobis"].to_numpy() == pytest.approx(expected, rel=1e-9)
    # chi-square with 9 df: .05 above 16.919 (table)
    assert ((frame["mahalanobis"] > 16.919) == (frame["mahalanobis_pvalue"] < 0.05)).all()


# One Newton step misses what is quadratic in the change: a respondent moves an estimate by a few tenths of a standard
# error, and the second-order part is of the size of that times the leverage p / n of the row, about a tenth.
ONE_STEP = 0.1


@pytest.mark.parametrize(("model", "options"), OPTIONS)
def test_one_step_against_leaving_out_for_real(model: str, options: dict) -> None:
    fit = ts.fit(model, HS, **options)
    approximate, cook = fit.dfbetas(standardized=False), fit.influence()["cook"]
    ranked = np.argsort(-cook.to_numpy())
    errors = np.sqrt(np.diag(fit.vcov.to_numpy()))
    free = fit.fitted.estimate.theta
    for row in (ranked[0], ranked[len(ranked) // 10], ranked[len(ranked) // 2]):
        left_out = ts.fit(model, HS.drop(index=HS.index[row]), **options).fitted.estimate.theta
        true = (free - left_out) / errors
        ours = approximate.iloc[row].to_numpy() / errors
        assert np.linalg.norm(ours - true) <= ONE_STEP * np.linalg.norm(true) + 1e-4


# The length of the step is off by less than a tenth, its square by less than two.
LIKELIHOOD_DISTANCE = 0.2


@pytest.mark.parametrize(("model", "options"), OPTIONS)
def test_likelihood_distance_against_leaving_out_for_real(model: str, options: dict) -> None:
    fit = ts.fit(model, HS, **options)
    distance = fit.influence()["likelihood_distance"].to_numpy()
    ranked = np.argsort(-distance)
    estimate = fit.fitted.estimate
    objective, n = estimate.objective, fit.n_obs
    for row in (ranked[0], ranked[len(ranked) // 10], ranked[len(ranked) // 2]):
        left_out = ts.fit(model, HS.drop(index=HS.index[row]), **options).fitted.estimate
        true = 2 * n * (objective.value(left_out.x) - objective.value(estimate.x))
        assert distance[row] == pytest.approx(true, rel=LIKELIHOOD_DISTANCE, abs=1e-6)


def test_likelihood_distance_is_cook_with_observed_information() -> None:
    influence = ts.fit(CFA, HS, information="observed").influence()
    assert influence["likelihood_distance"].to_numpy() == pytest.approx(influence["cook"].to_numpy(), rel=1e-7)
    expected = ts.fit(CFA, HS).influence()
    assert np.abs(expected["likelihood_distance"] / expected["cook"] - 1).max() > 0.01


def test_the_gradient_of_the_step_is_exact_without_a_mean_structure() -> None:
    """The factor n / (n - 1) of the moving mean: the step is the Newton step at the moments without the row."""
    fit = ts.fit(CFA, HS)
    estimate = fit.fitted.estimate
    without = ts.fit(CFA, HS.drop(index=HS.index[17])).fitted.estimate.objective
    step = np.linalg.solve(estimate.objective.hessian(estimate.x), without.gradient(estimate.x))
    assert fit.dfbetas(standardized=False).iloc[17].to_numpy() == pytest.approx(step, rel=1e-6, abs=1e-9)


def test_a_planted_outlier_is_found() -> None:
    frame = HS.copy()
    frame.loc[42, ["x1", "x4", "x7"]] = [30.0, -20.0, 25.0]
    result = ts.fit(CFA, frame).influence()
    assert result["cook"].idxmax() == result["mahalanobis"].idxmax() == 42
    assert result.loc[42, "mahalanobis_pvalue"] < 1e-10


def test_rows_stay_where_they_were() -> None:
    frame = HS.sample(frac=1.0, random_state=3)
    frame.index = pd.Index([f"row {i}" for i in range(len(frame))])
    frame.iloc[[2, 200], frame.columns.get_loc("x5")] = np.nan
    fit = ts.fit(CFA, frame)
    for result in (fit.factor_scores(), fit.factor_scores("bartlett", se=True), fit.influence(), fit.dfbetas()):
        assert result.index.equals(frame.index)
        assert result.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [2, 200]
        assert result.notna().all(axis=1).sum() == len(frame) - 2
    complete = ts.fit(CFA, frame.dropna(subset=["x5"]))
    assert fit.factor_scores().dropna().to_numpy() == pytest.approx(complete.factor_scores().to_numpy(), rel=1e-9)


def test_quality_is_what_the_model_implies() -> None:
    """Scores computed on simulated factors and items correlate with the factors as announced."""
    rng = np.random.default_rng(20)
    n, loadings = 200_000, np.array([0.8, 0.7, 0.6])
    factor = rng.normal(size=n)
    items = factor[:, None] * loadings + rng.normal(size=(n, 3)) * np.sqrt(1 - loadings**2)
    fit = ts.fit("f =~ a + b + c", pd.DataFrame(items, columns=["a", "b", "c"]), std_lv=True)
    for method in ("regression", "bartlett"):
        scores = fit.factor_scores(method)["f"].to_numpy()
        quality = fit.factor_score_quality(method).iloc[0]
        correlation = np.corrcoef(scores, factor)[0, 1]
        assert quality["determinacy"] == pytest.approx(correlation, abs=0.005)
        assert quality["reliability"] == pytest.approx(correlation**2, abs=0.01)
        assert quality["se"] == pytest.approx((scores - factor).std(), abs=0.01)


def test_bartlett_is_unbiased_and_regression_the_best() -> None:
    fit = ts.fit(CFA, HS)
    estimate, indicators = fit.fitted.estimate, fit.fitted.table.variables.indicators
    (implied,) = estimate.objective.implied(estimate.x)
    p = implied.n_observed
    bartlett = score_weights(estimate, ScoreMethod.BARTLETT, indicators)
    assert bartlett.weights @ implied.paths[:p, p:] == pytest.approx(np.eye(3), abs=1e-10)
    regression = score_weights(estimate, ScoreMethod.REGRESSION, indicators)
    assert (regression.se < bartlett.se).all()
    assert (regression.reliability >= bartlett.reliability).all()


def test_bartlett_with_an_item_without_error_reproduces_the_item() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ x7\ng ~ f", HS)
    score = fit.factor_scores("bartlett")["g"]
    assert score.to_numpy() == pytest.approx((HS["x7"] - HS["x7"].mean()).to_numpy(), abs=1e-8)
    # one item of three without error: the factor is known exactly, the other items add nothing
    fit = ts.fit("f =~ x1 + x2 + x3\nx1 ~~ 0*x1", HS)
    score = fit.factor_scores("bartlett")["f"]
    assert score.to_numpy() == pytest.approx((HS["x1"] - HS["x1"].mean()).to_numpy(), abs=1e-8)
    assert fit.factor_score_quality("bartlett")["reliability"][0] == pytest.approx(1.0, abs=1e-8)


def test_bartlett_refuses_a_negative_variance_and_regression_does_not() -> None:
    fit = ts.fit("f =~ x1 + x2 + x4\ng =~ x7 + x9", HS)
    with pytest.raises(UsageError, match="negative residual variance: x9"):
        fit.factor_scores("bartlett")
    assert fit.factor_scores().notna().all(axis=None)


def test_a_factor_that_bartlett_cannot_score_says_why() -> None:
    quality = ts.fit(CFA + "\ng =~ visual + textual + speed", HS).factor_score_quality("bartlett")
    assert quality["note"].tolist()[:3] == ["", "", ""]
    assert "regression" in quality["note"][3]
    assert np.isnan(quality["se"][3])


def test_scores_do_not_depend_on_units() -> None:
    base = ts.fit(CFA, HS).factor_scores("bartlett")
    scaled = ts.fit(CFA, HS.assign(x2=HS["x2"] * 1e5, x5=HS["x5"] * 1e-5)).factor_scores("bartlett")
    assert scaled.to_numpy() == pytest.approx(base.to_numpy(), abs=1e-4)


def test_moments_have_no_respondents() -> None:
    data = HS[[f"x{i}" for i in range(1, 10)]]
    fit = ts.fit(CFA, sample_cov=data.cov(), n_obs=len(data))
    for call in (fit.factor_scores, fit.influence, fit.dfbetas):
        with pytest.raises(UsageError, match="made from moments"):
            call()
    raw = ts.fit(CFA, HS)
    assert fit.factor_score_quality()["se"].to_numpy() == pytest.approx(raw.factor_score_quality()["se"], rel=1e-6)
    assert fit.residuals("standardized").largest(3)["z"].to_numpy() == pytest.approx(
        raw.residuals("standardized").largest(3)["z"].to_numpy(), rel=1e-6
    )


def test_wrong_names_are_explained() -> None:
    fit = ts.fit(CFA, HS)
    with pytest.raises(UsageError, match="Did you mean"):
        fit.residuals("standardised")
    with pytest.raises(UsageError, match="Did you mean"):
        fit.factor_scores("bartlet")
    with pytest.raises(UsageError, match="no latent variable"):
        ts.fit("x1 ~ x2", HS).factor_scores()


def test_names_of_residual_types_are_generous() -> None:
    fit = ts.fit(CFA, HS)
    for names in (("cor_bentler", "cor.bentler", "COR.BENTLER"), ("cor_bollen", "cor.bollen", "cor")):
        assert len({fit.residuals(name).type for name in names}) == 1
    assert fit.residuals().type == "raw"


def test_largest_residuals_are_the_largest() -> None:
    residuals = ts.fit(MIMIC, HS, meanstructure=True).residuals("standardized")
    top, everything = residuals.largest(5), residuals.largest(None)
    assert len(everything) == 11 * 12 // 2 + 11
    assert top["residual"].abs().is_monotonic_decreasing
    assert top["residual"].abs().max() == pytest.approx(residuals.cov.abs().max(axis=None))
    first = top.iloc[0]
    assert residuals.cov.loc[first["rhs"], first["lhs"]] == first["residual"]
    with pytest.raises(UsageError):
        residuals.largest(-1)


def test_a_saturated_model_leaves_residuals_without_standard_error() -> None:
    residuals = ts.fit("x1 ~ x2 + x3", HS, meanstructure=True).residuals("standardized")
    assert np.abs(residuals.cov.to_numpy()).max() == 0
    assert np.abs(residuals.cov_se.to_numpy()).max() == 0


def test_standard_errors_of_correlations_of_an_empty_model() -> None:
    """Variances are reproduced, so the residual correlation varies as s_12 does: n var = s_11 s_22 + s_12^2."""
    fit = ts.fit("x1 ~~ x1\nx2 ~~ x2\nx1 ~~ 0*x2", HS)
    cov = np.cov(HS["x1"], HS["x2"], bias=True)
    r = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    residuals = fit.residuals("cor")
    assert residuals.cov.loc["x1", "x2"] == pytest.approx(r)
    assert residuals.cov_se.loc["x1", "x2"] == pytest.approx(np.sqrt((1 + r**2) / len(HS)), rel=1e-9)


@pytest.mark.slow
def test_residuals_of_240_items_take_seconds() -> None:
    rng = np.random.default_rng(4)
    factors = [[f"i{f}_{k}" for k in range(8)] for f in range(30)]
    common = rng.normal(size=(1500, 30)) + rng.normal(size=(1500, 1))
    data = {item: common[:, f] + rng.normal(size=1500) for f, items in enumerate(factors) for item in items}
    model = "\n".join(f"f{f} =~ {' + '.join(items)}" for f, items in enumerate(factors))
    fit = ts.fit(model, pd.DataFrame(data))
    start = time.perf_counter()
    result = residual_moments(fit.fitted.estimate, ResidualType.STANDARDIZED)
    seconds = time.perf_counter() - start
    assert np.isfinite(result.cov).all()
    # a correct model: z-values of its residuals are standard normal
    off = result.cov[np.tril_indices(240, -1)]
    assert off.std() == pytest.approx(1.0, abs=0.1)
    assert seconds < 40  # 7 on two idle cores
