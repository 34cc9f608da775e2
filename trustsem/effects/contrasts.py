"""Differences between groups: of effects, and of any functions of the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.decomposition import EffectKind, EffectRow
from trustsem.effects.delta import DeltaResult, delta_method

FloatArray = NDArray[np.float64]

EffectKey = tuple[str, str, EffectKind, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EffectContrast:
    """One effect in two groups; differences are the later group less the earlier one.

    Args:
        later: The effect in the later group.
        earlier: The same effect in the earlier group.
        difference: Of the unstandardised effects.
        se: Its delta-method standard error, the covariance of both included; NaN where a constraint holds them equal.
        std_difference: Of the standardised effects.
        std_se: Standard error of that.
    """

    later: EffectRow
    earlier: EffectRow
    difference: float
    se: float
    std_difference: float
    std_se: float


def effect_contrasts(rows: Sequence[EffectRow], covariance: FloatArray | None) -> tuple[EffectContrast, ...]:
    """Compare every effect between every pair of groups that have it.

    Args:
        rows: Effects of all groups.
        covariance: (n_free, n_free) covariance of the estimates, or None.
    """
    found: dict[EffectKey, dict[int, EffectRow]] = {}
    for row in rows:
        found.setdefault((row.x, row.y, row.kind, row.path), {})[row.group] = row
    pairs = [(groups[b], groups[a]) for groups in found.values() for a, b in combinations(sorted(groups), 2)]
    if not pairs:
        return ()
    raw = delta_method(
        np.array([later.est - earlier.est for later, earlier in pairs]),
        np.array([later.gradient - earlier.gradient for later, earlier in pairs]),
        covariance,
    )
    std = delta_method(
        np.array([later.std_all - earlier.std_all for later, earlier in pairs]),
        np.array([later.std_gradient - earlier.std_gradient for later, earlier in pairs]),
        covariance,
    )
    return tuple(
        EffectContrast(later, earlier, *map(float, numbers))
        for (later, earlier), *numbers in zip(
            pairs, raw.values, raw.standard_errors, std.values, std.standard_errors, strict=True
        )
    )


def value_contrasts(
    result: DeltaResult, positions: Sequence[Mapping[int, int]], covariance: FloatArray | None
) -> tuple[list[tuple[int, int]], DeltaResult]:
    """Compare values between every pair of groups.

    Args:
        result: Values with their derivatives.
        positions: For each thing that is compared, group -> position of its value.
        covariance: (n_free, n_free) covariance of the estimates, or None.

    Returns:
        Positions (later group, earlier group) of each pair, and the differences with their standard errors.
    """
    pairs = [(where[b], where[a]) for where in positions for a, b in combinations(sorted(where), 2)]
    later, earlier = np.array(pairs, dtype=np.intp).reshape(len(pairs), 2).T
    difference = result.values[later] - result.values[earlier]
    return pairs, delta_method(difference, result.jacobian[later] - result.jacobian[earlier], covariance)
