"""A start through another marker: where a factor hangs on its weakest item, fit it on its strongest and scale back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.estimate.objective import Objective
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.estimate.start import start_values
from trustsem.estimate.status import OptimStatus
from trustsem.implied import build_layout
from trustsem.moments import SampleMoments
from trustsem.spec.table import ParameterTable, Row

FloatArray = NDArray[np.float64]


def switched_marker_start(table: ParameterTable, moments: SampleMoments, discrepancy: Discrepancy) -> FloatArray | None:
    """Return the solution of the same model with stronger markers, on the scale of the model's own markers.

    The model is the same up to the units of its factors, so its solution is one of the original too. Only for models
    without constraints, whose meaning could depend on the units.

    Returns:
        (n_free,) values of the free rows; None where no factor has a stronger item, constraints forbid the change,
        or the other parameterization does not converge either.
    """
    if len(table.constraints.texts) or table.relations or table.ordinal or len(moments.groups) > 1:
        return None
    markers = {factor: pair for factor in table.variables.latent if (pair := _switch(table, factor, moments))}
    if not markers:
        return None
    switched = replace(table, rows=tuple(_switched_row(row, markers) for row in table.rows))
    layout = build_layout(switched, moments)
    objective = Objective(discrepancy, layout, moments)
    run = minimise_by_scoring(objective, start_values(switched, layout, moments))
    if run.status is not OptimStatus.CONVERGED:
        return None
    values = {row.written: float(value) for row, value in zip(switched.free_rows, run.x, strict=True)}
    values.update({new.written: 1.0 for _, new in markers.values()})
    scales = {factor: values[old.written] / float(old.value or 1.0) for factor, (old, _) in markers.items()}
    if min(abs(scale) for scale in scales.values()) < np.finfo(float).tiny:
        return None
    return np.array([values[row.written] * _factor(row, scales) for row in table.free_rows])


def _switch(table: ParameterTable, factor: str, moments: SampleMoments) -> tuple[Row, Row] | None:
    """Return the marker of a factor and the free loading to put in its place, where that one is clearly stronger."""
    loadings = [row for row in table.rows if row.op == "=~" and row.lhs == factor]
    fixed = [row for row in loadings if row.value is not None]
    variance = next((row for row in table.rows if row.op == "~~" and row.lhs == row.rhs == factor), None)
    observed = set(table.variables.observed)
    items = [row.rhs for row in loadings]
    if len(fixed) != 1 or not fixed[0].value or variance is None or not variance.is_free or not set(items) <= observed:
        return None
    sample = moments.groups[0]
    index = [sample.names.index(item) for item in items]
    block = sample.cov[np.ix_(index, index)]
    scale = np.sqrt(np.diag(block))
    strength = (np.abs(block / np.outer(scale, scale)).sum(axis=0) - 1).tolist()
    best = loadings[int(np.argmax(strength))]
    return None if best is fixed[0] else (fixed[0], best)


def _switched_row(row: Row, markers: Mapping[str, tuple[Row, Row]]) -> Row:
    pair = markers.get(row.lhs) if row.op == "=~" else None
    if pair is None:
        return replace(row, start=None)
    if row is pair[0]:
        return replace(row, value=None, start=None)
    return replace(row, value=1.0, start=None) if row is pair[1] else replace(row, start=None)


def _factor(row: Row, scales: Mapping[str, float]) -> float:
    """Return what a value is multiplied by when each factor is measured in units `scale` times smaller."""
    one, other = scales.get(row.lhs, 1.0), scales.get(row.rhs, 1.0)
    if row.op == "=~":
        return other / one
    if row.op == "~":
        return one / other
    if row.op == "~~":
        return one * other
    return one
