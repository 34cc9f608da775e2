"""Gradient and Hessian of F/2 against finite differences, for random models at random points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trustsem.discrepancy import DISCREPANCIES
from trustsem.estimate import Objective
from trustsem.implied import build_layout
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec import SpecOptions, build_table
from trustsem.syntax import parse_model

# Central differences with step 1e-5 leave an error of about 1e-10 times the third derivative, plus 1e-16/1e-5 rounding.
STEP = 1e-5
GRADIENT = 1e-6
HESSIAN = 1e-5

FACTORS = ("f", "g", "h")


@st.composite
def models(draw: st.DrawFn) -> tuple[str, bool]:
    """A random model of two or three factors: paths (loops too), covariances, covariates, means, equal labels."""
    n_factors = draw(st.integers(2, 3))
    lines = []
    for number in range(n_factors):
        items = [f"x{number}{i}" for i in range(draw(st.integers(2, 4)))]
        label = draw(st.sampled_from(["", "a*"]))
        lines.append(f"{FACTORS[number]} =~ {items[0]} + {label}{items[1]}" + "".join(f" + {i}" for i in items[2:]))
    names = FACTORS[:n_factors]
    for outcome in names:
        for predictor in names:
            if outcome != predictor and draw(st.booleans()):
                lines.append(f"{outcome} ~ {predictor}")
    if draw(st.booleans()):
        lines.append(f"{names[0]} ~ age + sex")
    if draw(st.booleans()):
        lines.append("x00 ~~ x11")
    if draw(st.booleans()):
        lines.append("y ~ x01 + g")
    if draw(st.booleans()):
        lines.append("g ~~ v*g\nv == 0.9")
    return "\n".join(lines), draw(st.booleans())


def objective_at_random(text: str, meanstructure: bool, seed: int) -> tuple[Objective, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    table = build_table(parse_model(text), SpecOptions(meanstructure=meanstructure, fixed_x=bool(seed % 2)))
    names = table.variables.observed
    root = rng.normal(size=(len(names), 2 * len(names)))
    sample = SampleGroup(names, root @ root.T / len(names) + np.eye(len(names)), rng.normal(size=len(names)), 200)
    moments = SampleMoments((sample,))
    layout = build_layout(table, moments)
    theta = np.zeros(table.n_free)
    for position, row in enumerate(table.free_rows):
        if row.op == "~~":
            theta[position] = rng.uniform(1.0, 2.0) if row.lhs == row.rhs else rng.uniform(-0.2, 0.2)
        else:
            theta[position] = rng.uniform(-0.4, 0.4) if row.op != "=~" else rng.uniform(0.3, 1.2)
    return Objective(DISCREPANCIES["ML"], layout, moments), theta[layout.reduction.kept]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(models(), st.integers(0, 10_000))
def test_gradient_and_hessian(model: tuple[str, bool], seed: int) -> None:
    objective, x = objective_at_random(*model, seed)
    if not np.isfinite(objective.value(x)):
        return
    gradient, hessian = objective.gradient(x), objective.hessian(x)
    scale = max(1.0, float(np.abs(hessian).max()))
    for k in range(len(x)):
        step = np.zeros_like(x)
        step[k] = STEP
        slope = (objective.value(x + step) - objective.value(x - step)) / (2 * STEP)
        assert gradient[k] == pytest.approx(slope, abs=GRADIENT * scale)
        column = (objective.gradient(x + step) - objective.gradient(x - step)) / (2 * STEP)
        assert hessian[:, k] == pytest.approx(column, abs=HESSIAN * scale)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(models(), st.integers(0, 10_000))
def test_expected_information_is_the_hessian_where_the_model_fits(model: tuple[str, bool], seed: int) -> None:
    """At Sigma = S and mu = xbar the exact Hessian is the expected one."""
    objective, x = objective_at_random(*model, seed)
    if not np.isfinite(objective.value(x)):
        return
    (implied,) = objective.implied(x)
    names = objective.moments.groups[0].names
    perfect = SampleMoments((SampleGroup(names, implied.sigma.copy(), implied.mu.copy(), 200),))
    matched = Objective(objective.discrepancy, objective.layout, perfect)
    assert matched.value(x) == pytest.approx(0.0, abs=1e-9)
    assert matched.hessian(x) == pytest.approx(matched.information(x), abs=1e-8)


def test_the_finite_difference_test_can_fail() -> None:
    """A wrong factor of two in the gradient would be seen at the tolerance used above."""
    objective, x = objective_at_random("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f", False, 7)
    gradient = 2 * objective.gradient(x)
    step = np.zeros_like(x)
    step[0] = STEP
    slope = (objective.value(x + step) - objective.value(x - step)) / (2 * STEP)
    assert gradient[0] != pytest.approx(slope, abs=GRADIENT)
