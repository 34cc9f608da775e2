"""Equations of latent variables written in observed ones, with the instruments that the model implies for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.exogeneity import correlated_with_disturbances
from trustsem.effects.graph import arrow_pattern
from trustsem.errors import UsageError
from trustsem.implied import GroupLayout

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class ObservedEquation:
    """One equation of a model after every latent variable is replaced by its scaling indicator.

    Args:
        outcome: Position of the dependent variable among all (observed first).
        predictors: Positions of predictors whose coefficients are free.
        response: (p,) weights of the observed variables in the dependent side; arrows that are fixed stand here.
        regressors: (k, p) weights of the observed variables in each predictor.
        instruments: Positions of observed variables that are uncorrelated with the composite disturbance.
    """

    outcome: int
    predictors: tuple[int, ...]
    response: FloatArray
    regressors: FloatArray
    instruments: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Scaling:
    """Every variable as observed ones less disturbances: v = weights y - (disturbances marked in `errors`).

    Rows of latent variables without a scaling indicator are NaN.
    """

    weights: FloatArray  # (t, p)
    errors: BoolArray  # (t, t)
    indicator: tuple[int, ...]  # position of each variable's scaling indicator, itself for observed ones, else -1


def observed_equations(layout: GroupLayout) -> tuple[ObservedEquation, ...]:
    """Write every equation with a free coefficient in observed variables and find its instruments.

    With y_s = lambda L + e_s, L = (y_s - e_s) / lambda takes the place of a latent variable; the disturbances that come
    in with it join the equation's own into a composite one (Bollen 1996, 2019).

    Raises:
        UsageError: a latent variable in an equation has no indicator with a fixed loading and nothing else behind it.
    """
    scaling = scale_variables(layout)
    _require_scaled(layout, scaling)
    pattern, correlated = arrow_pattern(layout), correlated_with_disturbances(layout)
    cells = layout.path_cells
    return tuple(
        _equation(layout, scaling, pattern, correlated, int(outcome)) for outcome in dict.fromkeys(cells.row.tolist())
    )


def scale_variables(layout: GroupLayout) -> Scaling:
    """Find a scaling indicator for every latent variable: its loading is fixed and nothing else points at it.

    A factor of factors is scaled by a factor that is scaled itself.
    """
    p, t = layout.n_observed, len(layout.names)
    weights, errors = np.full((t, p), np.nan), np.zeros((t, t), dtype=bool)
    weights[:p] = np.eye(p)
    indicator = [*range(p), *([-1] * (t - p))]
    pattern, fixed = arrow_pattern(layout), layout.paths
    single = pattern.sum(axis=1) == 1
    while True:
        scaled = np.isfinite(weights[:, 0])
        found = [
            (latent, int(np.flatnonzero(fits)[0]))
            for latent in range(p, t)
            if not scaled[latent] and (fits := single & scaled & (fixed[:, latent] != 0)).any()
        ]
        if not found:
            return Scaling(weights, errors, tuple(indicator))
        for latent, chosen in found:
            weights[latent] = weights[chosen] / fixed[chosen, latent]
            errors[latent] = errors[chosen]
            errors[latent, chosen] = True
            indicator[latent] = chosen


def _require_scaled(layout: GroupLayout, scaling: Scaling) -> None:
    used = {int(i) for i in (*layout.path_cells.row, *layout.path_cells.column)}
    lost = [layout.names[i] for i in sorted(used) if scaling.indicator[i] < 0]
    if lost:
        raise UsageError(
            "MIIV-2SLS replaces each latent variable by a scaling indicator, and some have none.",
            faults=[f"{name}: no indicator with a fixed loading that nothing else points at" for name in lost],
            remedy="Fit with marker loadings (without std_lv and effect_coding).",
            code="no-scaling-indicator",
        )


def _equation(
    layout: GroupLayout, scaling: Scaling, pattern: BoolArray, correlated: BoolArray, outcome: int
) -> ObservedEquation:
    free = set(layout.path_cells.column[layout.path_cells.row == outcome].tolist())
    sources = np.flatnonzero(pattern[outcome])
    predictors = tuple(int(j) for j in sources if j in free)
    response = scaling.weights[outcome].copy()
    composite = scaling.errors[outcome].copy()
    composite[outcome] = True
    for source in sources:
        composite |= scaling.errors[source]
        if source not in free:
            response -= layout.paths[outcome, source] * scaling.weights[source]
    p = layout.n_observed
    valid = ~correlated[:p][:, composite].any(axis=1)
    return ObservedEquation(
        outcome, predictors, response, scaling.weights[list(predictors)], tuple(map(int, np.flatnonzero(valid)))
    )
