"""Standardised solution: latent variables only, all variables, or all but exogenous observed ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.defined import defined_parameters
from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.variances import model_variances
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import scaling_factors, thresholds_of
from trustsem.spec.table import ParameterTable, Row

FloatArray = NDArray[np.float64]


class Standardization(Enum):
    """Which variables are given variance 1."""

    LV = "std_lv"
    ALL = "std_all"
    NOX = "std_nox"


def standardized_solution(
    table: ParameterTable, estimate: Estimate, covariance: FloatArray | None, kind: Standardization
) -> DeltaResult:
    """Return the standardised value of every row and of every defined parameter, in table order.

    A loading becomes lambda sd(factor) / sd(item), a regression b sd(x) / sd(y), a variance its share of the total
    variance, a residual covariance the correlation of the residuals, a mean mean / sd (lavaan's standardizedSolution).

    Returns:
        Values, Jacobian and delta-method errors of len(table) + number of definitions entries.
    """
    layout = estimate.objective.layout
    n_rows, n_free = len(table), layout.n_free
    values, jacobian = np.full(n_rows, np.nan), np.zeros((n_rows, n_free))
    for number, (group, implied) in enumerate(zip(layout.groups, estimate.objective.implied(estimate.x)), start=1):
        chosen = [index for index, row in enumerate(table.rows) if row.group == number]
        rows = [table.rows[index] for index in chosen]
        _fill_group(values, jacobian, np.array(chosen), rows, table, group, implied, kind, estimate.theta)
    defined = defined_parameters(table, values, jacobian)
    return delta_method(np.concatenate([values, defined.values]), np.vstack([jacobian, defined.jacobian]), covariance)


def standardizing_factors(
    table: ParameterTable, estimate: Estimate, rows: Sequence[Row], kind: Standardization
) -> FloatArray:
    """Return what a change of each row's parameter is multiplied by to be standardised; NaN below zero variances."""
    layout = estimate.objective.layout
    factors = np.full(len(rows), np.nan)
    for number, (group, implied) in enumerate(zip(layout.groups, estimate.objective.implied(estimate.x)), start=1):
        chosen = [index for index, row in enumerate(rows) if row.group == number]
        exponents = _exponents_of([rows[index] for index in chosen], table, group, kind)
        variances = model_variances(group, implied, layout.n_free)
        factors[chosen] = exponents.factor(np.concatenate([variances.total, variances.residual]))
    return factors


@dataclass(frozen=True, eq=False, slots=True)
class _Exponents:
    """At most two variances scale a row: their positions (k, 2) and exponents (k, 2), 0 where there is none.

    Positions below t are total variances, from t on residual variances.
    """

    position: NDArray[np.intp]
    power: FloatArray

    def factor(self, variances: FloatArray) -> FloatArray:
        """Return the product of powers; NaN where a variance that is used is not positive."""
        positive = variances > 0
        logs = np.log(np.where(positive, variances, 1.0))
        factor = np.exp((self.power * logs[self.position]).sum(axis=1))
        factor[((self.power != 0) & ~positive[self.position]).any(axis=1)] = np.nan
        return factor

    def log_slope(self, variances: FloatArray, jacobian: FloatArray) -> FloatArray:
        """Return the (k, n_free) derivative of the logarithm of the factor."""
        positive = variances > 0
        slopes = np.where(positive[:, None], jacobian / np.where(positive, variances, 1.0)[:, None], 0.0)
        first, second = self.position.T
        return self.power[:, :1] * slopes[first] + self.power[:, 1:] * slopes[second]


def _exponents_of(rows: Sequence[Row], table: ParameterTable, group: GroupLayout, kind: Standardization) -> _Exponents:
    names = {name: index for index, name in enumerate(group.names)}
    scaled = _scaled_variables(table, kind)
    position, power = np.zeros((len(rows), 2), dtype=np.intp), np.zeros((len(rows), 2))
    for index, row in enumerate(rows):
        for slot, (column, exponent) in enumerate(_exponents(row, names, scaled, len(group.names))):
            position[index, slot], power[index, slot] = column, exponent
    return _Exponents(position, power)


def _fill_group(
    values: FloatArray,
    jacobian: FloatArray,
    chosen: NDArray[np.intp],
    rows: Sequence[Row],
    table: ParameterTable,
    group: GroupLayout,
    implied: Implied,
    kind: Standardization,
    theta: FloatArray,
) -> None:
    position = {name: index for index, name in enumerate(group.names)}
    variances = model_variances(group, implied, len(theta))
    base = np.concatenate([variances.total, variances.residual])
    base_jacobian = np.vstack([variances.total_jacobian, variances.residual_jacobian])
    exponents = _exponents_of(rows, table, group, kind)
    factor = exponents.factor(base)
    raw = np.array([_model_value(row, implied, position, group) for row in rows])
    own = np.zeros((len(rows), len(theta)))
    free = table.free_index[chosen]
    own[np.flatnonzero(free >= 0), free[free >= 0]] = 1.0
    for index, row in enumerate(rows):
        if row.derived and row.op == "~~":  # residual variances of ordinal items follow from the rest
            own[index] = variances.residual_jacobian[position[row.lhs]]
    scaled = _scaled_variables(table, kind)
    is_unit = np.array([row.op == "~*~" and row.lhs in scaled for row in rows], dtype=bool)
    raw[is_unit] = 1.0  # a latent response that is standardised needs no other scale
    values[chosen] = raw * factor
    jacobian[chosen] = factor[:, None] * (own + raw[:, None] * exponents.log_slope(base, base_jacobian))


def _model_value(row: Row, implied: Implied, position: Mapping[str, int], group: GroupLayout) -> float:
    if row.op in ("|", "~*~"):
        assert group.ordinal is not None
        variable = position[row.lhs]
        if row.op == "~*~":
            return float(scaling_factors(group.ordinal, implied)[variable])
        return float(thresholds_of(group.ordinal, implied.theta, variable)[int(row.rhs[1:]) - 1])
    if row.op == "=~":
        return float(implied.paths[position[row.rhs], position[row.lhs]])
    if row.op == "~":
        return float(implied.paths[position[row.lhs], position[row.rhs]])
    if row.op == "~~":
        return float(implied.covariances[position[row.lhs], position[row.rhs]])
    return float(implied.intercepts[position[row.lhs]])


def _scaled_variables(table: ParameterTable, kind: Standardization) -> frozenset[str]:
    names = (*table.variables.observed, *table.variables.latent)
    if kind is Standardization.LV:
        return frozenset(table.variables.latent)
    if kind is Standardization.NOX:
        # as in lavaan: an exogenous variable whose moments are estimated (random x) is standardised like any other
        return frozenset(names) - {row.lhs for row in table if row.exogenous}
    return frozenset(names)


def _exponents(row: Row, position: Mapping[str, int], scaled: frozenset[str], t: int) -> Iterator[tuple[int, float]]:
    """Yield (column, exponent) of the variances that scale a row; columns from t on are residual variances."""
    if row.op == "~*~":
        return
    if row.op in ("~1", "|"):
        if row.lhs in scaled:
            yield position[row.lhs], -0.5
        return
    if row.op == "~~" and row.lhs == row.rhs:
        if row.lhs in scaled:
            yield position[row.lhs], -1.0
        return
    if row.op == "~~":
        for name in (row.lhs, row.rhs):
            if name in scaled:
                yield t + position[name], -0.5
        return
    source, target = (row.lhs, row.rhs) if row.op == "=~" else (row.rhs, row.lhs)
    if source in scaled:
        yield position[source], 0.5
    if target in scaled:
        yield position[target], -0.5
