"""Saturated moments of incomplete data: closed forms, a textbook EM with a loop over rows, and what has no maximum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from trustsem.moments.em import EMStatus, em_findings, em_moments
from trustsem.moments.incomplete import normal_expansion
from trustsem.moments.patterns import missing_patterns
from trustsem.records import Severity

FloatArray = NDArray[np.float64]

# EM stops at steps of 1e-9 standard deviations; with the convergence rates of these data (below .9) the estimates are
# within 1e-8 of the maximum.
ESTIMATE = 1e-7


def factor_answers(n: int, p: int, share: float, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, p))
    values[rng.random((n, p)) < share] = np.nan
    return values[~np.isnan(values).all(axis=1)]


def textbook_em(values: FloatArray, weights: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
    """Dempster, Laird & Rubin's steps, row by row: fill in regressions, add the conditional covariances."""
    mean, cov = np.nanmean(values, axis=0), np.diag(np.nanvar(values, axis=0))
    for _ in range(steps):
        total, squares = np.zeros(len(mean)), np.zeros_like(cov)
        for row, weight in zip(values, weights, strict=True):
            o, m = ~np.isnan(row), np.isnan(row)
            slopes = np.linalg.solve(cov[np.ix_(o, o)], cov[np.ix_(o, m)])
            filled = np.where(o, row, 0.0)
            filled[m] = mean[m] + (row[o] - mean[o]) @ slopes
            product = np.outer(filled, filled)
            product[np.ix_(m, m)] += cov[np.ix_(m, m)] - cov[np.ix_(m, o)] @ slopes
            total, squares = total + weight * filled, squares + weight * product
        mean = total / weights.sum()
        cov = squares / weights.sum() - np.outer(mean, mean)
    return mean, cov


def monotone_moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Factored likelihood of monotone data (Anderson 1957): each variable regressed on those before it."""
    p = values.shape[1]
    mean, cov = np.zeros(p), np.zeros((p, p))
    for j in range(p):
        rows = values[~np.isnan(values[:, j])][:, : j + 1]
        design = np.column_stack([np.ones(len(rows)), rows[:, :j]])
        slopes = np.linalg.lstsq(design, rows[:, j], rcond=None)[0]
        residual = np.mean((rows[:, j] - design @ slopes) ** 2)
        mean[j] = slopes[0] + slopes[1:] @ mean[:j]
        cov[j, :j] = cov[:j, j] = cov[:j, :j] @ slopes[1:]
        cov[j, j] = residual + slopes[1:] @ cov[:j, :j] @ slopes[1:]
    return mean, cov


def test_complete_data_need_no_step() -> None:
    values = factor_answers(80, 5, 0.0, 1)
    result = em_moments(missing_patterns(values))
    cov = np.cov(values.T, bias=True)
    assert result.iterations == 0
    assert result.converged
    assert result.mean == pytest.approx(values.mean(axis=0), abs=1e-13)
    assert result.cov == pytest.approx(cov, abs=1e-13)
    logl = -80 / 2 * (5 * math.log(2 * math.pi) + np.linalg.slogdet(cov)[1] + 5)
    assert result.log_likelihood == pytest.approx(logl, rel=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_monotone_data_have_a_closed_form(seed: int) -> None:
    values = factor_answers(120, 4, 0.0, seed)
    first_missing = np.random.default_rng(seed).integers(1, 6, size=120)
    values[np.arange(4) >= first_missing[:, None]] = np.nan
    result = em_moments(missing_patterns(values))
    mean, cov = monotone_moments(values)
    assert result.converged
    assert result.mean == pytest.approx(mean, abs=ESTIMATE)
    assert result.cov == pytest.approx(cov, abs=ESTIMATE)


@pytest.mark.parametrize("weighted", [False, True])
def test_textbook_em_ends_at_the_same_moments(weighted: bool) -> None:
    values = factor_answers(60, 4, 0.15, 4)
    weights = np.random.default_rng(5).uniform(0.3, 2.0, len(values)) if weighted else np.ones(len(values))
    result = em_moments(missing_patterns(values, weights if weighted else None))
    mean, cov = textbook_em(values, weights, 150)
    assert result.mean == pytest.approx(mean, abs=ESTIMATE)
    assert result.cov == pytest.approx(cov, abs=ESTIMATE)


def test_whole_weights_are_repeated_rows() -> None:
    values = factor_answers(60, 4, 0.2, 6)
    times = np.random.default_rng(7).integers(1, 4, len(values))
    weighted = em_moments(missing_patterns(values, times.astype(float)))
    repeated = em_moments(missing_patterns(np.repeat(values, times, axis=0)))
    assert weighted.cov == pytest.approx(repeated.cov, abs=ESTIMATE)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-10)


@pytest.mark.parametrize(("n", "p", "share", "seed"), [(300, 9, 0.5, 3), (500, 9, 0.5, 3), (60, 6, 0.3, 3)])
def test_newton_steps_end_what_em_would_take_hundreds_of_steps_for(n: int, p: int, share: float, seed: int) -> None:
    patterns = missing_patterns(factor_answers(n, p, share, seed))
    result = em_moments(patterns)
    assert result.converged
    assert result.iterations < 60
    slopes = normal_expansion(patterns, result.cov, result.mean)
    assert np.abs(slopes.sigma_slope).max() < 1e-6
    assert np.abs(slopes.mean_slope).max() < 1e-6


def test_many_variables_do_without_the_hessian() -> None:
    patterns = missing_patterns(factor_answers(400, 65, 0.03, 8))
    result = em_moments(patterns)
    assert result.converged
    assert np.abs(normal_expansion(patterns, result.cov, result.mean).sigma_slope).max() < 1e-5


def test_the_start_does_not_matter() -> None:
    patterns = missing_patterns(factor_answers(150, 5, 0.2, 9))
    result = em_moments(patterns)
    other = em_moments(patterns, (np.full(5, 2.0), 9.0 * np.eye(5)))
    assert other.cov == pytest.approx(result.cov, abs=ESTIMATE)
    assert other.value == pytest.approx(result.value, abs=1e-12)


def test_units_do_not_matter() -> None:
    """Items in units a million times apart, and years around 2000, converge to the same correlations."""
    values = factor_answers(150, 4, 0.2, 10)
    scale, origin = np.array([1e-6, 1.0, 1e6, 3.0]), np.array([0.0, 2000.0, -1e7, 0.1])
    result = em_moments(missing_patterns(values))
    moved = em_moments(missing_patterns(values * scale + origin))
    assert moved.converged
    assert moved.cov / np.outer(scale, scale) == pytest.approx(result.cov, abs=1e-6)
    assert (moved.mean - origin) / scale == pytest.approx(result.mean, abs=1e-6)


def test_pairs_never_answered_together_are_named() -> None:
    values = factor_answers(200, 4, 0.0, 11)
    values[:100, 3], values[100:, 2] = np.nan, np.nan
    patterns = missing_patterns(values)
    result = em_moments(patterns)
    assert result.converged
    assert result.never_together == ((3, 2),)
    (finding,) = em_findings(result, patterns, ("a", "b", "c", "d"))
    assert finding.code == "never-answered-together"
    assert "c with d" in finding.message


def test_low_coverage_is_named_and_full_coverage_is_not() -> None:
    values = factor_answers(200, 3, 0.0, 12)
    values[:110, 1], values[95:, 2] = np.nan, np.nan
    values[:5, 1] = 0.3, -0.2, 0.5, 0.1, -0.6
    patterns = missing_patterns(values)
    (finding,) = em_findings(em_moments(patterns), patterns, ("a", "b", "c"))
    assert finding.code == "low-coverage"
    assert "2.5%" in finding.message
    assert "b with c" in finding.message
    complete = missing_patterns(values[:, :1])
    assert em_findings(em_moments(complete), complete, ("a",)) == ()


@pytest.mark.parametrize("fault", ["constant", "repeated", "sum", "few-complete"])
def test_a_singular_covariance_matrix_is_no_result(fault: str) -> None:
    values = factor_answers(100, 4, 0.2, 13)
    if fault == "constant":
        values[:, 2] = np.where(np.isnan(values[:, 2]), np.nan, 0.1)
    elif fault == "repeated":
        values[:, 2] = values[:, 1]
    elif fault == "sum":
        values[:, 3] = values[:, :3].sum(axis=1)
    else:
        values = factor_answers(60, 9, 0.4, 2)  # hardly a row is complete: the likelihood has no bound
    patterns = missing_patterns(values[~np.isnan(values).all(axis=1)])
    result = em_moments(patterns)
    assert result.status is EMStatus.SINGULAR
    findings = em_findings(result, patterns, tuple("abcdefghi"))
    assert [f.code for f in findings if f.severity is Severity.ERROR] == ["em-singular"]


def test_one_row_has_no_covariance() -> None:
    assert em_moments(missing_patterns(np.array([[1.0, 2.0]]))).status is EMStatus.SINGULAR
