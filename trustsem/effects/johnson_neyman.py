"""Johnson and Neyman's (1936) regions: where a line in a moderator differs from zero."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EffectLine:
    """An effect a + b w as a line in the moderator w, with the covariance of a and b.

    Args:
        intercept: a, the effect at w = 0.
        slope: b.
        cov: (2, 2) covariance of a and b.
    """

    intercept: float
    slope: float
    cov: FloatArray

    def at(self, values: FloatArray) -> FloatArray:
        """Return the effect at values of the moderator."""
        return self.intercept + self.slope * values

    def errors(self, values: FloatArray) -> FloatArray:
        """Return its standard errors: the root of var(a) + 2 w cov(a, b) + w^2 var(b) (Aiken & West 1991, p. 16)."""
        variance = self.cov[0, 0] + 2 * values * self.cov[0, 1] + values**2 * self.cov[1, 1]
        return np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the moderator; an end is infinite where it goes on."""

    lower: float
    upper: float

    def holds(self, values: FloatArray) -> NDArray[np.bool_]:
        """Return which values lie in it."""
        return (values > self.lower) & (values < self.upper)


def significant_regions(line: EffectLine, critical: float) -> tuple[Interval, ...]:
    """Return where |a + b w| exceeds `critical` standard errors.

    The bounds are the real roots of (b^2 - c^2 var b) w^2 + 2 (a b - c^2 cov(a, b)) w + (a^2 - c^2 var a) = 0, c the
    critical value (Bauer & Curran 2005, eqs. 8-11).

    Example:
        >>> import numpy as np
        >>> significant_regions(EffectLine(0.0, 1.0, np.diag([1.0, 0.0])), 2.0)
        (Interval(lower=-inf, upper=-2.0), Interval(lower=2.0, upper=inf))
    """
    square = critical**2
    second = line.slope**2 - square * float(line.cov[1, 1])
    first = 2 * (line.intercept * line.slope - square * float(line.cov[0, 1]))
    constant = line.intercept**2 - square * float(line.cov[0, 0])
    roots = _roots(second, first, constant)
    bounds = [-math.inf, *roots, math.inf]
    stretches = [Interval(lower, upper) for lower, upper in itertools.pairwise(bounds)]
    return tuple(part for part in stretches if _inside(part, second, first, constant))


def _roots(second: float, first: float, constant: float) -> list[float]:
    """Return the real roots in order, without the cancellation of the school formula; double roots part nothing."""
    scale = max(abs(second), abs(first), abs(constant))
    if scale == 0.0:
        return []
    if abs(second) <= 1e-14 * scale:
        return [-constant / first] if abs(first) > 1e-14 * scale else []
    discriminant = first**2 - 4 * second * constant
    if discriminant <= 0:
        return []
    q = -0.5 * (first + math.copysign(math.sqrt(discriminant), first))
    return sorted((q / second, constant / q)) if q != 0 else [0.0]


def _inside(part: Interval, second: float, first: float, constant: float) -> bool:
    """Return whether the quadratic is positive in a stretch without a root."""
    if math.isinf(part.lower) and math.isinf(part.upper):
        point = 0.0
    elif math.isinf(part.lower):
        point = part.upper - 1.0 - abs(part.upper)
    elif math.isinf(part.upper):
        point = part.lower + 1.0 + abs(part.lower)
    else:
        point = (part.lower + part.upper) / 2
    return second * point**2 + first * point + constant > 0
