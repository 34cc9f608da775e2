"""Implied thresholds, slopes and correlations: their Jacobian against finite differences, delta against theta."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trustsem.effects.variances import model_variances
from trustsem.implied import build_layout, implied_moments, ordinal_moments
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec import ParameterTable, SpecOptions, build_table
from trustsem.syntax import parse_model

FloatArray = NDArray[np.float64]

MODEL = """
f =~ a1 + a2 + a3
g =~ b1 + b2 + c1 + c2
g ~ f + age + sex
f ~ age
"""
MEDIATOR = "f =~ a1 + a2 + a3\ng =~ b1 + b2 + c1 + c2\nu ~ f + age + sex\nv ~ u + g"
LEVELS = (("a1", 3), ("a2", 4), ("a3", 2), ("b1", 5), ("b2", 3))
STEP = 1e-6


def table(text: str, *, theta: bool, conditional: bool, equal: tuple[str, ...] = ()) -> ParameterTable:
    levels = (*LEVELS, ("u", 4), ("v", 3)) if "u ~" in text else LEVELS
    options = SpecOptions(
        ordered=levels,
        theta=theta,
        conditional_x=conditional,
        group_labels=("one", "two"),
        group_equal=equal,
        fixed_x=conditional,
    )
    return build_table(parse_model(text), options)


def moments(parameters: ParameterTable) -> SampleMoments:
    names = parameters.variables.observed
    rng = np.random.default_rng(3)
    root = rng.normal(size=(len(names), len(names)))
    cov = root @ root.T / len(names) + np.eye(len(names))
    group = SampleGroup(names, cov, rng.normal(size=len(names)), 100)
    return SampleMoments((group, group))


def random_theta(parameters: ParameterTable, seed: int) -> FloatArray:
    """Return values that imply proper moments: variances and scales near 1, small covariances, ordered thresholds."""
    rng = np.random.default_rng(seed)
    theta = np.zeros(parameters.n_free)
    for k, row in enumerate(parameters.free_rows):
        if row.op == "|":
            theta[k] = -1.0 + 0.6 * int(row.rhs[1:]) + 0.1 * rng.normal()
        elif row.op == "~*~" or (row.op == "~~" and row.lhs == row.rhs):
            theta[k] = rng.uniform(0.7, 1.3)
        else:
            theta[k] = 0.4 * rng.normal()
    return theta


CASES = [
    (MODEL, False, True, ()),
    (MODEL, True, True, ()),
    (MODEL, False, False, ()),
    (MODEL, False, True, ("thresholds",)),
    (MODEL, True, True, ("thresholds", "loadings")),
    (MEDIATOR, True, True, ()),
    (MEDIATOR, True, False, ("thresholds",)),
]


@pytest.mark.parametrize(("text", "theta", "conditional", "equal"), CASES)
def test_jacobian(text: str, theta: bool, conditional: bool, equal: tuple[str, ...]) -> None:
    parameters = table(text, theta=theta, conditional=conditional, equal=equal)
    layout = build_layout(parameters, moments(parameters))
    for group in layout.groups:
        point = random_theta(parameters, seed=len(text) + theta)
        exact = ordinal_moments(group, implied_moments(group, point), point, derivatives=True).jacobian
        assert exact is not None
        for k in range(len(point)):
            ahead, behind = point.copy(), point.copy()
            ahead[k] += STEP
            behind[k] -= STEP
            change = [
                ordinal_moments(group, implied_moments(group, x), x, derivatives=False).vector for x in (ahead, behind)
            ]
            # central differences of values near 1 are good to 1e-9
            assert exact[:, k] == pytest.approx((change[0] - change[1]) / (2 * STEP), abs=1e-7)


@pytest.mark.parametrize(("text", "theta", "conditional", "equal"), CASES)
def test_variances(text: str, theta: bool, conditional: bool, equal: tuple[str, ...]) -> None:
    """Total and residual variances, with those that delta derives from the rest."""
    parameters = table(text, theta=theta, conditional=conditional, equal=equal)
    layout = build_layout(parameters, moments(parameters))
    for group in layout.groups:
        point = random_theta(parameters, seed=7)
        exact = model_variances(group, implied_moments(group, point), len(point))
        for k in range(len(point)):
            ahead, behind = point.copy(), point.copy()
            ahead[k] += STEP
            behind[k] -= STEP
            there = [model_variances(group, implied_moments(group, x), len(x)) for x in (ahead, behind)]
            total = (there[0].total - there[1].total) / (2 * STEP)
            residual = (there[0].residual - there[1].residual) / (2 * STEP)
            assert exact.total_jacobian[:, k] == pytest.approx(total, abs=1e-7)
            assert exact.residual_jacobian[:, k] == pytest.approx(residual, abs=1e-7)


def test_delta_fixes_the_variance_of_latent_responses_given_x() -> None:
    parameters = table(MODEL, theta=False, conditional=True)
    layout = build_layout(parameters, moments(parameters)).groups[0]
    implied = implied_moments(layout, random_theta(parameters, seed=1))
    assert layout.ordinal is not None
    x = layout.ordinal.conditional
    by_x = implied.inverse[:, x] @ implied.covariances[np.ix_(x, x)] @ implied.inverse[:, x].T
    given = np.diag(implied.total_cov - by_x)[: layout.ordinal.n_endogenous]
    assert given[layout.ordinal.is_ordinal] == pytest.approx(1.0, rel=1e-12)
