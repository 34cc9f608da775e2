"""Expected answers to ordinal items: what differing parameters add to them, in points of the item."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_tails
from trustsem.implied import Implied
from trustsem.implied.layout import OrdinalLayout
from trustsem.implied.ordinal import thresholds_of

FloatArray = NDArray[np.float64]

_NODES = 41  # per dimension: steps of sharp items, residual SD .3 of the factor's, are integrated to 1e-4


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalItem:
    """An ordinal item in one group: y* = m + a'v + e, and the category is where y* lies between the thresholds.

    Args:
        slopes: (t,) a on all variables.
        thresholds: (K - 1,) less the intercept m.
        residual: Variance of e.
        steps: (K - 1,) differences of the scores of neighbouring categories.
        lowest: Score of the first category.
    """

    slopes: FloatArray
    thresholds: FloatArray
    residual: float
    steps: FloatArray
    lowest: float

    def expected(self, population: Implied) -> float:
        """Return the mean score over people with normal v of this population.

        E y = s1 + sum over k of (s[k+1] - s[k]) P(y* > tau[k]), y* normal with variance a'Va + var e.
        """
        centre = float(self.slopes @ population.total_mean)
        spread = float(self.slopes @ population.total_cov @ self.slopes) + self.residual
        if not spread > 0:
            return math.nan
        return self.lowest + float(self.steps @ _cdf((centre - self.thresholds) / math.sqrt(spread)))

    def at(self, linear: FloatArray) -> FloatArray:
        """Return the expected scores of people with these values of a'v."""
        if not self.residual > 0:
            return np.full(linear.shape, np.nan)
        z = (linear[..., None] - self.thresholds) / math.sqrt(self.residual)
        return self.lowest + _cdf(z) @ self.steps


def ordinal_item(layout: OrdinalLayout, implied: Implied, item: int, scores: FloatArray) -> OrdinalItem:
    """Return an item's parameters in one group.

    Args:
        layout: Thresholds of the group.
        implied: Its matrices.
        item: Position of the item among the observed variables.
        scores: (K,) scores of the categories, ascending.
    """
    thresholds = thresholds_of(layout, implied.theta, item) - implied.intercepts[item]
    residual = float(implied.covariances[item, item])
    return OrdinalItem(implied.paths[item], thresholds, residual, np.diff(scores), float(scores[0]))


def root_mean_square_gap(focal: OrdinalItem, reference: OrdinalItem, population: Implied) -> float:
    """Return sqrt(E g^2), g(v) the difference of expected scores at v, over normal v of the population.

    g depends on v through two linear forms; Gauss-Hermite quadrature over both (dMACS of Nye & Drasgow 2011 with the
    expected scores of ordinal items in place of lines).
    """
    forms = np.vstack([focal.slopes, reference.slopes])
    values, vectors = np.linalg.eigh(forms @ population.total_cov @ forms.T)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    linear = forms @ population.total_mean + grid @ root.T
    gaps = focal.at(linear[:, 0]) - reference.at(linear[:, 1])
    return math.sqrt(float(np.outer(weights, weights).ravel() @ gaps**2))


def _cdf(z: FloatArray) -> FloatArray:
    """Return P(Z <= z)."""
    half = normal_tails(z) / 2
    return np.where(z > 0, 1 - half, half)
