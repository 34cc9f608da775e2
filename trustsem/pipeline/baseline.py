"""The baseline model of a fit: its chi-square, and its robust tests where the fit has some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trustsem.estimate import Estimate
from trustsem.inference import Baseline, ChiSquare
from trustsem.inference.baseline import baseline_of, fit_baseline, independence_baseline
from trustsem.inference.chisquares import ModelTest, TestContext, TestKind, model_test
from trustsem.inference.robust import robust_pieces
from trustsem.moments import SampleMoments
from trustsem.spec.table import ParameterTable

if TYPE_CHECKING:
    from trustsem.pipeline.options import PipelineOptions


@dataclass(frozen=True, eq=False)
class BaselineFit:
    """The independence model of a table, fitted when something of it is asked for."""

    table: ParameterTable
    moments: SampleMoments
    options: PipelineOptions

    @cached_property
    def estimate(self) -> Estimate:
        """The fitted independence model."""
        return fit_baseline(self.table, self.moments, self.options.discrepancy)

    @cached_property
    def base(self) -> Baseline:
        """Its n F, in closed form where there is one."""
        if self.options.discrepancy.name == "ML":
            return independence_baseline(self.table, self.moments)
        return baseline_of(self.estimate, self.table)

    @cached_property
    def main(self) -> Baseline:
        """The chi-square that fit indices use: of the same kind as that of the model."""
        kind = TestKind.BROWNE_RESIDUAL_NT
        if self.options.spec.test is kind and self.options.used_tests[0] is kind:
            test = self.test(kind)
            return Baseline(test.statistic, int(test.df), test.pvalue)
        return self.base

    def test(self, kind: TestKind) -> ModelTest:
        """Return one test of the independence model."""
        options = self.options
        base = ChiSquare(self.base.statistic, self.base.df, self.base.pvalue)
        context = TestContext(
            self.estimate,
            base,
            options.used_information,
            lambda: robust_pieces(self.estimate, options.h1, observed_by=options.observed_by[1]),
        )
        return model_test(kind, context)
