"""Little's (1988) test of missing completely at random."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trustsem.distributions import chi_square_tail
from trustsem.moments.em import EMResult
from trustsem.moments.incomplete import pattern_blocks
from trustsem.moments.patterns import MissingPatterns


@dataclass(frozen=True, slots=True)
class MCARTest:
    """Little's test: small p-values speak against missing completely at random.

    Args:
        statistic: d^2; NaN where the moments could not be estimated.
        df: Sum over patterns of the answered variables, minus p.
        pvalue: Upper tail of the chi-square; None with df 0 (complete data, or a single pattern) or without d^2.
        n_patterns: Number of missing-data patterns, complete rows included.
    """

    statistic: float
    df: int
    pvalue: float | None
    n_patterns: int


def little_mcar_test(patterns: MissingPatterns, moments: EMResult) -> MCARTest:
    """Test whether the means of the answered variables are the same in all missing-data patterns.

    d^2 = sum_k n_k (xbar_k - mu_k)' Sigma_oo^-1 (xbar_k - mu_k) with the maximum likelihood estimates mu and Sigma
    (divisor n) of all data (Little 1988, eq. 5 with the ML covariance matrix). `mcar_test` of naniar and `LittleMCAR`
    of BaylorEdPsych print this value; with Sigma n / (n - 1) instead, d^2 is smaller by the factor (n - 1) / n. The
    chi-square distribution is that of large patterns: with patterns of one row each the test says little.

    Args:
        patterns: The data, without case weights.
        moments: Saturated moments of these data.

    Raises:
        ValueError: weighted cases: the statistic has no chi-square distribution then.
    """
    if not np.array_equal(patterns.counts, np.bincount(patterns.of_row)):
        raise ValueError("Little's test is not defined for weighted cases")
    df = int(patterns.observed.sum()) - patterns.n_variables
    if not moments.converged:
        return MCARTest(math.nan, df, None, patterns.n_patterns)
    statistic = 0.0
    for block in pattern_blocks(patterns, moments.cov, moments.mean):
        gaps = np.where(patterns.observed[block.index], patterns.means[block.index] - moments.mean, 0.0)
        statistic += float(patterns.counts[block.index] @ np.einsum("kp,kp->k", gaps, block.solved))
    pvalue = chi_square_tail(statistic, df) if df > 0 else None
    return MCARTest(statistic, df, pvalue, patterns.n_patterns)
