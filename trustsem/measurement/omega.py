"""What the model says of the sum score of a factor's items: omega, composite reliability, extracted variance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import thresholds_of
from trustsem.measurement.blocks import Block
from trustsem.moments.categorical.bivariate import bivariate_excess
from trustsem.moments.categorical.normal import normal_cdf_of

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
    loadings, cov = _standardised(block, implied)
    return _share(loadings, cov, 1.0)


def average_variance_extracted(block: Block, implied: Implied) -> float:
    """Return the mean of the squared standardised loadings (Fornell & Larcker 1981, eq. 11)."""
    loadings, _ = _standardised(block, implied)
    return float(np.mean(loadings**2))


def categorical_omega(block: Block, implied: Implied, layout: GroupLayout, steps: tuple[FloatArray, ...]) -> float:
    """Return the share of the variance of the sum of ordinal answers that the factor carries (Green & Yang 2009, 21).

    Covariances of answers follow from bivariate normal probabilities of their latent responses: cov(x, y) = sum over
    thresholds c of x and d of y of s_c s_d (Phi2(c, d; rho) - Phi(c) Phi(d)), s the steps between the scores of
    neighbouring categories. The numerator takes for rho the correlation that the factor alone makes (of an item with
    a second administration of itself, its squared standardised loading), the denominator the implied correlations;
    of an item with itself the exact variance of its categories.

    Args:
        block: Factor and items, all of them ordinal.
        implied: Matrices of the group.
        layout: Of the same group.
        steps: (K - 1,) differences of neighbouring scores of each item.
    """
    assert layout.ordinal is not None
    loadings, correlation = _standardised(block, implied)
    if not np.isfinite(correlation).all():
        return math.nan
    cuts = [thresholds_of(layout.ordinal, implied.theta, int(item)) - implied.total_mean[item] for item in block.items]
    h = np.concatenate([cut / math.sqrt(implied.total_cov[i, i]) for cut, i in zip(cuts, block.items, strict=True)])
    step, item = np.concatenate(steps), np.repeat(np.arange(len(cuts)), [len(cut) for cut in cuts])
    weight = np.outer(step, step)
    own = item[:, None] == item[None, :]
    by_factor, between = np.outer(loadings, loadings)[np.ix_(item, item)], correlation[np.ix_(item, item)]
    if (np.abs(by_factor) >= 1).any() or (np.abs(between[~own]) >= 1).any():
        return math.nan
    true = float((weight * bivariate_excess(h[:, None], h[None, :], by_factor)).sum())
    within = normal_cdf_of(np.minimum.outer(h, h)) - np.outer(normal_cdf_of(h), normal_cdf_of(h))
    across = bivariate_excess(h[:, None], h[None, :], np.where(own, 0.0, between))
    return true / float((weight * np.where(own, within, across)).sum())


def _cov(block: Block, implied: Implied) -> FloatArray:
    return implied.total_cov[np.ix_(block.items, block.items)]


def _standardised(block: Block, implied: Implied) -> tuple[FloatArray, FloatArray]:
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
