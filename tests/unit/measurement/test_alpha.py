"""Alpha, its interval and what single items do: closed forms, and the definition computed row by row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f as f_distribution

from trustsem.measurement import alpha_coefficient, cronbach_alpha, feldt_limits, scale_statistics
from trustsem.measurement.alpha import alpha_without_each, item_rest_correlations


def rows(n: int = 200, k: int = 5, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) * np.linspace(0.4, 1.2, k) + rng.normal(size=(n, k))


@pytest.mark.parametrize(("k", "r"), [(2, 0.3), (3, 0.5), (10, 0.2)])
def test_parallel_items_follow_spearman_and_brown(k: int, r: float) -> None:
    cov = 4.0 * (np.full((k, k), r) + (1 - r) * np.eye(k))
    assert cronbach_alpha(cov) == pytest.approx(k * r / (1 + (k - 1) * r), abs=1e-14)


def test_divisor_does_not_matter_but_the_number_of_items_does() -> None:
    cov = np.cov(rows(), rowvar=False)
    assert cronbach_alpha(cov) == pytest.approx(cronbach_alpha(cov * 0.995), abs=1e-14)
    total = rows().sum(axis=1).var(ddof=1)
    assert cronbach_alpha(cov) == pytest.approx(5 / 4 * (1 - np.trace(cov) / total), abs=1e-12)


@pytest.mark.parametrize("cov", [np.array([[1.0]]), np.array([[1.0, -1.0], [-1.0, 1.0]])])
def test_one_item_and_a_sum_that_does_not_vary_have_no_alpha(cov: np.ndarray) -> None:
    assert cronbach_alpha(cov) is None
    found = alpha_coefficient(cov, 100)
    assert found.value is None
    assert found.reason is not None


def test_feldt_limits_are_those_of_the_f_distribution() -> None:
    alpha, n, k = 0.8, 41, 6
    lower, upper = feldt_limits(alpha, n, k) or (0.0, 0.0)
    assert lower == pytest.approx(1 - 0.2 * f_distribution.ppf(0.975, n - 1, (n - 1) * (k - 1)), abs=1e-12)
    assert upper == pytest.approx(1 - 0.2 * f_distribution.ppf(0.025, n - 1, (n - 1) * (k - 1)), abs=1e-12)
    assert lower < alpha < upper


def test_feldt_limits_cover_alpha_as_often_as_they_say() -> None:
    """4,000 samples of parallel items, alpha .75 known: the share covered is .95 within four standard errors."""
    rng, k, n, r = np.random.default_rng(5), 3, 30, 0.5
    answers = np.sqrt(r) * rng.normal(size=(4000, n, 1)) + np.sqrt(1 - r) * rng.normal(size=(4000, n, k))
    limits = [feldt_limits(cronbach_alpha(np.cov(sample, rowvar=False)) or 0.0, n, k) for sample in answers]
    covered = np.mean([low <= 0.75 <= high for low, high in (pair for pair in limits if pair is not None)])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def test_feldt_limits_need_two_respondents_and_two_items() -> None:
    assert feldt_limits(0.5, 1, 3) is None
    assert feldt_limits(0.5, 30, 1) is None
    assert alpha_coefficient(np.eye(3) + 0.5, 1).reason == "Feldt's interval needs two respondents"


def test_item_rest_and_alpha_without_by_definition() -> None:
    values = rows()
    cov = np.cov(values, rowvar=False)
    for item in range(5):
        rest = np.delete(values, item, axis=1)
        assert item_rest_correlations(cov)[item] == pytest.approx(
            np.corrcoef(values[:, item], rest.sum(axis=1))[0, 1], abs=1e-12
        )
        without = cronbach_alpha(np.cov(rest, rowvar=False))
        assert alpha_without_each(cov)[item] == pytest.approx(without, abs=1e-12)


def test_small_scales() -> None:
    two = scale_statistics(np.array([[1.0, 0.3], [0.3, 2.0]]), 50)
    assert np.isnan(two.alpha_without).all()
    assert two.item_rest == pytest.approx(np.full(2, 0.3 / np.sqrt(2)))
    one = scale_statistics(np.array([[2.0]]), 50)
    assert one.alpha.value is None
    assert one.mean_correlation is None
    assert np.isnan(one.item_rest).all()


def test_an_item_without_variance_leaves_the_rest_alone() -> None:
    cov = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert np.isnan(item_rest_correlations(cov)[2])
    assert scale_statistics(cov, 20).mean_correlation is None
    assert alpha_without_each(cov)[2] == pytest.approx(2 * 0.5 / 1.5)
