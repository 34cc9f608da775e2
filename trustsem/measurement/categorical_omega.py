"""Reliability of the sum of ordinal answers: categorical omega."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import thresholds_of
from trustsem.measurement.blocks import Block
from trustsem.measurement.omega import standardised_loadings
from trustsem.moments.categorical.bivariate import bivariate_excess
from trustsem.moments.categorical.normal import normal_cdf_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalBlock:
    """A factor with ordinal items only, and the pairs (i, j), i <= j, of their T thresholds.

    Args:
        block: Factor and items.
        item: (T,) item of each threshold, counted within the block.
        row: (P,) i of each pair.
        column: (P,) j of each pair.
        weight: (P,) step of i times step of j, twice where i < j.
    """

    block: Block
    item: IntArray
    row: IntArray
    column: IntArray
    weight: FloatArray

    @property
    def own(self) -> NDArray[np.bool_]:
        """(P,) whether both thresholds are of one item."""
        return self.item[self.row] == self.item[self.column]


def ordinal_block(block: Block, steps: Sequence[FloatArray]) -> OrdinalBlock:
    """Lay out the pairs of thresholds of a block.

    Args:
        block: Factor and items.
        steps: (K - 1,) differences of neighbouring scores of each item.
    """
    step, item = np.concatenate(steps), np.repeat(np.arange(len(steps)), [len(one) for one in steps])
    row, column = np.triu_indices(len(step))
    return OrdinalBlock(block, item, row, column, step[row] * step[column] * np.where(row == column, 1.0, 2.0))


def categorical_omegas(
    blocks: Sequence[OrdinalBlock], groups: Sequence[Implied], layouts: Sequence[GroupLayout]
) -> list[float]:
    """Return the share of the variance of sums of ordinal answers that the factor carries (Green & Yang 2009, eq. 21).

    Covariances of answers follow from bivariate normal probabilities of their latent responses: cov(x, y) = sum over
    thresholds c of x and d of y of s_c s_d (Phi2(c, d; rho) - Phi(c) Phi(d)), s the steps between the scores of
    neighbouring categories. The numerator takes for rho the correlation that the factor alone makes (of an item with
    a second administration of itself, its squared standardised loading), the denominator the implied correlations;
    of an item with itself the exact variance of its categories. NaN where a correlation is not below 1.

    Args:
        blocks: Factors with ordinal items only.
        groups: Matrices of all groups.
        layouts: Layouts of all groups.
    """
    parts = [_correlations(one, groups[one.block.group - 1], layouts[one.block.group - 1]) for one in blocks]
    if not parts:
        return []
    below = normal_cdf_of(np.concatenate([part.thresholds for part in parts]))
    excess = bivariate_excess(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.rho for part in parts]),
    )
    below_of = np.split(below, np.cumsum([len(part.thresholds) for part in parts])[:-1])
    excess_of = np.split(excess, np.cumsum([len(part.rho) for part in parts])[:-1])
    return [_share(*one) for one in zip(blocks, below_of, excess_of, strict=True)]


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """Limits and correlations of bivariate probabilities: by the factor for all P pairs, then in all for two items."""

    thresholds: FloatArray  # (T,) in standard deviations of the latent responses
    first: FloatArray
    second: FloatArray
    rho: FloatArray  # NaN where no normal law has the correlation


def _correlations(one: OrdinalBlock, implied: Implied, layout: GroupLayout) -> _Cells:
    assert layout.ordinal is not None
    loadings, correlation = standardised_loadings(one.block, implied)
    cuts = [
        (thresholds_of(layout.ordinal, implied.theta, item) - implied.total_mean[item])
        / math.sqrt(max(implied.total_cov[item, item], 0.0) or math.nan)
        for item in one.block.items.tolist()
    ]
    h, i, j = np.concatenate(cuts), one.item[one.row], one.item[one.column]
    first, second, between = h[one.row], h[one.column], ~one.own
    rho = np.concatenate([loadings[i] * loadings[j], correlation[i[between], j[between]]])
    rho = np.where(np.abs(rho) < 1, rho, math.nan)
    return _Cells(h, np.concatenate([first, first[between]]), np.concatenate([second, second[between]]), rho)


def _share(one: OrdinalBlock, below: FloatArray, excess: FloatArray) -> float:
    n_pairs, own = len(one.row), one.own
    row, column = below[one.row[own]], below[one.column[own]]
    variances = float(one.weight[own] @ (np.minimum(row, column) - row * column))
    true = float(one.weight @ excess[:n_pairs])
    total = variances + float(one.weight[~own] @ excess[n_pairs:])
    return true / total
