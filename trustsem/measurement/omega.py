"""What the model says of the sum score of a factor's items: omega, composite reliability, extracted variance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.measurement.blocks import Block

FloatArray = NDArray[np.float64]


def omega(block: Block, implied: Implied) -> float:
    """Return the share of the variance of the items' sum that the factor carries; NaN where it is not defined.

    (sum of loadings)^2 var(factor) / 1'Sigma 1 with Sigma the implied covariances of the items: McDonald (1999,
    eq. 6.20b) where items load on one factor and errors are uncorrelated; residual covariances, other factors and
    predictors of the items are counted in the denominator alone (Bentler 2009; Raykov 2001).
    """
    cov = _cov(block, implied)
    return _share(block.loadings(implied), cov, implied.total_cov[block.position, block.position])


def composite_reliability(block: Block, implied: Implied) -> float:
    """Return omega of the sum of standardised items (Joreskog 1971; Fornell & Larcker 1981, eq. 10).

    (sum of standardised loadings)^2 / 1'R 1 with R the implied correlations of the items; without residual
    covariances and cross-loadings the denominator is that sum + sum of (1 - squared standardised loading).
    """
    loadings, cov = standardised_loadings(block, implied)
    return _share(loadings, cov, 1.0)


def average_variance_extracted(block: Block, implied: Implied) -> float:
    """Return the mean of the squared standardised loadings (Fornell & Larcker 1981, eq. 11)."""
    loadings, _ = standardised_loadings(block, implied)
    return float(np.mean(loadings**2))


def _cov(block: Block, implied: Implied) -> FloatArray:
    return implied.total_cov[np.ix_(block.items, block.items)]


def standardised_loadings(block: Block, implied: Implied) -> tuple[FloatArray, FloatArray]:
    """Return standardised loadings (k,) and implied correlations (k, k); NaN without variance of factor or items."""
    cov, variance = _cov(block, implied), implied.total_cov[block.position, block.position]
    own = np.diag(cov)
    if not (variance > 0 and (own > 0).all()):
        return np.full(len(own), math.nan), np.full(cov.shape, math.nan)
    sd = np.sqrt(own)
    return block.loadings(implied) * math.sqrt(variance) / sd, cov / np.outer(sd, sd)


def _share(loadings: FloatArray, cov: FloatArray, variance: float) -> float:
    total = float(cov.sum())
    return float(loadings.sum()) ** 2 * variance / total if variance > 0 and total > 0 else math.nan
