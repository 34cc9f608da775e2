"""Likelihood of incomplete rows: a loop over rows, finite differences, and complete data as the limit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from trustsem.discrepancy.fiml import fiml_case_scores, fiml_expansion, fiml_value
from trustsem.inference.saturated import first_order_information, moment_information, saturated_covariance
from trustsem.moments import patterns as chunking
from trustsem.moments.em import em_moments
from trustsem.moments.incomplete import Curvature
from trustsem.moments.patterns import MissingPatterns, missing_patterns, vech_cells, vech_lookup

FloatArray = NDArray[np.float64]

# Central differences with step 1e-5: an error of 1e-10 times the third derivative, plus 1e-15 / 1e-5 of rounding.
STEP = 1e-5
SLOPE = 1e-7
ROUNDING = 1e-11


def answers(n: int, p: int, share: float, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, p)) ** 3 / 2 + 1.0
    missing = rng.random((n, p)) < share
    missing[:, 0] &= ~missing.all(axis=1)
    values[missing] = np.nan
    return values


def any_moments(p: int, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(p, 2 * p))
    return root @ root.T / p + np.eye(p), rng.normal(size=p)


def pack(sigma: FloatArray, mu: FloatArray) -> FloatArray:
    row, column = vech_cells(len(mu))
    return np.concatenate([sigma[row, column], mu])


def unpack(vector: FloatArray, p: int) -> tuple[FloatArray, FloatArray]:
    return vector[:-p][vech_lookup(p)], vector[-p:]


def row_values(values: FloatArray, sigma: FloatArray, mu: FloatArray) -> FloatArray:
    """-2 log-likelihood of each row, one after another."""
    found = []
    for row in values:
        o = ~np.isnan(row)
        part, gap = sigma[np.ix_(o, o)], row[o] - mu[o]
        found.append(o.sum() * math.log(2 * math.pi) + np.linalg.slogdet(part)[1] + gap @ np.linalg.solve(part, gap))
    return np.array(found)


def gradient(patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray) -> FloatArray:
    """Slope of F with respect to (vech Sigma, mu)."""
    expansion = fiml_expansion(patterns, sigma, mu)
    row, column = vech_cells(len(mu))
    return np.concatenate([expansion.sigma_slope[row, column] * np.where(row == column, 1, 2), expansion.mean_slope])


CASES = [(40, 3, 0.3, False), (120, 4, 0.2, True), (30, 5, 0.0, False), (25, 6, 0.5, True)]


@pytest.mark.parametrize(("n", "p", "share", "weighted"), CASES)
@pytest.mark.parametrize("chunk_bytes", [16 * 2**20, 300])
def test_value_slopes_and_curvature(
    n: int, p: int, share: float, weighted: bool, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "_CHUNK_BYTES", chunk_bytes)
    values = answers(n, p, share, n)
    weights = np.random.default_rng(n).uniform(0.2, 2.0, n) if weighted else np.ones(n)
    patterns = missing_patterns(values, weights)
    sigma, mu = any_moments(p, n)
    expansion = fiml_expansion(patterns, sigma, mu, Curvature.OBSERVED)
    by_row = weights @ row_values(values, sigma, mu) / weights.sum()
    assert fiml_value(patterns, sigma, mu) == pytest.approx(by_row, rel=ROUNDING)
    assert expansion.value == pytest.approx(by_row, rel=ROUNDING)
    assert expansion.curvature is not None
    point, slope = pack(sigma, mu), gradient(patterns, sigma, mu)
    for k in range(len(point)):
        step = np.zeros_like(point)
        step[k] = STEP
        ahead, behind = unpack(point + step, p), unpack(point - step, p)
        difference = (fiml_value(patterns, *ahead) - fiml_value(patterns, *behind)) / (2 * STEP)
        assert slope[k] == pytest.approx(difference, abs=SLOPE)
        column = (gradient(patterns, *ahead) - gradient(patterns, *behind)) / (4 * STEP)
        assert expansion.curvature[:, k] == pytest.approx(column, abs=SLOPE)


def test_expected_curvature_is_the_observed_one_of_data_that_fit_perfectly() -> None:
    """Patterns whose means and covariances are those of the model: observed and expected information agree."""
    p = 4
    found = missing_patterns(answers(200, p, 0.25, 1))
    sigma, mu = any_moments(p, 2)
    row, column = vech_cells(p)
    both = found.observed[:, row] & found.observed[:, column]
    perfect = MissingPatterns(
        found.observed.copy(),
        found.counts.copy(),
        np.where(found.observed, mu, 0.0),
        np.where(both, sigma[row, column], 0.0),
        found.of_row.copy(),
    )
    observed = moment_information(perfect, sigma, mu, Curvature.OBSERVED)
    expected = moment_information(found, sigma, mu, Curvature.EXPECTED)
    assert expected == pytest.approx(observed, abs=1e-12)
    assert expected[: len(row), len(row) :] == pytest.approx(0.0, abs=0)
    actual = moment_information(found, sigma, mu, Curvature.OBSERVED)
    assert np.abs(actual - expected).max() > 0.01, "the two differ on real data, or this test proves nothing"


def test_complete_data_give_the_complete_data_formulas() -> None:
    values = answers(50, 3, 0.0, 3)
    sigma, mu = any_moments(3, 4)
    information = moment_information(missing_patterns(values), sigma, mu, Curvature.EXPECTED)
    weight = np.linalg.inv(sigma)
    row, column = vech_cells(3)
    duplication = np.zeros((9, 6))
    for k, (i, j) in enumerate(zip(row, column, strict=True)):
        duplication[3 * i + j, k] = duplication[3 * j + i, k] = 1.0
    assert information[:6, :6] == pytest.approx(duplication.T @ np.kron(weight, weight) @ duplication / 2, abs=ROUNDING)
    assert information[6:, 6:] == pytest.approx(weight, abs=ROUNDING)


@pytest.mark.parametrize("chunk_bytes", [16 * 2**20, 500])
def test_scores_of_cases(chunk_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each case against its own finite difference, the sum against the slope, parameters by the chain rule."""
    monkeypatch.setattr(chunking, "_CHUNK_BYTES", chunk_bytes)
    values = answers(40, 4, 0.3, 5)
    rng = np.random.default_rng(6)
    weights, jacobian = rng.uniform(0.2, 2.0, 40), rng.normal(size=(14, 3))
    patterns = missing_patterns(values, weights)
    sigma, mu = any_moments(4, 7)
    plain = fiml_case_scores(patterns, values, sigma, mu)
    point = pack(sigma, mu)
    for k in range(len(point)):
        step = np.zeros_like(point)
        step[k] = STEP
        ahead, behind = unpack(point + step, 4), unpack(point - step, 4)
        difference = (row_values(values, *ahead) - row_values(values, *behind)) / (2 * STEP)
        # rounding grows with the largest of the rows' values, which are up to 100 here
        assert plain[:, k] == pytest.approx(-difference / 2, abs=100 * SLOPE)
    scores = fiml_case_scores(patterns, values, sigma, mu, weights=weights)
    assert scores == pytest.approx(plain * weights[:, None], rel=1e-14)
    slope = gradient(patterns, sigma, mu)
    assert scores.sum(axis=0) == pytest.approx(-patterns.n_obs / 2 * slope, abs=1e-9)
    short = fiml_case_scores(patterns, values, sigma, mu, weights=weights, jacobian=jacobian)
    assert short == pytest.approx(scores @ jacobian, abs=1e-9)


def test_first_order_information_with_and_without_clusters() -> None:
    values = answers(60, 3, 0.3, 8)
    patterns, (sigma, mu) = missing_patterns(values), any_moments(3, 9)
    scores = fiml_case_scores(patterns, values, sigma, mu)
    plain = first_order_information(patterns, values, sigma, mu)
    assert plain == pytest.approx(scores.T @ scores / 60, abs=1e-9)
    alone = first_order_information(patterns, values, sigma, mu, clusters=np.arange(60))
    assert alone == pytest.approx(plain * 60 / 59, abs=1e-9)
    clusters = np.random.default_rng(10).integers(0, 7, 60)
    sums = np.array([scores[clusters == k].sum(axis=0) for k in range(7)])
    together = first_order_information(patterns, values, sigma, mu, clusters=clusters)
    assert together == pytest.approx(sums.T @ sums / 60 * 7 / 6, abs=1e-9)
    with pytest.raises(ValueError, match="two clusters"):
        first_order_information(patterns, values, sigma, mu, clusters=np.zeros(60, dtype=np.intp))


def test_covariance_of_complete_moments_is_gamma() -> None:
    """Without missing data A^-1 is the normal-theory Gamma, A^-1 B A^-1 that of fourth moments (Browne 1984)."""
    values = answers(200, 3, 0.0, 11)
    patterns = missing_patterns(values)
    moments = em_moments(patterns)
    sigma, mu, (row, column) = moments.cov, moments.mean, vech_cells(3)
    information = moment_information(patterns, sigma, mu)
    normal = sigma[np.ix_(row, row)] * sigma[np.ix_(column, column)]
    normal = normal + sigma[np.ix_(row, column)] * sigma[np.ix_(column, row)]
    assert saturated_covariance(information)[:6, :6] == pytest.approx(normal, rel=1e-8)
    assert saturated_covariance(information)[6:, 6:] == pytest.approx(sigma, rel=1e-8)
    centred = values - mu
    deviations = np.hstack([centred[:, row] * centred[:, column] - sigma[row, column], centred])
    robust = saturated_covariance(information, first_order_information(patterns, values, sigma, mu))
    assert robust == pytest.approx(deviations.T @ deviations / 200, rel=1e-8, abs=1e-8)


def test_what_nobody_answered_together_has_no_covariance() -> None:
    values = answers(100, 3, 0.0, 12)
    values[:50, 1], values[50:, 2] = np.nan, np.nan
    patterns = missing_patterns(values)
    moments = em_moments(patterns)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        saturated_covariance(moment_information(patterns, moments.cov, moments.mean))


def test_no_likelihood_without_a_positive_definite_matrix() -> None:
    """Even where the matrix of every pattern would have an inverse."""
    values = np.array([[1.0, 2.0, np.nan], [2.0, np.nan, 1.0], [np.nan, 1.0, 3.0]])
    patterns = missing_patterns(values)
    sigma = np.full((3, 3), -0.6) + 1.6 * np.eye(3)
    assert np.linalg.eigvalsh(sigma)[0] < 0
    assert np.linalg.eigvalsh(sigma[:2, :2])[0] > 0
    assert fiml_value(patterns, sigma, np.zeros(3)) == math.inf
    with pytest.raises(np.linalg.LinAlgError):
        fiml_expansion(patterns, sigma, np.zeros(3))


def test_scores_need_the_rows_of_the_patterns() -> None:
    values = answers(20, 3, 0.2, 13)
    with pytest.raises(ValueError, match=r"\(19, 3\)"):
        fiml_case_scores(missing_patterns(values), values[1:], *any_moments(3, 1))
