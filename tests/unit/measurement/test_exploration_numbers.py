"""Sampling adequacy and sphericity against factor_analyzer, parallel analysis against rows drawn one by one."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from trustsem.fitting.factoring import most_factors
from trustsem.measurement import parallel_analysis, sampling_adequacy, sphericity


def items(n: int = 250, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2))
    return factors[:, [0, 0, 0, 1, 1, 1]] * 0.8 + rng.normal(size=(n, 6))


def test_adequacy_and_sphericity_are_those_of_factor_analyzer() -> None:
    values = items()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from factor_analyzer.factor_analyzer import calculate_bartlett_sphericity, calculate_kmo

        of_item, overall = calculate_kmo(values)
        statistic, pvalue = calculate_bartlett_sphericity(values)
    correlation = np.corrcoef(values, rowvar=False)
    ours, test = sampling_adequacy(correlation), sphericity(correlation, len(values))
    assert ours.overall == pytest.approx(overall, abs=1e-10)
    assert ours.of_item == pytest.approx(np.asarray(of_item), abs=1e-10)
    assert test.statistic == pytest.approx(statistic, rel=1e-10)
    assert test.pvalue == pytest.approx(pvalue, rel=1e-6)
    assert test.df == 15


def test_two_items_are_half_adequate() -> None:
    """With two items the partial correlation is the correlation: KMO is 1/2 whatever it is."""
    assert sampling_adequacy(np.array([[1.0, 0.4], [0.4, 1.0]])).overall == pytest.approx(0.5)


def test_uncorrelated_items_have_no_adequacy_and_no_sphericity_statistic() -> None:
    assert np.isnan(sampling_adequacy(np.eye(3)).overall)
    assert sphericity(np.eye(3), 100).pvalue == 1.0


def test_random_eigenvalues_are_those_of_rows() -> None:
    """Means and quantiles of 3,000 draws of either kind differ by sampling error only."""
    p, n = 6, 40
    ours = parallel_analysis(np.eye(p), n, n_draws=3000, seed=8)
    rng = np.random.default_rng(9)
    rows = np.array([np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(n, p)), rowvar=False))[::-1] for _ in range(3000)])
    error = rows.std(axis=0) / np.sqrt(3000)
    assert (np.abs(ours.mean - rows.mean(axis=0)) < 5 * np.sqrt(2) * error).all()
    assert ours.limit == pytest.approx(np.quantile(rows, 0.95, axis=0), abs=0.02)
    assert ours.mean.sum() == pytest.approx(p)


def test_parallel_analysis_finds_two_factors_and_the_same_again() -> None:
    correlation = np.corrcoef(items(), rowvar=False)
    first, again = (parallel_analysis(correlation, 250, n_draws=200, seed=4) for _ in range(2))
    assert first.n_factors == 2
    assert (first.limit == again.limit).all()
    assert (first.limit != parallel_analysis(correlation, 250, n_draws=200, seed=5).limit).any()


def test_factors_are_counted_up_to_the_first_that_is_not_larger() -> None:
    assert parallel_analysis(np.eye(5), 100, n_draws=50, seed=1).n_factors == 0


@pytest.mark.parametrize(("n_items", "most"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 3), (9, 5), (10, 6)])
def test_how_many_factors_items_can_tell(n_items: int, most: int) -> None:
    """Degrees of freedom ((p - m)^2 - p - m) / 2 are not negative at m, and are at m + 1 (Ledermann 1937)."""
    assert most_factors(n_items) == most
