"""Variants of a model: a covariance of two disturbances set free or fixed at zero, everything else as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trustsem.spec.expressions import symbols_in
from trustsem.spec.table import LinearConstraints, Origin, OriginKind, ParameterTable, Row

_RULE = "variant of the disturbance covariance"


def covariance_is_free(table: ParameterTable, first: str, second: str) -> bool:
    """Return whether the covariance of two variables' disturbances is estimated in every group."""
    found = [row for row in table if _is_covariance(row, first, second) and row.is_free]
    return len(found) == table.n_groups


def covariance_is_zero(table: ParameterTable, first: str, second: str) -> bool:
    """Return whether the covariance of two variables' disturbances is left out, or fixed at zero, in every group."""
    return all(row.value == 0 for row in table if _is_covariance(row, first, second))


def with_covariance(table: ParameterTable, first: str, second: str, *, free: bool) -> ParameterTable | None:
    """Return the table with the covariance of two disturbances free, or fixed at zero, in every group.

    Args:
        table: Parameter table.
        first: One variable.
        second: The other.
        free: Whether to estimate the covariance.

    Returns:
        None where the covariance takes part in a constraint.
    """
    rows: list[Row] = []
    for group in range(1, table.n_groups + 1):
        own = [row for row in table if row.group == group]
        found = [row for row in own if _is_covariance(row, first, second)]
        if any(_in_a_relation(table, row) for row in found):
            return None
        rows.extend(_changed(row, free=free) if row in found else row for row in own)
        if free and not found:
            rows.append(Row(first, "~~", second, Origin(OriginKind.DEFAULT, _RULE), group=group))
    constraints = _constraints(table, rows)
    return None if constraints is None else replace(table, rows=tuple(rows), constraints=constraints)


def _is_covariance(row: Row, first: str, second: str) -> bool:
    return row.op == "~~" and {row.lhs, row.rhs} == {first, second}


def _changed(row: Row, *, free: bool) -> Row:
    if free:
        return row if row.is_free else replace(row, value=None)
    return replace(row, value=0.0, start=None)


def _in_a_relation(table: ParameterTable, row: Row) -> bool:
    """Return whether a relation or bound speaks of a row; linear equalities are looked at by their matrix."""
    names = {symbol.name for relation in table.relations for symbol in symbols_in(relation.expression)}
    return bool({row.key, row.label} & names)


def _constraints(table: ParameterTable, rows: Sequence[Row]) -> LinearConstraints | None:
    """Return the linear constraints over the new free rows; None where a row that is no longer free is in one."""
    old = table.constraints
    position = {row.key: k for k, row in enumerate(table.free_rows)}
    free = [row.key for row in rows if row.is_free]
    lost = [k for key, k in position.items() if key not in set(free)]
    if old.matrix[:, lost].any():
        return None
    matrix = np.zeros((len(old.constant), len(free)))
    for column, key in enumerate(free):
        if key in position:
            matrix[:, column] = old.matrix[:, position[key]]
    return LinearConstraints(matrix, old.constant, old.texts)
