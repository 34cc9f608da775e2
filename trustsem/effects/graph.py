"""The directed graph of a model: who points at whom, simple paths, cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import EffectError
from trustsem.implied import GroupLayout

BoolArray = NDArray[np.bool_]

MAX_PATHS = 10_000

Graph = Mapping[int, tuple[int, ...]]  # variable -> variables it points at


def structural_graph(layout: GroupLayout) -> Graph:
    """Return the arrows of a model: free paths and paths fixed at a value other than 0."""
    return graph_of(arrow_pattern(layout))


def arrow_pattern(layout: GroupLayout) -> BoolArray:
    """Return (t, t): whether an arrow, free or fixed at a value other than 0, leads from column to row."""
    pattern = layout.paths != 0
    pattern[layout.path_cells.row, layout.path_cells.column] = True
    return np.asarray(pattern, dtype=bool)


def graph_of(pattern: BoolArray) -> Graph:
    """Return the graph of a matrix that says whether an arrow leads from column to row."""
    targets = {source: tuple(map(int, np.flatnonzero(column))) for source, column in enumerate(pattern.T)}
    return {source: ends for source, ends in targets.items() if ends}


def reachable(graph: Graph, source: int) -> frozenset[int]:
    """Return every variable that the source points at, directly or through others."""
    seen: set[int] = set()
    pending = list(graph.get(source, ()))
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(graph.get(node, ()))
    return frozenset(seen)


def feedback_block(graph: Graph, member: int) -> tuple[int, ...]:
    """Return the variables that a variable reaches and that reach it: what feedback loops tie together."""
    return tuple(sorted(node for node in reachable(graph, member) if member in reachable(graph, node)))


def simple_paths(graph: Graph, source: int, target: int) -> Iterator[tuple[int, ...]]:
    """Yield every path from source to target that visits no variable twice, shortest detours first."""
    leads = {node for node in graph if target in reachable(graph, node)} | {target}
    stack: list[tuple[int, ...]] = [(source,)]
    while stack:
        path = stack.pop(0)
        for node in graph.get(path[-1], ()):
            if node == target:
                yield (*path, node)
            elif node in leads and node not in path:
                stack.append((*path, node))


def simple_cycles(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """Return every cycle once, starting at its smallest variable."""
    cycles = []
    for node in sorted(graph):
        allowed = {source: tuple(t for t in targets if t >= node) for source, targets in graph.items()}
        if node in allowed.get(node, ()):
            cycles.append((node,))
        if node in reachable(allowed, node):
            cycles.extend(path[:-1] for path in simple_paths(allowed, node, node) if len(path) > 2)
    return tuple(cycles)


def structural_paths(layout: GroupLayout, source: str, target: str) -> tuple[tuple[str, ...], ...]:
    """Return the simple paths between two variables by name.

    Raises:
        EffectError: more than 10,000 paths.
    """
    names = layout.names
    graph = structural_graph(layout)
    result = []
    for path in simple_paths(graph, names.index(source), names.index(target)):
        result.append(tuple(names[node] for node in path))
        if len(result) > MAX_PATHS:
            raise EffectError(
                f"More than {MAX_PATHS} paths lead from {source} to {target}.",
                remedy="Ask for paths through certain variables, or define single effects with := .",
                code="too-many-paths",
            )
    return tuple(result)
