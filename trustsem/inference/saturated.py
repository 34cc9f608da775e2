"""Information about the saturated moments of incomplete data, and their asymptotic covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.fiml import fiml_case_scores, fiml_expansion
from trustsem.moments.incomplete import Curvature
from trustsem.moments.linalg import cholesky
from trustsem.moments.patterns import MissingPatterns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def moment_information(
    patterns: MissingPatterns, sigma: FloatArray, mu: FloatArray, kind: Curvature = Curvature.OBSERVED
) -> FloatArray:
    """Return the information of one case about (vech Sigma, mu) from second derivatives.

    Args:
        patterns: The data.
        sigma: (p, p) covariance matrix; that of the saturated model, or of a model (structured information).
        mu: (p,) means.
        kind: OBSERVED is what missing at random asks for; EXPECTED assumes missing completely at random.

    Returns:
        (P, P) Hessian of -log-likelihood / n, P = p (p + 1) / 2 + p.

    Raises:
        numpy.linalg.LinAlgError: Sigma is not positive definite.
    """
    curvature = fiml_expansion(patterns, sigma, mu, kind).curvature
    assert curvature is not None
    return curvature


def first_order_information(
    patterns: MissingPatterns,
    values: FloatArray,
    sigma: FloatArray,
    mu: FloatArray,
    *,
    weights: FloatArray | None = None,
    clusters: IntArray | None = None,
    jacobian: FloatArray | None = None,
) -> FloatArray:
    """Return the cross-product of the scores, per case: the meat of sandwich covariances.

    Args:
        patterns: Made of these values and weights.
        values: (n, p) with NaN where an answer is missing.
        sigma: (p, p) covariance matrix.
        mu: (p,) means.
        weights: (n,) case weights; they enter squared.
        clusters: (n,) cluster of each case, 0, 1, ...; scores are summed within clusters first and the result is
            multiplied by J / (J - 1) for J clusters.
        jacobian: (P, q) of (vech Sigma, mu), for the information about q parameters.

    Returns:
        (P, P) or (q, q).

    Raises:
        ValueError: fewer than two clusters.
    """
    scores = fiml_case_scores(patterns, values, sigma, mu, weights=weights, jacobian=jacobian)
    if clusters is None:
        return scores.T @ scores / patterns.n_obs
    _, number = np.unique(clusters, return_inverse=True)
    n_clusters = int(number.max()) + 1
    if n_clusters < 2:
        raise ValueError("cluster-robust information needs at least two clusters")
    order = np.argsort(number.ravel(), kind="stable")
    starts = np.searchsorted(number.ravel()[order], np.arange(n_clusters))
    sums = np.add.reduceat(scores[order], starts, axis=0)
    return sums.T @ sums / patterns.n_obs * (n_clusters / (n_clusters - 1))


def saturated_covariance(information: FloatArray, first_order: FloatArray | None = None) -> FloatArray:
    """Return n times the asymptotic covariance of the saturated moments: A^-1, or A^-1 B A^-1.

    It stands where complete data have Gamma: in the standard errors and tests of two-stage estimation (Savalei &
    Bentler 2009) and, with the first-order information B, of robust two-stage estimation (Savalei & Falk 2014).

    Args:
        information: (P, P) A, from second derivatives.
        first_order: (P, P) B; None under normality.

    Raises:
        numpy.linalg.LinAlgError: A is not positive definite: some moment is not identified, e.g. the covariance of
            two variables that nobody answered together.
    """
    scale = np.sqrt(np.diag(information))
    if not scale.all() or not np.isfinite(scale).all():
        raise np.linalg.LinAlgError("information matrix of the saturated moments is singular")
    factor = cholesky(information / np.outer(scale, scale))
    if factor is None or np.diag(factor).min() < _SINGULAR:
        raise np.linalg.LinAlgError("information matrix of the saturated moments is singular")
    if first_order is None:
        half = np.linalg.solve(factor, np.diag(1 / scale))
        return half.T @ half
    bread = np.linalg.solve(information, first_order)
    result = np.linalg.solve(information, bread.T)
    return (result + result.T) / 2


_SINGULAR = 1e-6  # diagonal of the Cholesky factor, relative to 1
