"""Means and covariances of rows that come in parts: sums of each part, merged without loss of digits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PartialMoments:
    """First and second moments of some rows, in a form that can be merged.

    The mean is kept as origin + offset: a rounded point near the data, and the small rest. Differences of two means of
    1e8 would lose half their digits otherwise, and with them the merged covariances.

    Args:
        n_obs: Rows.
        mass: Sum of their weights; the number of rows without weights.
        origin: (p,) a point near the mean, in item units.
        offset: (p,) mean minus origin.
        scatter: (p, p) sum of w (x - mean)(x - mean)', item units squared.
        lowest: (p,) smallest answer; infinity without rows.
        highest: (p,) largest answer; minus infinity without rows.
    """

    n_obs: int
    mass: float
    origin: FloatArray
    offset: FloatArray
    scatter: FloatArray
    lowest: FloatArray
    highest: FloatArray

    @property
    def mean(self) -> FloatArray:
        """(p,) mean, with weights the weighted one."""
        return self.origin + self.offset

    @property
    def covariance(self) -> FloatArray:
        """(p, p) covariance matrix, divisor n (with weights: their sum)."""
        return self.scatter / self.mass


def partial_moments(values: FloatArray, weights: FloatArray | None = None) -> PartialMoments:
    """Return the moments of some rows.

    Corrected two-pass algorithm: S = sum w (x - o)(x - o)' - W d d', o the rounded mean, d = sum w (x - o) / W.

    Args:
        values: (n, p) answers without NaN.
        weights: (n,) positive weights; None: all rows count alike.

    Source: Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance, The American Statistician 37,
        242-247, the corrected two-pass algorithm, for matrices and weights.
    """
    n_obs, p = values.shape
    if not n_obs:
        nothing = np.zeros(p)
        return PartialMoments(0, 0.0, nothing, nothing, np.zeros((p, p)), np.full(p, np.inf), np.full(p, -np.inf))
    mass = float(n_obs) if weights is None else float(weights.sum())
    origin = values.mean(axis=0) if weights is None else weights @ values / mass
    centred = values - origin
    offset = centred.mean(axis=0) if weights is None else weights @ centred / mass
    if weights is not None:
        centred *= np.sqrt(weights)[:, None]
    scatter = centred.T @ centred - mass * np.outer(offset, offset)
    return PartialMoments(n_obs, mass, origin, offset, scatter, values.min(axis=0), values.max(axis=0))


def merge_moments(first: PartialMoments, second: PartialMoments) -> PartialMoments:
    """Return the moments of the rows of both.

    S = S1 + S2 + (W1 W2 / W) d d' with d the difference of the means, W = W1 + W2.

    Source: Chan, Golub & LeVeque (1983), the updating formulae for two samples, for matrices and weights.
    """
    if not second.n_obs:
        return first
    if not first.n_obs:
        return second
    mass = first.mass + second.mass
    # Origins lie close together, so that their difference is exact.
    gap = (second.origin - first.origin) + (second.offset - first.offset)
    return PartialMoments(
        first.n_obs + second.n_obs,
        mass,
        first.origin,
        first.offset + gap * (second.mass / mass),
        first.scatter + second.scatter + (first.mass * second.mass / mass) * np.outer(gap, gap),
        np.minimum(first.lowest, second.lowest),
        np.maximum(first.highest, second.highest),
    )


@dataclass(slots=True)
class MomentSum:
    """Moments of parts that arrive one after another, merged in pairs of like size.

    Neighbours are merged first, then pairs of neighbours: of m parts log2(m) are held, and rounding grows with
    log2(m) instead of m. The result depends on the parts and their order only.

    Source: Chan, Golub & LeVeque (1983), the pairwise algorithm.
    """

    _waiting: list[tuple[int, PartialMoments]] = field(default_factory=list)

    def add(self, part: PartialMoments) -> None:
        """Take in the next part."""
        level = 0
        while self._waiting and self._waiting[-1][0] == level:
            part = merge_moments(self._waiting.pop()[1], part)
            level += 1
        self._waiting.append((level, part))

    def total(self) -> PartialMoments:
        """Return the moments of all parts so far; there must be one.

        Raises:
            ValueError: there is none.
        """
        if not self._waiting:
            raise ValueError("no part was added")
        result = self._waiting[-1][1]
        for _, part in reversed(self._waiting[:-1]):
            result = merge_moments(part, result)
        return result
