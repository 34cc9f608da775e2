"""Improper solutions whose moments are exact, so that every finding has one known reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.records import Severity

N_OBS = 400


def _fit(model: str, cov: np.ndarray) -> ts.Fit:
    names = [f"x{k}" for k in range(1, len(cov) + 1)]
    moments = pd.DataFrame(cov * N_OBS / (N_OBS - 1), index=names, columns=names)
    return ts.fit(model, sample_cov=moments, n_obs=N_OBS)


def _factors(correlations: np.ndarray, per_factor: int = 3, loading: float = 0.6) -> tuple[str, np.ndarray]:
    """Return a model of correlated factors and moments that it reproduces exactly."""
    k = len(correlations)
    loadings = np.kron(np.eye(k), np.full((per_factor, 1), loading))
    cov = loadings @ correlations @ loadings.T
    np.fill_diagonal(cov, 1.0)
    lines = [f"f{j + 1} =~ " + " + ".join(f"x{j * per_factor + i}" for i in range(1, per_factor + 1)) for j in range(k)]
    return "\n".join(lines), cov


def _errors(fit: ts.Fit) -> dict[str, str | None]:
    return {finding.code: finding.parameter for finding in fit.findings if finding.severity is Severity.ERROR}


def test_a_latent_correlation_beyond_one_is_named() -> None:
    fit = _fit(*_factors(np.array([[1, 1.15], [1.15, 1]])))
    errors = _errors(fit)
    assert errors["latent-correlation-above-1"] == "f1~~f2"
    assert "latent-covariance-not-positive-definite" in errors
    (finding,) = [f for f in fit.findings if f.code == "latent-correlation-above-1"]
    assert "1.150" in finding.message
    assert "merge" in (finding.remedy or "")
    assert not fit.admissible


def test_factors_that_contradict_each_other_although_no_pair_is_beyond_one() -> None:
    fit = _fit(*_factors(np.array([[1, 0.85, 0.85], [0.85, 1, 0.3], [0.85, 0.3, 1]])))
    assert fit.converged
    assert set(_errors(fit)) == {"latent-covariance-not-positive-definite"}
    assert not fit.admissible


def test_residual_covariances_that_contradict_each_other() -> None:
    model, cov = _factors(np.ones((1, 1)), per_factor=5)
    for i, j, r in ((0, 1, 0.51), (0, 2, 0.51), (1, 2, -0.51)):  # 1 - 2 r < 0: no three variables correlate so
        cov[i, j] = cov[j, i] = 0.36 + 0.64 * r
    fit = _fit(f"{model}\nx1 ~~ x2 + x3\nx2 ~~ x3", cov)
    assert fit.fit_measures["chisq"] == pytest.approx(0, abs=1e-6)
    assert set(_errors(fit)) == {"residual-covariance-not-positive-definite"}
    assert not fit.admissible


def test_proper_solutions_near_the_border_have_no_error() -> None:
    for correlations in (np.array([[1, 0.98], [0.98, 1]]), np.array([[1, 0.8, 0.8], [0.8, 1, 0.3], [0.8, 0.3, 1]])):
        fit = _fit(*_factors(correlations))
        assert _errors(fit) == {}
        assert fit.admissible


def test_the_error_of_a_gain_is_that_of_the_product() -> None:
    rng = np.random.default_rng(3)
    z, e = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    y = (0.5 * z + e) @ np.linalg.inv(np.eye(2) - np.array([[0, 0.3], [0.25, 0]])).T
    data = pd.DataFrame(np.column_stack([y, z]), columns=["y1", "y2", "z1", "z2"])
    fit = ts.fit("y1 ~ f*y2 + z1\ny2 ~ g*y1 + z2\ny1 ~~ y2\ngain := f*g", data)
    defined = fit.estimates.query("op == ':='").iloc[0]
    loop = fit.loops().iloc[0]
    assert (loop["gain"], loop["se"]) == pytest.approx((defined["est"], defined["se"]), rel=1e-9)
