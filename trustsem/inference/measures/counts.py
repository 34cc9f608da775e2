"""Counts, minimum, chi-square of the model and of the baseline model."""

from __future__ import annotations

import math

from trustsem.inference.measures.context import FitContext, MeasureSet


def count_measures(context: FitContext) -> MeasureSet:
    """Return npar, fmin (F/2), chisq, df, pvalue and the same of the baseline model."""
    values = {
        "npar": context.n_parameters,
        "fmin": context.fmin,
        "chisq": context.test.statistic,
        "df": context.test.df,
        "pvalue": context.test.pvalue,
        "baseline_chisq": context.baseline.statistic,
        "baseline_df": context.baseline.df,
        "baseline_pvalue": context.baseline.pvalue,
    }
    if context.is_likelihood:
        values["ntotal"] = context.n_obs
    reasons = {}
    unscaled = "the unscaled statistic of this estimator is no chi-square"
    if context.test.pvalue is None:
        reasons["pvalue"] = unscaled if context.test.df else "no degrees of freedom: the model is saturated"
    if context.baseline.pvalue is None:
        reasons["baseline_pvalue"] = unscaled if context.baseline.df else "the baseline model has no degrees of freedom"
    return MeasureSet(values, reasons)


def scaled_count_measures(context: FitContext) -> MeasureSet:
    """Return the scaled chi-square, its df, p-value and scaling factor, and the same of the baseline model."""
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for prefix, test in (("", context.scaled), ("baseline_", context.baseline_scaled)):
        if test is None:
            continue
        values[f"{prefix}chisq_scaled"] = test.statistic if math.isfinite(test.statistic) else None
        values[f"{prefix}df_scaled"] = test.df
        values[f"{prefix}pvalue_scaled"] = test.pvalue
        values[f"{prefix}chisq_scaling_factor"] = test.scaling_factor
        if test.df == 0:
            names = ("pvalue_scaled", "chisq_scaling_factor")
            reasons.update(dict.fromkeys((f"{prefix}{name}" for name in names), "no degrees of freedom"))
        elif values[f"{prefix}chisq_scaled"] is None:
            reason = "the scaling factor is negative"
            reasons.update({f"{prefix}chisq_scaled": reason, f"{prefix}pvalue_scaled": reason})
    return MeasureSet(values, reasons)
