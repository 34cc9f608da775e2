"""What fit measures are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.implied import Implied
from trustsem.inference.baseline import Baseline
from trustsem.inference.chisquare import ChiSquare
from trustsem.inference.chisquares import ModelTest
from trustsem.inference.likelihood import LogLikelihood
from trustsem.moments import SampleMoments

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class FitContext:
    """Everything that the measures need.

    Args:
        test: Chi-square of the model.
        baseline: Chi-square of the independence model.
        log_likelihood: Of the model and the saturated model.
        moments: Sample moments, in the metric that was analysed.
        implied: Implied moments, one per group.
        n_parameters: Estimated parameters.
        n_free: Free rows, before equality constraints are counted.
        n_effective: What indices divide by: n, or n minus the number of groups (Wishart, least squares).
        fmin: Value of the objective, F/2, as lavaan prints it.
        meanstructure: Whether means are modelled.
        n_moments: All sample moments, those of exogenous variables included.
        residual_statistic: Browne's residual-based normal-theory chi-square.
        exogenous: Positions of the fixed exogenous variables, one array per group.
        is_likelihood: Whether the estimator has a likelihood, and with it information criteria.
        is_incomplete: Whether each row's likelihood is that of its own answers.
        ordinal: Statistics of ordinal data and what the model implies for them, one per group; empty without.
        scaled: The test that is scaled, where the fit has one; its baseline beside it.
        robust_reason: Why robust indices are not defined, where the fit has a scaled test.
        weights: Weights of the moments that LISREL's GFI uses, one per group.
        robust: Model and baseline as robust RMSEA, CFI and TLI take them; None where they are not defined.
    """

    test: ChiSquare
    baseline: Baseline
    log_likelihood: LogLikelihood
    moments: SampleMoments
    implied: tuple[Implied, ...]
    n_parameters: int
    n_free: int
    n_effective: float
    fmin: float
    meanstructure: bool
    n_moments: int
    residual_statistic: float
    exogenous: tuple[NDArray[np.intp], ...]
    weights: tuple[NormalWeight | MomentWeight, ...]
    is_likelihood: bool = True
    is_incomplete: bool = False
    ordinal: tuple[OrdinalGroup, ...] = ()
    scaled: ModelTest | None = None
    baseline_scaled: ModelTest | None = None
    robust: Noncentral | None = None
    baseline_robust: Noncentral | None = None
    robust_reason: str | None = None

    @property
    def n_obs(self) -> int:
        """Respondents over all groups."""
        return self.moments.n_obs

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.moments.groups)


@dataclass(frozen=True, slots=True)
class Noncentral:
    """A chi-square whose excess over its mean estimates n F0: T - c df, spread like k times a noncentral chi-square.

    Args:
        statistic: T.
        df: Degrees of freedom.
        correction: c, mean of T / df where the model holds.
        spread: k: (T - c df) / k + df is taken as a noncentral chi-square.
    """

    statistic: float
    df: int
    correction: float = 1.0
    spread: float = 1.0

    @property
    def excess(self) -> float:
        """T - c df; below 0 where the model fits better than its degrees of freedom."""
        return self.statistic - self.correction * self.df

    @property
    def as_chi_square(self) -> float:
        """The statistic on the scale of a chi-square."""
        return self.excess / self.spread + self.df


@dataclass(frozen=True, slots=True)
class MeasureSet:
    """Values by name; None where undefined, and then a reason of the same name."""

    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalGroup:
    """Statistics of ordinal data of one group, sample and implied.

    Args:
        sample: (M,) in the order of `MomentLayout`.
        implied: (M,).
        weight: (M,) or (M, M) W.
        is_threshold: (M,) which of the statistics are thresholds.
        cov: (p, p) sample (residual) covariances of the endogenous variables.
        implied_cov: (p, p).
        slopes: (p, k) sample minus implied slopes.
        x_deviations: (k,) standard deviations of the exogenous variables.
    """

    sample: FloatArray
    implied: FloatArray
    weight: FloatArray
    is_threshold: NDArray[np.bool_]
    cov: FloatArray
    implied_cov: FloatArray
    slopes: FloatArray
    x_deviations: FloatArray


Measure = Callable[[FitContext], MeasureSet]


def undefined(names: tuple[str, ...], reason: str) -> MeasureSet:
    """Return measures that are not defined, all for one reason."""
    return MeasureSet(dict.fromkeys(names), dict.fromkeys(names, reason))
