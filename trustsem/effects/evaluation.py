"""Values and derivatives of effects at any values of the parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.variances import model_variances
from trustsem.implied import GroupLayout, Implied, ModelLayout

FloatArray = NDArray[np.float64]


class EffectKind(Enum):
    """Parts of a total effect."""

    DIRECT = "direct"
    SPECIFIC = "specific indirect"
    TOTAL_INDIRECT = "total indirect"
    LOOP = "through the loop"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class EffectKey:
    """Which effect.

    Args:
        x: Where it starts.
        y: Where it ends.
        kind: Which part of the total effect.
        path: Variables along the way; only for direct and specific effects.
        ways: Simple paths that it is the sum of; of a loop's part those that are taken off. Empty: all there is.
        group: Counted from 1.
    """

    x: str
    y: str
    kind: EffectKind
    path: tuple[str, ...]
    ways: tuple[tuple[str, ...], ...]
    group: int


@dataclass(frozen=True, eq=False, slots=True)
class EffectValues:
    """Effects (k,) and their derivatives (k, n_free), in units and with both variables standardised."""

    est: FloatArray
    jacobian: FloatArray
    std_all: FloatArray
    std_jacobian: FloatArray


def evaluate_effects(keys: Sequence[EffectKey], layout: ModelLayout, implied: Sequence[Implied]) -> EffectValues:
    """Return effects with exact first derivatives.

    Products of arrows along simple paths; total effects T = (I - A)^-1 - I with dT = (I - A)^-1 dA (I - A)^-1, total
    indirect effects T - A (Bollen 1987, eqs. 5-7).

    Args:
        keys: Which effects.
        layout: Matrices of all groups.
        implied: Matrices of every group at some values of the parameters.
    """
    n = layout.n_free
    result = EffectValues(np.empty(len(keys)), np.empty((len(keys), n)), np.empty(len(keys)), np.empty((len(keys), n)))
    for number, (group, matrices) in enumerate(zip(layout.groups, implied, strict=True), start=1):
        chosen = [k for k, key in enumerate(keys) if key.group == number]
        if not chosen:
            continue
        at = _Point(group, matrices, n)
        parts = [at.effect(keys[k]) for k in chosen]
        est, jacobian = np.array([value for value, _ in parts]), np.array([gradient for _, gradient in parts])
        factor, slope = at.scaling([keys[k] for k in chosen])
        result.est[chosen], result.jacobian[chosen] = est, jacobian
        result.std_all[chosen] = est * factor
        result.std_jacobian[chosen] = factor[:, None] * (jacobian + est[:, None] * slope)
    return result


class _Point:
    """One group at values of its parameters."""

    def __init__(self, group: GroupLayout, implied: Implied, n_free: int) -> None:
        self.group, self.implied, self.n_free = group, implied, n_free
        self.position = {name: index for index, name in enumerate(group.names)}
        cells = group.path_cells
        self.parameter = dict(
            zip(zip(cells.row.tolist(), cells.column.tolist(), strict=True), cells.parameter.tolist(), strict=True)
        )

    def effect(self, key: EffectKey) -> tuple[float, FloatArray]:
        """Return an effect with its gradient."""
        along, along_gradient = self._along(key.ways)
        if key.ways and key.kind is not EffectKind.LOOP:
            return along, along_gradient
        total, gradient = self._total(self.position[key.x], self.position[key.y])
        if key.kind is EffectKind.TOTAL:
            return total, gradient
        direct, direct_gradient = self.product((key.x, key.y))
        return total - direct - along, gradient - direct_gradient - along_gradient

    def _along(self, ways: Sequence[tuple[str, ...]]) -> tuple[float, FloatArray]:
        value, gradient = 0.0, np.zeros(self.n_free)
        for way in ways:
            product, slope = self.product(way)
            value, gradient = value + product, gradient + slope
        return value, gradient

    def product(self, path: Sequence[str]) -> tuple[float, FloatArray]:
        """Return the product of the arrows along a path, with its gradient."""
        steps = [(self.position[target], self.position[source]) for source, target in pairwise(path)]
        values = [float(self.implied.paths[step]) for step in steps]  # few: floats are quicker than arrays
        gradient = np.zeros(self.n_free)
        for index, step in enumerate(steps):
            if step in self.parameter:
                gradient[self.parameter[step]] += math.prod(values[:index]) * math.prod(values[index + 1 :])
        return math.prod(values), gradient

    def _total(self, x: int, y: int) -> tuple[float, FloatArray]:
        cells, inverse = self.group.path_cells, self.implied.inverse
        gradient = np.zeros(self.n_free)
        gradient[cells.parameter] = inverse[y, cells.row] * inverse[cells.column, x]
        return float(inverse[y, x]) - (1.0 if x == y else 0.0), gradient

    def scaling(self, keys: Sequence[EffectKey]) -> tuple[FloatArray, FloatArray]:
        """Return sd(x) / sd(y) of each effect, and the derivative of its logarithm."""
        variances = model_variances(self.group, self.implied, self.n_free)
        i = np.array([self.position[key.x] for key in keys])
        j = np.array([self.position[key.y] for key in keys])
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.sqrt(variances.total[i] / variances.total[j])
            logs = variances.total_jacobian / variances.total[:, None]
        return factor, 0.5 * (logs[i] - logs[j])


def path_product(group: GroupLayout, implied: Implied, path: Sequence[str], n_free: int) -> tuple[float, FloatArray]:
    """Return the product of the arrows along a path of one group, with its gradient."""
    return _Point(group, implied, n_free).product(path)
