"""Defined parameters (`:=`) at given values of the rows: unstandardised or standardised alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.spec.expressions import Dual, evaluate
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class DefinedValues:
    """Values (k,) and Jacobian (k, n_free) of the defined parameters, in their order of evaluation."""

    values: FloatArray
    jacobian: FloatArray


def defined_parameters(table: ParameterTable, row_values: FloatArray, row_jacobian: FloatArray) -> DefinedValues:
    """Evaluate every definition with exact derivatives.

    Args:
        table: Table with the definitions.
        row_values: (n_rows,) value of every row.
        row_jacobian: (n_rows, n_free) derivative of every row's value with respect to the free rows.
    """
    n_free = row_jacobian.shape[1]
    names = {label: Dual(float(row_values[i]), row_jacobian[i]) for label, i in table.labels.items()}
    results = []
    for definition in table.definitions:
        result = evaluate(definition.expression, names, n_free)
        names[definition.name] = result
        results.append(result)
    return DefinedValues(
        np.array([result.value for result in results], dtype=float),
        np.array([result.gradient for result in results], dtype=float).reshape(len(results), n_free),
    )
