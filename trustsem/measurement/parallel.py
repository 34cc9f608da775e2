"""Parallel analysis: how many components are larger than those of uncorrelated items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.patterns import chunks

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class ParallelAnalysis:
    """Eigenvalues of the items against those of uncorrelated normal variables.

    Args:
        observed: (p,) eigenvalues of the correlation matrix, descending.
        mean: (p,) means of the random ones (Horn 1965).
        limit: (p,) their quantiles: what observed ones must exceed (Glorfeld 1995).
        quantile: Which quantile.
        n_draws: Random matrices.
        seed: Of the random numbers.
    """

    observed: FloatArray
    mean: FloatArray
    limit: FloatArray
    quantile: float
    n_draws: int
    seed: int

    @property
    def n_factors(self) -> int:
        """How many eigenvalues exceed their limit before the first that does not."""
        above = self.observed > self.limit
        return len(above) if above.all() else int(np.argmin(above))


def parallel_analysis(
    correlation: FloatArray, n_obs: int, *, n_draws: int, seed: int, quantile: float = 0.95
) -> ParallelAnalysis:
    """Compare the eigenvalues of a correlation matrix with those of uncorrelated normal items (Horn 1965).

    Args:
        correlation: (p, p), diagonal 1.
        n_obs: Respondents; more than items.
        n_draws: Random matrices.
        seed: Of the random numbers.
        quantile: Of the random eigenvalues, which observed ones must exceed.
    """
    observed: FloatArray = np.asarray(np.linalg.eigvalsh(correlation)[::-1], dtype=np.float64)
    p, rng = len(correlation), np.random.default_rng(seed)
    parts = [_random_eigenvalues(p, n_obs, part.stop - part.start, rng) for part in chunks(n_draws, p * p)]
    random = np.concatenate(parts)
    limit = np.quantile(random, quantile, axis=0)
    return ParallelAnalysis(observed, random.mean(axis=0), limit, quantile, n_draws, seed)


def _random_eigenvalues(p: int, n_obs: int, n_draws: int, rng: np.random.Generator) -> FloatArray:
    """Return (n_draws, p) descending eigenvalues of correlation matrices of n independent normal rows.

    (n - 1) S = T T' with T lower triangular, independent standard normal below the diagonal and chi on it, degrees of
    freedom n - 1, ..., n - p (Bartlett 1933): the exact distribution, without drawing n rows.
    """
    factor = np.tril(rng.standard_normal((n_draws, p, p)), -1)
    place = np.arange(p)
    factor[:, place, place] = np.sqrt(rng.chisquare(n_obs - 1 - place, size=(n_draws, p)))
    factor /= np.sqrt((factor**2).sum(axis=2, keepdims=True))  # rows of length 1: T T' is a correlation matrix
    return np.asarray(np.linalg.eigvalsh(factor @ factor.transpose(0, 2, 1))[:, ::-1], dtype=np.float64)
