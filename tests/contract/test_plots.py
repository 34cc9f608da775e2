"""Every figure of the registry keeps its promises, and every shipped model has a diagram without overlaps."""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.fitting import Fit
from trustsem.plots.diagram.graph import EdgeKind, LabelKind
from trustsem.plots.diagram.page import A4, SMALLEST, measurement_diagram
from trustsem.plots.diagram.records import PathDiagram
from trustsem.plots.diagram.sizes import LABEL_FONT
from trustsem.plots.palette import AUTO, THEMES
from trustsem.plots.plot import Plot
from trustsem.plots.registry import PLOTS, MadeOf, build_plot
from trustsem.spec.library import list_models, load_model

CARTESIAN = {"scatter", "bar", "heatmap", "histogram", "pie"}  # traces of plotly's cartesian bundle
MODELS = [model.name for model in list_models()]
TOO_LARGE = {
    "clinician_practices",
    "social_mentality",
    "trust_formation_crossed",
    "trust_formation_recursive",
}  # for A4 with items
SVG = "{http://www.w3.org/2000/svg}"


@cache
def fitted(name: str) -> Fit:
    model = load_model(name)
    return ts.fit(name, ts.samples_dir() / f"{model.sample}.csv")


@cache
def result_for(made_of: MadeOf) -> object:
    if made_of is MadeOf.FIT:
        return fitted("interpersonal_path")
    if made_of is MadeOf.DRAWS:
        return fitted("second_order_trust").bootstrap(60, seed=1)
    if made_of is MadeOf.INVARIANCE:
        return ts.invariance("perception_gap", ts.samples_dir() / "perception_gap.csv")
    return ts.read_survey(ts.samples_dir() / "hints7_twin.csv", "hints7")


@cache
def drawn(name: str) -> Plot:
    entry = PLOTS[name]
    return build_plot(name, entry.made_of, result_for(entry.made_of), {})


# --- the registry -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLOTS)
def test_records_are_json_with_a_schema_of_their_own(name: str) -> None:
    content = json.loads(json.dumps(drawn(name).to_dict(), allow_nan=False))
    assert content["schema"].startswith("trustsem.plot.")
    assert content["text"] == drawn(name).text()


@pytest.mark.parametrize("name", PLOTS)
def test_text_is_sentences(name: str) -> None:
    text = drawn(name).text()
    assert text.endswith(".")
    assert len(text.split()) > 20
    assert "nan" not in text.lower().split()


@pytest.mark.parametrize("theme", [*THEMES, AUTO])
@pytest.mark.parametrize("name", PLOTS)
def test_svg_is_well_formed_and_says_what_it_shows(name: str, theme: str) -> None:
    picture = drawn(name).svg(theme)
    root = ElementTree.fromstring(picture)
    assert root.find(f"{SVG}title") is not None
    assert root.findtext(f"{SVG}desc") == drawn(name).text()
    assert "nan" not in {word for element in root.iter() for word in element.attrib.values()}
    assert ("prefers-color-scheme" in picture) == (theme == AUTO)
    paper = root.find(f"{SVG}rect")
    assert paper is not None
    assert paper.get("fill") == THEMES["light" if theme == AUTO else theme]["paper"]


@pytest.mark.parametrize("name", PLOTS)
def test_everything_stands_on_the_page(name: str) -> None:
    """Texts start within the page, and end there by the estimate of their width."""
    root = ElementTree.fromstring(drawn(name).svg())
    width, height = (float(part) for part in root.get("viewBox", "").split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "-1")) <= width, text.text
        assert 0 <= float(text.get("y", "-1")) <= height, text.text


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PLOTS)
def test_figure_needs_no_more_than_the_cartesian_bundle(name: str, theme: str) -> None:
    figure = drawn(name).figure(theme)
    assert {trace.type for trace in figure.data} <= CARTESIAN
    assert figure.layout.paper_bgcolor == THEMES[theme]["paper"]
    json.loads(figure.to_json())


@pytest.mark.parametrize("name", PLOTS)
def test_the_same_result_gives_the_same_picture(name: str) -> None:
    entry = PLOTS[name]
    again = build_plot(name, entry.made_of, result_for(entry.made_of), {})
    assert again == drawn(name)
    assert again.svg() == drawn(name).svg()
    assert again.figure().to_json() == drawn(name).figure().to_json()


@pytest.mark.parametrize("name", PLOTS)
def test_unknown_options_and_themes_are_refused(name: str) -> None:
    entry = PLOTS[name]
    with pytest.raises(UsageError, match="no option 'colour'"):
        build_plot(name, entry.made_of, result_for(entry.made_of), {"colour": "red"})
    with pytest.raises(UsageError, match="Use one of: light, dark"):
        drawn(name).figure("auto")
    with pytest.raises(UsageError, match="Did you mean 'light'"):
        drawn(name).svg("ligth")


def test_unknown_figures_and_wrong_results_are_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean 'loadings'"):
        fitted("interpersonal_path").plot("loading")
    with pytest.raises(UsageError, match="shows a survey, not a fit"):
        fitted("interpersonal_path").plot("responses")
    with pytest.raises(UsageError, match="no figure of a int"):
        ts.plot("loadings", 3)


def test_every_way_to_a_figure_leads_to_the_same_one() -> None:
    fit = fitted("interpersonal_path")
    assert fit.diagram() == fit.plot("path_diagram") == fit.plot("Path-Diagram") == ts.plot("path_diagram", fit)
    draws = fitted("second_order_trust").bootstrap(60, seed=1)
    assert draws.plot() == ts.plot("draws", draws)


# --- diagrams of all shipped models -------------------------------------------------------------------------------


def groups_of(fit: Fit) -> tuple[str | None, ...]:
    return fit.group_labels or (None,)


def check_geometry(diagram: PathDiagram) -> None:
    """No label lies over another label or a variable, no variable over another; everything is on an A4 page."""
    boxes = [node.box for node in diagram.nodes]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    for kind in LabelKind:
        labels = [edge.labels[kind] for edge in diagram.edges]
        assert not [pair for pair in combinations(labels, 2) if pair[0].overlaps(pair[1])], kind
        assert not [label for label in labels for box in boxes if label.overlaps(box)], kind
        for box in (*labels, *boxes):
            assert box.left >= 0
            assert box.right <= diagram.width
            assert box.top >= 0
            assert box.bottom <= diagram.height
    assert diagram.width / diagram.height == pytest.approx(297 / 210)
    assert LABEL_FONT * A4 / diagram.width >= 0.9 * SMALLEST  # title and notes may add a little to what was checked
    for edge in diagram.edges:
        check_course(diagram, edge.relation.source, edge.relation.target, edge.curve.points())


def check_course(diagram: PathDiagram, source: str, target: str, points: np.ndarray) -> None:
    """An arrow starts and ends at its own variables and passes through no other."""
    for node in diagram.nodes:
        if node.variable.name in (source, target):
            continue
        inside = node.box.contains(points)
        if node.variable.is_latent:  # the corners of its box are free
            (x, y), (a, b) = node.box.centre, (node.box.width / 2, node.box.height / 2)
            inside = ((points[:, 0] - x) / a) ** 2 + ((points[:, 1] - y) / b) ** 2 < 1
        assert not inside.any(), f"{source} to {target} passes {node.variable.name}"


@pytest.mark.parametrize("name", MODELS)
def test_diagrams_of_shipped_models_have_no_overlaps(name: str) -> None:
    fit = fitted(name)
    for group in groups_of(fit):
        check_geometry(fit.diagram(group=group))
    group = groups_of(fit)[0]
    check_geometry(fit.diagram(group=group, covariances=True))


@pytest.mark.parametrize("name", MODELS)
def test_measurement_of_shipped_models_has_no_overlaps(name: str) -> None:
    fit = fitted(name)
    diagram = measurement_diagram(fit, group=groups_of(fit)[0])
    check_geometry(diagram)
    loadings = int((fit.estimates["op"] == "=~").sum()) // len(groups_of(fit))
    assert len(diagram.edges) == loadings


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_diagrams_with_items_have_no_overlaps_or_are_refused(name: str) -> None:
    fit = fitted(name)
    if name in TOO_LARGE:
        with pytest.raises(UsageError, match="measurement"):
            fit.diagram(group=groups_of(fit)[0], items=True)
        return
    diagram = fit.diagram(group=groups_of(fit)[0], items=True)
    check_geometry(diagram)
    assert {node.variable.name for node in diagram.nodes} >= set(fit.fitted.table.variables.indicators)


@pytest.mark.parametrize("name", MODELS)
def test_arrows_carry_the_numbers_of_the_fit(name: str) -> None:
    fit = fitted(name)
    operators = {EdgeKind.PATH: "~", EdgeKind.LOADING: "=~", EdgeKind.COVARIANCE: "~~"}
    for number, group in enumerate(groups_of(fit), start=1):
        frame = fit.estimates.loc[fit.estimates["group"] == number]
        rows = {(row["lhs"], row["op"], row["rhs"]): row for row in frame.to_dict("records")}
        diagram = fit.diagram(group=group)
        for edge in diagram.edges:
            r = edge.relation
            ends = (r.target, r.source) if r.kind is EdgeKind.PATH else (r.source, r.target)
            row = rows[ends[0], operators[r.kind], ends[1]]
            assert (r.est, r.std) == (row["est"], row["std_all"])
            assert r.is_fixed == bool(np.isnan(row["se"]))
            if not r.is_fixed:
                assert (r.pvalue, r.lower, r.upper) == (row["pvalue"], row["ci_lower"], row["ci_upper"])
        paths = {
            (edge.relation.target, edge.relation.source) for edge in diagram.edges if edge.relation.kind.value == "path"
        }
        assert paths == {(row["lhs"], row["rhs"]) for row in rows.values() if row["op"] == "~"}
