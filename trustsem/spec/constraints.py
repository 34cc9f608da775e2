"""Linear equality constraints: equal labels, `==` lines and effect coding, reduced to independent relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import ModelError
from trustsem.records import Finding, Severity
from trustsem.spec.expressions import LinearForm, linear_form, substitute, symbols_in
from trustsem.spec.relations import is_linear_equality
from trustsem.spec.table import LinearConstraints, Row
from trustsem.spec.written import place
from trustsem.suggestions import suggest
from trustsem.syntax.nodes import Constraint, ModelSyntax

_ZERO = 1e-10  # coefficients are small rationals: anything below is rounding


@dataclass(frozen=True, slots=True)
class ConstraintSet:
    """The independent constraints and what happened to the others."""

    linear: LinearConstraints
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LinearEquality:
    """A relation `form = 0` over keys of rows such as `f=~x1`, with its text and where it comes from."""

    form: LinearForm
    text: str
    where: str
    follows_by_design: bool = False  # of an option: no finding where other relations imply it


def build_constraints(model: ModelSyntax, rows: Sequence[Row], extra: Sequence[LinearEquality] = ()) -> ConstraintSet:
    """Collect every linear equality of a model.

    Args:
        model: Parsed model, for its `==` lines and definitions.
        rows: Rows of the table, with labels.
        extra: Relations that options add: equality across groups, effect coding.

    Raises:
        ModelError: unknown labels, labels shared by unlike parameters, contradictory constraints; all faults at once.
    """
    _check_label_use(model, rows)
    relations = [*_label_relations(rows, model), *_written_relations(model, rows), *extra]
    free = {row.key: index for index, row in enumerate(row for row in rows if row.is_free)}
    return _reduce(relations, rows, free)


def _check_label_use(model: ModelSyntax, rows: Sequence[Row]) -> None:
    faults = []
    first: dict[str, Row] = {}
    for row in rows:
        if not row.label:
            continue
        known = first.setdefault(row.label, row)
        if _kind(known) != _kind(row):
            faults.append(
                f"label '{row.label}' stands on {known.written} ({_kind(known)}, {known.origin.describe()}) and on "
                f"{row.written} ({_kind(row)}, {row.origin.describe()})"
            )
    names = {definition.name for definition in model.definitions}
    faults.extend(f"'{name}' is defined with := and used as a label too" for name in names & set(first))
    if faults:
        raise ModelError(
            f"{model.source or 'model'}: one label must not make unlike parameters equal.",
            faults=list(dict.fromkeys(faults)),  # groups share their lines
            remedy="Give each its own label; if equality is really meant, say it: a == b.",
            code="label-on-unlike-parameters",
        )


def _kind(row: Row) -> str:
    if row.op == "~~":
        return "variance" if row.lhs == row.rhs else "covariance"
    return {"=~": "loading", "~": "regression", "~1": "intercept"}.get(row.op, row.op)


def _label_relations(rows: Sequence[Row], model: ModelSyntax) -> Iterator[LinearEquality]:
    source = model.source or "model"
    first: dict[str, Row] = {}
    for row in rows:
        if not row.label:
            continue
        known = first.setdefault(row.label, row)
        if known is not row:
            form = LinearForm({known.key: 1.0, row.key: -1.0}, 0.0)
            where = f"{source}: label '{row.label}'"
            # a label on the marker of each group says nothing that the marker does not
            both_fixed = row.group != known.group and not (row.is_free or known.is_free)
            yield LinearEquality(form, f"{known.key} == {row.key}", where, follows_by_design=both_fixed)


def _written_relations(model: ModelSyntax, rows: Sequence[Row]) -> Iterator[LinearEquality]:
    by_label = {row.label: row for row in reversed(rows) if row.label}
    definitions = {definition.name: definition.expression for definition in model.definitions}
    faults: list[str] = []
    relations = []
    for constraint in model.constraints:
        unknown = _unknown_names(constraint, by_label, definitions, model)
        faults.extend(unknown)
        if unknown or not is_linear_equality(constraint, definitions):
            continue
        left = linear_form(substitute(constraint.left, definitions))
        right = linear_form(substitute(constraint.right, definitions))
        assert left is not None
        assert right is not None
        text = f"{constraint.left_text} == {constraint.right_text}"
        relations.append(LinearEquality(_difference(left, right, by_label), text, place(model, constraint.span)))
    if faults:
        raise ModelError("Constraints cannot be read.", faults=faults, code="constraint")
    return iter(relations)


def _unknown_names(
    constraint: Constraint, by_label: Mapping[str, Row], definitions: Mapping[str, object], model: ModelSyntax
) -> list[str]:
    known = {*by_label, *definitions}
    faults = []
    for side in (constraint.left, constraint.right):
        for symbol in symbols_in(side):
            if symbol.name not in known:
                advice = suggest(symbol.name, sorted(known))
                faults.append(f"{place(model, symbol.span)}: no parameter carries the label '{symbol.name}'.{advice}")
    return faults


def _difference(left: LinearForm, right: LinearForm, by_label: Mapping[str, Row]) -> LinearForm:
    coefficients: dict[str, float] = {}
    for form, sign in ((left, 1.0), (right, -1.0)):
        for label, value in form.coefficients.items():
            name = by_label[label].key
            coefficients[name] = coefficients.get(name, 0.0) + sign * value
    return LinearForm(coefficients, left.constant - right.constant)


def _reduce(relations: Sequence[LinearEquality], rows: Sequence[Row], free: Mapping[str, int]) -> ConstraintSet:
    fixed = {row.key: row.value for row in rows if not row.is_free}
    kept: list[NDArray[np.float64]] = []
    constants: list[float] = []
    texts, faults, findings = [], [], []
    basis: list[NDArray[np.float64]] = []
    pivots: list[int] = []
    for relation in relations:
        row, constant, uses_sample = _coefficients(relation, free, fixed)
        if uses_sample:
            faults.append(f"{relation.where}: {relation.text} binds a moment that fixed_x takes from the sample")
            continue
        residual = _eliminate(np.append(row, constant), basis, pivots)
        if np.abs(residual[:-1]).max(initial=0.0) > _ZERO:
            basis.append(residual)
            pivots.append(int(np.argmax(np.abs(residual[:-1]))))
            kept.append(row)
            constants.append(constant)
            texts.append(relation.text)
        elif abs(residual[-1]) > _ZERO:
            faults.append(f"{relation.where}: {relation.text} contradicts what is fixed or constrained elsewhere")
        elif not relation.follows_by_design:
            findings.append(_redundant(relation))
    if faults:
        raise ModelError("The constraints contradict each other.", faults=faults, code="contradictory-constraints")
    matrix = np.array(kept).reshape(len(kept), len(free))
    return ConstraintSet(LinearConstraints(matrix, np.array(constants, dtype=float), tuple(texts)), tuple(findings))


def _coefficients(
    relation: LinearEquality, free: Mapping[str, int], fixed: Mapping[str, float | None]
) -> tuple[NDArray[np.float64], float, bool]:
    row = np.zeros(len(free))
    constant = -relation.form.constant
    uses_sample = False
    for name, coefficient in relation.form.coefficients.items():
        if name in free:
            row[free[name]] += coefficient
        else:
            value = fixed[name]
            uses_sample = uses_sample or value is None
            constant -= coefficient * (value or 0.0)
    return row, constant, uses_sample


def _eliminate(
    row: NDArray[np.float64], basis: Sequence[NDArray[np.float64]], pivots: Sequence[int]
) -> NDArray[np.float64]:
    residual = row.copy()
    for vector, pivot in zip(basis, pivots, strict=True):
        if residual[pivot] != 0.0:  # most relations have few names: skipping the others keeps long lists quick
            residual -= residual[pivot] / vector[pivot] * vector
    return residual


def _redundant(relation: LinearEquality) -> Finding:
    return Finding(
        "redundant-constraint",
        Severity.INFO,
        f"{relation.where}: {relation.text} follows from the other constraints and adds no degree of freedom.",
    )
