"""Fit measures of a model that was fitted to completed data sets."""

from __future__ import annotations

import math
from dataclasses import replace

from trustsem.imputation.model_tests import ImputedModel, ModelTests, ScaledPool, baseline_test, scaled_baseline_test
from trustsem.inference import Baseline, ChiSquare, FitContext, LogLikelihood, MeasureSet
from trustsem.inference.measures.counts import count_measures, scaled_count_measures
from trustsem.inference.measures.incremental import incremental_measures, scaled_incremental_measures
from trustsem.inference.measures.rmsea import rmsea_measures, scaled_rmsea_measures
from trustsem.inference.measures.srmr import residual_measures
from trustsem.pipeline.context import noncentral_of

PREFERENCE = ("D4", "D3", "D2")  # D4 does not depend on how factors are scaled; D2 needs chi-squares only

_NO_CRITERIA = "completed data sets have no common likelihood; compare models by pooled tests"


def pooled_measures(model: ImputedModel, tests: ModelTests, method: str) -> MeasureSet:
    """Return fit measures from a pooled chi-square k D, with residuals of the averaged moments.

    CFI, TLI, RMSEA and their relatives take k D of the model and of the independence model, pooled alike, where they
    take chi-squares of complete data (Enders & Mansolf 2018). SRMR compares averaged sample moments with those that
    averaged estimates imply. With a scaled test, scaled indices follow from D2 of the scaled chi-squares, and robust
    ones from k D with averaged corrections.

    Args:
        model: The fits.
        tests: Their pooled tests.
        method: Which of the tests.
    """
    values: dict[str, float | None] = {
        "npar": model.first.table.n_parameters,
        "ntotal": model.average.n_obs,
        "n_imputations": len(model.fits),
    }
    reasons: dict[str, str] = {}
    context = _context(model, tests, method)
    families = [_counts, incremental_measures, rmsea_measures, residual_measures]
    if tests.scaled is not None:
        families += [scaled_count_measures, scaled_incremental_measures, scaled_rmsea_measures]
    for measure in families:
        part = measure(context)
        values.update(part.values)
        reasons.update(part.reasons)
    for name in ("aic", "bic"):
        values[name], reasons[name] = None, _NO_CRITERIA
    return MeasureSet(values, reasons)


def _counts(context: FitContext) -> MeasureSet:
    """Return chi-square, df and p-value (of the F test) of model and baseline."""
    counts = count_measures(context)
    names = ("chisq", "df", "pvalue", "baseline_chisq", "baseline_df", "baseline_pvalue")
    reasons = {name: reason for name, reason in counts.reasons.items() if name in names}
    return MeasureSet({name: counts.values[name] for name in names}, reasons)


def _context(model: ImputedModel, tests: ModelTests, method: str) -> FitContext:
    """Return what the measures above read; what none of them reads is NaN."""
    first, average = model.first, model.average
    test = tests.tests.get(method)
    baseline = baseline_test(model, method)
    own = ChiSquare(0.0, 0, None) if test is None else ChiSquare(test.chi_square, model.df, test.pvalue)
    context = FitContext(
        own,
        Baseline(baseline.chi_square, int(baseline.df1), baseline.pvalue),
        LogLikelihood(math.nan, math.nan),
        average,
        model.implied,
        first.table.n_parameters,
        first.table.n_free,
        average.n_effective,
        math.nan,
        first.table.meanstructure,
        0,
        math.nan,
        tuple(group.exogenous for group in first.estimate.objective.layout.groups),
        (),
        is_likelihood=False,
    )
    return context if tests.scaled is None else _with_scaled(context, model, tests.scaled)


def _with_scaled(context: FitContext, model: ImputedModel, scaled: ScaledPool) -> FitContext:
    baseline = scaled_baseline_test(model)
    null = None if baseline is None else baseline.average
    return replace(
        context,
        scaled=scaled.average,
        baseline_scaled=null,
        robust=noncentral_of(scaled.average, context.test),
        baseline_robust=None if null is None else noncentral_of(null, context.baseline),
    )
