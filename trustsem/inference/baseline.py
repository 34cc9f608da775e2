"""The baseline model: variables that do not covary, except exogenous ones among themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.likelihood import Likelihood, effective_n
from trustsem.moments import SampleMoments
from trustsem.moments.linalg import log_determinant
from trustsem.spec.table import ParameterTable


@dataclass(frozen=True, slots=True)
class Baseline:
    """Chi-square of the baseline model."""

    statistic: float
    df: int
    pvalue: float | None


def independence_baseline(table: ParameterTable, moments: SampleMoments, likelihood: Likelihood) -> Baseline:
    """Fit the independence model by maximum likelihood, in closed form.

    Its F is the sum of log s_ii over non-exogenous variables + log|S_xx| - log|S|: exogenous variables keep their
    sample covariances, as in lavaan, whether fixed_x is on or off.
    """
    exogenous = set(table.variables.exogenous)
    total, df = 0.0, 0
    for sample in moments.groups:
        is_x = np.array([name in exogenous for name in sample.names])
        p, n_x = len(is_x), int(is_x.sum())
        log_det = float(np.log(np.diag(sample.cov)[~is_x]).sum())
        if n_x:
            log_det += log_determinant(sample.cov[np.ix_(is_x, is_x)])
        share = sample.n_obs / moments.n_obs
        total += share * (log_det - log_determinant(sample.cov))
        df += p * (p - 1) // 2 - n_x * (n_x - 1) // 2
    statistic = effective_n(moments, likelihood) * total
    statistic = max(statistic, 0.0) if math.isfinite(statistic) else math.nan
    return Baseline(statistic, df, chi_square_pvalue(statistic, df))
