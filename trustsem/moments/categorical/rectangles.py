"""Pairs of ordinal variables given covariates: every respondent has limits of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.bivariate import bivariate_density, bivariate_excess, log_density_slope
from trustsem.moments.categorical.margins import Margins
from trustsem.moments.categorical.normal import normal_cdf_of, normal_density
from trustsem.moments.categorical.pair_scores import PairScores, by_level, empty_block

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# A probability is a difference of four numbers of size 1: below this nothing of it is left.
SMALLEST_CELL = 1e-15


@dataclass(frozen=True, eq=False)
class RectanglePairs:
    """Pairs (row, column) of ordinal variables; likelihood of Olsson (1979) with limits t - x'b.

    Args:
        margins: First stage.
        codes: (p, n) codes; -1 where missing.
        weights: (n,).
        row: (P,) first variable of each pair.
        column: (P,) second variable.
    """

    margins: Margins
    codes: IntArray
    weights: FloatArray
    row: IntArray
    column: IntArray

    def derivatives(self, rho: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the log-likelihoods; dP / drho is the density (Pearson 1900)."""
        probability, slope, bend = _rectangle(self._limits(index), self._independent(index), rho[:, None])
        score = slope / probability
        return score @ self.weights, (bend / probability - score * score) @ self.weights

    def scores(self, rho: FloatArray, index: IntArray) -> PairScores:
        """Return the casewise derivatives."""
        limits, rho = self._limits(index), rho[:, None]
        upper_row, lower_row, upper_column, lower_column = limits
        probability, slope, _ = _rectangle(limits, self._independent(index), rho)
        score = slope / probability
        weighted = self.weights * score
        shared = weighted / probability
        return PairScores(
            scores=score,
            information=(weighted * score).sum(axis=1),
            of_row=self._block(
                self.row[index],
                shared * _edge(upper_row, upper_column, lower_column, rho),
                shared * _edge(lower_row, upper_column, lower_column, rho),
            ),
            of_column=self._block(
                self.column[index],
                shared * _edge(upper_column, upper_row, lower_row, rho),
                shared * _edge(lower_column, upper_row, lower_row, rho),
            ),
        )

    def _limits(self, index: IntArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        row, column = self.row[index], self.column[index]
        upper, lower = self.margins.upper, self.margins.lower
        return upper[row], lower[row], upper[column], lower[column]

    def _independent(self, index: IntArray) -> FloatArray:
        """Return the probability of each rectangle without correlation."""
        return self.margins.probability[self.row[index]] * self.margins.probability[self.column[index]]

    def _block(self, variable: IntArray, above: FloatArray, below: FloatArray) -> FloatArray:
        """Collect the sums of one variable: `above` belongs to its upper limits, minus `below` to its lower ones."""
        layout, codes = self.margins.layout, self.codes[variable]
        width = layout.n_thresholds
        block = empty_block(layout, len(variable))
        at_upper, at_lower = by_level(above, codes, width + 1), by_level(below, codes, width + 1)
        block[:, :width] = at_upper[:, :-1] - at_lower[:, 1:]
        block[:, width:-1] = (below - above) @ self.margins.covariates
        return block


def _rectangle(
    limits: tuple[FloatArray, FloatArray, FloatArray, FloatArray], independent: FloatArray, rho: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probability, its first and its second derivative with respect to rho.

    `independent` is the probability without correlation; that of each corner's quadrant cancels but for the excess.
    """
    upper_row, lower_row, upper_column, lower_column = limits
    probability = independent.copy()
    slope, bend = np.zeros(independent.shape), np.zeros(independent.shape)
    for h, sign_row in ((upper_row, 1), (lower_row, -1)):
        for k, sign_column in ((upper_column, 1), (lower_column, -1)):
            density = sign_row * sign_column * bivariate_density(h, k, rho)
            probability += sign_row * sign_column * bivariate_excess(h, k, rho)
            slope += density
            density *= log_density_slope(h, k, rho)
            bend += density
    return np.maximum(probability, SMALLEST_CELL), slope, bend


def _edge(at: FloatArray, upper: FloatArray, lower: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the probability density along one edge: phi(at) P(lower < Y < upper | X = at)."""
    rest = np.sqrt(1 - rho * rho)
    return normal_density(at) * (normal_cdf_of((upper - rho * at) / rest) - normal_cdf_of((lower - rho * at) / rest))
