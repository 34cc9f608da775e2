"""Moments of ordinal data: order, invariances, refusals, findings, a simulation."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from trustsem.errors import ConvergenceError, DataError
from trustsem.moments.categorical import CategoricalInput, CategoricalMoments, MomentLayout, categorical_moments
from trustsem.moments.categorical.maximum import LIMIT
from trustsem.records import Severity

SAME = 1e-9  # the same maximum along another way
LEVELS = (4, 0, 2, 5, 0)
NAMES = ("a", "b", "c", "d", "e")


def answers(n: int = 400, seed: int = 5, levels: tuple[int, ...] = LEVELS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 1)) * 0.7 + rng.normal(size=(n, len(levels))) * 0.7
    values = latent * 2 + 3
    for variable, count in enumerate(levels):
        if count:
            values[:, variable] = np.searchsorted(np.linspace(-1.2, 1, count - 1), latent[:, variable])
    return values


def moments(values: np.ndarray, levels: tuple[int, ...] = LEVELS, **options: Any) -> CategoricalMoments:
    inputs = {key: options.pop(key) for key in ("covariates", "weights", "clusters") if key in options}
    return categorical_moments(CategoricalInput(values, levels, **inputs), NAMES[: len(levels)], **options)


def gamma_of(found: CategoricalMoments) -> np.ndarray:
    assert found.gamma is not None
    return found.gamma


def test_layout_of_three_variables() -> None:
    layout = MomentLayout((3, 0, 2), 2)
    assert layout.threshold_of.tolist() == [[0, 0], [0, 1], [1, -1], [2, 0]]
    assert (layout.slopes, layout.variances, layout.pairs) == (slice(4, 10), slice(10, 11), slice(11, 14))
    assert (layout.row.tolist(), layout.column.tolist()) == ([1, 2, 2], [0, 0, 1])
    assert layout.n_moments == 14
    assert layout.places.tolist() == [[0, 1, 4, 5, 11], [2, 11, 6, 7, 10], [3, 11, 8, 9, 11]]


def test_thresholds_are_quantiles_and_continuous_moments_those_of_the_rows() -> None:
    values = answers()
    found = moments(values)
    share = np.cumsum(np.bincount(values[:, 0].astype(int)))[:-1] / len(values)
    assert found.thresholds[0] == pytest.approx([NormalDist().inv_cdf(value) for value in share.tolist()], abs=1e-12)
    assert [len(entry) for entry in found.thresholds] == [3, 0, 1, 4, 0]
    assert found.mean[[1, 4]] == pytest.approx(values[:, [1, 4]].mean(axis=0))
    assert found.cov[np.ix_([1, 4], [1, 4])] == pytest.approx(np.cov(values[:, [1, 4]].T, bias=True), abs=SAME)
    assert np.diag(found.cov)[[0, 2, 3]].tolist() == [1.0, 1.0, 1.0]
    assert found.slopes.shape == (5, 0)
    assert found.findings == ()


def test_correlation_of_a_median_split_has_a_closed_form() -> None:
    """2 x 2 with thresholds 0: rho = sin(2 pi (P00 - 1/4)) (Sheppard 1899); gamma by the delta method."""
    table = np.repeat([[0.0, 0], [0, 1], [1, 0], [1, 1]], [170, 80, 80, 170], axis=0)
    found = moments(table, (2, 2))
    share = 170 / 500
    assert found.cov[1, 0] == pytest.approx(np.sin(2 * np.pi * (share - 0.25)), abs=1e-12)
    # the first table of the derivative: with thresholds at 0 they do not move the correlation
    slope = 2 * np.pi * np.cos(2 * np.pi * (share - 0.25)) / 2
    agreement = 2 * share
    expected = slope**2 * agreement * (1 - agreement) * 500 / 499
    assert gamma_of(found)[2, 2] == pytest.approx(expected, rel=1e-9)


def test_thresholds_have_the_covariance_of_multinomial_shares() -> None:
    values = answers(levels=(4, 3))
    found = moments(values, (4, 3))
    counts = np.bincount(values[:, 0].astype(int)) / len(values)
    below = np.cumsum(counts)[:-1]
    density = np.array([NormalDist().pdf(threshold) for threshold in found.thresholds[0].tolist()])
    expected = (np.minimum.outer(below, below) - np.outer(below, below)) / np.outer(density, density)
    assert gamma_of(found)[:3, :3] == pytest.approx(expected * 400 / 399, rel=1e-9)


def test_order_of_variables_does_not_matter() -> None:
    values, order = answers(), np.array([3, 1, 4, 0, 2])
    x = np.random.default_rng(1).normal(size=(400, 2))
    one = moments(values, covariates=x)
    two = moments(values[:, order], tuple(LEVELS[index] for index in order), covariates=x)
    assert two.cov == pytest.approx(one.cov[np.ix_(order, order)], abs=SAME)
    assert two.slopes == pytest.approx(one.slopes[order], abs=SAME)
    assert np.sort(np.diag(gamma_of(two))) == pytest.approx(np.sort(np.diag(gamma_of(one))), rel=1e-6)


def test_reversed_levels_turn_signs() -> None:
    values = answers()
    turned = values.copy()
    turned[:, 3] = 4 - values[:, 3]
    one, two = moments(values), moments(turned)
    assert two.thresholds[3] == pytest.approx(-one.thresholds[3][::-1], abs=SAME)
    assert two.cov[3, [0, 1, 2, 4]] == pytest.approx(-one.cov[3, [0, 1, 2, 4]], abs=SAME)
    assert np.diag(gamma_of(two))[two.layout.pairs] == pytest.approx(np.diag(gamma_of(one))[one.layout.pairs], rel=1e-6)


def test_units_of_continuous_variables_and_covariates_only_rescale() -> None:
    values, x = answers(), np.random.default_rng(1).normal(size=(400, 2))
    scaled = values.copy()
    scaled[:, 1] = values[:, 1] * 1e4 - 7e5
    one, two = moments(values, covariates=x), moments(scaled, covariates=x * [1e5, 1e-3] + [3e6, 2.0])
    assert two.cov[1, [0, 2, 3, 4]] == pytest.approx(one.cov[1, [0, 2, 3, 4]] * 1e4, rel=1e-8)
    assert two.slopes[0] == pytest.approx(one.slopes[0] / [1e5, 1e-3], rel=1e-7)
    pairs = one.layout.pairs
    inside = ~((one.layout.row == 1) | (one.layout.column == 1))
    ours, theirs = (gamma_of(found)[pairs, pairs][np.ix_(inside, inside)] for found in (two, one))
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-8)
    first = one.layout.slopes.start  # slope of the first item on the first covariate
    assert gamma_of(two)[first, first] == pytest.approx(gamma_of(one)[first, first] / 1e10, rel=1e-6)


def test_a_covariate_changes_thresholds_by_its_mean_only_where_it_has_no_effect() -> None:
    """t - x'b: at x = 0 the thresholds; shifting x by m moves them by m b."""
    values, x = answers(), np.random.default_rng(1).normal(size=(400, 1))
    one, two = moments(values, covariates=x), moments(values, covariates=x + 10)
    for variable in (0, 2, 3):
        assert two.thresholds[variable] == pytest.approx(
            one.thresholds[variable] + 10 * one.slopes[variable, 0], abs=1e-8
        )
    assert two.mean[1] == pytest.approx(one.mean[1] - 10 * one.slopes[1, 0], abs=1e-8)


def test_continuous_variables_given_covariates_are_residuals_of_least_squares() -> None:
    values, x = answers(), np.random.default_rng(1).normal(size=(400, 2))
    found = moments(values, covariates=x)
    design = np.hstack([np.ones((400, 1)), x])
    beta = np.linalg.lstsq(design, values[:, [1, 4]], rcond=None)[0]
    residual = values[:, [1, 4]] - design @ beta
    assert found.mean[[1, 4]] == pytest.approx(beta[0], abs=SAME)
    assert found.slopes[[1, 4]] == pytest.approx(beta[1:].T, abs=SAME)
    assert found.cov[np.ix_([1, 4], [1, 4])] == pytest.approx(residual.T @ residual / 400, abs=SAME)


def test_tables_and_single_respondents_give_the_same() -> None:
    """Without effect, the likelihood given a covariate is that of the tables: two ways through the code."""
    values = answers(levels=(4, 2, 5))
    doubled = np.vstack([values, values])
    x = np.repeat([[1.0], [-1.0]], 400, axis=0)  # unrelated to everything: slopes are exactly zero
    plain, given = moments(doubled, (4, 2, 5)), moments(doubled, (4, 2, 5), covariates=x)
    assert given.slopes == pytest.approx(0.0, abs=SAME)
    assert given.cov == pytest.approx(plain.cov, abs=SAME)
    both = np.r_[given.layout.thresholds, given.layout.pairs]
    assert gamma_of(given)[np.ix_(both, both)] == pytest.approx(gamma_of(plain), abs=1e-6)


def test_missing_answers_allowed_but_absent_change_nothing() -> None:
    values = answers()
    assert np.array_equal(gamma_of(moments(values, pairwise=True)), gamma_of(moments(values)))


def test_weights_count_rows() -> None:
    """Weights 2 and 1 give the estimates of the rows written twice."""
    values = answers()
    counts = np.where(np.arange(400) < 200, 2, 1)
    repeated = moments(np.repeat(values, counts, axis=0))
    weighted = moments(values, weights=counts / counts.mean())
    assert weighted.vector == pytest.approx(repeated.vector, abs=SAME)
    assert weighted.n_obs == 400
    even = moments(values, weights=np.ones(400))
    assert gamma_of(even) == pytest.approx(gamma_of(moments(values)), abs=1e-9)


def test_clusters_of_one_only_add_their_factor() -> None:
    values = answers()
    single = moments(values, clusters=np.arange(400))
    assert gamma_of(single) == pytest.approx(gamma_of(moments(values)) * 400 / 399, rel=1e-9, abs=1e-9)
    # everyone twice, in one cluster: (2 f)^2 over 400 clusters, with 400 / 399 and n - 1 = 799
    twice = moments(np.vstack([values, values]), clusters=np.tile(np.arange(400), 2))
    expected = gamma_of(moments(values)) * 399 * 4 * (400 / 399) / 799
    assert gamma_of(twice) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_one_variable_has_no_pairs() -> None:
    found = moments(answers(levels=(4,)), (4,))
    assert len(found.vector) == 3
    assert gamma_of(found).shape == (3, 3)


def test_many_levels_are_those_of_the_continuous_variables() -> None:
    rng = np.random.default_rng(2)
    latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=5000)
    ranks = np.argsort(np.argsort(latent, axis=0), axis=0)
    codes = np.floor(ranks / 5000 * 25)
    found = moments(codes, (25, 25))
    assert found.cov[1, 0] == pytest.approx(np.corrcoef(latent.T)[0, 1], abs=0.01)


def faults_of(values: np.ndarray, levels: tuple[int, ...], **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        moments(values, levels, pairwise=True, **options)
    return str(caught.value)


def test_all_faults_are_named_at_once() -> None:
    values = answers(levels=(3, 3, 3, 0, 0))
    values[:, 0] = 0
    values[values[:, 1] == 1, 1] = 2
    values[0, 2] = 1.5
    values[:, 3] = 7.0
    text = faults_of(values, (1, 3, 3, 0, 0))
    for phrase in (
        "a: all answers are the same",
        "b: 1 of its 3 levels never occur",
        "c: codes must be the whole numbers from 0 to 2",
        "d: all values are the same",
        "Leave the item out",
    ):
        assert phrase in text


def test_two_items_that_nobody_answered_together() -> None:
    values = answers(levels=(2, 2, 2))
    values[:200, 0] = np.nan
    values[200:, 1] = np.nan
    assert "a and b: nobody answered both" in faults_of(values, (2, 2, 2))


def test_a_level_with_weight_zero_never_occurs() -> None:
    values = answers(levels=(3, 2))
    weights = np.where(values[:, 0] == 2, 0.0, 1.0)
    assert "a: 1 of its 3 levels never occur" in faults_of(values, (3, 2), weights=weights)


def test_other_refusals() -> None:
    values, x = answers(), np.random.default_rng(1).normal(size=(400, 2))
    assert "depend on each other" in faults_of(values, LEVELS, covariates=np.column_stack([x, x.sum(axis=1)]))
    assert "constant" in faults_of(values, LEVELS, covariates=np.column_stack([x, np.ones(400)]))
    assert "one cluster" in faults_of(values, LEVELS, clusters=np.zeros(400, dtype=int))
    assert "not negative" in faults_of(values, LEVELS, weights=np.linspace(-1, 3, 400))
    assert "without error" in faults_of(values, LEVELS, covariates=values[:, [1]])
    assert "at least two are needed" in faults_of(values[:1], LEVELS)
    hole = values.copy()
    hole[3, 0] = np.nan
    with pytest.raises(ValueError, match="pairwise"):
        moments(hole)
    with pytest.raises(ValueError, match="names"):
        categorical_moments(CategoricalInput(values, LEVELS), NAMES[:2])
    with pytest.raises(ValueError, match="levels"):
        CategoricalInput(values, LEVELS[:2])


def test_a_covariate_that_separates_the_levels() -> None:
    values = answers(levels=(2, 2))
    x = values[:, [0]] * 3 + np.random.default_rng(1).uniform(size=(400, 1))
    with pytest.raises(ConvergenceError, match="no maximum for a"):
        moments(values, (2, 2), covariates=x)


def findings_of(found: CategoricalMoments) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in found.findings}


def test_an_item_and_its_copy() -> None:
    values = answers(levels=(3, 3, 3))
    values[:, 1] = values[:, 0]
    found = moments(values, (3, 3, 3))
    assert found.cov[1, 0] == LIMIT
    assert np.isfinite(gamma_of(found)).all()
    assert findings_of(found)["correlation-at-limit"] is Severity.WARNING
    assert "a and b" in found.findings[0].message


def test_nearly_the_same_item() -> None:
    values = answers(levels=(3, 3, 3))
    values[:, 1] = values[:, 0]
    for level in (0, 1):  # six answers go to the neighbouring level, six come back: the margins stay
        values[np.flatnonzero(values[:, 0] == level)[:6], 1] = 1 - level
    found = moments(values, (3, 3, 3))
    assert "correlation-near-one" in findings_of(found)
    assert "correlation-at-limit" not in findings_of(found)


def test_filled_cells_are_reported() -> None:
    values = np.repeat([[0.0, 1], [1, 0], [1, 1]], [20, 30, 50], axis=0)
    assert findings_of(moments(values, (2, 2))) == {"empty-cells-filled": Severity.INFO}
    # nothing added: the likelihood of an empty cell rises towards -1, in the end by less than rounding errors
    alone = moments(values, (2, 2), zero_cells=(0.0, 0.0))
    assert findings_of(alone) == {"correlation-without-maximum": Severity.WARNING}
    assert -1 < alone.cov[1, 0] < -0.8
    assert np.isfinite(gamma_of(alone)).all()


def test_a_matrix_that_is_not_positive_definite() -> None:
    """Pairs from different respondents: a goes with b, b with c, and a against c."""
    rng = np.random.default_rng(9)
    base = rng.normal(size=(600, 1))
    values = (base + 0.5 * rng.normal(size=(600, 3)) > 0).astype(float)
    values[400:, 2] = 1 - values[400:, 2]
    for rows, hole in ((slice(0, 200), 2), (slice(200, 400), 0), (slice(400, 600), 1)):
        values[rows, hole] = np.nan
    found = moments(values, (2, 2, 2), pairwise=True)
    assert np.linalg.eigvalsh(found.cov)[0] < 0
    assert "correlations-not-positive-definite" in findings_of(found)
    assert findings_of(moments(answers())) == {}


def test_input_keeps_its_arrays() -> None:
    values = answers()
    data = CategoricalInput(values.copy(), LEVELS)
    categorical_moments(data, NAMES)
    assert np.array_equal(data.values, values)
    assert replace(data, weights=np.ones(400)).row_weights.sum() == 400


@pytest.mark.slow
@pytest.mark.parametrize("covariate", [False, True])
def test_simulated_correlations_are_unbiased_and_their_errors_right(covariate: bool) -> None:
    """2,000 samples of 500: mean estimates within 4 standard errors of the truth, variances within 16 % of gamma.

    The bias of two-step estimates is of order 1 / n, below the simulation error of .0011. 16 % are 4 standard errors of
    a variance of 2,000 draws, and 3 % for gamma from outer products, which is too large in samples of this size.
    """
    n, rho, rng = 500, 0.5, np.random.default_rng(20260101)
    estimates, expected = [], []
    for _ in range(2000):
        x = rng.normal(size=(n, 1))
        latent = rng.multivariate_normal([0, 0, 0], np.eye(3) * (1 - rho) + rho, size=n) + 0.4 * x * covariate
        values = latent.copy()
        values[:, 0] = np.searchsorted([-1.0, 0.0, 0.8], latent[:, 0])
        values[:, 1] = np.searchsorted([0.4], latent[:, 1])
        data = CategoricalInput(values, (4, 2, 0), x if covariate else None)
        found = categorical_moments(data, NAMES[:3])
        estimates.append(found.vector)
        expected.append(np.diag(gamma_of(found)))
    layout = found.layout
    drawn = np.array(estimates)
    spread = drawn.std(axis=0)
    pairs = drawn[:, layout.pairs]
    assert (np.abs(pairs.mean(axis=0) - rho) < 4 * spread[layout.pairs] / np.sqrt(2000)).all()
    assert n * spread**2 == pytest.approx(np.mean(expected, axis=0), rel=0.16)
    if covariate:
        gaps = np.abs(drawn[:, layout.slopes].mean(axis=0) - 0.4)
        # a probit slope is a few per mille too large in samples of this size
        assert (gaps < 0.004 + 4 * spread[layout.slopes] / np.sqrt(2000)).all()
