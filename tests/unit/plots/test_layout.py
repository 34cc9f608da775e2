"""Layers, order, heights and places of labels, on small cases with known answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from trustsem.plots.diagram.labels import place_labels
from trustsem.plots.diagram.layers import make_layers
from trustsem.plots.diagram.placing import apart_by
from trustsem.plots.geometry import Box, bow, straight, text_width, wrap


def test_layers_follow_the_longest_way() -> None:
    layers = make_layers("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")])
    assert layers.layer_of() == {"a": 0, "d": 0, "b": 1, "c": 2}
    assert ("a", "c", 1) in layers.slots[1]  # a dummy keeps a lane free where the arrow passes


def test_members_of_a_loop_share_a_layer_and_stand_together() -> None:
    arrows = [("x", "a"), ("y", "c"), ("z", "m"), ("a", "b"), ("b", "c"), ("c", "a"), ("m", "n"), ("b", "n")]
    layers = make_layers("xyzambcn", arrows)
    assert layers.loops == (("a", "b", "c"),)
    (layer,) = {layers.layer_of()[name] for name in "abc"}
    places = sorted(layers.slots[layer].index(name) for name in "abc")
    assert places == list(range(places[0], places[0] + 3))


def test_sweeps_remove_crossings_that_can_be_removed() -> None:
    """Three chains written crosswise: an order without crossings exists and is found."""
    layers = make_layers("abcfed", [("a", "d"), ("b", "e"), ("c", "f")])
    first, second = layers.slots
    partner = {"a": "d", "b": "e", "c": "f"}
    assert [partner[str(name)] for name in first] == list(second)


def test_order_has_as_few_crossings_as_any_in_a_small_graph() -> None:
    rng = np.random.default_rng(5)
    left, right = "abcd", "wxyz"
    arrows = [(a, b) for a in left for b in right if rng.random() < 0.45]
    used = sorted({a for a, _ in arrows}) + sorted({b for _, b in arrows})
    slots = make_layers(used, arrows).slots

    def crossings(first: tuple[str, ...], second: tuple[str, ...]) -> int:
        ends = [(first.index(a), second.index(b)) for a, b in arrows]
        return sum((p[0] - q[0]) * (p[1] - q[1]) < 0 for p, q in itertools.combinations(ends, 2))

    found = crossings(tuple(map(str, slots[0])), tuple(map(str, slots[1])))
    best = min(
        crossings(p, q)
        for p in itertools.permutations(map(str, slots[0]))
        for q in itertools.permutations(map(str, slots[1]))
    )
    assert found <= best + 1  # barycentres are a heuristic: near the best of all orders, not always it


@pytest.mark.parametrize("seed", range(5))
def test_places_keep_order_and_distance_and_are_nearest_to_what_is_wanted(seed: int) -> None:
    """Against SciPy's general solver of the same quadratic problem."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    wanted, gaps = rng.normal(0, 30, 6), rng.uniform(5, 25, 5)
    found = apart_by(wanted, gaps)
    assert (np.diff(found) >= gaps - 1e-9).all()
    limits = {"type": "ineq", "fun": lambda y: np.diff(y) - gaps}
    other = minimize(lambda y: ((y - wanted) ** 2).sum(), np.cumsum([0, *gaps]), constraints=limits, tol=1e-12)
    assert ((found - wanted) ** 2).sum() == pytest.approx(other.fun, rel=1e-5)  # as near as SLSQP comes


def test_labels_keep_off_variables_and_off_each_other() -> None:
    """Four arrows through one point, and a variable upon the middle of one of them."""
    curves = [straight((0, y), (200, 200 - y)) for y in (0, 70, 130, 200)]
    nodes = [Box.around((60, 60), 30, 20)]
    labels = place_labels([".25"] * 4, curves, nodes)
    assert labels.conflicts == 0
    assert not [1 for a, b in itertools.combinations(labels.boxes, 2) if a.overlaps(b)]
    assert not [1 for box in labels.boxes if box.overlaps(nodes[0])]


def test_labels_without_room_are_counted() -> None:
    curves = [straight((0, 0), (40, 0))] * 6
    assert place_labels(["[-.12, .34]"] * 6, curves, [Box(-10, -60, 60, 40), Box(-10, 20, 60, 40)]).conflicts > 0


def test_a_label_stands_on_its_own_arrow_where_it_can() -> None:
    labels = place_labels([".25"], [straight((0, 0), (200, 0))], [])
    assert labels.boxes[0].centre == pytest.approx((100, 0), abs=4)


def test_bow_passes_beside_the_middle_by_the_shift() -> None:
    points = bow((0, 0), (100, 0), (0, -30)).points()
    assert points[:, 1].min() == pytest.approx(-30, abs=0.1)


def test_chinese_is_as_wide_as_it_is() -> None:
    assert text_width("信任", 10) == 20
    assert text_width("ab", 10) == 12


def test_names_are_broken_where_words_end() -> None:
    assert wrap("life_satisfaction", 10) == ("life_", "satisfaction")
    assert wrap("人际信任", 2) == ("人", "际", "信", "任")
    assert wrap("short", 20) == ("short",)
    assert "".join(wrap("CancerTrustReligiousOrgs", 12)) == "CancerTrustReligiousOrgs"
