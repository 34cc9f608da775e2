"""The normal likelihood of incomplete rows, with its slopes and curvature, over all missing-data patterns at once.

With o the observed part of pattern k, W_k = Sigma_oo^-1 with zeros at what is missing, d_k = xbar_k - mu, u_k = W_k d_k
and T_k = S_k + d_k d_k', minus two log-likelihoods per case are (Little & Rubin 2002, ch. 11; Arbuckle 1996)

    (1 / n) sum_k n_k (p_k log 2 pi + log|Sigma_oo| + tr(W_k T_k)).

Patterns are padded with the identity, so that one batched factorisation serves patterns of any size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.linalg import cholesky
from trustsem.moments.patterns import MissingPatterns, chunks, vech_cells, vech_lookup

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_LOG_2PI = math.log(2 * math.pi)


class Curvature(Enum):
    """EXPECTED: mean over data of the model, patterns held fixed; OBSERVED: of the data at hand."""

    EXPECTED = "expected"
    OBSERVED = "observed"


@dataclass(frozen=True, eq=False, slots=True)
class NormalExpansion:
    """Minus two log-likelihoods per case around a point, in terms of its moments.

    Args:
        value: -2 log-likelihood / n, with its constant p_k log 2 pi.
        sigma_slope: (p, p) symmetric G: dF = sum(G * dSigma) + mean_slope @ dmu.
        mean_slope: (p,) g.
        curvature: (P, P) Hessian of F/2 (not F) with respect to (vech Sigma, mu), P = p (p + 1) / 2 + p; the second
            derivatives of the moments come on top of it, weighted with G/2 and g/2. None when not asked for.
    """

    value: float
    sigma_slope: FloatArray
    mean_slope: FloatArray
    curvature: FloatArray | None


@dataclass(frozen=True, eq=False, slots=True)
class PatternBlock:
    """Some patterns with their inverses.

    Args:
        index: Which patterns.
        weights: (b, p, p) W_k.
        solved: (b, p) u_k.
        log_dets: (b,) log|Sigma_oo|.
    """

    index: slice
    weights: FloatArray
    solved: FloatArray
    log_dets: FloatArray


def pattern_blocks(patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray) -> Iterator[PatternBlock]:
    """Factor the observed part of Sigma for all patterns, some at a time.

    Raises:
        numpy.linalg.LinAlgError: Sigma is not positive definite.
    """
    if cholesky(sigma) is None:
        raise np.linalg.LinAlgError("matrix is not positive definite")
    for index in chunks(patterns.n_patterns, sigma.size):
        masks = patterns.observed[index]
        padded = _padded(sigma, masks)
        factors = np.linalg.cholesky(padded)
        log_dets = 2.0 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        weights = np.asarray(np.linalg.inv(padded), dtype=np.float64)
        corner = np.arange(len(sigma))
        weights[:, corner, corner] *= masks  # the identity that filled the gaps
        gaps = np.where(masks, patterns.means[index] - mu, 0.0)
        yield PatternBlock(index, weights, np.matmul(weights, gaps[:, :, None])[:, :, 0], log_dets)


def normal_value(patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray) -> float:
    """Return minus two log-likelihoods per case; infinity where Sigma is not positive definite."""
    try:
        total = sum(_block_value(patterns, block, mu) for block in pattern_blocks(patterns, sigma, mu))
    except np.linalg.LinAlgError:
        return math.inf
    return total / patterns.n_obs


def normal_expansion(
    patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray, curvature: Curvature | None = None
) -> NormalExpansion:
    """Return value, slopes and, when asked for, the curvature of minus two log-likelihoods per case.

    G = (1 / n) sum_k n_k (W_k - M_k) and g = -(2 / n) sum_k n_k u_k with M_k = W_k T_k W_k. The Hessian of F/2 is
    tr(W dS W dS) / 2 + dmu' W dmu in expectation, and tr(W dS (M - W/2) dS) + 2 dmu' W dS u + dmu' W dmu observed, both
    averaged over cases (second differential of the formula above; Magnus & Neudecker 1999, ch. 8).

    Args:
        patterns: The data.
        sigma: (p, p) covariance matrix.
        mu: (p,) means.
        curvature: Which curvature, if any.

    Raises:
        numpy.linalg.LinAlgError: Sigma is not positive definite.
    """
    p, n_obs = len(sigma), patterns.n_obs
    value, sigma_slope, mean_slope = 0.0, np.zeros((p, p)), np.zeros(p)
    sums = None if curvature is None else _CurvatureSums.zeros(p)
    for block in pattern_blocks(patterns, sigma, mu):
        share = patterns.counts[block.index] / n_obs
        middle = _middle(patterns, block)
        value += _block_value(patterns, block, mu) / n_obs
        sigma_slope += np.tensordot(share, block.weights, axes=1)
        sigma_slope -= (block.solved * share[:, None]).T @ block.solved
        if middle is not None:
            sigma_slope -= np.tensordot(share[: len(middle)], middle, axes=1)
        mean_slope -= 2.0 * (share @ block.solved)
        if sums is not None:
            sums.add(block, share, middle, observed=curvature is Curvature.OBSERVED)
    sigma_slope = (sigma_slope + sigma_slope.T) / 2
    return NormalExpansion(value, sigma_slope, mean_slope, None if sums is None else sums.curvature())


def _padded(sigma: FloatArray, masks: NDArray[np.bool_]) -> FloatArray:
    """Return (b, p, p): Sigma where both variables were observed, the identity elsewhere."""
    padded = np.where(masks[:, :, None] & masks[:, None, :], sigma, 0.0)
    corner = np.arange(len(sigma))
    padded[:, corner, corner] = np.where(masks, sigma[corner, corner], 1.0)
    return padded


def _repeated(patterns: MissingPatterns, block: PatternBlock) -> int:
    """Return how many patterns of the block have more than one row; they come first."""
    return max(0, min(len(patterns.scatters), block.index.stop) - block.index.start)


def _block_value(patterns: MissingPatterns, block: PatternBlock, mu: FloatArray) -> float:
    """Return minus two log-likelihoods of the block's cases."""
    masks, counts = patterns.observed[block.index], patterns.counts[block.index]
    gaps = np.where(masks, patterns.means[block.index] - mu, 0.0)
    each = masks.sum(axis=1) * _LOG_2PI + block.log_dets + np.einsum("kp,kp->k", gaps, block.solved)
    n_repeated = _repeated(patterns, block)
    if n_repeated:
        row, column = vech_cells(patterns.n_variables)
        twice = np.where(row == column, 1.0, 2.0)
        scatters = patterns.scatters[block.index][:n_repeated]
        each[:n_repeated] += np.einsum("ka,ka->k", block.weights[:n_repeated, row, column], scatters * twice)
    return float(counts @ each)


def _middle(patterns: MissingPatterns, block: PatternBlock) -> FloatArray | None:
    """Return W_k S_k W_k of the block's patterns with more than one row, or None where there are none."""
    n_repeated = _repeated(patterns, block)
    if not n_repeated:
        return None
    weights = block.weights[:n_repeated]
    scatters = patterns.scatters[block.index][:n_repeated][:, vech_lookup(patterns.n_variables)]
    return np.matmul(np.matmul(weights, scatters), weights)


@dataclass(eq=False, slots=True)
class _CurvatureSums:
    """Sums over patterns, block after block.

    products[v(i,k), v(j,l)] is the sum of n_k / n times W_ik W_jl / 2 (expected) or W_ik (M - W/2)_jl (observed), v
    being the position in vech: one matrix product for all patterns, because every factor is symmetric.
    """

    products: FloatArray  # (p*, p*)
    crossed: FloatArray  # (p, p*) sum of n_k / n u_l W_ik at [l, v(i,k)]
    weights: FloatArray  # (p*,) sum of n_k / n vech W_k

    @classmethod
    def zeros(cls, p: int) -> _CurvatureSums:
        n_cells = p * (p + 1) // 2
        return cls(np.zeros((n_cells, n_cells)), np.zeros((p, n_cells)), np.zeros(n_cells))

    def add(self, block: PatternBlock, share: FloatArray, middle: FloatArray | None, *, observed: bool) -> None:
        row, column = vech_cells(len(self.crossed))
        stacked = block.weights[:, row, column]
        self.weights += share @ stacked
        if not observed:
            scaled = stacked * np.sqrt(share / 2)[:, None]
            self.products += scaled.T @ scaled
            return
        right = block.solved[:, row] * block.solved[:, column] - stacked / 2
        if middle is not None:
            right[: len(middle)] += middle[:, row, column]
        self.products += (stacked * share[:, None]).T @ right
        self.crossed += (block.solved * share[:, None]).T @ stacked

    def curvature(self) -> FloatArray:
        """Return the (P, P) Hessian of F/2."""
        p, n_cells = self.crossed.shape
        row, column = vech_cells(p)
        lookup, twice = vech_lookup(p), np.where(row == column, 1.0, 2.0)
        result = np.empty((n_cells + p, n_cells + p))
        symmetric = self.products + self.products.T
        for part in chunks(n_cells, n_cells):
            i, j = row[part, None], column[part, None]
            straight = symmetric[lookup[i, row], lookup[j, column]]
            turned = symmetric[lookup[i, column], lookup[j, row]]
            result[part, :n_cells] = (straight + turned) * (twice[part, None] * twice / 4)
        means = np.arange(p)[:, None]
        cross = self.crossed[column, lookup[means, row]] + self.crossed[row, lookup[means, column]]
        result[n_cells:, :n_cells] = cross * (twice / 2)
        result[:n_cells, n_cells:] = result[n_cells:, :n_cells].T
        result[n_cells:, n_cells:] = self.weights[lookup]
        return result
