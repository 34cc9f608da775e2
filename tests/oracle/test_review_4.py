"""Closed forms of what no reference result covers: robust RMSEA of incomplete rows with free predictors; weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import trustsem as ts

DATA = Path(__file__).resolve().parents[1] / "golden" / "data"
FloatArray = NDArray[np.float64]
LOWER = np.tril_indices(4)
NAMES = ["x1", "x2", "x4", "x7"]  # x1 and x4 depend on x2, x7 on x1 and x4: two paths are left out
MODEL = "x1 ~ x2\nx4 ~ x2\nx7 ~ x1 + x4\nx1 ~~ 0*x4"


def _moments(theta: FloatArray) -> FloatArray:
    """Return means and the lower triangle of Sigma (14,) of 4 slopes, 4 variances and 4 intercepts."""
    paths = np.zeros((4, 4))
    paths[0, 1], paths[2, 1], paths[3, 0], paths[3, 2] = theta[:4]
    total = np.linalg.inv(np.eye(4) - paths)
    return np.concatenate([total @ theta[8:], (total @ np.diag(theta[4:8]) @ total.T)[LOWER]])


def _unpacked(moments: FloatArray) -> tuple[FloatArray, FloatArray]:
    sigma = np.zeros((4, 4))
    sigma[LOWER] = moments[4:]
    return moments[:4], sigma + np.tril(sigma, -1).T


Patterns = list[tuple[NDArray[np.bool_], FloatArray]]  # which items were answered, and the answers


def _patterns(rows: FloatArray) -> Patterns:
    answered = ~np.isnan(rows)
    return [(one, rows[(answered == one).all(axis=1)][:, one]) for one in np.unique(answered, axis=0)]


def _log_likelihood(moments: FloatArray, patterns: Patterns) -> float:
    mu, sigma = _unpacked(moments)
    total = 0.0
    for answered, answers in patterns:
        own, block = answers - mu[answered], sigma[np.ix_(answered, answered)]
        total -= 0.5 * (len(own) * np.linalg.slogdet(block)[1] + np.sum(own @ np.linalg.inv(block) * own))
    return float(total)


def _gradient(function: Callable[[FloatArray], FloatArray], x: FloatArray, step: float = 1e-5) -> FloatArray:
    return np.stack([(function(x + h) - function(x - h)) / (2 * step) for h in step * np.eye(len(x))], axis=-1)


def _saturated(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the saturated moments by the EM algorithm, and their observed information per row."""
    patterns, n = _patterns(rows), len(rows)
    mu, sigma = np.nanmean(rows, axis=0), np.diag(np.nanvar(rows, axis=0))
    for _ in range(300):
        first, second = np.zeros(4), np.zeros((4, 4))
        for answered, answers in patterns:
            slopes = sigma[:, answered] @ np.linalg.inv(sigma[np.ix_(answered, answered)])
            expected = mu + (answers - mu[answered]) @ slopes.T
            first += expected.sum(axis=0)
            second += expected.T @ expected + len(answers) * (sigma - slopes @ sigma[answered])
        mu = first / n
        sigma = second / n - np.outer(mu, mu)
    moments = np.concatenate([mu, sigma[LOWER]])

    def slope(at: FloatArray) -> FloatArray:
        return _gradient(lambda x: np.array(_log_likelihood(x, patterns)), at, 1e-3)

    assert np.abs(slope(moments)).max() < 1e-2  # log-likelihood is around -1500
    return moments, -_gradient(slope, moments, 1e-3) / n


def _normal_weight(sigma: FloatArray) -> FloatArray:
    """Return V of means and the lower triangle: half the trace form of S^-1 over symmetric matrices."""
    inverse, weight = np.linalg.inv(sigma), np.zeros((14, 14))
    weight[:4, :4] = inverse
    basis = [_unpacked(np.eye(14)[k])[1] for k in range(4, 14)]
    weight[4:, 4:] = [[0.5 * np.trace(inverse @ a @ inverse @ b) for b in basis] for a in basis]
    return weight


def test_robust_rmsea_of_incomplete_rows_with_free_predictors() -> None:
    """Zhang & Savalei (2023): T of complete data at the saturated moments, its mean tr(V Q Gamma Q')."""
    frame = pd.read_csv(DATA / "hs-missing.csv").dropna(how="all", subset=NAMES)
    rows = frame[NAMES].to_numpy(dtype=float)
    fit = ts.fit(MODEL, frame, missing="fiml", fixed_x=False)
    e = fit.estimates.set_index(["lhs", "op", "rhs"])["est"]
    slopes = [e["x1", "~", "x2"], e["x4", "~", "x2"], e["x7", "~", "x1"], e["x7", "~", "x4"]]
    theta = np.array([*slopes, *(e[name, "~~", name] for name in NAMES), *(e[name, "~1", ""] for name in NAMES)])
    moments, information = _saturated(rows)
    (mean, cov), (mu, sigma) = _unpacked(moments), _unpacked(_moments(theta))
    inverse, gap = np.linalg.inv(sigma), mean - mu
    misfit = np.trace(cov @ inverse) - np.linalg.slogdet(cov @ inverse)[1] - 4 + gap @ inverse @ gap
    jacobian = _gradient(_moments, theta)
    bread = np.linalg.inv(jacobian.T @ information @ jacobian)
    left = np.eye(14) - jacobian @ bread @ jacobian.T @ information
    expected = np.trace(_normal_weight(cov) @ left @ np.linalg.inv(information) @ left.T)
    rmsea = np.sqrt(max(len(rows) * misfit - expected, 0.0) / (len(rows) * 2))
    assert fit.fit_measures["df"] == 2
    assert rmsea > 0.01
    assert fit.fit_measures["rmsea_robust"] == pytest.approx(rmsea, abs=2e-5)  # second differences


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_weighted_mean_has_the_standard_error_of_survey_sampling(estimator: str) -> None:
    """sqrt(sum w^2 (y - m)^2) / sum w, with either sandwich."""
    frame = pd.read_csv(DATA / "hs.csv")
    weight = np.random.default_rng(4).uniform(0.3, 3, len(frame))
    fit = ts.fit("x1 ~ 1\nx1 ~~ x1", frame.assign(w=weight), sampling_weights="w", estimator=estimator)
    y = frame["x1"].to_numpy(dtype=float)
    mean = float(weight @ y / weight.sum())
    error = np.sqrt(np.sum(weight**2 * (y - mean) ** 2)) / weight.sum()
    row = fit.estimates.set_index("op").loc["~1"]
    assert row["est"] == pytest.approx(mean, rel=1e-9)
    assert row["se"] == pytest.approx(error, rel=1e-9)
