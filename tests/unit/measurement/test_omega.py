"""Categorical omega against simulated sums with known truth; where reliability is refused, by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts


def cut(responses: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return np.searchsorted(thresholds, responses).astype(float) + 1


def administrations(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return answers of the same people to three four-point items, twice, with independent errors."""
    rng, loadings = np.random.default_rng(seed), np.array([0.8, 0.7, 0.6])
    factor = rng.normal(size=(n, 1))
    cuts = [np.array([-1.0, 0.0, 0.8]), np.array([-0.5, 0.4, 1.2]), np.array([-1.5, -0.8, 0.2])]
    made = []
    for _ in range(2):
        responses = factor * loadings + np.sqrt(1 - loadings**2) * rng.normal(size=(n, 3))
        made.append(pd.DataFrame({f"y{k + 1}": cut(responses[:, k], cuts[k]) for k in range(3)}))
    return made[0], made[1]


@pytest.mark.parametrize("steps", [{}, {4.0: 7.0}])
def test_categorical_omega_is_the_correlation_of_two_administrations(steps: dict[float, float]) -> None:
    """60,000 people: the correlation of both sums has a standard error of .002; unequal steps between scores count."""
    first, second = (frame.replace(steps) for frame in administrations(60_000, seed=12))
    fit = ts.fit("f =~ y1 + y2 + y3", first, ordered=True)
    omega = fit.reliability().factors[0].coefficients["omega_categorical"]
    retest = np.corrcoef(first.sum(axis=1), second.sum(axis=1))[0, 1]
    assert omega.value == pytest.approx(retest, abs=0.008)
    latent = fit.reliability().factors[0].coefficients["composite_reliability"]
    assert latent.value - omega.value > 0.02  # of the latent responses: another number, under another name


def frame(n: int = 300, seed: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])
    values = 0.8 * factors[:, [0, 0, 0, 1, 1, 1]] + rng.normal(size=(n, 6))
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(1, 7)]).assign(z=rng.normal(size=n))


TWO = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6"


@pytest.mark.parametrize(
    ("model", "options", "factor", "reason"),
    [
        (TWO + "\nh =~ f + g\nh ~~ 1*h\nf ~~ a*f\ng ~~ a*g", {"std_lv": False}, "h", "indicators are factors"),
        ("f =~ x1 + x2 + x3\ng =~ x4\ng ~ f", {}, "g", "one indicator"),
        ("f =~ x1 + x2 + x3 + x4\nx5 ~ f\nx4 ~ x5", {}, "f", "depend on each other"),
        (
            "f =~ x1 + x2 + x3 + x4\nm =~ 1*x1 + 1*x2 + -1*x3 + -1*x4\nf ~~ 0*m\nm ~~ .05*m",
            {},
            "m",
            "it is no scale",
        ),
    ],
)
def test_what_is_no_scale_is_refused_by_name(model: str, options: dict, factor: str, reason: str) -> None:
    fit = ts.fit(model, frame(), **options)
    (found,) = [item for item in fit.reliability().factors if item.factor == factor]
    assert found.coefficients["omega"].value is None
    assert reason in str(found.coefficients["omega"].reason)
    assert any(finding.code == "no-reliability" for finding in fit.reliability().findings)


def test_a_factor_that_others_of_its_items_share_still_has_alpha() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3 + x4\nx5 ~ f\nx4 ~ x5", frame())
    found = fit.reliability().factors[0].coefficients
    assert found["alpha"].value is not None
    assert found["ave"].value is None


def test_negative_residual_variances_are_refused_by_name() -> None:
    cov = pd.DataFrame(np.array([[1, 0.9, 0.2], [0.9, 1, 0.5], [0.2, 0.5, 1]]), columns=["a", "b", "c"])
    fit = ts.fit("f =~ a + b + c", sample_cov=cov, n_obs=100)
    found = fit.reliability().factors[0].coefficients
    assert found["omega"].reason == "negative residual variance of b"
    assert found["alpha"].value is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sampling_weights": "w"}, "weights"),
        ({"cluster": "unit"}, "clusters"),
        ({"missing": "fiml"}, "complete rows"),
    ],
)
def test_feldts_interval_is_left_out_where_it_does_not_hold(options: dict, words: str) -> None:
    rng, data = np.random.default_rng(1), frame()
    data = data.assign(w=rng.uniform(0.5, 2, len(data)), unit=np.arange(len(data)) // 6)
    if "missing" in options:
        data.loc[::9, "x2"] = np.nan
    fit = ts.fit(TWO, data, **options)
    alpha = {item.factor: item.coefficients["alpha"] for item in fit.reliability().factors}["f"]
    assert alpha.value is not None
    assert alpha.lower is None
    assert words in str(alpha.reason)
    omega = fit.reliability().factors[0].coefficients["omega"]
    assert omega.lower is not None


def test_complete_rows_keep_feldts_interval_under_full_information() -> None:
    alpha = ts.fit(TWO, frame(), missing="fiml").reliability().factors[0].coefficients["alpha"]
    assert alpha.interval == "feldt"


def test_items_that_load_the_other_way_are_found() -> None:
    data = frame().assign(x2=lambda rows: -rows["x2"])
    result = ts.fit(TWO, data).reliability()
    (finding,) = [found for found in result.findings if found.code == "opposed-loadings"]
    assert "x2" in finding.message
    assert not any(found.code == "opposed-loadings" for found in ts.fit(TWO, frame()).reliability().findings)


def test_categorical_omega_refuses_mixed_items_and_predictors() -> None:
    data = frame()
    for name in ("x1", "x2", "x3"):
        data[name] = np.digitize(data[name], [-0.7, 0.6])
    mixed = ts.fit("f =~ x1 + x2 + x3 + x4", data, ordered=["x1", "x2", "x3"]).reliability().factors[0]
    assert "continuous: x4" in str(mixed.coefficients["omega_categorical"].reason)
    given = ts.fit("f =~ x1 + x2 + x3\nf ~ z", data, ordered=["x1", "x2", "x3"]).reliability().factors[0]
    assert "condition on observed predictors" in str(given.coefficients["omega_categorical"].reason)
    assert given.coefficients["alpha_ordinal"].value is not None


def test_without_standard_errors_there_are_values_without_intervals() -> None:
    fit = ts.fit(TWO, frame(), se="none")
    omega = fit.reliability().factors[0].coefficients["omega"]
    assert omega.value is not None
    assert omega.se is None
    assert omega.reason == "the fit has no standard error of it"
    (pair,) = fit.validity().records
    assert pair.verdict is None
    assert pair.fornell_larcker is not None


def test_a_fixed_correlation_has_no_verdict() -> None:
    (pair,) = ts.fit(TWO, frame(), orthogonal=True).validity().records
    assert pair.correlation.reason == "the model fixes the correlation"
    assert pair.verdict is None
    assert pair.fornell_larcker is None
    assert pair.htmt.value is not None


@pytest.mark.slow
def test_intervals_of_omega_cover_it_as_often_as_they_say() -> None:
    """1,000 samples of 200, four congeneric items, omega .749 known: 95 % are covered, within four standard errors."""
    rng, loadings = np.random.default_rng(20), np.array([0.8, 0.7, 0.6, 0.5])
    truth = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    covered = []
    for _ in range(1000):
        values = rng.normal(size=(200, 1)) * loadings + np.sqrt(1 - loadings**2) * rng.normal(size=(200, 4))
        fit = ts.fit("f =~ a + b + c + d", pd.DataFrame(values, columns=list("abcd")))
        found = fit.reliability().factors[0].coefficients["omega"]
        covered.append(found.lower is not None and found.lower <= truth <= found.upper)
    assert abs(np.mean(covered) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 1000)


def test_parameterizations_of_ordinal_items_agree() -> None:
    """Delta and theta are one model in two metrics: scales and means of the responses must cancel out."""
    first, _ = administrations(800, seed=2)
    fits = [ts.fit("f =~ y1 + y2 + y3", first, ordered=True, parameterization=kind) for kind in ("delta", "theta")]
    delta, theta = (fit.reliability().factors[0].coefficients for fit in fits)
    for name in ("omega_categorical", "composite_reliability", "ave"):
        assert theta[name].value == pytest.approx(delta[name].value, abs=1e-6)
        assert theta[name].se == pytest.approx(delta[name].se, abs=1e-6)
