"""Whether a correlation matrix has common factors at all: sampling adequacy and the test of sphericity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import chi_square_tail
from trustsem.moments.linalg import log_determinant

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class SamplingAdequacy:
    """Measures of sampling adequacy: `overall`, and `of_item` (p,) for each item."""

    overall: float
    of_item: FloatArray


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Test that no two items correlate."""

    statistic: float
    df: int
    pvalue: float


def sampling_adequacy(correlation: FloatArray) -> SamplingAdequacy:
    """Return the measures of sampling adequacy (Kaiser 1970; Kaiser & Rice 1974).

    sum r^2 / (sum r^2 + sum q^2) over pairs, q the partial correlation of two items given all others (up to sign,
    which squares away): q_ij = r^ij / sqrt(r^ii r^jj) of the inverse.

    Args:
        correlation: (p, p), positive definite.

    Raises:
        numpy.linalg.LinAlgError: it is singular.
    """
    inverse = np.linalg.inv(correlation)
    scale = np.sqrt(np.diag(inverse))
    squares, partial = correlation**2, (inverse / np.outer(scale, scale)) ** 2
    np.fill_diagonal(squares, 0.0)
    np.fill_diagonal(partial, 0.0)
    r, q = squares.sum(axis=0), partial.sum(axis=0)
    both = r + q
    of_item = np.where(both > 0, r / np.where(both > 0, both, 1.0), np.nan)
    return SamplingAdequacy(float(r.sum() / both.sum()) if both.sum() > 0 else float("nan"), of_item)


def sphericity(correlation: FloatArray, n_obs: int) -> Sphericity:
    """Return Bartlett's test: -(n - 1 - (2p + 5) / 6) log|R|, df = p (p - 1) / 2 (Bartlett 1951)."""
    p = len(correlation)
    statistic = -(n_obs - 1 - (2 * p + 5) / 6) * log_determinant(correlation)
    df = p * (p - 1) // 2
    return Sphericity(float(statistic), df, chi_square_tail(statistic, df))
