"""Rows of the parameter table and definitions as functions of the free parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.effects import ParameterFunctions, Standardization, moved, standardized_solution
from trustsem.pipeline import FittedModel
from trustsem.resample.batch import Stack
from trustsem.resample.quantities import row_draws, standardized_draws
from trustsem.tables.estimates import row_values, shown_rows

FloatArray = NDArray[np.float64]


def row_functions(fitted: FittedModel, *, standardized: bool = False) -> ParameterFunctions:
    """Return the value of every row that is shown, and of every definition, in the order of `Fit.estimates`.

    Args:
        fitted: The fit.
        standardized: Standardised values (all variables).
    """
    table, estimate, shown = fitted.table, fitted.estimate, shown_rows(fitted.table)

    def jacobian_at(theta: FloatArray) -> FloatArray:
        there = moved(estimate, theta)
        if standardized:
            return standardized_solution(table, there, None, Standardization.ALL).jacobian[shown]
        return row_values(replace(fitted, estimate=there)).jacobian[shown]

    def rows(theta: FloatArray, stacks: Sequence[Stack]) -> FloatArray:
        values = row_draws(table, theta, stacks)
        return (standardized_draws(table, values, stacks) if standardized else values)[:, shown]

    if standardized:
        values = standardized_solution(table, estimate, None, Standardization.ALL).values
    else:
        values = row_values(fitted).values
    return ParameterFunctions(values[shown], jacobian_at, lambda draws: draws.compute(rows))
