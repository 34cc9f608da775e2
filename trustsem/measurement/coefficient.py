"""A coefficient of a scale: its value with an interval, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trustsem.measurement.group_means import Interval


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A number with its 95 % interval; what is undefined is None, with the reason.

    Args:
        value: The estimate; None where it is not defined.
        se: Standard error; None where the interval comes from elsewhere or there is none.
        lower: Lower limit; None without an interval.
        upper: Upper limit.
        interval: Where the limits come from: "delta", "feldt"; None without limits.
        reason: Why there is no value, or no interval; None where both are there.
        n_obs: Respondents behind it, where they are not all of the group.
    """

    value: float | None
    se: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: str | None = None
    reason: str | None = None
    n_obs: int | None = None

    @classmethod
    def undefined(cls, reason: str) -> Coefficient:
        """Return a coefficient without a value."""
        return cls(None, reason=reason)

    @classmethod
    def with_delta(cls, result: Interval, no_error: str) -> Coefficient:
        """Return a coefficient with delta-method limits; undefined where the value is no number.

        Args:
            result: Value and standard error; NaN where it has none.
            no_error: Why there is no standard error, where there is none.
        """
        if not math.isfinite(result.value):
            return cls.undefined("it is not defined at these estimates")
        if not math.isfinite(result.se):
            return cls(result.value, reason=no_error)
        return cls(result.value, result.se, result.lower, result.upper, "delta")
