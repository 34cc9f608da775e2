"""Auxiliary variables: saturated correlates that help with missing answers and change nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from trustsem.errors import ModelError
from trustsem.spec.table import LinearConstraints, Origin, OriginKind, ParameterTable, Row

RULE = "auxiliary"
_ORIGIN = Origin(OriginKind.DEFAULT, rule=RULE)


def with_auxiliary(table: ParameterTable, names: Sequence[str]) -> ParameterTable:
    """Return the table with saturated correlates (Graham 2003, p. 83).

    Each covaries with each other and with every observed variable (its residual, where it has one); the model says
    nothing of them, so degrees of freedom stay as they are.

    Args:
        table: A model's table with a mean structure.
        names: Columns of the data.

    Raises:
        ModelError: an auxiliary variable is part of the model.
    """
    if not names:
        return table
    known = {*table.variables.observed, *table.variables.latent}
    inside = [name for name in names if name in known]
    if inside:
        raise ModelError(
            f"Auxiliary variables that are part of the model: {', '.join(inside)}.",
            remedy="Variables of the model need not be named again.",
            code="auxiliary-in-model",
        )
    names = tuple(dict.fromkeys(names))
    added = tuple(row for group in range(1, table.n_groups + 1) for row in _rows(table, names, group))
    variables = replace(
        table.variables,
        observed=(*table.variables.observed, *names),
        other_observed=(*table.variables.other_observed, *names),
    )
    matrix = table.constraints.matrix
    wider = np.hstack([matrix, np.zeros((len(matrix), len(added)))])
    constraints = LinearConstraints(wider, table.constraints.constant, table.constraints.texts)
    return replace(table, rows=(*table.rows, *added), variables=variables, constraints=constraints)


def _rows(table: ParameterTable, names: Sequence[str], group: int) -> Iterator[Row]:
    for k, one in enumerate(names):
        for other in names[k:]:
            yield Row(one, "~~", other, _ORIGIN, group=group)
        for observed in table.variables.observed:
            yield Row(one, "~~", observed, _ORIGIN, group=group)
        yield Row(one, "~1", "", _ORIGIN, group=group)


def is_auxiliary(row: Row) -> bool:
    """Return whether a row belongs to an auxiliary variable and not to the model."""
    return row.origin.rule == RULE
