"""Browne's residual-based tests, distribution free and normal theory."""

from __future__ import annotations

import math

from trustsem.discrepancy import MomentWeight
from trustsem.inference.browne import ResidualWeight, browne_residual_statistic, residual_statistic
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind
from trustsem.moments.adf import adf_weight


def browne_residual_adf(context: TestContext) -> ModelTest:
    """Return Browne's (1984, eq. 2.20) statistic with the weight Gamma^-1, whatever the distribution is.

    Gamma is conditional on fixed exogenous variables, as in WLS: at its estimates the statistic is n F.
    """
    objective = context.estimate.objective
    meanstructure, weights = objective.layout.meanstructure, []
    for sample, layout in zip(objective.moments.groups, objective.layout.groups, strict=True):
        assert sample.cases is not None
        weight = adf_weight(sample.cases, meanstructure=meanstructure, exogenous=layout.exogenous)
        if weight is None:
            return ModelTest(TestKind.BROWNE_RESIDUAL_ADF, math.nan, context.base.df, None)
        weights.append(MomentWeight(weight, meanstructure))
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
