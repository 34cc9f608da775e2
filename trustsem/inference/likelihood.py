"""Log-likelihood of the model and of the saturated model, and which n multiplies the discrepancy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout
from trustsem.moments import SampleGroup
from trustsem.moments.incomplete import normal_value
from trustsem.moments.linalg import log_determinant
from trustsem.moments.patterns import missing_patterns

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


def log_likelihood(estimate: Estimate) -> LogLikelihood:
    """Return the log-likelihood of the fitted and of the saturated model.

    l = -(n/2) (p log 2 pi + log|S| + p) for the saturated model, minus n F / 2 for the fitted one; with fixed_x the
    part of the exogenous variables is taken off both. Of incomplete rows the saturated model is that of the patterns.
    Under the Wishart likelihood S has divisor n - 1 and n stays n, as in lavaan.
    """
    moments, layout = estimate.objective.moments, estimate.objective.layout
    incomplete = estimate.objective.discrepancy.name == "FIML"
    saturated = sum(
        _saturated(sample, group, incomplete) for sample, group in zip(moments.groups, layout.groups, strict=True)
    )
    return LogLikelihood(saturated - moments.mass * estimate.value, saturated)


def _saturated(sample: SampleGroup, layout: GroupLayout, incomplete: bool) -> float:
    if incomplete and sample.saturated is not None:
        return sample.saturated.log_likelihood - _incomplete_exogenous(sample, layout)
    total = _normal(sample, np.arange(len(sample.names)))
    return total - _normal(sample, layout.exogenous) if len(layout.exogenous) else total


def _incomplete_exogenous(sample: SampleGroup, layout: GroupLayout) -> float:
    """Return the log-likelihood of the answers to fixed exogenous variables at the saturated moments."""
    x = layout.exogenous
    if not len(x):
        return 0.0
    assert sample.cases is not None
    assert sample.mean is not None
    values = sample.cases.values[:, x]
    weights = sample.cases.weights
    there = ~np.isnan(values).all(axis=1)
    total = float(there.sum()) if weights is None else float(weights[there].sum())
    patterns = missing_patterns(values[there], None if weights is None else weights[there])
    minus_two = normal_value(patterns, sample.cov[np.ix_(x, x)], sample.mean[x])
    return -total / 2 * minus_two


def _normal(sample: SampleGroup, index: np.ndarray) -> float:
    p = len(index)
    return -sample.mass / 2 * (p * _LOG_2PI + log_determinant(sample.cov[np.ix_(index, index)]) + p)
