"""Effects at values of a moderator: against closed forms, least squares and finite differences."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects.johnson_neyman import EffectLine, Interval, significant_regions
from trustsem.effects.moderation import Level, conditional_effect, conditional_paths
from trustsem.effects.product_coefficients import product_coefficients
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.moderation import moderated_groups
from trustsem.resources import samples_dir

LATENT = "f =~ x1 + x2 + x3\ng =~ z1 + z2 + z3\nh =~ y1 + y2 + y3\nh ~ f + g + f:g\n"
MEDIATED = "f =~ x1 + x2 + x3\nm =~ z1 + z2 + z3\nh =~ y1 + y2 + y3\nf ~ w\nm ~ f + w + f:w\nh ~ m + f + w + m:w\n"


@cache
def data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 600
    f = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], n)
    w = 2 + 0.3 * f[:, 0] + rng.standard_normal(n)
    h = 0.4 * f[:, 0] + 0.3 * f[:, 1] + 0.3 * f[:, 0] * f[:, 1] + 0.15 * f[:, 1] * w + rng.normal(0, 0.7, n)
    columns = {}
    for k, loading in enumerate((1.0, 0.8, 0.7), start=1):
        columns[f"x{k}"] = 3 + loading * f[:, 0] + rng.normal(0, 0.6, n)
        columns[f"z{k}"] = 2 + loading * f[:, 1] + rng.normal(0, 0.6, n)
        columns[f"y{k}"] = loading * h + rng.normal(0, 0.6, n)
    return pd.DataFrame({**columns, "w": w, "ward": np.where(rng.random(n) < 0.5, "in", "out")})


@cache
def latent() -> ts.Fit:
    return ts.fit(LATENT, data(), estimator="MLR")


@cache
def mediated() -> ts.Fit:
    return ts.fit(MEDIATED, data(), estimator="MLR")


def ols(y: np.ndarray, *predictors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their maximum likelihood covariance (divisor n)."""
    x = np.column_stack([np.ones(len(y)), *predictors])
    b = np.linalg.solve(x.T @ x, x.T @ y)
    return b, np.linalg.inv(x.T @ x) * np.mean((y - x @ b) ** 2)


# --- closed forms ---------------------------------------------------------------------------------------------------


def test_observed_product_is_the_simple_slope_of_least_squares():
    """Aiken and West (1991, p. 16): b1 + b3 w with var(b1) + 2 w cov + w^2 var(b3)."""
    frame = data()
    x, w = frame["x1"].to_numpy(), frame["w"].to_numpy()
    b, v = ols(frame["y1"].to_numpy(), x, w, x * w)
    found = ts.fit("y1 ~ x1 + w + x1:w", frame).conditional_effects("x1", "y1", "w", at=[0, 1.5, "mean", "+1sd"]).frame
    at = np.array([0, 1.5, w.mean(), w.mean() + w.std()])
    assert found["at"].to_numpy() == pytest.approx(at)
    assert found["est"].to_numpy() == pytest.approx(b[1] + b[3] * at, rel=1e-6)
    errors = np.sqrt(v[1, 1] + 2 * at * v[1, 3] + at**2 * v[3, 3])
    assert found["se"].to_numpy() == pytest.approx(errors, rel=1e-6)
    assert found["level"].tolist() == ["0", "1.5", "mean", "mean + 1 SD"]


def test_regions_are_where_the_band_leaves_zero():
    frame = data()
    result = ts.fit("y1 ~ x1 + w + x1:w", frame).johnson_neyman("x1", "y1", "w")
    edges = [end for end in (*result.frame["lower"], *result.frame["upper"]) if math.isfinite(end)]
    at = ts.fit("y1 ~ x1 + w + x1:w", frame).conditional_effects("x1", "y1", "w", at=edges).frame
    assert np.abs(at["z"]).to_numpy() == pytest.approx(np.full(len(edges), 1.959964), abs=1e-5)
    answers = frame["w"].to_numpy()
    for row in result.frame.to_dict("records"):
        assert row["share"] == pytest.approx(np.mean((answers > row["lower"]) & (answers < row["upper"])))
    assert len(result.sentences()) == 1
    assert "differs from zero" in result.sentences()[0]
    outside = (result.curve["ci_lower"] > 0) | (result.curve["ci_upper"] < 0)
    inside = sum(((result.curve["at"] > r.lower) & (result.curve["at"] < r.upper)) for r in result.frame.itertuples())
    assert (outside == inside.astype(bool)).all()


def test_regions_of_a_published_regression():
    """Long (2020), interactions: Income ~ Illiteracy * Murder + HS Grad on R's state.x77.

    Published: 753.07 (se 385.90), product -97.04 (se 35.86), 45 residual df. Covariances from R's lm, roots from R's
    polyroot: -0.7496352 and 11.7439204.
    """
    cov = np.array([[148915.348186, -12322.8762756], [-12322.8762756, 1285.930484]])
    assert np.sqrt(np.diag(cov)) == pytest.approx([385.90, 35.86], abs=0.005)
    regions = significant_regions(EffectLine(753.071423603, -97.0387233574, cov), 2.01410338888085)
    assert [(part.lower, part.upper) for part in regions] == [
        (-math.inf, pytest.approx(-0.7496352, abs=1e-6)),
        (pytest.approx(11.7439204, abs=1e-6), math.inf),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (EffectLine(5.0, 0.0, np.diag([1.0, 0.0])), [(-math.inf, math.inf)]),  # always
        (EffectLine(0.5, 0.0, np.diag([1.0, 0.1])), []),  # never
        (EffectLine(3.0, 0.0, np.diag([1.0, 1.0])), [(-math.sqrt(1.25), math.sqrt(1.25))]),  # between
        (EffectLine(1.0, 2.0, np.array([[0.25, 0.0], [0.0, 1.0]])), [(0.0, math.inf)]),  # the square cancels
        (EffectLine(3.0, 2.0, np.array([[0.25, 0.0], [0.0, 1.0]])), [(-8 / 12, math.inf)]),  # the square cancels
    ],
)
def test_regions_of_every_shape(line: EffectLine, expected: list):
    found = [(part.lower, part.upper) for part in significant_regions(line, 2.0)]
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs)


def test_an_interval_leaves_its_ends_out():
    assert Interval(0.0, 1.0).holds(np.array([0.0, 0.5, 1.0])).tolist() == [False, True, False]


# --- derivatives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [Level("a", spread=-1.0), Level("b", spread=0.0), Level("c", value=1.3)])
@pytest.mark.parametrize(
    ("model", "x", "y", "moderator", "options"),
    [
        (LATENT, "f", "h", "g", {}),
        (LATENT, "f", "h", "g", {"meanstructure": True}),
        (LATENT, "f", "h", "g", {"group": "ward", "group_equal": ("loadings", "intercepts")}),
        (MEDIATED, "f", "h", "w", {}),
        (MEDIATED, "f", "h", "w", {"meanstructure": True}),
        ("y1 ~ x1 + w + x1:w\ny2 ~ y1 + x1", "x1", "y2", "w", {"fixed_x": False, "meanstructure": True}),
    ],
)
def test_gradient_against_finite_differences(model, x, y, moderator, options, level):
    fit = ts.fit(model, data(), **options)
    objective, point = fit.fitted.estimate.objective, fit.fitted.estimate.x
    number = len(fit.group_labels) or 1
    view = moderated_groups(fit, x, y, moderator, None).views[number]

    def values(at: np.ndarray) -> np.ndarray:
        moved = type(view)(
            view.layout, objective.implied(at)[number - 1], view.n_free, view.interactions, moderator,
            view.sample_mean, view.meanstructure,
        )  # fmt: skip
        return np.array([float(conditional_effect(moved, path, level).value) for path in paths])

    paths = conditional_paths(view, x, y, ())
    gradient = np.array([conditional_effect(view, path, level).gradient for path in paths])
    expand = objective.layout.reduction.expand
    assert gradient.any()
    for k in range(len(point)):
        step = np.zeros(len(point))
        step[k] = 1e-6
        numeric = (values(point + step) - values(point - step)) / 2e-6
        direction = (expand(point + step) - expand(point - step)) / 2e-6
        assert gradient @ direction == pytest.approx(numeric, abs=2e-7)  # rounding of a central difference


def test_gradient_of_standardised_products_against_finite_differences():
    estimate, table = latent().fitted.estimate, latent().fitted.table
    covariance = latent().fitted.covariance.matrix
    assert covariance is not None
    (found,) = product_coefficients(table, estimate, covariance)
    names = estimate.objective.layout.groups[0].names
    i, j, y, p = (names.index(name) for name in ("f", "g", "h", "f:g"))

    def value(at: np.ndarray) -> float:
        implied = estimate.objective.implied(at)[0]
        variance = np.diag(implied.total_cov)
        return implied.paths[y, p] * math.sqrt(variance[i] * variance[j] / variance[y])

    gradient = np.array(
        [(value(estimate.x + step) - value(estimate.x - step)) / 2e-6 for step in np.eye(len(estimate.x)) * 1e-6]
    )
    assert found.std == pytest.approx(value(estimate.x))
    assert found.std_se == pytest.approx(math.sqrt(gradient @ covariance @ gradient), rel=1e-5)


# --- latent products ------------------------------------------------------------------------------------------------


def test_a_factor_at_its_mean_leaves_the_path_as_it_is():
    estimates = latent().estimates.set_index(["lhs", "op", "rhs"])["est"]
    frame = latent().conditional_effects("f", "h", "g").frame
    sd = math.sqrt(estimates["g", "~~", "g"])
    base, product = estimates["h", "~", "f"], estimates["h", "~", "f:g"]
    assert frame["est"].to_numpy() == pytest.approx([base - product * sd, base, base + product * sd])
    assert frame["at"].to_numpy() == pytest.approx([-sd, 0, sd])


def test_both_stages_moderated_multiply_and_have_no_index():
    fit = mediated()
    estimates = fit.estimates.set_index(["lhs", "op", "rhs"])["est"]
    away = 3.0 - data()["w"].mean()
    first = estimates["m", "~", "f"] + away * estimates["m", "~", "f:w"]
    second = estimates["h", "~", "m"] + away * estimates["h", "~", "m:w"]
    frame = fit.conditional_effects("f", "h", "w", at=3.0).frame.set_index("effect")["est"]
    assert frame["specific indirect"] == pytest.approx(first * second, rel=1e-6)
    assert frame["total"] == pytest.approx(first * second + estimates["h", "~", "f"], rel=1e-6)
    with pytest.raises(EffectError, match="no one index"):
        fit.moderated_mediation_index("f", "h", moderator="w")
    with pytest.raises(EffectError, match="no line"):
        fit.johnson_neyman("f", "h", "w", through="m")


def test_index_is_the_product_of_two_parameters_with_the_error_of_a_definition():
    text = (samples_dir().parents[1] / "models" / "ingroup_bias.sem").read_text("utf-8")
    sample = samples_dir() / "group_relations.csv"
    fit = ts.fit(text, ts.read_survey(sample, "group_relations"), estimator="MLR")
    found = fit.moderated_mediation_index(
        "conflict", "willingness_to_communicate", "intergroup_anxiety", moderator="ingroup_identification"
    ).frame.iloc[0]
    defined = fit.estimates.set_index("lhs").loc["index"]
    assert found["est"] == pytest.approx(defined["est"])
    assert found["se"] == pytest.approx(defined["se"])
    assert found["pvalue"] == pytest.approx(defined["pvalue"])


def test_groups_are_centred_at_their_own_means():
    """Without equalities a fit of two groups is two fits."""
    both = ts.fit(LATENT, data(), group="ward", estimator="MLR").estimates
    labels = list(dict.fromkeys(data()["ward"]))
    for number, label in enumerate(labels, start=1):
        alone = ts.fit(LATENT, data()[data()["ward"] == label], meanstructure=True, estimator="MLR").estimates
        of_group = both[both["group"] == number]
        assert of_group["est"].to_numpy() == pytest.approx(alone["est"].to_numpy(), abs=1e-5)


def test_weights_that_repeat_rows_are_rows_that_repeat():
    frame = data().assign(weight=np.where(np.arange(len(data())) % 3 == 0, 2.0, 1.0))
    twice = pd.concat([frame, frame[frame["weight"] == 2.0]], ignore_index=True)
    weighted = ts.fit(LATENT, frame, sampling_weights="weight")
    repeated = ts.fit(LATENT, twice)
    assert weighted.estimates["est"].to_numpy() == pytest.approx(repeated.estimates["est"].to_numpy(), abs=1e-5)


def test_standardised_products_are_told_and_tabulated():
    row = latent().products().iloc[0]
    estimates = latent().estimates.set_index(["lhs", "op", "rhs"])
    variances = np.diag(latent().fitted.estimate.objective.implied(latent().fitted.estimate.x)[0].total_cov)
    names = latent().fitted.estimate.objective.layout.groups[0].names
    f, g, h = (variances[names.index(name)] for name in "fgh")
    assert row["std_product"] == pytest.approx(row["est"] * math.sqrt(f * g / h))
    assert row["std_all"] == pytest.approx(estimates.loc[("h", "~", "f:g"), "std_all"])
    found = {finding.code: finding for finding in latent().findings}
    assert f"{row['std_product']:.3f}" in found["standardized-product"].message
    assert "products-not-normal" not in found
    assert "products-not-normal" in {finding.code for finding in ts.fit(LATENT, data()).findings}


def test_products_of_incomplete_rows_are_told():
    frame = data().copy()
    frame.loc[:50, "x1"] = np.nan
    fit = ts.fit(LATENT, frame, missing="fiml", estimator="MLR")
    found = {finding.code: finding.message for finding in fit.findings}
    assert found["products-incomplete"].startswith("51 of 600 rows")
    assert fit.n_obs == 600


# --- draws ----------------------------------------------------------------------------------------------------------


def test_draws_agree_with_the_delta_method():
    delta = mediated().conditional_effects("f", "h", "w").frame
    drawn = mediated().monte_carlo(4000, seed=3).conditional_effects("f", "h", "w")
    assert drawn["est"].to_numpy() == pytest.approx(delta["est"].to_numpy())
    assert drawn["se"].to_numpy() == pytest.approx(delta["se"].to_numpy(), rel=0.08)  # 4,000 draws: 1 % and skew
    boot = latent().bootstrap(100, seed=4).conditional_effects("f", "h", "g", at=[-1, "mean", 1])
    assert boot["se"].to_numpy() == pytest.approx(
        latent().conditional_effects("f", "h", "g", at=[-1, 0, 1]).frame["se"].to_numpy(), rel=0.3
    )  # 100 draws: 7 %
    assert (boot["n_draws"] > 90).all()


def test_products_are_not_drawn_as_normal_variables():
    with pytest.raises(UsageError, match="would be no products"):
        latent().bootstrap(20, seed=1, kind="parametric")


def test_a_draw_at_the_estimates_gives_the_estimates():
    fit = mediated()
    view = moderated_groups(fit, "f", "h", "w", None).views[1]
    from trustsem.effects.moderation import conditional_draws

    implied = view.implied
    for path in conditional_paths(view, "f", "h", ()):
        for level in (Level("a", spread=1.5), Level("b", value=2.0)):
            draws = conditional_draws(
                view, path, level, implied.paths[None], implied.total_cov[None], implied.total_mean[None]
            )
            assert draws == pytest.approx([float(conditional_effect(view, path, level).value)])


# --- levels and refusals --------------------------------------------------------------------------------------------


def test_levels():
    frame = data().assign(b=(data()["w"] > 2).astype(int))
    fit = ts.fit("y1 ~ x1 + b + x1:b", frame)
    assert fit.conditional_effects("x1", "y1", "b").frame["at"].tolist() == [0, 1]
    observed = ts.fit("y1 ~ x1 + w + x1:w", frame)
    quantiles = observed.conditional_effects("x1", "y1", "w", at="quantiles").frame
    expected = np.quantile(frame["w"], [0.16, 0.5, 0.84], method="inverted_cdf")
    assert quantiles["at"].to_numpy() == pytest.approx(expected)
    assert observed.conditional_effects("x1", "y1", "w", at="-1.5 SD").frame["level"].tolist() == ["mean - 1.5 SD"]


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda fit: fit.conditional_effects("f", "h", "x1"), EffectError, "Products in the model: f:g"),
        (lambda fit: fit.conditional_effects("f", "h", "f"), UsageError, "three different"),
        (lambda fit: fit.conditional_effects("f", "h", "g", at="often"), UsageError, "'often'"),
        (lambda fit: fit.conditional_effects("f", "h", "g", at=[]), UsageError, "names no value"),
        (lambda fit: fit.conditional_effects("f", "h", "g", at="quantiles"), UsageError, "it is a factor"),
        (lambda fit: fit.conditional_effects("f", "h", "g", through="x9"), EffectError, "no variable 'x9'"),
        (lambda fit: fit.conditional_effects("h", "f", "g"), EffectError, "No path leads from h to f"),
        (lambda fit: fit.johnson_neyman("f", "h", "g", level=95), UsageError, "between 0 and 1"),
        (lambda fit: fit.moderated_mediation_index("f", "h", moderator="g"), EffectError, "there is none"),
    ],
)
def test_refusals(call, error, phrase):
    with pytest.raises(error, match=phrase):
        call(latent())


def test_moments_hold_no_products():
    with pytest.raises(UsageError, match="moments do not hold"):
        ts.fit(LATENT, sample_cov=data().drop(columns="ward").cov(), n_obs=600)


def test_a_column_with_the_name_of_a_product_is_refused():
    with pytest.raises(ts.errors.DataError, match=r"x1\.z1"):
        ts.fit(LATENT, data().assign(**{"x1.z1": 1.0}))


def test_loops_are_refused():
    text = "y1 ~ x1 + w + x1:w + y2\ny2 ~ y1 + x2\ny1 ~~ y2"
    fit = ts.fit(text, data())
    if fit.converged:
        with pytest.raises(EffectError, match="feedback loop"):
            fit.conditional_effects("x1", "y1", "w")


def test_invariance_and_ordinal_items_are_refused():
    with pytest.raises(UsageError, match="products of factors"):
        ts.invariance(LATENT, data(), group="ward")
    coded = data().assign(x1=(data()["x1"] > 3).astype(int))
    with pytest.raises(ts.errors.ModelError, match="ordinal items cannot be multiplied"):
        ts.fit(LATENT, coded, ordered=["x1"])


def test_auto_keeps_products_continuous():
    rounded = data().assign(**{name: data()[name].round().clip(1, 5) for name in ("x1", "x2", "x3")})
    assert ts.fit(LATENT, rounded, estimator="auto").options.given["estimator"] == "MLR"
