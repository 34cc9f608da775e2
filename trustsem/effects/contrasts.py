"""Which effects are compared with which: paths of one pair of variables, and one effect in two groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations

from trustsem.effects.evaluation import EffectKey, EffectKind

Pairs = list[tuple[int, int]]


def path_pairs(keys: Sequence[EffectKey]) -> Pairs:
    """Return every pair of specific indirect effects with the same ends in the same group."""
    found: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        if key.kind is EffectKind.SPECIFIC:
            found.setdefault((key.x, key.y, key.group), []).append(position)
    return [pair for positions in found.values() for pair in combinations(positions, 2)]


def group_pairs(keys: Iterable[EffectKey]) -> Pairs:
    """Return (later group, earlier group) for every effect and every pair of groups that have it."""
    return pairs_over_groups(((key.x, key.y, key.kind, key.path), key.group) for key in keys)


def pairs_over_groups(things: Iterable[tuple[Hashable, int]]) -> Pairs:
    """Return the positions (later group, earlier group) of each thing that several groups have.

    Args:
        things: What it is, and in which group.
    """
    found: dict[Hashable, dict[int, int]] = {}
    for position, (thing, group) in enumerate(things):
        found.setdefault(thing, {})[group] = position
    return [(where[b], where[a]) for where in found.values() for a, b in combinations(sorted(where), 2)]
