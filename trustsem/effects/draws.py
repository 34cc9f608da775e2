"""Effects in every draw."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.evaluation import EffectKey, EffectKind
from trustsem.effects.graph import graph_of, reachable
from trustsem.resample.batch import Stack

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EffectDraws:
    """Effects in each draw: (B, k) unstandardised and standardised, in the order of the rows that were asked for."""

    est: FloatArray
    std_all: FloatArray


def effect_draws(keys: Sequence[EffectKey], names: Sequence[str], stacks: Sequence[Stack]) -> EffectDraws:
    """Return effects in each draw.

    Total effects are those of the equilibrium, (I - A)^-1; a draw whose loop does not settle (an eigenvalue of A at
    1 or beyond) has none.

    Args:
        keys: Which effects.
        names: All variables, observed first.
        stacks: Matrices of every group in each draw.
    """
    position = {name: index for index, name in enumerate(names)}
    est, std = [], []
    unstable = [~is_stable(stack.paths) for stack in stacks]
    for key in keys:
        stack = stacks[key.group - 1]
        value = _effect(key, stack, position)
        if not key.ways or key.kind is EffectKind.LOOP:
            value = np.where(unstable[key.group - 1], np.nan, value)
        with np.errstate(invalid="ignore", divide="ignore"):
            sd = np.sqrt(np.diagonal(stack.total_cov, axis1=1, axis2=2))
            std.append(value * sd[:, position[key.x]] / sd[:, position[key.y]])
        est.append(value)
    shape = (len(keys), len(stacks[0].paths))  # also where no effect was asked for
    return EffectDraws(np.array(est).reshape(shape).T, np.array(std).reshape(shape).T)


def is_stable(paths: FloatArray) -> NDArray[np.bool_]:
    """Return which of (B, t, t) matrices of arrows have no loop that fails to settle; none with NaN has.

    Eigenvalues are those of the variables that lie on loops.
    """
    return stability_in_draws(paths) < 1


def stability_in_draws(paths: FloatArray) -> FloatArray:
    """Return the stability index of every draw: the largest absolute eigenvalue of its arrows; NaN where one is.

    Args:
        paths: (B, t, t) arrows. Only variables on a cycle have eigenvalues other than 0, so only these are looked at.
    """
    finite = np.asarray(np.isfinite(paths).all(axis=(1, 2)), dtype=bool)
    graph = graph_of(np.asarray((paths[finite] != 0).any(axis=0), dtype=bool))
    on_cycle = [node for node in sorted(graph) if node in reachable(graph, node)]
    index = np.full(len(paths), np.nan)
    index[finite] = 0.0
    if on_cycle:
        among = paths[finite][:, on_cycle][:, :, on_cycle]
        index[finite] = np.abs(np.linalg.eigvals(among)).max(axis=1)
    return index


def _effect(key: EffectKey, stack: Stack, position: Mapping[str, int]) -> FloatArray:
    along = np.sum([_along(way, stack, position) for way in key.ways], axis=0)
    if key.ways and key.kind is not EffectKind.LOOP:
        return along
    x, y = position[key.x], position[key.y]
    total = stack.inverse[:, y, x] - (1.0 if x == y else 0.0)
    if key.kind is EffectKind.TOTAL:
        return total
    return total - stack.paths[:, y, x] - along


def _along(path: Sequence[str], stack: Stack, position: Mapping[str, int]) -> FloatArray:
    value = np.ones(len(stack.paths))
    for source, target in itertools.pairwise(path):
        value = value * stack.paths[:, position[target], position[source]]
    return value
