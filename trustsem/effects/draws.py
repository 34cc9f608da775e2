"""Effects in every draw of a bootstrap."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.decomposition import EffectKind, EffectRow
from trustsem.resample.batch import Stack

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EffectDraws:
    """Effects in each draw: (B, k) unstandardised and standardised, in the order of the rows that were asked for."""

    est: FloatArray
    std_all: FloatArray


def effect_draws(rows: Sequence[EffectRow], names: Sequence[str], stacks: Sequence[Stack]) -> EffectDraws:
    """Return the effects of rows that were decomposed in the full sample, in each draw.

    Total effects are those of the equilibrium, (I - A)^-1; a draw whose loop does not settle (an eigenvalue of A at
    1 or beyond) has none.
    """
    position = {name: index for index, name in enumerate(names)}
    est, std = [], []
    unstable = [~is_stable(stack.paths) for stack in stacks]
    for row in rows:
        stack = stacks[row.group - 1]
        value = _effect(row, rows, stack, position)
        value = np.where(unstable[row.group - 1], np.nan, value) if row.kind in _EQUILIBRIUM else value
        with np.errstate(invalid="ignore", divide="ignore"):
            sd = np.sqrt(np.diagonal(stack.total_cov, axis1=1, axis2=2))
            std.append(value * sd[:, position[row.x]] / sd[:, position[row.y]])
        est.append(value)
    return EffectDraws(np.array(est).T, np.array(std).T)


_EQUILIBRIUM = frozenset({EffectKind.TOTAL, EffectKind.TOTAL_INDIRECT, EffectKind.LOOP})


def is_stable(paths: FloatArray) -> NDArray[np.bool_]:
    """Return which of (B, t, t) matrices of arrows have no loop that fails to settle; draws with NaN do not."""
    finite = np.asarray(np.isfinite(paths).all(axis=(1, 2)), dtype=bool)
    values = np.abs(np.linalg.eigvals(np.where(finite[:, None, None], paths, 0.0))).max(axis=1)
    return finite & (values < 1)


def _effect(row: EffectRow, rows: Sequence[EffectRow], stack: Stack, position: Mapping[str, int]) -> FloatArray:
    x, y = position[row.x], position[row.y]
    total = stack.inverse[:, y, x]
    direct = stack.paths[:, y, x]
    if row.kind is EffectKind.TOTAL:
        return total
    if row.kind is EffectKind.DIRECT:
        return direct
    siblings = [r for r in rows if (r.x, r.y, r.group) == (row.x, row.y, row.group) and r.kind is EffectKind.SPECIFIC]
    if row.kind is EffectKind.SPECIFIC:
        return _along(row.path, stack, position)
    along = np.sum([_along(r.path, stack, position) for r in siblings], axis=0)
    if row.kind is EffectKind.LOOP:
        return total - direct - along
    return total - direct


def _along(path: Sequence[str], stack: Stack, position: Mapping[str, int]) -> FloatArray:
    value = np.ones(len(stack.paths))
    for source, target in itertools.pairwise(path):
        value = value * stack.paths[:, position[target], position[source]]
    return value
