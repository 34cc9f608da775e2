"""Likelihoods of single pairs: derivatives against finite differences, maxima against a search, table repairs."""

from __future__ import annotations

import numpy as np
import pytest

from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.kinds import KindOfPairs, sort_pairs
from trustsem.moments.categorical.margins import Margins, fit_margins
from trustsem.moments.categorical.maximum import LIMIT, maximise_correlations
from trustsem.moments.categorical.polyserial import PearsonPairs, PolyserialPairs
from trustsem.moments.categorical.rectangles import RectanglePairs
from trustsem.moments.categorical.tables import TablePairs, count_tables, fill_empty_cells
from trustsem.moments.categorical.units import standardise_covariates

LEVELS = (2, 5, 3, 0, 0)
NAMES = ("a", "b", "c", "d", "e")


def sample(n: int = 250, *, covariates: int = 0, holes: bool = False, weights: bool = False) -> CategoricalInput:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(n, covariates)) * 3 + 40
    latent = rng.normal(size=(n, 1)) * 0.8 + rng.normal(size=(n, 5)) * 0.7 + 0.05 * (x - 40).sum(axis=1, keepdims=True)
    values = latent.copy()
    for variable, count in enumerate(LEVELS):
        if count:
            cuts = np.quantile(latent[:, variable], np.linspace(0, 1, count + 1)[1:-1])
            values[:, variable] = np.searchsorted(cuts, latent[:, variable])
    if holes:
        values[rng.random(values.shape) < 0.15] = np.nan
    weight = rng.uniform(0.4, 1.6, n)
    return CategoricalInput(values, LEVELS, x if covariates else None, weight / weight.mean() if weights else None)


def kinds_of(data: CategoricalInput) -> tuple[Margins, list[KindOfPairs]]:
    margins = fit_margins(data, standardise_covariates(data).values, NAMES)
    return margins, sort_pairs(data, margins, zero_cells=(0.5, 0.0), keep_margins=True)


SAMPLES = {
    "plain": sample(),
    "holes": sample(holes=True),
    "weights": sample(weights=True),
    "covariates": sample(covariates=2),
    "all": sample(covariates=2, holes=True, weights=True),
}


def test_every_kind_of_pair_occurs() -> None:
    kinds = {type(kind.kind) for data in SAMPLES.values() for kind in kinds_of(data)[1]}
    assert kinds == {TablePairs, RectanglePairs, PolyserialPairs, PearsonPairs}
    for data in SAMPLES.values():
        pairs = np.concatenate([kind.pairs for kind in kinds_of(data)[1]])
        assert sorted(pairs) == list(range(10))


@pytest.mark.parametrize("name", SAMPLES)
def test_slope_is_the_sum_of_scores_and_curvature_its_derivative(name: str) -> None:
    data = SAMPLES[name]
    for kind in kinds_of(data)[1]:
        index = np.arange(len(kind.pairs))
        rho = np.linspace(-0.5, 0.6, len(index))
        slope, curvature = kind.kind.derivatives(rho, index)
        scores = kind.kind.scores(rho, index)
        assert slope == pytest.approx((scores.scores * data.row_weights).sum(axis=1), abs=1e-9)
        assert scores.information == pytest.approx((scores.scores**2 * data.row_weights).sum(axis=1), rel=1e-12)
        step = 1e-5
        ahead, behind = (kind.kind.derivatives(rho + side * step, index)[0] for side in (1, -1))
        assert curvature == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)


def log_likelihoods(kind: KindOfPairs, data: CategoricalInput, rho: float) -> np.ndarray:
    """Return the integral of the slope from 0, up to which both answers are independent."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    index = np.arange(len(kind.pairs))
    at = [kind.kind.derivatives(np.full(len(index), rho * (node + 1) / 2), index)[0] for node in nodes]
    assert data.n_obs
    return np.tensordot(weights, np.array(at), axes=1) * rho / 2


@pytest.mark.parametrize("name", SAMPLES)
def test_maxima_are_maxima(name: str) -> None:
    data = SAMPLES[name]
    for kind in kinds_of(data)[1]:
        found = maximise_correlations(kind.kind.derivatives, np.zeros(len(kind.pairs)), data.n_obs)
        assert found.converged.all()
        assert not found.at_limit.any()
        slope, curvature = kind.kind.derivatives(found.rho, np.arange(len(kind.pairs)))
        assert np.abs(slope).max() < 1e-8 * data.n_obs
        assert (curvature < 0).all()
        grid = np.array([log_likelihoods(kind, data, rho) for rho in np.linspace(-0.9, 0.9, 7)])
        best = np.array([log_likelihoods(kind, data, rho)[pair] for pair, rho in enumerate(found.rho)])
        assert (best >= grid.max(axis=0) - 1e-8).all()


@pytest.mark.parametrize("start", [-0.9, -0.2, 0.0, 0.5, 0.9])
def test_the_start_does_not_matter(start: float) -> None:
    for kind in kinds_of(SAMPLES["all"])[1]:
        expected = maximise_correlations(kind.kind.derivatives, np.zeros(len(kind.pairs)), 250).rho
        found = maximise_correlations(kind.kind.derivatives, np.full(len(kind.pairs), start), 250)
        assert found.rho == pytest.approx(expected, abs=1e-9)


def test_a_likelihood_that_rises_to_the_end_stops_at_the_limit() -> None:
    found = maximise_correlations(
        lambda rho, _: (np.array([1.0, -1.0])[: len(rho)], -np.ones(len(rho))), np.zeros(2), 250
    )
    assert found.at_limit.all()
    assert found.rho.tolist() == [LIMIT, -LIMIT]


def test_a_jump_is_no_maximum() -> None:
    found = maximise_correlations(lambda rho, _: (np.where(rho < 0.3, 1.0, -1.0), np.ones(len(rho))), np.zeros(1), 250)
    assert not found.converged.any()


def test_bivariate_normal_maximum_with_unequal_rows_solves_the_cubic() -> None:
    """With margins from other rows the maximum is not the correlation; the score equation is a cubic."""
    data = SAMPLES["holes"]
    margins, kinds = kinds_of(data)
    kind = next(kind for kind in kinds if isinstance(kind.kind, PearsonPairs))
    found = maximise_correlations(kind.kind.derivatives, np.zeros(1), 250).rho[0]
    both = (data.observed[3] * data.observed[4]) > 0
    y, z = margins.residual[3, both], margins.residual[4, both]
    squares, product = float((y * y + z * z).mean()), float((y * z).mean())
    roots = np.roots([-1, product, 1 - squares, product])
    assert found == pytest.approx(float(roots[np.abs(roots.imag) < 1e-9].real[0]), abs=1e-10)
    assert abs(found - np.corrcoef(y, z)[0, 1]) > 1e-4


def test_tables_are_those_of_counting() -> None:
    data = SAMPLES["all"]
    codes = data.codes
    tables = count_tables(codes, data.row_weights, 5)
    for i in range(3):
        for j in range(3):
            expected = np.zeros((5, 5))
            for a, b, weight in zip(codes[i], codes[j], data.row_weights, strict=True):
                if a >= 0 and b >= 0:
                    expected[a, b] += weight
            assert tables[i, :, j, :] == pytest.approx(expected)


def test_one_empty_cell_of_four_keeps_the_margins() -> None:
    counts = np.array([[[0.0, 20], [30, 50]], [[20, 0], [30, 50]], [[20, 30], [0, 50]], [[20, 30], [50, 0]]])
    filled, changed = fill_empty_cells(counts, np.full((4, 2), 2), (0.5, 0.0), keep_margins=True)
    assert changed.tolist() == [0, 1, 2, 3]
    assert filled[0].tolist() == [[0.5, 19.5], [29.5, 50.5]]
    assert filled[1].tolist() == [[19.5, 0.5], [30.5, 49.5]]
    assert np.array_equal(filled.sum(axis=1), counts.sum(axis=1))
    assert np.array_equal(filled.sum(axis=2), counts.sum(axis=2))


def test_without_margins_only_the_empty_cell_changes() -> None:
    counts = np.array([[[0.0, 20], [30, 50]], [[1, 20], [30, 50]]])
    filled, changed = fill_empty_cells(counts, np.full((2, 2), 2), (0.4, 0.0), keep_margins=False)
    assert changed.tolist() == [0]
    assert (filled - counts)[0].tolist() == [[0.4, 0], [0, 0]]


def test_levels_that_a_smaller_item_does_not_have_stay_empty() -> None:
    counts = np.zeros((2, 3, 3))
    counts[0, :2] = [[0, 5, 5], [5, 5, 5]]
    counts[1, :2, :2] = [[0, 5], [5, 5]]
    filled, changed = fill_empty_cells(counts, np.array([[2, 3], [2, 2]]), (0.5, 0.2), keep_margins=True)
    assert changed.tolist() == [0, 1]
    assert filled[0].tolist() == [[0.2, 5, 5], [5, 5, 5], [0, 0, 0]]
    assert filled[1].tolist() == [[0.5, 4.5, 0], [4.5, 5.5, 0], [0, 0, 0]]


def test_no_cell_becomes_negative_and_two_empty_cells_are_left_alone() -> None:
    counts = np.array([[[0.0, 0.3], [3, 5]], [[0, 3], [3, 0]]])
    filled, changed = fill_empty_cells(counts, np.full((2, 2), 2), (0.5, 0.0), keep_margins=True)
    assert changed.tolist() == [0]
    assert filled.min() == 0.0  # those of the second table
    assert filled[0, 0] == pytest.approx([0.15, 0.15])
