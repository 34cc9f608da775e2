"""Second-order delta method: Aroian's product, exact moments of polynomials, finite differences of values."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects import (
    delta_method,
    effect_functions,
    effect_ratios,
    moved,
    r_squared_functions,
    second_order_delta,
)
from trustsem.errors import UsageError
from trustsem.fitting.row_functions import row_functions

HS = pd.read_csv(Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv")
MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + c*visual
indirect := a*b
share := a*b / (c + a*b)
"""


@cache
def fit() -> ts.Fit:
    return ts.fit(MODEL, HS)


def jacobian_of_product(theta: np.ndarray) -> np.ndarray:
    return np.array([[theta[1], theta[0]]])


@pytest.mark.parametrize("units", [1.0, 1e6])
def test_aroian(units: float) -> None:
    """a^2 s_b^2 + b^2 s_a^2 + s_a^2 s_b^2 for independent a and b, and no bias; whatever the units of b are."""
    a, b, s_a, s_b = 0.4, 0.3 * units, 0.1, 0.2 * units
    found = second_order_delta(jacobian_of_product, np.array([a, b]), np.array([a * b]), np.diag([s_a**2, s_b**2]))
    aroian = np.sqrt(a**2 * s_b**2 + b**2 * s_a**2 + s_a**2 * s_b**2)
    assert found.standard_errors == pytest.approx([aroian], rel=1e-9)
    assert found.bias == pytest.approx([0.0], abs=1e-9 * aroian)


def test_dependent_factors_and_a_product_of_zeros() -> None:
    """Bias s_ab and a^2 s_b^2 + b^2 s_a^2 + 2 ab s_ab + s_a^2 s_b^2 + s_ab^2 (Goodman 1960, eq. 5)."""
    cov = np.array([[0.01, 0.004], [0.004, 0.04]])
    found = second_order_delta(jacobian_of_product, np.array([0.4, 0.3]), np.array([0.12]), cov)
    variance = 0.4**2 * 0.04 + 0.3**2 * 0.01 + 2 * 0.12 * 0.004 + 0.01 * 0.04 + 0.004**2
    assert found.bias == pytest.approx([0.004], rel=1e-8)
    assert found.standard_errors == pytest.approx([np.sqrt(variance)], rel=1e-8)
    zero = second_order_delta(jacobian_of_product, np.zeros(2), np.zeros(1), np.diag([0.01, 0.04]))
    assert zero.standard_errors == pytest.approx([0.02])  # where the first order gives none
    assert np.isnan(delta_method(np.zeros(1), jacobian_of_product(np.zeros(2)), np.diag([0.01, 0.04])).standard_errors)


def test_constants_have_no_standard_error() -> None:
    found = second_order_delta(lambda _: np.zeros((1, 2)), np.ones(2), np.ones(1), np.eye(2))
    assert np.isnan(found.standard_errors).all()


def test_the_product_in_a_fit() -> None:
    row = fit().intervals("second_order").set_index("label").loc["indirect"]
    free = [row.label for row in fit().fitted.table.free_rows]
    cov, theta = fit().fitted.covariance.matrix, fit().fitted.estimate.theta
    assert cov is not None
    i, j = free.index("a"), free.index("b")
    variance = (
        theta[i] ** 2 * cov[j, j]
        + theta[j] ** 2 * cov[i, i]
        + 2 * theta[i] * theta[j] * cov[i, j]
        + cov[i, i] * cov[j, j]
        + cov[i, j] ** 2
    )
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=1e-8)
    assert row["bias"] == pytest.approx(cov[i, j], rel=1e-6)
    assert row["ci_upper"] - row["ci_lower"] == pytest.approx(2 * 1.959964 * np.sqrt(variance), rel=1e-6)
    assert row["ci_upper"] + row["ci_lower"] == pytest.approx(2 * (row["est"] - cov[i, j]), rel=1e-6)


def functions_of(name: str):
    estimate = fit().fitted.estimate
    rows = fit().decompose("visual", "speed").rows
    if name == "r_squared":
        return r_squared_functions(estimate)
    if name == "ratio":
        return effect_ratios(estimate, [(rows[2], rows[3])])
    if name in ("rows", "std_rows"):
        return row_functions(fit().fitted, standardized=name == "std_rows")
    return effect_functions(estimate, rows, standardized=name == "std_effects")


def value_at(name: str, theta: np.ndarray) -> np.ndarray:
    """Return the same values through the path of draws, which knows nothing of derivatives."""
    from trustsem.resample.draws import DrawLedger
    from trustsem.resample.run import BootstrapDraws

    layout = fit().fitted.estimate.objective.layout
    every = np.ones(1, dtype=bool)
    ledger = DrawLedger(np.zeros(1, dtype=np.intp), every, np.zeros(1, dtype=np.intp), every, ~every, every)
    draws = BootstrapDraws(theta[None], layout, None, ledger, np.full(1, np.nan), 0)
    return functions_of(name).in_draws(draws)[0]


@pytest.mark.parametrize("name", ["effects", "std_effects", "ratio", "r_squared", "rows", "std_rows"])
def test_against_finite_differences_of_values(name: str) -> None:
    """Bias and variance from second differences of values along single parameters and pairs of them."""
    functions, theta, cov = functions_of(name), fit().fitted.estimate.theta, fit().fitted.covariance.matrix
    assert cov is not None
    assert functions.values == pytest.approx(value_at(name, theta), abs=1e-9)
    scale = np.sqrt(np.diag(cov))
    step, n = 1e-5, len(theta)
    gradient = np.empty((len(functions.values), n))
    for k in range(n):
        move = np.eye(n)[k] * step * scale[k]
        gradient[:, k] = (value_at(name, theta + move) - value_at(name, theta - move)) / (2 * step * scale[k])
    # a central difference of values with steps of 1e-5 se: 1e-10 by the step, 1e-10 by rounding, of its size
    assert functions.jacobian_at(theta) == pytest.approx(gradient, abs=1e-5 * np.abs(gradient).max())
    found = second_order_delta(functions.jacobian_at, theta, functions.values, cov)
    values, vectors = np.linalg.eigh(cov)
    h, bias = 1e-2, np.zeros(len(functions.values))
    for value, vector in zip(values, vectors.T, strict=True):
        move = h * np.sqrt(max(value, 0.0)) * vector
        bias += (value_at(name, theta + move) + value_at(name, theta - move) - 2 * functions.values) / (2 * h**2)
    size = np.nanmax(np.abs(found.standard_errors))
    assert found.bias == pytest.approx(bias, abs=2e-4 * size)  # fourth derivatives times h^2


def test_moved_keeps_constraints() -> None:
    equal = ts.fit("f =~ x1 + l*x2 + l*x3\ng =~ x4 + x5 + x6\ng ~ b*f\nsquare := b*b", HS)
    estimate = equal.fitted.estimate
    there = moved(estimate, estimate.theta)
    assert there.objective.implied(there.x)[0].sigma == pytest.approx(estimate.objective.implied(estimate.x)[0].sigma)
    row = equal.intervals("second_order").set_index("label").loc["square"]
    b, s = (equal.estimates.set_index("label").loc["b", name] for name in ("est", "se"))
    assert row["bias"] == pytest.approx(s**2, rel=1e-6)
    assert row["se"] == pytest.approx(np.sqrt(4 * b**2 * s**2 + 2 * s**4), rel=1e-6)


def test_ordinal_fits_have_second_order_intervals() -> None:
    data = pd.DataFrame({name: pd.qcut(HS[name], 3, labels=False) for name in ["x1", "x2", "x3", "x4", "x5", "x6"]})
    ordinal = ts.fit("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f", data, ordered=True)
    frame = ordinal.effects("f", "g", ci=["delta", "second_order"])
    assert frame["bias_second_order"].to_numpy() == pytest.approx([0, 0], abs=1e-8)  # one arrow is no product
    assert frame["se_second_order"].to_numpy() == pytest.approx(frame["se"].to_numpy(), rel=1e-6)
    assert (frame["std_se_second_order"] > frame["std_se"]).all()


def test_without_standard_errors() -> None:
    with pytest.raises(UsageError, match="covariance matrix"):
        ts.fit(MODEL, HS, se="none").effects("visual", "speed", ci="second_order")
