"""What is computed in every draw: rows, definitions, standardised values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_cdf, normal_quantile
from trustsem.resample.batch import Stack, explained_by
from trustsem.spec.table import ParameterTable, Row
from trustsem.syntax.nodes import Binary, Call, Expression, Number, Symbol, Unary

FloatArray = NDArray[np.float64]

_UNARY: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "pnorm": np.vectorize(normal_cdf, otypes=[float]),
    "qnorm": np.vectorize(normal_quantile, otypes=[float]),
}
_MANY: Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]] = {"min": np.minimum, "max": np.maximum}


def evaluate_draws(expression: Expression, names: Mapping[str, FloatArray]) -> FloatArray:
    """Evaluate an expression for all draws at once; NaN where it has no value.

    Args:
        expression: Right-hand side of a definition.
        names: (B,) values of labels and of definitions that it uses.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(expression, names), dtype=np.float64)


def _evaluate(node: Expression, names: Mapping[str, FloatArray]) -> FloatArray:
    if isinstance(node, Number):
        return np.float64(node.value)  # type: ignore[return-value]
    if isinstance(node, Symbol):
        return names[node.name]
    if isinstance(node, Unary):
        value = _evaluate(node.operand, names)
        return -value if node.op == "-" else value
    if isinstance(node, Binary):
        left, right = _evaluate(node.left, names), _evaluate(node.right, names)
        return _BINARY[node.op](left, right)
    assert isinstance(node, Call)
    arguments = [_evaluate(argument, names) for argument in node.arguments]
    if node.name in _MANY:
        result = arguments[0]
        for argument in arguments[1:]:
            result = _MANY[node.name](result, argument)
        return result
    return _UNARY[node.name](arguments[0])


_BINARY: Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


def row_draws(table: ParameterTable, theta: FloatArray, stacks: Sequence[Stack]) -> FloatArray:
    """Return the value of every row and then of every definition in each draw.

    Args:
        table: The parameter table.
        theta: (B, n_free).
        stacks: Matrices of every group in each draw, for moments of exogenous variables.

    Returns:
        (B, n_rows + n_definitions).
    """
    names = (*table.variables.observed, *table.variables.latent)
    position = {name: index for index, name in enumerate(names)}
    given = [position[name] for name in _conditioned_on(table)]
    values = np.empty((len(theta), len(table.rows)))
    for k, (row, free) in enumerate(zip(table.rows, table.free_index.tolist(), strict=True)):
        if free >= 0:
            values[:, k] = theta[:, free]
        elif row.value is not None:
            values[:, k] = row.value
        else:
            values[:, k] = _from_stack(row, stacks[row.group - 1], position, given)
    return _with_definitions(table, values)


def _conditioned_on(table: ParameterTable) -> tuple[str, ...]:
    is_conditional = table.ordinal is not None and table.ordinal.conditional_x
    return table.variables.exogenous if is_conditional else ()


def _from_stack(row: Row, stack: Stack, position: Mapping[str, int], given: Sequence[int]) -> FloatArray:
    i = position[row.lhs]
    if row.op == "~~":
        return stack.covariances[:, i, position[row.rhs]]
    if row.op == "~1":
        return stack.intercepts[:, i]
    assert row.op == "~*~", row.op  # theta: a latent response has the variance given x that the model implies
    x, item = np.array(given, dtype=np.intp), np.array([i])
    variance = stack.total_cov[:, i, i] - explained_by(x, item, stack.inverse, stack.covariances)[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 / np.sqrt(variance)


def _with_definitions(table: ParameterTable, values: FloatArray) -> FloatArray:
    known = {label: values[:, index] for label, index in table.labels.items()}
    columns = [values]
    for definition in table.definitions:
        known[definition.name] = np.broadcast_to(evaluate_draws(definition.expression, known), (len(values),))
        columns.append(known[definition.name][:, None])
    return np.hstack(columns)


def standardized_draws(table: ParameterTable, values: FloatArray, stacks: Sequence[Stack]) -> FloatArray:
    """Return the standardised value (all variables) of every row and definition in each draw.

    Args:
        table: The parameter table.
        values: (B, n_rows + n_definitions) from `row_draws`.
        stacks: Matrices of every group in each draw.
    """
    names = (*table.variables.observed, *table.variables.latent)
    position = {name: index for index, name in enumerate(names)}
    result = np.empty((len(values), len(table.rows)))
    with np.errstate(invalid="ignore", divide="ignore"):
        total = [np.sqrt(np.diagonal(stack.total_cov, axis1=1, axis2=2)) for stack in stacks]
        residual = [np.sqrt(np.diagonal(stack.covariances, axis1=1, axis2=2)) for stack in stacks]
        for k, row in enumerate(table.rows):
            sd, own = total[row.group - 1], residual[row.group - 1]
            # a latent response that is standardised needs no other scale
            result[:, k] = 1.0 if row.op == "~*~" else values[:, k] * _factor(row, sd, own, position)
    return _with_definitions(table, result)


def _factor(row: Row, sd: FloatArray, own: FloatArray, position: Mapping[str, int]) -> FloatArray:
    i = position[row.lhs]
    if row.op in ("~1", "|"):
        return 1 / sd[:, i]
    j = position[row.rhs]
    if row.op == "=~":
        return sd[:, i] / sd[:, j]
    if row.op == "~":
        return sd[:, j] / sd[:, i]
    if i == j:
        return 1 / sd[:, i] ** 2
    return 1 / (own[:, i] * own[:, j])
