"""Layers from the direction of paths, and an order within each that lets few arrows cross.

Follows Sugiyama, Tagawa & Toda (1981), IEEE Trans. SMC 11(2): layers by the longest way from a source, dummies where
an arrow passes a layer, sweeps by barycentres. Loops are condensed first: their members share a layer and stay
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_SWEEPS = 24

Arrow = tuple[str, str]
Slot = str | tuple[str, str, int]  # a variable, or a dummy: source, target and layer of an arrow that passes


@dataclass(frozen=True, slots=True)
class Layers:
    """Variables and passing arrows, layer by layer, from top to bottom.

    Args:
        slots: Variables and dummies of each layer, in order.
        loops: Members of each loop, in the order of the model.
    """

    slots: tuple[tuple[Slot, ...], ...]
    loops: tuple[tuple[str, ...], ...]

    def layer_of(self) -> dict[str, int]:
        """Return the layer of each variable."""
        return {slot: k for k, layer in enumerate(self.slots) for slot in layer if isinstance(slot, str)}


def make_layers(names: Sequence[str], arrows: Sequence[Arrow]) -> Layers:
    """Put variables into layers and order them.

    Args:
        names: Variables in the order of the model.
        arrows: (source, target) of paths; loops allowed.
    """
    components = _components(names, arrows)
    depth = _depths(components, arrows)
    chains = [_chain(arrow, depth) for arrow in arrows if depth[arrow[0]] < depth[arrow[1]]]
    slots: list[list[Slot]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in names:
        slots[depth[name]].append(name)
    for chain in chains:
        for dummy in chain[1:-1]:
            assert isinstance(dummy, tuple)
            slots[dummy[2]].append(dummy)
    links = [link for chain in chains for link in pairwise(chain)]
    blocks = {name: tuple(members) for members in components for name in members}
    return Layers(_ordered(slots, links, blocks), tuple(tuple(c) for c in components if len(c) > 1))


def _components(names: Sequence[str], arrows: Sequence[Arrow]) -> list[list[str]]:
    """Return the strongly connected components, in the order of their first member."""
    place = {name: k for k, name in enumerate(names)}
    reach = np.eye(len(names), dtype=bool)
    for source, target in arrows:
        reach[place[source], place[target]] = True
    for k in range(len(names)):  # Warshall's closure
        reach |= np.outer(reach[:, k], reach[k])
    mutual = reach & reach.T
    seen: set[int] = set()
    found = []
    for k in range(len(names)):
        if k not in seen:
            members = np.flatnonzero(mutual[k]).tolist()
            seen.update(members)
            found.append([names[i] for i in members])
    return found


def _depths(components: Sequence[Sequence[str]], arrows: Sequence[Arrow]) -> dict[str, int]:
    """Return the longest way from a source to each component, as the layer of its members."""
    home = {name: k for k, members in enumerate(components) for name in members}
    links = {(home[a], home[b]) for a, b in arrows if home[a] != home[b]}
    depth = [0] * len(components)
    for _ in components:  # a way visits each component at most once
        for source, target in sorted(links):
            depth[target] = max(depth[target], depth[source] + 1)
    return {name: depth[k] for name, k in home.items()}


def _chain(arrow: Arrow, depth: Mapping[str, int]) -> list[Slot]:
    source, target = arrow
    return [source, *((source, target, k) for k in range(depth[source] + 1, depth[target])), target]


def _ordered(
    slots: Sequence[Sequence[Slot]], links: Sequence[tuple[Slot, Slot]], blocks: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Slot, ...], ...]:
    """Sweep right and left; return the order with the fewest crossings, the first of several."""
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for first, second in links:
        after.setdefault(first, []).append(second)
        before.setdefault(second, []).append(first)
    current = [list(layer) for layer in slots]
    best, fewest = [list(layer) for layer in current], _crossings(current, links)
    for sweep in range(_SWEEPS):
        rightwards = sweep % 2 == 0
        order = range(1, len(current)) if rightwards else range(len(current) - 2, -1, -1)
        for k in order:
            neighbours = before if rightwards else after
            other = current[k - 1 if rightwards else k + 1]
            fixed = {slot: (i + 0.5) / len(other) for i, slot in enumerate(other)}
            current[k] = _by_barycentre(current[k], neighbours, fixed, blocks)
        crossings = _crossings(current, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return tuple(tuple(layer) for layer in best)


def _by_barycentre(
    layer: Sequence[Slot],
    neighbours: Mapping[Slot, Sequence[Slot]],
    fixed: Mapping[Slot, float],
    blocks: Mapping[str, tuple[str, ...]],
) -> list[Slot]:
    place = {slot: (k + 0.5) / len(layer) for k, slot in enumerate(layer)}
    for slot in layer:
        known = [fixed[other] for other in neighbours.get(slot, ()) if other in fixed]
        if known:
            place[slot] = sum(known) / len(known)

    def key(slot: Slot) -> tuple[float, str, float, int]:
        members: tuple[str, ...] = blocks[slot] if isinstance(slot, str) else ()
        together = [place[member] for member in members if member in place]
        block = sum(together) / len(together) if len(together) > 1 else place[slot]
        first = members[0] if members and len(together) > 1 else ""
        return block, first, place[slot], layer.index(slot)

    return sorted(layer, key=key)


def _crossings(layers: Sequence[Sequence[Slot]], links: Sequence[tuple[Slot, Slot]]) -> int:
    place = {slot: (k, i) for k, layer in enumerate(layers) for i, slot in enumerate(layer)}
    total = 0
    for k in range(len(layers) - 1):
        ends = np.array([(place[a][1], place[b][1]) for a, b in links if place[a][0] == k]).reshape(-1, 2)
        left = np.sign(ends[:, None, 0] - ends[None, :, 0])
        right = np.sign(ends[:, None, 1] - ends[None, :, 1])
        total += int(np.count_nonzero(left * right < 0)) // 2
    return total
