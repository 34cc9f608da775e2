"""Diagrams of models that no shipped one is like: what is drawn, left out, marked and refused."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import ConvergenceError, UsageError
from trustsem.plots.diagram.graph import EdgeKind, LabelKind
from trustsem.plots.diagram.records import PathDiagram


def frame(n: int = 400, seed: int = 3) -> pd.DataFrame:
    """Two factors of four items, two covariates, two outcomes; the second path is negative, the third one zero."""
    rng = np.random.default_rng(seed)
    z, w = rng.normal(size=(2, n))
    f = 0.7 * z + rng.normal(size=n)
    g = -0.6 * f + rng.normal(size=n)
    columns = {"z": z, "w": w, "u": 0.5 * f + rng.normal(size=n), "v": 0.5 * g + rng.normal(size=n)}
    for name, factor in (("x", f), ("y", g)):
        columns |= {f"{name}{k}": factor + rng.normal(size=n) for k in range(1, 5)}
    return pd.DataFrame(columns)


MEASUREMENT = "f =~ x1 + x2 + x3 + x4\ng =~ y1 + y2 + y3 + y4\n"


def edges(diagram: PathDiagram) -> dict[tuple[str, str], object]:
    return {(edge.relation.source, edge.relation.target): edge for edge in diagram.edges}


def overlaps(diagram: PathDiagram) -> list[object]:
    found: list[object] = []
    for kind in LabelKind:
        boxes = [edge.labels[kind] for edge in diagram.edges]
        found += [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
        found += [box for box in boxes for node in diagram.nodes if box.overlaps(node.box)]
    return found


def test_negative_and_unclear_paths_are_marked_without_colour() -> None:
    fit = ts.fit(MEASUREMENT + "f ~ z + w\ng ~ f", frame())
    diagram = fit.diagram(items=False)
    by_ends = {(e.relation.source, e.relation.target): e for e in diagram.edges}
    assert by_ends["f", "g"].relation.is_negative
    assert by_ends["f", "g"].relation.texts[LabelKind.STD].startswith("−")
    assert by_ends["w", "f"].relation.is_significant is False
    assert by_ends["z", "f"].width > by_ends["w", "f"].width
    assert by_ends["z", "f"].relation.texts[LabelKind.STARS].endswith("***")
    picture = diagram.svg()
    root = ElementTree.fromstring(picture)
    dashed = [el for el in root.iter("{http://www.w3.org/2000/svg}path") if el.get("stroke-dasharray")]
    assert len(dashed) == 1  # w on f only
    hollow = [el for el in root.iter("{http://www.w3.org/2000/svg}polygon") if el.get("fill") == "#ffffff"]
    negatives = [edge for edge in diagram.edges if edge.relation.is_negative]
    assert len(hollow) == len(negatives)
    assert "hollow heads: negative" in " ".join(diagram.notes)
    assert "dashed" in " ".join(diagram.notes)


def test_fixed_parameters_have_a_value_and_no_interval() -> None:
    fit = ts.fit(MEASUREMENT + "g ~ 0.5*f", frame())
    (edge,) = [e for e in fit.diagram(items=False).edges if e.relation.kind is EdgeKind.PATH]
    assert edge.relation.texts[LabelKind.CI] == ".50 fixed"
    assert edge.relation.is_significant is None


def test_what_is_fixed_at_zero_is_no_arrow() -> None:
    fit = ts.fit(MEASUREMENT + "f ~~ 0*g", frame())
    assert ("f", "g") not in edges(fit.diagram())


@pytest.mark.parametrize(
    "model",
    [
        "u ~ z + w\nv ~ u + z",  # observed variables only
        MEASUREMENT + "f =~ y4\nx1 ~~ x2\nx3 ~~ y3",  # cross-loading, covariances of residuals
        MEASUREMENT + "g ~ f\nu ~ g\nv ~ u\nf ~~ v",  # a covariance over several layers
        MEASUREMENT + "u ~ f + z\nv ~ g + w\nu ~~ v\ng ~ f\nx4 ~ w",  # a path to an item
        MEASUREMENT + "f ~ g + z\ng ~ f + w\nf ~~ g",  # a loop
        "f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nh =~ f + g + x4",  # a second-order factor with an item
        "one =~ 1*x1\nx1 ~~ 0.3*x1\nu ~ one",  # a factor of one item
        "x1 ~~ x2\nx2 ~~ x3",  # covariances only
    ],
)
def test_diagrams_of_other_models_have_no_overlaps(model: str) -> None:
    fit = ts.fit(model, frame())
    for options in ({}, {"items": True, "covariances": True}, {"items": False}):
        diagram = fit.diagram(**options)
        assert not overlaps(diagram)
        assert diagram.text()
        assert ElementTree.fromstring(diagram.svg()) is not None


def test_items_that_take_part_in_paths_stay_when_items_go() -> None:
    fit = ts.fit(MEASUREMENT + "g ~ f\nx4 ~ w", frame())
    names = {node.variable.name for node in fit.diagram(items=False).nodes}
    assert names == {"f", "g", "x4", "w"}


def test_what_is_not_drawn_is_counted() -> None:
    fit = ts.fit(MEASUREMENT + "g ~ f\nx1 ~~ x2\nu ~ f + z + w", frame())
    notes = " ".join(fit.diagram(items=False).notes)
    assert "Not drawn: 8 items and 1 covariance of their residuals." in notes
    assert "Not drawn: 1 covariance of observed predictors" in notes


def test_a_fit_from_moments_and_a_fit_of_incomplete_rows_have_diagrams() -> None:
    data = frame()
    data.iloc[::7, data.columns.get_loc("x1")] = np.nan
    incomplete = ts.fit(MEASUREMENT + "g ~ f", data, missing="fiml", auxiliary=["z"])
    names = {node.variable.name for node in incomplete.diagram(items=True).nodes}
    assert "z" not in names  # an auxiliary variable is no part of the model
    moments = ts.fit(MEASUREMENT + "g ~ f", sample_cov=data.dropna().cov(), n_obs=300)
    assert len(moments.diagram(items=True).edges) == 9


def noise(seed: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(60, 3)), columns=["x1", "x2", "x3"])


def test_an_inadmissible_solution_says_so() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3", noise(0))
    assert fit.converged
    assert not fit.admissible
    assert "INADMISSIBLE" in " ".join(fit.diagram().notes)
    for name in ("path_diagram", "measurement", "loadings", "residuals"):
        assert ElementTree.fromstring(fit.plot(name).svg()) is not None


def test_a_fit_that_did_not_converge_has_no_figures() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3", noise(5))
    assert not fit.converged
    for name in ("path_diagram", "measurement", "loadings", "effects", "residuals"):
        with pytest.raises(ConvergenceError, match="nothing to draw"):
            fit.plot(name)


def test_groups_have_one_diagram_each() -> None:
    data = frame().assign(site=np.repeat(["a", "b & c"], 200))
    fit = ts.fit(MEASUREMENT + "g ~ f", data, group="site")
    first, second = fit.diagram(group="a"), fit.diagram(group="b & c")
    assert "(b &amp; c)" in second.svg()  # markup of the group's name is escaped
    assert [e.relation.est for e in first.edges] != [e.relation.est for e in second.edges]
    with pytest.raises(UsageError, match="Groups: a, b & c"):
        fit.diagram()
    with pytest.raises(UsageError, match="Unknown group 'd'"):
        fit.diagram(group="d")
    with pytest.raises(UsageError, match="one group"):
        ts.fit(MEASUREMENT, data).diagram(group="a")


def test_unknown_words_are_refused_with_what_is_allowed() -> None:
    fit = ts.fit(MEASUREMENT, frame())
    with pytest.raises(UsageError, match="Use one of: est, std, ci, stars"):
        fit.diagram(labels="beta")
    with pytest.raises(UsageError, match="en, zh"):
        fit.diagram(language="fr")
    with pytest.raises(UsageError, match="no factor 'ff'"):
        fit.plot("measurement", factors="ff")
    with pytest.raises(UsageError, match="no latent variables"):
        ts.fit("u ~ z", frame()).plot("measurement")


def test_concepts_name_latent_variables_and_never_columns() -> None:
    gap = ts.fit("perception_gap", ts.samples_dir() / "perception_gap.csv").diagram(group="patient")
    assert gap.nodes[0].variable.title == "Attention to patients' psychological state"
    data = frame().rename(columns={"z": "age"})
    titles = {node.variable.title for node in ts.fit(MEASUREMENT + "f ~ age", data).diagram().nodes}
    assert "age" in titles


def test_menu_shows_each_kind_of_label() -> None:
    diagram = ts.fit(MEASUREMENT + "g ~ f", frame()).diagram(labels="ci", items=False)
    layout = diagram.figure().layout
    (menu,) = layout.updatemenus
    texts = {button.label: {a["text"] for a in button.args[0]["annotations"]} for button in menu.buttons}
    (path,) = [e.relation for e in diagram.edges if e.relation.kind is EdgeKind.PATH]
    assert path.texts[LabelKind.STD] in texts["Standardised"]
    assert path.texts[LabelKind.CI] in texts["95 % intervals"]
    assert path.texts[LabelKind.EST] in texts["Estimates"]
    assert path.texts[LabelKind.STARS] in texts["Standardised, with stars"]
    assert menu.buttons[menu.active].label == "95 % intervals"
    assert path.texts[LabelKind.CI] in {annotation.text for annotation in layout.annotations}
