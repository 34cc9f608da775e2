"""Relations that cannot be solved beforehand: nonlinear equalities, inequalities, bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import ModelError
from trustsem.spec.expressions import Dual, evaluate, linear_form, substitute
from trustsem.spec.table import ParameterTable, Relation, Row
from trustsem.spec.written import place
from trustsem.syntax.nodes import Binary, Constraint, Expression, ModelSyntax, Number, Span, Symbol

FloatArray = NDArray[np.float64]

_INFEASIBLE = 2  # linprog's code
_NOWHERE = Span(0, 0, 0, 0)  # of a bound that an option set, not the text


@dataclass(frozen=True, eq=False, slots=True)
class RelationValues:
    """Values (k,) of relations written as `expression == 0` or `expression >= 0`, and Jacobian (k, n_free)."""

    values: FloatArray
    jacobian: FloatArray


def is_linear_equality(constraint: Constraint, definitions: Mapping[str, Expression]) -> bool:
    """Return whether a constraint can be solved once and for all."""
    sides = (substitute(constraint.left, definitions), substitute(constraint.right, definitions))
    return constraint.op == "==" and all(linear_form(side) is not None for side in sides)


def written_relations(model: ModelSyntax, definitions: Mapping[str, Expression]) -> tuple[Relation, ...]:
    """Return the constraints of a model that are not linear equalities, as expressions against zero."""
    relations = []
    for constraint in model.constraints:
        if is_linear_equality(constraint, definitions):
            continue
        left, right = substitute(constraint.left, definitions), substitute(constraint.right, definitions)
        if constraint.op == "<":
            left, right = right, left
        text = f"{constraint.left_text} {constraint.op} {constraint.right_text}"
        expression = Binary("-", left, right, constraint.span)
        relations.append(Relation(text, expression, constraint.op == "==", place(model, constraint.span)))
    return tuple(relations)


def bound_relations(rows: Sequence[Row]) -> tuple[Relation, ...]:
    """Return the lower and upper bounds of free rows as relations `>= 0`, named by the row's key."""
    relations = []
    for row in rows:
        span = row.origin.span or _NOWHERE
        symbol = Symbol(row.key, span)
        if row.is_free and row.lower is not None and np.isfinite(row.lower):
            expression = Binary("-", symbol, Number(row.lower, span), span)
            relations.append(Relation(f"{row.key} > {row.lower:g}", expression, False, row.origin.describe()))
        if row.is_free and row.upper is not None and np.isfinite(row.upper):
            expression = Binary("-", Number(row.upper, span), symbol, span)
            relations.append(Relation(f"{row.key} < {row.upper:g}", expression, False, row.origin.describe()))
    return tuple(relations)


def check_bounds(model: ModelSyntax, rows: Sequence[Row]) -> None:
    """Raise one error for all lower bounds above upper ones and for bounds on fixed parameters."""
    faults = []
    for row in rows:
        if row.lower is None and row.upper is None:
            continue
        low = -np.inf if row.lower is None else row.lower
        high = np.inf if row.upper is None else row.upper
        if low > high:
            faults.append(f"{row.origin.describe()}: {row.key} has lower bound {low:g} above upper bound {high:g}")
        elif not row.is_free:
            faults.append(f"{row.origin.describe()}: {row.key} is fixed and has a bound")
    if faults:
        source = model.source or "model"
        raise ModelError(f"{source}: bounds that cannot hold.", faults=faults, code="bounds")


def check_feasible(table: ParameterTable) -> None:
    """Raise an error where linear inequalities, bounds and linear equalities leave no point at all.

    A linear program without an objective decides; nonlinear relations are left to the optimiser.

    Raises:
        ModelError: code "contradictory-constraints", naming the smallest set found by leaving out one after another.
    """
    linear = [relation for relation in table.inequalities if linear_form(relation.expression) is not None]
    if not linear or (len(linear) < 2 and not len(table.constraints.constant)) or _has_point(table, linear):
        return
    culprits = list(linear)
    for relation in linear:
        rest = [other for other in culprits if other is not relation]
        if not _has_point(table, rest):
            culprits = rest
    raise ModelError(
        "The constraints contradict each other.",
        faults=[f"{relation.where}: {relation.text}" for relation in culprits],
        remedy="No values of the parameters satisfy all of these (with the model's equalities): drop or change one.",
        code="contradictory-constraints",
    )


def _has_point(table: ParameterTable, relations: Sequence[Relation]) -> bool:
    from scipy.optimize import linprog  # needed for the few models that write inequalities

    zero = np.zeros(table.n_free)
    values = evaluate_relations(relations, table, zero)
    equalities = table.constraints
    with_equalities = len(equalities.constant) > 0
    result = linprog(
        zero,
        A_ub=-values.jacobian if relations else None,
        b_ub=values.values if relations else None,
        A_eq=equalities.matrix if with_equalities else None,
        b_eq=equalities.constant if with_equalities else None,
        bounds=(None, None),
    )
    return result.status != _INFEASIBLE


def evaluate_relations(relations: Sequence[Relation], table: ParameterTable, theta: FloatArray) -> RelationValues:
    """Evaluate relations at values of the free rows.

    Args:
        relations: Written against zero.
        table: Supplies the names: labels and keys of rows.
        theta: (n_free,).
    """
    names = _names(table, theta)
    results = [evaluate(relation.expression, names, len(theta)) for relation in relations]
    return RelationValues(
        np.array([result.value for result in results], dtype=float),
        np.array([result.gradient for result in results], dtype=float).reshape(len(results), len(theta)),
    )


def _names(table: ParameterTable, theta: FloatArray) -> dict[str, Dual]:
    identity = np.eye(len(theta))
    names: dict[str, Dual] = {}
    for row, index in zip(table.rows, table.free_index, strict=True):
        if index >= 0:
            dual = Dual(float(theta[index]), identity[index])
        elif row.value is not None:
            dual = Dual(row.value, np.zeros(len(theta)))
        else:
            continue
        names.setdefault(row.key, dual)
        if row.label:
            names.setdefault(row.label, dual)
    return names
