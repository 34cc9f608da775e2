"""Pairs of an ordinal and a continuous variable, and pairs of continuous ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.margins import Margins
from trustsem.moments.categorical.normal import EDGE, normal_density
from trustsem.moments.categorical.pair_scores import PairScores, by_level, empty_block
from trustsem.moments.categorical.probit import interval_probability

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PolyserialPairs:
    """Pairs (row ordinal, column continuous); likelihood of Olsson, Drasgow & Dorans (1982), margins given.

    Args:
        margins: First stage.
        codes: (p, n) codes; -1 where missing.
        observed: (p, n) 1 where there is an answer.
        weights: (n,).
        row: (P,) the ordinal variable of each pair.
        column: (P,) the continuous one.
    """

    margins: Margins
    codes: IntArray
    observed: FloatArray
    weights: FloatArray
    row: IntArray
    column: IntArray

    def derivatives(self, rho: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the log-likelihoods, the level given the continuous variable.

        P = Phi(u) - Phi(l), u = (h - rho z) / sqrt(1 - rho^2): u' = (rho h - z) / (1 - rho^2)^(3/2).
        """
        upper, lower, z = self._limits(index)
        weights = self.weights * self.observed[self.column[index]]
        rho = rho[:, None]
        rest = 1 - rho * rho
        probability = interval_probability(*(_conditional(h, z, rho) for h in (upper, lower)))
        slope, bend = np.zeros(z.shape), np.zeros(z.shape)
        for h, sign in ((upper, 1.0), (lower, -1.0)):
            u = _conditional(h, z, rho)
            moves = (rho * h - z) / rest**1.5
            bends = h / rest**1.5 + 3 * rho * (rho * h - z) / rest**2.5
            density = sign * normal_density(u)
            slope += density * moves
            bend += density * (bends - u * moves * moves)
        score = slope / probability
        return (weights * score).sum(axis=1), (weights * (bend / probability - score * score)).sum(axis=1)

    def scores(self, rho: FloatArray, index: IntArray) -> PairScores:
        """Return the casewise derivatives."""
        upper, lower, z = self._limits(index)
        observed = self.observed[self.column[index]]
        rho = rho[:, None]
        rest = 1 - rho * rho
        u, low = _conditional(upper, z, rho), _conditional(lower, z, rho)
        probability = interval_probability(u, low)
        above, below = normal_density(u) / probability, normal_density(low) / probability
        score = observed * (above * (rho * upper - z) - below * (rho * lower - z)) / rest**1.5
        weighted = self.weights * score
        above, below = above / np.sqrt(rest), below / np.sqrt(rest)
        return PairScores(
            scores=score,
            information=(weighted * score).sum(axis=1),
            of_row=self._ordinal_block(self.row[index], weighted * above, weighted * below),
            # the continuous margin's own density belongs to the pair's likelihood
            of_column=continuous_block(self.margins, weighted, z, -z - rho * (above - below)),
        )

    def _limits(self, index: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        row = self.row[index]
        return self.margins.upper[row], self.margins.lower[row], self.margins.residual[self.column[index]]

    def _ordinal_block(self, variable: IntArray, above: FloatArray, below: FloatArray) -> FloatArray:
        layout, codes = self.margins.layout, self.codes[variable]
        width = layout.n_thresholds
        block = empty_block(layout, len(codes))
        block[:, :width] = by_level(above, codes, width + 1)[:, :-1] - by_level(below, codes, width + 1)[:, 1:]
        block[:, width:-1] = (below - above) @ self.margins.covariates
        return block


def _conditional(h: FloatArray, z: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the limit h of the ordinal variable given z; infinite limits stay infinite."""
    return np.where(np.abs(h) < EDGE, (h - rho * z) / np.sqrt(1 - rho * rho), h)


@dataclass(frozen=True, eq=False)
class PearsonPairs:
    """Pairs of continuous variables; bivariate normal likelihood, means and variances given.

    Args:
        margins: First stage.
        observed: (p, n) 1 where there is an answer.
        weights: (n,).
        row: (P,) first variable of each pair.
        column: (P,) second variable.
    """

    margins: Margins
    observed: FloatArray
    weights: FloatArray
    row: IntArray
    column: IntArray

    def derivatives(self, rho: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the log-likelihoods, from their sufficient statistics.

        dl / drho = [m rho (1 - rho^2) + c (1 + rho^2) - rho s] / (1 - rho^2)^2 with m = sum w, c = sum w y z and
        s = sum w (y^2 + z^2) over the rows on which both were observed.
        """
        mass, product, squares = self._sums(index)
        rest = 1 - rho * rho
        top = mass * rho * rest + product * (1 + rho * rho) - rho * squares
        top_slope = mass * (1 - 3 * rho * rho) + 2 * rho * product - squares
        return top / rest**2, top_slope / rest**2 + 4 * rho * top / rest**3

    def scores(self, rho: FloatArray, index: IntArray) -> PairScores:
        """Return the casewise derivatives."""
        row, column = self.row[index], self.column[index]
        y, z = self.margins.residual[row], self.margins.residual[column]
        both = self.observed[row] * self.observed[column]
        rho = rho[:, None]
        rest = 1 - rho * rho
        score = both * (rho / rest + (y * z * (1 + rho * rho) - rho * (y * y + z * z)) / rest**2)
        weighted = self.weights * score
        return PairScores(
            scores=score,
            information=(weighted * score).sum(axis=1),
            of_row=continuous_block(self.margins, weighted, y, (rho * z - y) / rest),
            of_column=continuous_block(self.margins, weighted, z, (rho * y - z) / rest),
        )

    def _sums(self, index: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        row, column = self.row[index], self.column[index]
        y, z = self.margins.residual[row], self.margins.residual[column]
        weights = self.weights * self.observed[row] * self.observed[column]
        return weights.sum(axis=1), (weights * y * z).sum(axis=1), (weights * (y * y + z * z)).sum(axis=1)


def continuous_block(margins: Margins, weighted: FloatArray, z: FloatArray, by_residual: FloatArray) -> FloatArray:
    """Return the sums (P, T + k + 1) of w s u of a continuous variable.

    Args:
        margins: First stage.
        weighted: (P, n) w s.
        z: (P, n) standardised residual of the variable.
        by_residual: (P, n) derivative of the log density (without that of the scale) with respect to z; the intercept
            and the slopes lower z by 1 and x, the relative variance by z / 2.
    """
    width = margins.layout.n_thresholds
    block = empty_block(margins.layout, len(z))
    terms = weighted * by_residual
    block[:, 0] = -terms.sum(axis=1)
    block[:, width:-1] = -terms @ margins.covariates
    block[:, -1] = -((terms * z).sum(axis=1) + weighted.sum(axis=1)) / 2
    return block
