"""Log-likelihood of the model and of the saturated model, and which n multiplies the discrepancy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.moments.linalg import log_determinant

_LOG_2PI = math.log(2 * math.pi)


class Likelihood(Enum):
    """NORMAL: S with divisor n and n F; WISHART: S with divisor n - 1 and (n - 1) F per group."""

    NORMAL = "normal"
    WISHART = "wishart"


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """Log-likelihoods; with fixed_x both are conditional on the exogenous variables."""

    model: float
    saturated: float


def effective_n(moments: SampleMoments, likelihood: Likelihood) -> int:
    """Return what multiplies F in the chi-square: n, or n minus the number of groups."""
    return moments.n_obs - (len(moments.groups) if likelihood is Likelihood.WISHART else 0)


def log_likelihood(estimate: Estimate) -> LogLikelihood:
    """Return the log-likelihood of the fitted and of the saturated model.

    l = -(n/2) (p log 2 pi + log|S| + p) for the saturated model, minus n F / 2 for the fitted one; with fixed_x the
    part of the exogenous variables is taken off both. Under the Wishart likelihood S has divisor n - 1 and n
    stays n, as in lavaan.
    """
    moments, layout = estimate.objective.moments, estimate.objective.layout
    saturated = sum(_saturated(sample, group) for sample, group in zip(moments.groups, layout.groups, strict=True))
    return LogLikelihood(saturated - moments.n_obs * estimate.value, saturated)


def _saturated(sample: SampleGroup, layout: GroupLayout) -> float:
    total = _normal(sample, np.arange(len(sample.names)))
    return total - _normal(sample, layout.exogenous) if len(layout.exogenous) else total


def _normal(sample: SampleGroup, index: np.ndarray) -> float:
    p = len(index)
    return -sample.n_obs / 2 * (p * _LOG_2PI + log_determinant(sample.cov[np.ix_(index, index)]) + p)
