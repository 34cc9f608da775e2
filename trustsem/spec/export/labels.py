"""Labels that a script needs so that constraints and definitions can be written in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trustsem.spec.relations import bound_relations
from trustsem.spec.table import ParameterTable, Relation
from trustsem.syntax.nodes import Binary, Call, Expression, Symbol, Unary


@dataclass(frozen=True, slots=True)
class LinearRelation:
    """`sum(coefficient * label) == constant`."""

    terms: tuple[tuple[float, str], ...]
    constant: float


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """Labels of the rows of a table and the relations that shared labels do not say.

    Args:
        labels: One per row of the table, "" where none is needed; rows with one label are equal.
        linear: Linear constraints beyond equal labels.
        others: Nonlinear equalities and inequalities; bounds of single rows are not among them.
        fixed: Value of every label that stands on fixed rows only.
    """

    labels: tuple[str, ...]
    linear: tuple[LinearRelation, ...]
    others: tuple[Relation, ...]
    fixed: Mapping[str, float]

    @property
    def is_constrained(self) -> bool:
        """Whether the script needs more than equal labels."""
        return bool(self.linear or self.others)


def plan_labels(table: ParameterTable, *, label_bounds: bool = False) -> LabelPlan:
    """Give every row that a constraint mentions a label; a label shared by a fixed and a free row stays on the free.

    Args:
        table: Every parameter of the model.
        label_bounds: Rows with bounds get a label too, for programs that write bounds as constraints.
    """
    on_free = {row.label for row in table.free_rows if row.label}
    labels = ["" if not row.is_free and row.label in on_free else row.label for row in table]
    fixed = {row.label: row.value for row in table if row.label and row.label not in on_free and row.value is not None}
    positions = [position for position, row in enumerate(table) if row.is_free]
    taken = {*labels, *(definition.name for definition in table.definitions)}
    _share_labels(table, labels, positions, taken)
    pending = [
        (vector, float(constant))
        for vector, constant in zip(table.constraints.matrix, table.constraints.constant, strict=True)
        if not _says_equal_labels(vector, float(constant), [labels[position] for position in positions])
    ]
    for vector, _ in pending:
        for index in np.flatnonzero(vector):
            position = positions[index]
            labels[position] = labels[position] or _fresh(position + 1, taken)
    if label_bounds:
        for position in positions:
            row = table.rows[position]
            if row.lower is not None or row.upper is not None:
                labels[position] = labels[position] or _fresh(position + 1, taken)
    linear = tuple(_linear(vector, constant, [labels[p] for p in positions]) for vector, constant in pending)
    bounds = set(bound_relations(table.rows))
    others = tuple(relation for relation in table.relations if relation not in bounds)
    return LabelPlan(tuple(labels), linear, others, fixed)


def _share_labels(table: ParameterTable, labels: list[str], positions: list[int], taken: set[str]) -> None:
    """Give two rows that a constraint makes equal one label, unless both have labels of their own."""
    for vector, constant in zip(table.constraints.matrix, table.constraints.constant, strict=True):
        used = np.flatnonzero(vector)
        if len(used) != 2 or constant != 0 or abs(vector.sum()) > 1e-12:
            continue
        one, other = (positions[index] for index in used)
        if not (labels[one] and labels[other]):
            labels[one] = labels[other] = labels[one] or labels[other] or _fresh(one + 1, taken)


def _says_equal_labels(vector: np.ndarray, constant: float, labels: list[str]) -> bool:
    used = np.flatnonzero(vector)
    shared = {labels[index] for index in used}
    return len(used) == 2 and constant == 0 and abs(vector.sum()) < 1e-12 and len(shared) == 1 and "" not in shared


def _fresh(number: int, taken: set[str]) -> str:
    name = f"p{number}"
    while name in taken:
        name = f"p{name}"
    taken.add(name)
    return name


def _linear(vector: np.ndarray, constant: float, labels: list[str]) -> LinearRelation:
    weights: dict[str, float] = {}
    for index in np.flatnonzero(vector):
        weights[labels[index]] = weights.get(labels[index], 0.0) + float(vector[index])
    return LinearRelation(tuple((weight, label) for label, weight in weights.items() if weight), constant)


def rename_symbols(expression: Expression, names: Mapping[str, Expression]) -> Expression:
    """Replace each name once; a replacement is not looked at again, so names may be swapped."""
    if isinstance(expression, Symbol):
        return names.get(expression.name, expression)
    if isinstance(expression, Unary):
        return Unary(expression.op, rename_symbols(expression.operand, names), expression.span)
    if isinstance(expression, Binary):
        left, right = rename_symbols(expression.left, names), rename_symbols(expression.right, names)
        return Binary(expression.op, left, right, expression.span)
    if isinstance(expression, Call):
        arguments = tuple(rename_symbols(argument, names) for argument in expression.arguments)
        return Call(expression.name, arguments, expression.span)
    return expression


def calls_in(expression: Expression) -> Iterator[str]:
    """Yield the functions that an expression calls."""
    if isinstance(expression, Call):
        yield expression.name
        for argument in expression.arguments:
            yield from calls_in(argument)
    elif isinstance(expression, Unary):
        yield from calls_in(expression.operand)
    elif isinstance(expression, Binary):
        yield from calls_in(expression.left)
        yield from calls_in(expression.right)


def unique_names(
    names: Iterable[str], shorten: Callable[[str], str], limit: int, reserved: Iterable[str]
) -> dict[str, str]:
    """Return a name for each name, none twice (upper and lower case are the same) and none reserved.

    Args:
        names: Names to translate, repeated ones once.
        shorten: The wish for a name; at most `limit` characters.
        limit: Characters a name may have.
        reserved: Names that are not to be used, in capitals.
    """
    taken = set(reserved)
    result: dict[str, str] = {}
    for name in dict.fromkeys(names):
        wish = shorten(name)[:limit]
        candidate, number = wish, 1
        while candidate.upper() in taken:
            number += 1
            candidate = f"{wish[: limit - len(str(number))]}{number}"
        taken.add(candidate.upper())
        result[name] = candidate
    return result
