"""Full-information maximum likelihood: the normal likelihood of incomplete rows as a discrepancy.

F = (2 / n) (logl of the saturated model - logl of the model), so that the chi-square is n F; n is the sum of the case
weights. The functions here take moments, so that any model can stand behind them: with J the Jacobian of (vech Sigma,
mu), the gradient of F is its slope times J, the Hessian of F/2 is J' curvature J plus, for the observed curvature, the
second derivatives of the moments weighted with half the slopes, and scores of parameters are scores of moments times J.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.base import Discrepancy, Expansion
from trustsem.discrepancy.weights import DeferredWeight
from trustsem.implied import Implied, MomentDerivatives, sigma_jacobian
from trustsem.moments import SampleGroup
from trustsem.moments.incomplete import (
    Curvature,
    NormalExpansion,
    PatternBlock,
    normal_expansion,
    normal_value,
    pattern_blocks,
)
from trustsem.moments.patterns import MissingPatterns, chunks, vech_cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def fiml_value(patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray) -> float:
    """Return -2 log-likelihood / n with its constant p_k log 2 pi; infinity where Sigma is not positive definite.

    F is this value minus `EMResult.value`, that of the saturated model.

    Args:
        patterns: The data.
        sigma: (p, p) implied covariance matrix.
        mu: (p,) implied means.

    Source: Arbuckle (1996).
    """
    return normal_value(patterns, sigma, mu)


def fiml_expansion(
    patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray, curvature: Curvature | None = None
) -> NormalExpansion:
    """Return value, slopes of F and, when asked for, the curvature of F/2 with respect to (vech Sigma, mu).

    The expected curvature treats the patterns as given and has no block between means and covariances; the observed
    one has, and is what is valid under data missing at random (Kenward & Molenberghs 1998).

    Args:
        patterns: The data.
        sigma: (p, p) implied covariance matrix.
        mu: (p,) implied means.
        curvature: Which curvature, if any; it doubles the time.

    Raises:
        numpy.linalg.LinAlgError: Sigma is not positive definite.
    """
    return normal_expansion(patterns, sigma, mu, curvature)


def fiml_case_scores(
    patterns: MissingPatterns,
    values: FloatArray,
    sigma: FloatArray,
    mu: FloatArray,
    *,
    weights: FloatArray | None = None,
    jacobian: FloatArray | None = None,
) -> FloatArray:
    """Return the derivatives of each case's log-likelihood.

    With u = W (x - mu) over what the case answered: u for the means, (u u' - W) / 2 for Sigma, doubled off the
    diagonal because vech holds both triangles. Their sum over cases is -n/2 times the slope of F.

    Args:
        patterns: Made of these values and weights.
        values: (n, p) with NaN where an answer is missing.
        sigma: (p, p) covariance matrix.
        mu: (p,) means.
        weights: (n,) case weights; each case's scores are multiplied by its weight.
        jacobian: (P, q) of (vech Sigma, mu), for scores of q parameters; n x P arrays are then never held whole.

    Returns:
        (n, P) with P = p (p + 1) / 2 + p, or (n, q).

    Raises:
        numpy.linalg.LinAlgError: Sigma is not positive definite.
        ValueError: values of another number of rows or variables than the patterns.
    """
    p = patterns.n_variables
    if values.shape != (patterns.n_rows, p):
        raise ValueError(f"values have shape {values.shape}, their patterns ({patterns.n_rows}, {p})")
    width = p * (p + 1) // 2 + p if jacobian is None else jacobian.shape[1]
    scores = np.empty((patterns.n_rows, width))
    order = np.argsort(patterns.of_row, kind="stable")
    ends = np.searchsorted(patterns.of_row[order], np.arange(patterns.n_patterns + 1))
    for block in pattern_blocks(patterns, sigma, mu):
        in_block = order[ends[block.index.start] : ends[block.index.stop]]
        for part in chunks(len(in_block), 2 * p * p):
            rows = in_block[part]
            found = _moment_scores(block, patterns.of_row[rows] - block.index.start, values[rows] - mu)
            scores[rows] = found if jacobian is None else found @ jacobian
    return scores if weights is None else scores * weights[:, None]


def _moment_scores(block: PatternBlock, position: IntArray, gaps: FloatArray) -> FloatArray:
    """Return (b, P) scores of some rows; `position` is their pattern's place in the block."""
    row, column = vech_cells(gaps.shape[1])
    inverses = block.weights[position]
    solved = np.matmul(inverses, np.where(np.isnan(gaps), 0.0, gaps)[:, :, None])[:, :, 0]
    cells = solved[:, row] * solved[:, column] - inverses[:, row, column]
    return np.hstack([cells * np.where(row == column, 0.5, 1.0), solved])


# --- as a discrepancy -------------------------------------------------------------------------------------------


def _patterns(sample: SampleGroup) -> MissingPatterns:
    assert sample.cases is not None, "full information needs the rows"
    return sample.cases.patterns


def _value(sample: SampleGroup, implied: Implied, meanstructure: bool) -> float:
    """F = -2 (logl of the model - logl of the saturated model) / n of one group."""
    assert meanstructure
    assert sample.saturated is not None
    return fiml_value(_patterns(sample), implied.sigma, implied.mu) - sample.saturated.value


def _expand(sample: SampleGroup, implied: Implied, meanstructure: bool) -> Expansion:
    assert meanstructure
    patterns, sigma, mu = _patterns(sample), implied.sigma, implied.mu
    here = fiml_expansion(patterns, sigma, mu)
    weight = DeferredWeight(lambda: _curvature(patterns, sigma, mu, Curvature.EXPECTED))
    return Expansion(here.sigma_slope, here.mean_slope, weight)


def _hessian_core(
    sample: SampleGroup, implied: Implied, _expansion: Expansion, derivatives: MomentDerivatives
) -> FloatArray:
    curvature = _curvature(_patterns(sample), implied.sigma, implied.mu, Curvature.OBSERVED)
    jacobian = sigma_jacobian(derivatives, meanstructure=True)
    return jacobian.T @ (curvature @ jacobian)


def _curvature(patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray, kind: Curvature) -> FloatArray:
    curvature = fiml_expansion(patterns, sigma, mu, kind).curvature
    assert curvature is not None
    return curvature


FIML = Discrepancy("FIML", _value, _expand, _hessian_core)
