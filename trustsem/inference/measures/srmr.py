"""Measures of the residual moments: RMR, SRMR (Bentler), CRMR (Bollen), SRMR as Mplus prints it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.inference.measures.context import FitContext, MeasureSet, OrdinalGroup
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]


def residual_measures(context: FitContext) -> MeasureSet:
    """Return the root mean square residuals; with groups, averaged by group size.

    rmr: raw residuals. srmr (srmr_bentler): residuals divided by the sample's standard deviations (Bentler 1995).
    crmr: residual correlations, diagonal left out of the mean (Bollen 1989). srmr_mplus: sample and implied moments
    standardised each by their own standard deviations, variances relative to the sample's (Asparouhov & Muthen 2018).
    "_nomean" leaves the means out.
    """
    if context.ordinal:
        return _ordinal_measures(context)
    total: dict[str, float] = {}
    for sample, implied in zip(context.moments.groups, context.implied, strict=True):
        share = sample.n_obs / context.n_obs
        for name, value in group_residual_measures(sample, implied, context.meanstructure).items():
            total[name] = total.get(name, 0.0) + share * value
    return MeasureSet(total)


def group_residual_measures(sample: SampleGroup, implied: Implied, meanstructure: bool) -> dict[str, float]:
    """Return the root mean square residuals of one group."""
    lower = np.tril_indices(len(sample.names))
    off = np.tril_indices(len(sample.names), -1)
    raw, bentler, bollen, sample_sd, model_sd = _covariance_residuals(sample.cov, implied.sigma)
    variance = np.diag(raw) / np.diag(sample.cov)
    zeros = np.zeros(len(sample.names))
    gap = zeros if sample.mean is None else sample.mean - implied.mu
    own = zeros if sample.mean is None else sample.mean / sample_sd - implied.mu / model_sd
    parts = {
        "rmr": (raw[lower], gap),
        "srmr_bentler": (bentler[lower], gap / sample_sd),
        "crmr": (bollen[off], gap / sample_sd),
        "srmr_mplus": (np.concatenate([bollen[off], variance]), own),
    }
    values: dict[str, float] = {}
    for name, (moments, means) in parts.items():
        values[name] = _root_mean_square(np.concatenate([moments, means]) if meanstructure else moments)
        values[f"{name}_nomean"] = _root_mean_square(moments)
    values["srmr"] = values["srmr_bentler"]
    return values


def _ordinal_measures(context: FitContext) -> MeasureSet:
    """Return the same of ordinal data: thresholds and slopes take the place of means; srmr leaves them out (lavaan)."""
    total: dict[str, float] = {}
    for sample, group in zip(context.moments.groups, context.ordinal, strict=True):
        share = sample.n_obs / context.n_obs
        for name, value in ordinal_group_measures(group).items():
            total[name] = total.get(name, 0.0) + share * value
    total["srmr"] = total["srmr_bentler_nomean"]
    # with groups lavaan divides by the statistics of one group
    n_statistics = sum(len(group.sample) for group in context.ordinal) / len(context.ordinal)
    total["wrmr"] = math.sqrt(max(context.test.statistic, 0.0) / n_statistics)
    values: dict[str, float | None] = {**total, "srmr_mplus": None, "srmr_mplus_nomean": None}
    reason = "not defined for ordinal data"
    return MeasureSet(values, {"srmr_mplus": reason, "srmr_mplus_nomean": reason})


def ordinal_group_measures(group: OrdinalGroup) -> dict[str, float]:
    """Return rmr, srmr_bentler and crmr of one group of ordinal data, each also without thresholds and slopes."""
    p = len(group.cov)
    lower, off = np.tril_indices(p), np.tril_indices(p, -1)
    raw, bentler, bollen, sample_sd, _ = _covariance_residuals(group.cov, group.implied_cov)
    thresholds = (group.sample - group.implied)[group.is_threshold]
    slopes = group.slopes * group.x_deviations
    values: dict[str, float] = {}
    for name, moments, further in (
        ("rmr", raw[lower], group.slopes),
        ("srmr_bentler", bentler[lower], slopes / sample_sd[:, None]),
        ("crmr", bollen[off], slopes / sample_sd[:, None]),
    ):
        values[name] = _root_mean_square(np.concatenate([moments, thresholds, further.ravel()]))
        values[f"{name}_nomean"] = _root_mean_square(moments)
    return values


def _covariance_residuals(
    sample: FloatArray, implied: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return raw, Bentler's and Bollen's residuals (p, p), and the deviations of the sample and of the model."""
    sample_sd, model_sd = np.sqrt(np.diag(sample)), np.sqrt(np.maximum(np.diag(implied), 1e-300))
    raw = sample - implied
    unit = np.outer(sample_sd, sample_sd)
    return raw, raw / unit, sample / unit - implied / np.outer(model_sd, model_sd), sample_sd, model_sd


def _root_mean_square(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
