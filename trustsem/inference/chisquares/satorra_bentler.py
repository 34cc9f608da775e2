"""Chi-squares corrected by moments of their distribution under any distribution of the data."""

from __future__ import annotations

import math

from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind, saturated_test, scaled_test


def satorra_bentler(context: TestContext) -> ModelTest:
    """Return T / c with c = tr(U Gamma) / df: the mean is right (Satorra & Bentler 1994, eq. 16.16)."""
    base = context.base
    if base.df == 0:
        return saturated_test(TestKind.SATORRA_BENTLER, context)
    factor = context.pieces().ugamma_trace(observed=context.observed) / base.df
    return scaled_test(TestKind.SATORRA_BENTLER, context, factor)


def mean_var_adjusted(context: TestContext) -> ModelTest:
    """Return T / c with c = tr((U Gamma)^2) / tr(U Gamma) and df = tr(U Gamma)^2 / tr((U Gamma)^2).

    Mean and variance are right (Satorra & Bentler 1994, eq. 16.18); the df are fractional. NaN where tr(U Gamma) is not
    positive, as with observed information far from the data.
    """
    base = context.base
    if base.df == 0:
        return saturated_test(TestKind.MEAN_VAR_ADJUSTED, context)
    traces = context.pieces().traces(observed=context.observed)
    factor, df = traces.ugamma_squared / traces.ugamma, traces.ugamma**2 / traces.ugamma_squared
    statistic = base.statistic / factor if factor > 0 else math.nan
    return ModelTest(
        TestKind.MEAN_VAR_ADJUSTED,
        statistic,
        df,
        chi_square_pvalue(statistic, df),
        factor,
        correction=traces.ugamma / base.df,
    )


def scaled_shifted(context: TestContext) -> ModelTest:
    """Return a T + b with a = sqrt(df / tr((U Gamma)^2)), b = df - a tr(U Gamma) (Asparouhov & Muthen 2010)."""
    base = context.base
    if base.df == 0:
        return saturated_test(TestKind.SCALED_SHIFTED, context)
    traces = context.pieces().traces(observed=context.observed)
    slope = math.sqrt(base.df / traces.ugamma_squared)
    shift = base.df - slope * traces.ugamma
    statistic = slope * base.statistic + shift
    return ModelTest(
        TestKind.SCALED_SHIFTED,
        statistic,
        base.df,
        chi_square_pvalue(statistic, base.df),
        1 / slope,
        shift,
        correction=traces.ugamma / base.df,
    )
