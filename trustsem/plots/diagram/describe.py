"""A path diagram in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from trustsem.plots.diagram.graph import EdgeKind, Graph, LabelKind, Relation
from trustsem.plots.numbers import number
from trustsem.suggestions import count_of

_MANY = 12  # sentences list no more covariances than this


def describe_diagram(title: str, graph: Graph, loops: Sequence[Sequence[str]]) -> str:
    """Return what a diagram shows: its size, every outcome with what predicts it, loops, covariances, items.

    Args:
        title: Of the diagram.
        graph: What is drawn.
        loops: Members of feedback loops.
    """
    titles = {variable.name: variable.title for variable in graph.variables}
    items = len(graph.variables) - len(graph.structural)
    by_kind = {kind: [r for r in graph.relations if r.kind is kind] for kind in EdgeKind}
    sentences = [
        f"{title}.",
        f"{count_of(sum(v.is_latent for v in graph.variables), 'latent variable')}, "
        f"{count_of(sum(not v.is_latent for v in graph.structural), 'observed variable')}, {count_of(items, 'item')}; "
        f"{count_of(len(by_kind[EdgeKind.PATH]), 'path')}, {count_of(len(by_kind[EdgeKind.LOADING]), 'loading')}, "
        f"{count_of(len(by_kind[EdgeKind.COVARIANCE]), 'covariance')}. Values are standardised, with 95 % intervals of "
        "the estimates in brackets.",
        *_outcomes(by_kind[EdgeKind.PATH], titles),
        *(f"Feedback loop: {', '.join(titles[name] for name in loop)}." for loop in loops),
        *_factors(by_kind[EdgeKind.LOADING], titles),
        *_covariances(by_kind[EdgeKind.COVARIANCE], titles),
        *graph.left_out,
    ]
    return " ".join(sentences)


def _outcomes(paths: Sequence[Relation], titles: dict[str, str]) -> list[str]:
    found = []
    for outcome in dict.fromkeys(path.target for path in paths):
        parts = [f"{titles[path.source]} {_value(path)}" for path in paths if path.target == outcome]
        found.append(f"{titles[outcome]} is predicted by {', '.join(parts)}.")
    return found


def _value(relation: Relation) -> str:
    doubt = ", p at least .05" if relation.is_significant is False else ""
    return f"{number(relation.std)} {relation.texts[LabelKind.CI]}{doubt}"


def _factors(loadings: Sequence[Relation], titles: dict[str, str]) -> list[str]:
    found = []
    for factor in dict.fromkeys(loading.source for loading in loadings):
        parts = [f"{titles[r.target]} {number(r.std)}" for r in loadings if r.source == factor]
        found.append(f"{titles[factor]} is measured by {', '.join(parts)}.")
    return found


def _covariances(covariances: Sequence[Relation], titles: dict[str, str]) -> list[str]:
    if not covariances:
        return []
    largest = sorted(covariances, key=lambda r: -abs(r.std or 0.0))[:_MANY]
    parts = [f"{titles[r.source]} with {titles[r.target]} {number(r.std)}" for r in largest]
    more = f", the largest of {len(covariances)}" if len(covariances) > _MANY else ""
    return [f"Covariances{more}: {'; '.join(parts)}."]
