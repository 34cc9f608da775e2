"""What is true of every scenario: nothing comes of nothing, steps scale and add up, markers do not matter."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustsem as ts

MODEL = "interpersonal_path"
CONSTRUCTS = ("humanistic_quality", "rights_protection", "interpersonal_interaction", "emotional_communication")
steps = st.floats(-1.5, 1.5).filter(lambda value: abs(value) > 1e-3)
units = st.sampled_from(("sd", "points", "%", ""))
levers = st.sampled_from(CONSTRUCTS)


@cache
def fit(std_lv: bool = False) -> ts.Fit:
    return ts.fit(MODEL, ts.samples_dir() / "trust_patients.csv", std_lv=std_lv)


def columns(changes, *names: str) -> np.ndarray:
    return np.array(changes.set_index("construct").sort_index()[list(names)], dtype=float)


ALL = ("units", "units_se", "sd", "sd_se", "points", "points_se")


@settings(max_examples=25, deadline=None)
@given(levers, steps, units, st.floats(0.1, 3))
def test_linear_in_the_step(lever: str, step: float, unit: str, times: float) -> None:
    one = columns(fit().scenario({lever: f"{step!r}{unit}"}).changes, *ALL)
    more = columns(fit().scenario({lever: f"{step * times!r}{unit}"}).changes, *ALL)
    assert more == pytest.approx(times * one, rel=1e-7, abs=1e-12, nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(levers, steps, units, st.sampled_from(("push", "hold")))
def test_up_and_down_are_mirror_images_unless_they_are_shares(lever: str, step: float, unit: str, how: str) -> None:
    up = columns(fit().scenario({lever: f"{step:+.17f}{unit}"}, intervention=how).changes, *ALL)
    down = columns(fit().scenario({lever: f"{-step:+.17f}{unit}"}, intervention=how).changes, *ALL)
    if unit == "%":  # the room upwards differs from the room downwards
        assert np.sign(up[:, 2]).tolist() == (-np.sign(down[:, 2])).tolist()
        return
    assert down[:, [0, 2, 4]] == pytest.approx(-up[:, [0, 2, 4]])
    assert down[:, [1, 3, 5]] == pytest.approx(up[:, [1, 3, 5]], nan_ok=True)


@pytest.mark.parametrize("unit", ["sd", "points", "%", ""])
@pytest.mark.parametrize("how", ["push", "hold"])
def test_nothing_comes_of_nothing(unit: str, how: str) -> None:
    changes = fit().scenario({"rights_protection": f"0{unit}", "emotional_communication": f"0{unit}"},
                             intervention=how).changes  # fmt: skip
    assert (columns(changes, "units", "sd", "points") == 0).all()


@settings(max_examples=15, deadline=None)
@given(steps, steps)
def test_steps_of_two_levers_add_up(first: float, second: float) -> None:
    both = (
        fit()
        .scenario({"humanistic_quality": f"{first!r}sd", "interpersonal_interaction": f"{second!r}points"})
        .changes.set_index("construct")
    )
    one = fit().scenario({"humanistic_quality": f"{first!r}sd"}).changes.set_index("construct")
    other = fit().scenario({"interpersonal_interaction": f"{second!r}points"}).changes.set_index("construct")
    for name in ("emotional_communication", "interpersonal_trust"):
        for column in ("units", "sd", "points"):
            assert both.loc[name, column] == pytest.approx(one.loc[name, column] + other.loc[name, column])


@settings(max_examples=8, deadline=None)
@given(levers, steps, st.sampled_from(("sd", "points", "%")))
def test_the_scale_of_the_factors_does_not_matter(lever: str, step: float, unit: str) -> None:
    names = ("sd", "sd_se", "points", "points_se")
    marker = columns(fit().scenario({lever: f"{step!r}{unit}"}).changes, *names)
    unit_variance = columns(fit(std_lv=True).scenario({lever: f"{step!r}{unit}"}).changes, *names)
    # two fits that stop at gradients near 1e-6
    assert unit_variance == pytest.approx(marker, rel=2e-3, abs=1e-6, nan_ok=True)
