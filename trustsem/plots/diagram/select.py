"""What of a model is drawn: items and covariances where they do not hide the paths, and in words what is left out."""

from __future__ import annotations

from collections.abc import Iterable

from trustsem.plots.diagram.graph import EdgeKind, Graph, Relation
from trustsem.suggestions import count_of

FEW_ITEMS = 12  # so many are drawn unless the caller says otherwise
FEW_ITEMS_ALONE = 30  # the same where there are no paths
FEW_COVARIANCES = 10  # of predictors; more hide the paths


def select(graph: Graph, *, items: bool | None, covariances: bool | None) -> Graph:
    """Return the part of a graph that is drawn.

    Args:
        graph: Everything.
        items: Draw indicators; None: where there are few.
        covariances: Draw those of predictors; None: where there are few, or no paths.
    """
    structural = {variable.name for variable in graph.structural}
    has_paths = any(_is_path(relation, structural) for relation in graph.relations)
    n_items = len(graph.variables) - len(structural)
    wanted = n_items <= (FEW_ITEMS if has_paths else FEW_ITEMS_ALONE) if items is None else items
    dropped = set() if wanted else _measured(graph)
    kept = [v for v in graph.variables if v.name not in dropped]
    of_predictors = _of_predictors(graph)
    shown = not has_paths or len(of_predictors) <= FEW_COVARIANCES if covariances is None else covariances
    hidden = set() if shown else set(of_predictors)
    relations = tuple(
        r for r in graph.relations if not {r.source, r.target} & dropped and (r.source, r.target) not in hidden
    )
    return Graph(tuple(kept), relations, (*graph.left_out, *_left_out(graph, dropped, len(hidden))))


def _is_path(relation: Relation, structural: Iterable[str]) -> bool:
    """Return whether an arrow makes layers; a loading of an item does not."""
    return relation.kind is not EdgeKind.COVARIANCE and relation.target in structural


def _measured(graph: Graph) -> set[str]:
    """Return the items: of one factor, and of several where no path touches them."""
    in_paths = {n for r in graph.relations if r.kind is EdgeKind.PATH for n in (r.source, r.target)}
    loaded = {r.target for r in graph.relations if r.kind is EdgeKind.LOADING}
    return {v.name for v in graph.variables if not v.is_latent and v.name in loaded and v.name not in in_paths}


def _of_predictors(graph: Graph) -> list[tuple[str, str]]:
    """Return the covariances of variables of the structural part that no arrow points at."""
    explained = {r.target for r in graph.relations if r.kind is not EdgeKind.COVARIANCE}
    free = {variable.name for variable in graph.structural} - explained
    return [
        (r.source, r.target)
        for r in graph.relations
        if r.kind is EdgeKind.COVARIANCE and r.source in free and r.target in free
    ]


def _left_out(graph: Graph, dropped: set[str], hidden: int) -> list[str]:
    sentences = []
    if dropped:
        covariances = sum(
            r.kind is EdgeKind.COVARIANCE and bool({r.source, r.target} & dropped) for r in graph.relations
        )
        more = f" and {count_of(covariances, 'covariance')} of their residuals" if covariances else ""
        sentences.append(f"Not drawn: {count_of(len(dropped), 'item')}{more}.")
    if hidden:
        sentences.append(f"Not drawn: {count_of(hidden, 'covariance')} of variables that no arrow points at.")
    return sentences
