"""The likelihood-ratio test, or n F of least squares."""

from __future__ import annotations

from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind


def standard(context: TestContext) -> ModelTest:
    """Return the unscaled test."""
    base = context.base
    return ModelTest(TestKind.STANDARD, base.statistic, base.df, base.pvalue)
