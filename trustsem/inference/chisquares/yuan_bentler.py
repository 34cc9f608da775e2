"""Scaled tests for incomplete and non-normal data."""

from __future__ import annotations

import math

from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind
from trustsem.inference.robust.pieces import trace_of_quotient


def yuan_bentler(context: TestContext) -> ModelTest:
    """Return T / c with c = tr(U Gamma) / df, U from the h1 information that the fit uses (Yuan & Bentler 2000)."""
    base = context.base
    if base.df == 0:
        return ModelTest(TestKind.YUAN_BENTLER, base.statistic, 0, None)
    pieces = context.pieces()
    factor = pieces.ugamma_trace(observed=context.observed) / base.df
    h0 = trace_of_quotient(pieces.moment_bread(observed=context.observed), pieces.score_meat())
    return _scaled(TestKind.YUAN_BENTLER, context, factor, pieces.trace_h1(), h0)


def yuan_bentler_mplus(context: TestContext) -> ModelTest:
    """Return T / c with c = (tr(A1^-1 B1) - tr(A0^-1 B0)) / df (Asparouhov & Muthen 2005; Mplus' MLR)."""
    base = context.base
    if base.df == 0:
        return ModelTest(TestKind.YUAN_BENTLER_MPLUS, base.statistic, 0, None)
    pieces = context.pieces()
    h1 = pieces.trace_h1()
    h0 = trace_of_quotient(pieces.bread(observed=context.observed), pieces.score_meat())
    return _scaled(TestKind.YUAN_BENTLER_MPLUS, context, (h1 - h0) / base.df, h1, h0)


def _scaled(kind: TestKind, context: TestContext, factor: float, h1: float, h0: float) -> ModelTest:
    base = context.base
    statistic = base.statistic / factor if factor > 0 else math.nan
    pvalue = chi_square_pvalue(statistic, base.df)
    return ModelTest(kind, statistic, base.df, pvalue, factor, correction=factor, trace_h1=h1, trace_h0=h0)
