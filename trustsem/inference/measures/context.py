"""What fit measures are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.inference.baseline import Baseline
from trustsem.inference.chisquare import ChiSquare
from trustsem.inference.likelihood import LogLikelihood
from trustsem.moments import SampleMoments


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
        n_effective: What multiplies F: n, or n minus the number of groups (Wishart).
        fmin: Value of the objective, F/2, as lavaan prints it.
        meanstructure: Whether means are modelled.
        n_moments: All sample moments, those of exogenous variables included.
        residual_statistic: Browne's residual-based normal-theory chi-square.
        exogenous: Positions of the fixed exogenous variables, one array per group.
    """

    test: ChiSquare
    baseline: Baseline
    log_likelihood: LogLikelihood
    moments: SampleMoments
    implied: tuple[Implied, ...]
    n_parameters: int
    n_effective: int
    fmin: float
    meanstructure: bool
    n_moments: int
    residual_statistic: float
    exogenous: tuple[NDArray[np.intp], ...]

    @property
    def n_obs(self) -> int:
        """Respondents over all groups."""
        return self.moments.n_obs

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.moments.groups)


@dataclass(frozen=True, slots=True)
class MeasureSet:
    """Values by name; None where undefined, and then a reason of the same name."""

    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)


Measure = Callable[[FitContext], MeasureSet]


def undefined(names: tuple[str, ...], reason: str) -> MeasureSet:
    """Return measures that are not defined, all for one reason."""
    return MeasureSet(dict.fromkeys(names), dict.fromkeys(names, reason))
