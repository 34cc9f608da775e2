"""Which pairs of variables have effects worth decomposing."""

from __future__ import annotations

from collections.abc import Sequence

from trustsem.effects.graph import Graph, reachable, structural_graph
from trustsem.implied import GroupLayout
from trustsem.pipeline import FittedModel


def mediated_pairs(fitted: FittedModel, x: Sequence[str], y: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs (x, y) to decompose.

    Names that are given are taken as they are; where a side is left open, it becomes every structural variable that
    starts (nothing but loops points at it) or ends a chain of at least two arrows, in any group. Indicators are left
    out.
    """
    if x and y:
        return [(one, other) for one in x for other in y]
    layouts = fitted.estimate.objective.layout.groups
    names, graph = layouts[0].names, _graph_of_all(layouts)
    indicators = set(fitted.table.variables.indicators)
    regressed = {row.lhs for row in fitted.table if row.op == "~"} | {
        row.rhs for row in fitted.table if row.op == "=~" and row.rhs in fitted.table.variables.latent
    }
    predictors = [row.rhs for row in fitted.table if row.op == "~"] + [
        row.lhs for row in fitted.table if row.op == "=~" and row.rhs in fitted.table.variables.latent
    ]
    sources = x or tuple(name for name in dict.fromkeys(predictors) if name not in regressed)
    sources = sources or tuple(dict.fromkeys(predictors))
    pairs = []
    for source in sources:
        start = names.index(source)
        mediated = {node for step in graph.get(start, ()) for node in reachable(graph, step)}
        for node in sorted(mediated - {start}):
            target = names[node]
            if target not in indicators - regressed and (not y or target in y):
                pairs.append((source, target))
        if y and not any(pair[0] == source for pair in pairs):
            pairs.extend((source, target) for target in y if target != source and x)
    return pairs


def _graph_of_all(layouts: Sequence[GroupLayout]) -> Graph:
    """Return the arrows of all groups together: each may have some that others have not."""
    targets: dict[int, dict[int, None]] = {}
    for layout in layouts:
        for source, ends in structural_graph(layout).items():
            targets.setdefault(source, {}).update(dict.fromkeys(ends))
    return {source: tuple(ends) for source, ends in targets.items()}
