"""Counts, minimum, chi-square of the model and of the baseline model."""

from __future__ import annotations

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
        "ntotal": context.n_obs,
    }
    reasons = {}
    if context.test.pvalue is None:
        reasons["pvalue"] = "no degrees of freedom: the model is saturated"
    if context.baseline.pvalue is None:
        reasons["baseline_pvalue"] = "the baseline model has no degrees of freedom"
    return MeasureSet(values, reasons)
