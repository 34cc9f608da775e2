"""Browne's residual-based tests, distribution free and normal theory."""

from __future__ import annotations

import math

import numpy as np

from trustsem.discrepancy import MomentWeight
from trustsem.inference.browne import ResidualWeight, browne_residual_statistic, residual_statistic
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind
from trustsem.moments.adf import adf_gamma


def browne_residual_adf(context: TestContext) -> ModelTest:
    """Return Browne's (1984, eq. 2.20) statistic with the weight Gamma^-1, whatever the distribution is."""
    meanstructure = context.estimate.objective.layout.meanstructure
    weights = []
    for sample in context.estimate.objective.moments.groups:
        assert sample.cases is not None
        gamma = adf_gamma(sample.cases, meanstructure=meanstructure)
        try:
            weights.append(MomentWeight(np.asarray(np.linalg.inv(gamma), dtype=np.float64), meanstructure))
        except np.linalg.LinAlgError:
            return ModelTest(TestKind.BROWNE_RESIDUAL_ADF, math.nan, context.base.df, None)
    statistic = residual_statistic(context.estimate, weights)
    return _test(TestKind.BROWNE_RESIDUAL_ADF, context, statistic)


def browne_residual_nt(context: TestContext) -> ModelTest:
    """Return Browne's statistic with normal-theory weights at the sample moments."""
    statistic = browne_residual_statistic(context.estimate, ResidualWeight.SAMPLE)
    return _test(TestKind.BROWNE_RESIDUAL_NT, context, statistic)


def browne_residual_nt_model(context: TestContext) -> ModelTest:
    """Return Browne's statistic with normal-theory weights at the implied moments."""
    statistic = browne_residual_statistic(context.estimate, ResidualWeight.MODEL)
    return _test(TestKind.BROWNE_RESIDUAL_NT_MODEL, context, statistic)


def _test(kind: TestKind, context: TestContext, statistic: float) -> ModelTest:
    df = context.base.df
    return ModelTest(kind, statistic, df, chi_square_pvalue(statistic, df))
