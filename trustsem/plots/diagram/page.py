"""Path diagrams of a fit: what is drawn of it, laid out on a page, with notes and a description in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trustsem.errors import UsageError
from trustsem.plots.diagram.describe import describe_diagram
from trustsem.plots.diagram.graph import EdgeKind, Graph, LabelKind, Variable, read_graph
from trustsem.plots.diagram.layout import RATIO, Layout, lay_out, lay_out_measurement, measured
from trustsem.plots.diagram.notes import NOTE_STEP, diagram_notes, lines_of_notes
from trustsem.plots.diagram.records import DiagramEdge, DiagramNode, PathDiagram
from trustsem.plots.diagram.select import select
from trustsem.plots.diagram.sizes import ITEM_LETTERS, LABEL_FONT, NODE_LETTERS, TITLE_FONT, shapes_of
from trustsem.plots.geometry import text_width, wrap
from trustsem.plots.groups import group_label, group_number, heading, require_converged
from trustsem.plots.names import Names, names_of
from trustsem.suggestions import shortened, suggest

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

A4 = 1123.0  # px of its long side at 96 dpi
LEAST_WIDTH = 842.0  # px; smaller diagrams stand in the middle of such a page
SMALLEST = 8.0  # px of a label on an A4 sheet, 6 pt: smaller ones cannot be read
MARGIN, HEADER = 24.0, 46.0
MENU = 240.0  # room for the menu of labels beside the title


def path_diagram(
    fit: Fit,
    *,
    labels: str = "std",
    items: bool | None = None,
    covariances: bool | None = None,
    group: str | None = None,
    language: str = "en",
    by_basis: bool = False,
) -> PathDiagram:
    """Return the path diagram of a fit.

    Args:
        fit: A converged fit.
        labels: What stands beside arrows: "est", "std", "ci" (95 % interval of the estimate) or "stars"
            (standardised, with stars for p-values).
        items: Draw indicators; None: where there are few.
        covariances: Draw those among variables that nothing points at; None: where there are few. Other covariances
            are always drawn.
        group: Label of the group; needed where there are several.
        language: Of names: "en" or "zh".
        by_basis: Colour paths by the ground on which the model draws them instead of by sign.

    Raises:
        UsageError: unknown words, or items that do not fit on a page in letters that can be read.
        ConvergenceError: the fit did not converge.
    """
    kind, number, names = _checked(fit, labels, group, language)
    whole = read_graph(fit, number, names)
    graph = select(whole, items=items, covariances=covariances)
    layout = lay_out(graph)
    has_items = graph.variables != graph.structural
    if has_items and not _is_readable(layout):
        _require_choice(items)
        graph = select(whole, items=False, covariances=covariances)
        layout = lay_out(graph)
    title = heading("Path diagram", fit, number, language)
    nodes = [_node(variable, variable.name, layout, names) for variable in graph.variables]
    page = _Page(title, group_label(fit, number), kind, by_basis, diagram_notes(fit, graph, number, by_basis=by_basis))
    return _on_page(page, graph, layout, nodes, describe_diagram(title, graph, layout.loops))


def measurement_diagram(
    fit: Fit,
    *,
    factors: str | Sequence[str] | None = None,
    labels: str = "std",
    group: str | None = None,
    language: str = "en",
) -> PathDiagram:
    """Return the measurement part of a fit: every factor with its indicators, on one page.

    Args:
        fit: A converged fit.
        factors: Only these latent variables; None: all.
        labels: As for `path_diagram`.
        group: Label of the group; needed where there are several.
        language: Of names: "en" or "zh".

    Raises:
        UsageError: unknown words, or a model without loadings.
        ConvergenceError: the fit did not converge.
    """
    kind, number, names = _checked(fit, labels, group, language)
    graph = _measurement_graph(read_graph(fit, number, names), factors)
    layout = lay_out_measurement(graph, shapes_of(graph))
    title = heading("Measurement model", fit, number, language)
    known = {variable.name: variable for variable in graph.variables}
    sources = dict.fromkeys(relation.source for relation in graph.relations)
    nodes = [_node(known[name], name, layout, names) for name in sources]
    for r in graph.relations:
        nodes.append(_node(known[r.target], measured(r.source, r.target), layout, names))
    page = _Page(title, group_label(fit, number), kind, False, diagram_notes(fit, graph, number))
    return _on_page(page, graph, layout, nodes, describe_diagram(title, graph, ()))


@dataclass(frozen=True, slots=True)
class _Page:
    title: str
    group: str
    kind: LabelKind
    by_basis: bool
    notes: tuple[str, ...]


def _checked(fit: Fit, labels: str, group: str | None, language: str) -> tuple[LabelKind, int, Names]:
    require_converged(fit)
    kinds = {kind.value: kind for kind in LabelKind}
    word = str(labels).strip().lower()
    if word not in kinds:
        raise UsageError(
            f"Unknown labels {labels!r}.{suggest(word, kinds)}",
            remedy=f"Use one of: {', '.join(kinds)}.",
            code="labels",
        )
    return kinds[word], group_number(fit, group), names_of(fit, language)


def _measurement_graph(graph: Graph, factors: str | Sequence[str] | None) -> Graph:
    loadings = [relation for relation in graph.relations if relation.kind is EdgeKind.LOADING]
    known = tuple(dict.fromkeys(relation.source for relation in loadings))
    if not known:
        raise UsageError(
            "The model has no latent variables: there is no measurement to draw.",
            remedy="Use fit.diagram().",
            code="no-loadings",
        )
    wanted = known if factors is None else (factors,) if isinstance(factors, str) else tuple(factors)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        faults = [f"The model has no factor '{name}'.{suggest(name, known)}" for name in unknown]
        raise UsageError(
            "The measurement part cannot be drawn.", faults=faults or ["No factor was named."],
            remedy=f"Factors: {shortened(known, 20)}.", code="factors",
        )  # fmt: skip
    kept = tuple(relation for relation in loadings if relation.source in wanted)
    used = {name for relation in kept for name in (relation.source, relation.target)}
    left = len(graph.relations) - len(loadings)
    notes = (f"Not drawn: {left} paths and covariances.",) if left else ()
    return Graph(tuple(v for v in graph.variables if v.name in used), kept, notes)


def _node(variable: Variable, key: str, layout: Layout, names: Names) -> DiagramNode:
    box = layout.boxes[key]
    is_item = not variable.is_latent and (variable.owner is not None or key != variable.name)
    limit = ITEM_LETTERS if variable.owner is not None else NODE_LETTERS
    return DiagramNode(variable, wrap(variable.title, limit), box, names.wording(variable.name) if is_item else None)


def _is_readable(layout: Layout) -> bool:
    left, top, right, bottom = layout.extent()
    width = max(right - left, (bottom - top) * RATIO) + 2 * MARGIN
    return width * SMALLEST <= A4 * LABEL_FONT


def _require_choice(items: bool | None) -> None:
    """Refuse items that were asked for and cannot be read."""
    if items:
        raise UsageError(
            "With its items this diagram does not fit on a page in letters that can be read.",
            remedy='Draw the structural part (items=False, --no-items), and items by fit.plot("measurement").',
            code="diagram-too-large",
        )


def _on_page(page: _Page, graph: Graph, layout: Layout, nodes: Sequence[DiagramNode], summary: str) -> PathDiagram:
    """Put a layout into the middle of a page of the shape of an A4 sheet, and the notes under it."""
    left, top, right, bottom = layout.extent()
    width = max(right - left + 2 * MARGIN, LEAST_WIDTH, text_width(page.title, TITLE_FONT) + MENU + 2 * MARGIN)
    footer = 0.0
    for _ in range(3):  # wider pages have fewer lines of notes
        lines = max(len(lines_of_notes(page.notes, kind, width - 2 * MARGIN)) for kind in LabelKind)
        footer = NOTE_STEP * lines + 2 * MARGIN
        width = max(width, (bottom - top + HEADER + MARGIN + footer) * RATIO)
    height = width / RATIO
    dx = (width - (right - left)) / 2 - left
    dy = HEADER + MARGIN + (height - HEADER - MARGIN - footer - (bottom - top)) / 2 - top
    looped = [set(loop) for loop in layout.loops]
    edges = tuple(
        DiagramEdge(
            relation,
            layout.curves[k].moved(dx, dy),
            {kind: boxes[k].moved(dx, dy) for kind, boxes in layout.labels.items()},
            relation.kind is not EdgeKind.COVARIANCE
            and any({relation.source, relation.target} <= loop for loop in looped),
        )
        for k, relation in enumerate(graph.relations)
    )
    moved = tuple(DiagramNode(n.variable, n.lines, n.box.moved(dx, dy), n.wording) for n in nodes)
    return PathDiagram(
        page.title, page.group, moved, edges, width, height, page.kind, page.by_basis, page.notes, summary
    )
