"""What the second stage hands on of a batch of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.layout import MomentLayout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PairScores:
    """Casewise derivatives of the log-likelihoods of P pairs at their correlations.

    Args:
        scores: (P, n) with respect to the correlation, unweighted; 0 where one of the two answers is missing.
        information: (P,) sum of w s^2.
        of_row: (P, T + k + 1) sum of w s u, u the derivative with respect to the own moments of the first variable of
            each pair (thresholds or intercept, slopes, variance), standardised as in `Margins`.
        of_column: (P, T + k + 1) the same of the second variable.
    """

    scores: FloatArray
    information: FloatArray
    of_row: FloatArray
    of_column: FloatArray


class PairKind(Protocol):
    """All pairs of one kind: both variables ordinal, one of them, or none."""

    @property
    def row(self) -> IntArray:
        """(P,) first variable of each pair."""
        ...

    @property
    def column(self) -> IntArray:
        """(P,) second variable."""
        ...

    def derivatives(self, rho: FloatArray, index: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the log-likelihood of the pairs `index` at `rho`."""
        ...

    def scores(self, rho: FloatArray, index: IntArray) -> PairScores:
        """Return the derivatives of every respondent's contribution of the pairs `index` at `rho`."""
        ...


def empty_block(layout: MomentLayout, n_pairs: int) -> FloatArray:
    """Return zeros (P, T + k + 1) for the sums of one variable of each pair."""
    return np.zeros((n_pairs, layout.n_thresholds + layout.n_covariates + 1))


def by_level(terms: FloatArray, codes: IntArray, n_levels: int) -> FloatArray:
    """Add up the terms (P, n) of respondents with the same code (P, n); codes below 0 are left out.

    Returns:
        (P, n_levels).
    """
    n_pairs = len(terms)
    bins = (codes + 1) + np.arange(n_pairs)[:, None] * (n_levels + 1)
    sums = np.bincount(bins.ravel(), weights=terms.ravel(), minlength=n_pairs * (n_levels + 1))
    return sums.astype(np.float64).reshape(n_pairs, n_levels + 1)[:, 1:]
