"""Rows of scenarios and of rankings, as plain records that tables and figures are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects.delta import DeltaResult
from trustsem.resample import IntervalKind, bootstrap_limits

FloatArray = NDArray[np.float64]

_SAME = 1e-10  # relative: a spread below it is rounding, the quantity does not vary


@dataclass(frozen=True, slots=True)
class Span:
    """A value with standard error and 95 % limits; these are NaN of a constant and where they cannot be computed."""

    value: float
    se: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class StepRow:
    """One construct that a lever moves in one group.

    Args:
        lever: As it was asked for.
        construct: What it moves.
        amount: As it was asked for, e.g. "+0.5sd", with the sign of the lever's effect.
        units: The step in units of the construct.
        sd: In its standard deviations.
        points: What the step alone does to its 0-100 score; NaN where it has none.
        mean_score: Score of the respondents as they are.
        basis: "stated" by the source of a lever of the theory, "ours"; empty for a construct that was named itself.
        group: Counted from 1.
        group_label: Name of the group.
    """

    lever: str
    construct: str
    amount: str
    units: float
    sd: float
    points: float
    mean_score: float
    basis: str
    group: int
    group_label: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What a scenario does to one construct in one group.

    Args:
        construct: Its name.
        role: "lever" or "downstream".
        units: Expected change in units of the construct.
        sd: In standard deviations of the construct.
        points: In points of its 0-100 score.
        mean_score: Score of the respondents as they are; NaN where unknown.
        note: Why there are no points; empty where there are some.
        group: Counted from 1.
        group_label: Name of the group.
    """

    construct: str
    role: str
    units: Span
    sd: Span
    points: Span
    mean_score: float
    note: str
    group: int
    group_label: str


@dataclass(frozen=True, slots=True)
class LeverRow:
    """How far one lever could move an outcome, in one group.

    Args:
        lever: Construct, or identifier of a lever of the theory.
        kind: "construct" or "lever of the theory".
        acts_on: Constructs of the model that it moves, with their signs.
        importance: Change of the outcome, in its standard deviations, when everything that the lever moves is moved by
            one standard deviation: the standardised total effect.
        mean_score: Mean 0-100 score of what it moves.
        headroom: Points between that and the end of the scale in the direction that raises the outcome.
        gain: Points of the outcome's score for the common step.
        gain_headroom: Points of the outcome's score if the whole headroom were used.
        group: Counted from 1.
        group_label: Name of the group.
    """

    lever: str
    kind: str
    acts_on: str
    importance: Span
    mean_score: float
    headroom: float
    gain: Span
    gain_headroom: Span
    group: int
    group_label: str


NOTHING = Span(float("nan"), float("nan"), float("nan"), float("nan"))


def spans(result: DeltaResult, draws: FloatArray | None = None) -> list[Span]:
    """Return values with intervals: by their standard errors, or percentiles of draws where there are some.

    Args:
        result: (k,) values with delta-method errors.
        draws: (B, k), or None.
    """
    if draws is None:
        errors = result.standard_errors
        lower, upper = result.values - Z95 * errors, result.values + Z95 * errors
    else:
        lower, upper = bootstrap_limits(IntervalKind.PERCENTILE, draws, result.values)
        errors = np.array([_spread(column) for column in draws.T])
        fixed = ~(errors > _SAME * np.maximum(np.abs(result.values), 1.0))
        errors[fixed], lower[fixed], upper[fixed] = np.nan, np.nan, np.nan
    rows = zip(result.values.tolist(), errors.tolist(), lower.tolist(), upper.tolist(), strict=True)
    return [Span(*row) for row in rows]


def _spread(column: FloatArray) -> float:
    values = column[np.isfinite(column)]
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
