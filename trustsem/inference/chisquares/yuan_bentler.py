"""Scaled tests for incomplete and non-normal data."""

from __future__ import annotations

from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind, saturated_test, scaled_test
from trustsem.inference.robust.pieces import trace_of_quotient


def yuan_bentler(context: TestContext) -> ModelTest:
    """Return T / c with c = tr(U Gamma) / df, U from the h1 information that the fit uses (Yuan & Bentler 2000)."""
    base = context.base
    if base.df == 0:
        return saturated_test(TestKind.YUAN_BENTLER, context)
    pieces = context.pieces()
    factor = pieces.ugamma_trace(observed=context.observed) / base.df
    h1 = pieces.trace_h1(observed=context.observed)
    h0 = trace_of_quotient(pieces.moment_bread(observed=context.observed), pieces.score_meat())
    return scaled_test(TestKind.YUAN_BENTLER, context, factor, trace_h1=h1, trace_h0=h0)


def yuan_bentler_mplus(context: TestContext) -> ModelTest:
    """Return T / c with c = (tr(A1^-1 B1) - tr(A0^-1 B0)) / df (Asparouhov & Muthen 2005; Mplus' MLR)."""
    base = context.base
    if base.df == 0:
        return saturated_test(TestKind.YUAN_BENTLER_MPLUS, context)
    pieces = context.pieces()
    h1 = pieces.trace_h1(observed=context.observed)
    h0 = trace_of_quotient(pieces.bread(observed=context.observed), pieces.score_meat())
    return scaled_test(TestKind.YUAN_BENTLER_MPLUS, context, (h1 - h0) / base.df, trace_h1=h1, trace_h0=h0)
