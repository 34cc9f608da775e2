"""What a test of the model is computed from, and what it returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from trustsem.estimate import Estimate
from trustsem.inference.chisquare import ChiSquare, chi_square_pvalue
from trustsem.inference.information import InformationKind
from trustsem.inference.robust import RobustPieces


class TestKind(Enum):
    """Tests by lavaan's names."""

    __test__ = False  # no test class of pytest

    STANDARD = "standard"
    SATORRA_BENTLER = "satorra_bentler"
    MEAN_VAR_ADJUSTED = "mean_var_adjusted"
    SCALED_SHIFTED = "scaled_shifted"
    YUAN_BENTLER = "yuan_bentler"
    YUAN_BENTLER_MPLUS = "yuan_bentler_mplus"
    BROWNE_RESIDUAL_ADF = "browne_residual_adf"
    BROWNE_RESIDUAL_NT = "browne_residual_nt"
    BROWNE_RESIDUAL_NT_MODEL = "browne_residual_nt_model"

    @property
    def is_scaled(self) -> bool:
        """Whether the test corrects another chi-square by a scaling factor."""
        return self in _SCALED


_SCALED = frozenset(
    {
        TestKind.SATORRA_BENTLER,
        TestKind.MEAN_VAR_ADJUSTED,
        TestKind.SCALED_SHIFTED,
        TestKind.YUAN_BENTLER,
        TestKind.YUAN_BENTLER_MPLUS,
    }
)


@dataclass(frozen=True, slots=True)
class ModelTest:
    """A chi-square test of the model.

    Args:
        kind: Which test.
        statistic: Chi-square; NaN where it cannot be computed.
        df: Degrees of freedom; fractional for the mean- and variance-adjusted test.
        pvalue: Upper tail; None without degrees of freedom.
        scaling_factor: What the unscaled statistic was divided by; None for tests that are no scaled ones.
        shift: What the scaled and shifted test adds.
        correction: tr(U Gamma) / df, the mean of the unscaled statistic over its df: what robust RMSEA and CFI use.
        trace_h1: tr(A^-1 B) of the saturated model, for Yuan-Bentler tests.
        trace_h0: The same of the fitted model.
    """

    kind: TestKind
    statistic: float
    df: float
    pvalue: float | None
    scaling_factor: float | None = None
    shift: float | None = None
    correction: float | None = None
    trace_h1: float | None = None
    trace_h0: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class TestContext:
    """What a test is computed from.

    Args:
        estimate: End of the optimisation.
        base: The chi-square that scaled tests scale.
        information: Which information the fit uses.
        pieces: Bread, meat and traces; called only by tests that need them.
    """

    __test__ = False

    estimate: Estimate
    base: ChiSquare
    information: InformationKind
    pieces: Callable[[], RobustPieces]

    @property
    def observed(self) -> bool:
        """Whether the fit uses the observed information."""
        return self.information is InformationKind.OBSERVED


def scaled_test(
    kind: TestKind, context: TestContext, factor: float, *, trace_h1: float | None = None, trace_h0: float | None = None
) -> ModelTest:
    """Return T / factor on the degrees of freedom of T; NaN where the factor is not positive."""
    base = context.base
    statistic = base.statistic / factor if factor > 0 else math.nan
    pvalue = chi_square_pvalue(statistic, base.df)
    return ModelTest(kind, statistic, base.df, pvalue, factor, correction=factor, trace_h1=trace_h1, trace_h0=trace_h0)


def saturated_test(kind: TestKind, context: TestContext) -> ModelTest:
    """Return the test of a model without degrees of freedom: there is nothing to scale."""
    return ModelTest(kind, context.base.statistic, 0, None)
