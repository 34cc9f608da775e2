"""Parameter estimates, standardised solution and covariance of the estimates as data frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.distributions import Z95, normal_tails
from trustsem.effects import DeltaResult, Standardization, defined_parameters, delta_method, standardized_solution
from trustsem.implied.ordinal import scaling_factors
from trustsem.pipeline import FittedModel
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import ParameterTable, Row

FloatArray = NDArray[np.float64]


def row_values(fitted: FittedModel) -> DeltaResult:
    """Return the value of every row and definition with Jacobian and standard errors, in table order.

    Fixed rows have standard error NaN; rows of fixed exogenous variables carry the sample's moments.
    """
    table, theta = fitted.table, fitted.estimate.theta
    free = table.free_index
    values = np.array([np.nan if row.value is None else row.value for row in table.rows], dtype=float)
    values[free >= 0] = theta[free[free >= 0]]
    for index, row in enumerate(table.rows):
        if row.exogenous:
            values[index] = _sample_value(fitted, row.group - 1, row.lhs, row.rhs)
        elif row.derived:
            values[index] = _derived_value(fitted, row)
    jacobian = np.zeros((len(table), len(theta)))
    jacobian[np.flatnonzero(free >= 0), free[free >= 0]] = 1.0
    defined = defined_parameters(table, values, jacobian)
    return delta_method(
        np.concatenate([values, defined.values]),
        np.vstack([jacobian, defined.jacobian]),
        fitted.covariance.matrix,
    )


def _derived_value(fitted: FittedModel, row: Row) -> float:
    """Return the residual variance of an ordinal item under delta, or its scaling factor under theta."""
    objective, group = fitted.estimate.objective, row.group - 1
    implied, layout = objective.implied(fitted.estimate.x)[group], objective.layout.groups[group]
    position = layout.observed.index(row.lhs)
    if row.op == "~~":
        return float(implied.covariances[position, position])
    assert layout.ordinal is not None
    return float(scaling_factors(layout.ordinal, implied)[position])


def _sample_value(fitted: FittedModel, group: int, lhs: str, rhs: str) -> float:
    sample = fitted.moments.groups[group]
    i = sample.names.index(lhs)
    if rhs:
        return float(sample.cov[i, sample.names.index(rhs)])
    return 0.0 if sample.mean is None else float(sample.mean[i])


def estimates_frame(fitted: FittedModel) -> pd.DataFrame:
    """Return one row per parameter and definition.

    Columns: lhs, op, rhs, level, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv, std_all. Intervals
    are est -+ 1.96 se. Fixed parameters have NaN in se, z and pvalue, and their value as both limits.
    """
    columns = {**_keys(fitted.table), **_inference("est", row_values(fitted))}
    for kind in (Standardization.LV, Standardization.ALL):
        # no covariance: only the values are printed beside the estimates
        columns[kind.value] = standardized_solution(fitted.table, fitted.estimate, None, kind).values
    return _shown(pd.DataFrame(columns), fitted.table)


def standardized_frame(fitted: FittedModel, kind: Standardization) -> pd.DataFrame:
    """Return the standardised solution with delta-method errors: keys, est_std, se, z, pvalue, ci_lower, ci_upper."""
    result = standardized_solution(fitted.table, fitted.estimate, fitted.covariance.matrix, kind)
    return _shown(pd.DataFrame({**_keys(fitted.table), **_inference("est_std", result)}), fitted.table)


def _shown(frame: pd.DataFrame, table: ParameterTable) -> pd.DataFrame:
    """Return the frame without the rows of auxiliary variables, which are no part of the model."""
    keep = shown_rows(table)
    return frame if keep.all() else frame.loc[keep].reset_index(drop=True)


def shown_rows(table: ParameterTable) -> NDArray[np.bool_]:
    """Return which rows and definitions are part of the model: all but those of auxiliary variables."""
    return np.array([*(not is_auxiliary(row) for row in table.rows), *(True for _ in table.definitions)], dtype=bool)


def _keys(table: ParameterTable) -> dict[str, Any]:
    rows, definitions = table.rows, table.definitions
    ones = [1] * len(definitions)
    return {
        "lhs": [row.lhs for row in rows] + [d.name for d in definitions],
        "op": [row.op for row in rows] + [":="] * len(definitions),
        "rhs": [row.rhs for row in rows] + [d.text for d in definitions],
        "level": [row.level for row in rows] + ones,
        "group": [row.group for row in rows] + ones,
        "label": [row.label for row in rows] + [d.name for d in definitions],
    }


def _inference(name: str, result: DeltaResult) -> dict[str, Any]:
    """Return value, standard error, z, p-value and limits as columns."""
    values, errors = result.values, result.standard_errors
    with np.errstate(divide="ignore", invalid="ignore"):
        z = values / errors
    margin = np.where(np.isnan(errors), 0.0, Z95 * errors)
    varies = np.abs(result.jacobian).max(axis=1, initial=0.0) > 0
    unknown = np.isnan(errors) & varies & (name == "est")  # free, but without a standard error: no interval
    return {
        name: values,
        "se": errors,
        "z": z,
        "pvalue": normal_tails(z),
        "ci_lower": np.where(unknown, np.nan, values - margin),
        "ci_upper": np.where(unknown, np.nan, values + margin),
    }


def vcov_frame(fitted: FittedModel) -> pd.DataFrame | None:
    """Return the covariance matrix of the free parameters, named by label or as written; None where there is none."""
    matrix = fitted.covariance.matrix
    if matrix is None:
        return None
    kept = [k for k, row in enumerate(fitted.table.free_rows) if not is_auxiliary(row)]
    names = [fitted.table.free_rows[k].name for k in kept]
    return pd.DataFrame(matrix[np.ix_(kept, kept)], index=names, columns=names)
