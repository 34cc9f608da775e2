"""Parameters that a model holds at zero (or at another value) and could free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from trustsem.implied import ModelLayout
from trustsem.implied.layout import matrix_cell
from trustsem.spec.table import ParameterTable, Row
from trustsem.spec.variables import parameter_key


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parameter that is not free: its name, and its cell in the matrices A, S or m of a group."""

    lhs: str
    op: str
    rhs: str
    matrix: str
    row: int
    column: int
    group: int = 1


def candidate_parameters(table: ParameterTable, layout: ModelLayout) -> tuple[Candidate, ...]:
    """Return what modification indices are computed for, as lavaan lists it.

    Fixed rows of the table; every loading of every factor on every indicator; residual covariances of indicators;
    covariances of factors; and, where the model has regressions, regressions among their variables, exogenous
    observed variables never as outcomes.
    """
    result: list[Candidate] = []
    for number, group in enumerate(layout.groups, start=1):
        position = {name: index for index, name in enumerate(group.names)}
        present = {
            parameter_key(row.lhs, row.op, row.rhs) for row in table if row.group == number and not _is_fixed(row)
        }
        seen = set(present)
        for lhs, op, rhs in _names(table):
            key = parameter_key(lhs, op, rhs)
            if key not in seen:
                seen.add(key)
                matrix, row, column = matrix_cell(lhs, op, rhs, position)
                result.append(Candidate(lhs, op, rhs, matrix, row, column, number))
    return tuple(result)


def _is_fixed(row: Row) -> bool:
    return row.value is not None


def _names(table: ParameterTable) -> Iterator[tuple[str, str, str]]:
    variables = table.variables
    for row in table:
        if _is_fixed(row) and row.op not in ("|", "~*~"):
            yield row.lhs, row.op, row.rhs
    for factor in variables.latent:
        for item in variables.indicators:
            yield factor, "=~", item
    for one, other in combinations(variables.indicators, 2):
        yield one, "~~", other
    for one, other in combinations(variables.latent, 2):
        yield one, "~~", other
    structural = {name for row in table if row.op == "~" for name in (row.lhs, row.rhs)}
    if structural:
        structural |= set(variables.latent)
    names = [name for name in (*variables.latent, *variables.observed) if name in structural]
    measured = {(row.lhs, row.rhs) for row in table if row.op == "=~"}
    for lhs in names:
        for rhs in names:
            if lhs != rhs and lhs not in variables.exogenous and not measured & {(lhs, rhs), (rhs, lhs)}:
                yield lhs, "~", rhs
