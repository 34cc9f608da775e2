"""Pairs of ordinal variables without covariates: everything is in their two-way tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.bivariate import bivariate_cdf, bivariate_density, log_density_slope
from trustsem.moments.categorical.margins import Margins
from trustsem.moments.categorical.normal import normal_cdf_of, normal_density
from trustsem.moments.categorical.pair_scores import PairScores, empty_block
from trustsem.moments.categorical.rectangles import SMALLEST_CELL

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TablePairs:
    """Pairs (row, column) of ordinal variables; likelihood of Olsson (1979), thresholds given.

    Args:
        margins: First stage.
        codes: (p, n) codes; -1 where missing.
        counts: (P, K, K) weighted counts, K the largest number of levels; rows are levels of `row`.
        adjusted: (P, K, K) the counts with something added to empty cells, for the correlation only.
        row: (P,) first variable of each pair.
        column: (P,) second variable.
    """

    margins: Margins
    codes: IntArray
    counts: FloatArray
    adjusted: FloatArray
    row: IntArray
    column: IntArray

    def derivatives(self, rho: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the log-likelihoods."""
        h, k = self._thresholds(index)
        rho = rho[:, None, None]
        density = bivariate_density(h, k, rho)
        probability = np.maximum(_cells(_cdf_grid(h, k, rho)), SMALLEST_CELL)
        score = _cells(_padded(density)) / probability
        bend = _cells(_padded(density * log_density_slope(h, k, rho))) / probability
        counts = self.adjusted[index]
        return (counts * score).sum(axis=(1, 2)), (counts * (bend - score * score)).sum(axis=(1, 2))

    def scores(self, rho: FloatArray, index: IntArray) -> PairScores:
        """Return the casewise derivatives; those of one cell are the same."""
        h, k = self._thresholds(index)
        counts = self.counts[index]
        rho = rho[:, None, None]
        probability = np.maximum(_cells(_cdf_grid(h, k, rho)), SMALLEST_CELL)
        score = np.where(counts > 0, _cells(_padded(bivariate_density(h, k, rho))) / probability, 0.0)
        weighted = counts * score
        shared = weighted / probability
        of_row, of_column = (empty_block(self.margins.layout, len(rho)) for _ in range(2))
        n_own = h.shape[1]
        # the probability of a cell grows with the threshold above it and falls with the one below
        of_row[:, :n_own] = (_edges(h, k, rho) * (shared[:, :-1] - shared[:, 1:])).sum(axis=2)
        across, turned = shared.transpose(0, 2, 1), (k.transpose(0, 2, 1), h.transpose(0, 2, 1))
        of_column[:, :n_own] = (_edges(*turned, rho) * (across[:, :-1] - across[:, 1:])).sum(axis=2)
        return PairScores(self._look_up(score, index), (weighted * score).sum(axis=(1, 2)), of_row, of_column)

    def _thresholds(self, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the thresholds (P, K - 1, 1) and (P, 1, K - 1)."""
        n_own = self.counts.shape[1] - 1
        thresholds = self.margins.thresholds[:, :n_own]
        return thresholds[self.row[index], :, None], thresholds[self.column[index], None, :]

    def _look_up(self, score: FloatArray, index: IntArray) -> FloatArray:
        """Return the entry of each respondent's cell (P, n); 0 where one of the answers is missing."""
        size = score.shape[1] + 1  # code -1 finds the last row or column, which is 0
        with_missing = np.zeros((len(score), size, size))
        with_missing[:, :-1, :-1] = score
        codes = np.where(self.codes < 0, size - 1, self.codes)
        cells = codes[self.row[index]] * size
        cells += codes[self.column[index]]
        cells += (np.arange(len(score)) * size * size)[:, None]
        return with_missing.ravel()[cells]


def count_tables(codes: IntArray, weights: FloatArray, n_levels: int) -> FloatArray:
    """Return the two-way tables of all variables (p, K, p, K), weighted, from one product of indicator matrices."""
    indicator = (codes[:, None, :] == np.arange(n_levels)[:, None]).astype(np.float64)
    flat = indicator.reshape(-1, codes.shape[1])
    return ((flat * weights) @ flat.T).reshape(len(codes), n_levels, len(codes), n_levels)


def fill_empty_cells(
    counts: FloatArray, shape: IntArray, zero_cells: tuple[float, float], *, keep_margins: bool
) -> tuple[FloatArray, IntArray]:
    """Add something to empty cells, as lavaan's zero.add and zero.keep.margins do.

    Args:
        counts: (P, K, K) tables.
        shape: (P, 2) levels of the two variables.
        zero_cells: Amounts for 2 x 2 and for larger tables.
        keep_margins: In a 2 x 2 table, take the amount off the neighbours and add it on the diagonal as well, so that
            the margins stay; a table with more than one empty cell is then left alone.

    Returns:
        The tables, and the positions of those that were changed.
    """
    levels = np.arange(counts.shape[1])
    inside = (levels[:, None] < shape[:, :1, None]) & (levels < shape[:, 1:, None])
    empty = inside & (counts <= 0)
    is_small = (shape == 2).all(axis=1)
    amount = np.where(is_small, zero_cells[0], zero_cells[1])[:, None, None]
    added = empty * amount
    if keep_margins and is_small.any():
        added[is_small] = _within_margins(counts[is_small, :2, :2], empty[is_small, :2, :2], zero_cells[0], levels)
    return counts + added, np.flatnonzero((added != 0).any(axis=(1, 2)))


def _within_margins(small: FloatArray, empty: NDArray[np.bool_], amount: float, levels: IntArray) -> FloatArray:
    """Return what a table with one empty cell gains: + on its diagonal, - beside it, never below half a neighbour."""
    signs = np.array([[1.0, -1.0], [-1.0, 1.0]])
    single = empty.sum(axis=(1, 2)) == 1
    direction = np.where((empty * signs).sum(axis=(1, 2)) > 0, 1.0, -1.0) * single
    change = direction[:, None, None] * signs
    smallest = np.where(change < 0, small, np.inf).min(axis=(1, 2))
    gains = np.zeros((len(small), len(levels), len(levels)))
    # unweighted neighbours are at least 1; weighted ones may be smaller than the amount
    gains[:, :2, :2] = change * np.minimum(amount, np.where(single, smallest / 2, 0.0))[:, None, None]
    return gains


def _cdf_grid(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return P(X <= h, Y <= k) at all thresholds and at infinity on both sides (P, K + 1, K + 1)."""
    grid = _padded(bivariate_cdf(h, k, rho))
    grid[:, 1:-1, -1] = normal_cdf_of(h)[:, :, 0]
    grid[:, -1, 1:-1] = normal_cdf_of(k)[:, 0, :]
    grid[:, -1, -1] = 1.0
    return grid


def _padded(inner: FloatArray) -> FloatArray:
    """Surround each table with zeros."""
    return np.pad(inner, ((0, 0), (1, 1), (1, 1)))


def _cells(grid: FloatArray) -> FloatArray:
    """Return what lies between neighbouring grid points (P, K, K)."""
    return grid[:, 1:, 1:] - grid[:, :-1, 1:] - grid[:, 1:, :-1] + grid[:, :-1, :-1]


def _edges(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return phi(h) P(k_(b - 1) < Y < k_b | X = h), the densities along the edges of cells (P, K - 1, K)."""
    conditional = normal_cdf_of((k - rho * h) / np.sqrt(1 - rho * rho))
    ends = np.zeros((*conditional.shape[:2], 1))
    return normal_density(h) * np.diff(np.concatenate([ends, conditional, ends + 1], axis=2), axis=2)
