"""Equality across groups: what `group_equal` binds, what it leaves alone and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trustsem.errors import UsageError
from trustsem.records import Finding, Severity
from trustsem.spec.constraints import LinearEquality
from trustsem.spec.expressions import LinearForm
from trustsem.spec.options import SpecOptions
from trustsem.spec.table import Row
from trustsem.spec.variables import Variables, parameter_key
from trustsem.suggestions import shortened, suggest
from trustsem.syntax.nodes import ModelSyntax, ModifierKind

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class GroupEquality:
    """Relations that hold a parameter equal to that of the first group, and what a reader must know of the others."""

    relations: tuple[LinearEquality, ...]
    findings: tuple[Finding, ...]


def equality_class(row: Row, variables: Variables) -> str | None:
    """Return the name in `group_equal` that a parameter answers to; None for moments of exogenous variables.

    Source: lavaan's documentation of `group.equal`; `tests/golden/group_tables.json` has its parameter tables.
    """
    latent, exogenous = set(variables.latent), set(variables.exogenous)
    if row.op == "|":
        return "thresholds"
    if row.op == "~*~" or row.derived:
        return None
    if row.op in ("=~", "~"):
        return "loadings" if row.op == "=~" else "regressions"
    if row.lhs in exogenous and row.rhs in (*exogenous, ""):
        return None
    if row.op == "~1":
        return "means" if row.lhs in latent else "intercepts"
    if row.lhs == row.rhs:
        return "lv_variances" if row.lhs in latent else "residuals"
    # a covariance of a factor with an observed variable counts as one of factors, as in lavaan
    return "lv_covariances" if latent & {row.lhs, row.rhs} else "residual_covariances"


def equal_across_groups(groups: Sequence[Sequence[Row]], variables: Variables, options: SpecOptions) -> GroupEquality:
    """Return the relations of `group_equal` without those of `group_partial`.

    A parameter is bound where it is free in the first group and in the other; a label of its own is the text's say.

    Args:
        groups: Rows of each group.
        variables: Roles, the same in all groups.
        options: `group_equal` and `group_partial`.

    Raises:
        UsageError: `group_partial` names what is not bound.
    """
    pairs = list(_pairs(groups, variables, options))
    bound = [pair for pair in pairs if _left_alone(*pair) is None]
    exempt = _exempt_keys(bound, pairs, groups, options)
    relations = tuple(_relation(one, other) for one, other in bound if _key(one) not in exempt)
    unbound: dict[_Key, str] = {}
    for pair in pairs:
        reason = _left_alone(*pair)
        if reason and _key(pair[0]) not in exempt:
            unbound.setdefault(_key(pair[0]), f"{pair[0].written} ({reason})")
    return GroupEquality(relations, (_unbound(list(unbound.values())),) if unbound else ())


def _key(row: Row) -> _Key:
    return parameter_key(row.lhs, row.op, row.rhs)


def _pairs(groups: Sequence[Sequence[Row]], variables: Variables, options: SpecOptions) -> Iterator[tuple[Row, Row]]:
    """Yield the rows of the classes in `group_equal`, each of the first group with that of another group.

    Rows that agree already are left out: both fixed at the same value, or both with the same label.
    """
    if not options.group_equal:
        return
    partners: list[Mapping[_Key, Row]] = [{_key(row): row for row in rows} for rows in groups[1:]]
    for one in groups[0]:
        if equality_class(one, variables) not in options.group_equal:
            continue
        for rows in partners:
            other = rows.get(_key(one))
            if other is None or (one.value is not None and one.value == other.value):
                continue
            if not (one.is_free and other.is_free and one.label and one.label == other.label):
                yield one, other


def _left_alone(one: Row, other: Row) -> str | None:
    """Return why two parameters are not made equal, None where they are."""
    if not (one.is_free and other.is_free):
        fixed = one if one.value is not None else other
        return f"fixed at {fixed.value:g} in group {fixed.group}"
    labels = [row.label for row in (one, other) if row.label]
    return f"labelled {' and '.join(labels)}" if labels else None


def _relation(one: Row, other: Row) -> LinearEquality:
    form = LinearForm({one.key: 1.0, other.key: -1.0}, 0.0)
    return LinearEquality(form, f"{one.key} == {other.key}", "group_equal", follows_by_design=True)


def _exempt_keys(
    bound: Sequence[tuple[Row, Row]],
    pairs: Sequence[tuple[Row, Row]],
    groups: Sequence[Sequence[Row]],
    options: SpecOptions,
) -> set[_Key]:
    by_name = {name: _key(one) for one, _ in bound for name in _names_of(one)}
    others = {name: reason for pair in pairs if (reason := _left_alone(*pair)) for name in _names_of(pair[0])}
    known = {name for rows in groups for row in rows for name in _names_of(row)}
    faults = []
    for name in options.group_partial:
        if name in by_name:
            continue
        if name in others:
            faults.append(f"{name} is not bound: it is {others[name]}.")
        elif name in known:
            faults.append(f"{name} is not bound: group_equal leaves it free, or it is fixed.")
        else:
            faults.append(f"{name} is no parameter of the model.{suggest(name, [one.written for one, _ in bound])}")
    if faults:
        raise UsageError(
            "group_partial names what group_equal does not make equal.",
            faults=faults,
            remedy='Write parameters as in the model, for example "f=~x3" or "x7~1"; remove the others.',
            code="unknown-parameter",
        )
    return {by_name[name] for name in options.group_partial}


def _names_of(row: Row) -> tuple[str, ...]:
    """Return how a parameter may be written: a covariance in either order."""
    return (row.written, f"{row.rhs}~~{row.lhs}") if row.op == "~~" else (row.written,)


def _unbound(descriptions: Sequence[str]) -> Finding:
    return Finding(
        "group-equal-not-applied",
        Severity.WARNING,
        f"group_equal does not bind what the text sets for itself: {shortened(descriptions)}.",
        remedy="Remove the values or labels from the text to have them equal, or name them in group_partial.",
    )


def shared_labels(
    model: ModelSyntax, rows: Sequence[Row], variables: Variables, options: SpecOptions
) -> tuple[Finding, ...]:
    """Say which labels, written once for all groups, make parameters equal that `group_equal` does not name."""
    single = {
        str(modifier.values[0])
        for parameter in model.parameters
        for modifier in (parameter.modifiers if parameter.block is None else ())
        if modifier.kind is ModifierKind.LABEL and len(modifier.values) == 1
    }
    groups: dict[str, set[int]] = {}
    for row in rows if single else ():
        if row.label in single and row.is_free and equality_class(row, variables) not in options.group_equal:
            groups.setdefault(row.label, set()).add(row.group)
    labels = [label for label, numbers in groups.items() if len(numbers) > 1]
    return (_equal_by_label(labels),) if labels else ()


def _equal_by_label(labels: Sequence[str]) -> Finding:
    one = len(labels) == 1
    return Finding(
        "label-equal-across-groups",
        Severity.WARNING,
        f"Label{'' if one else 's'} {shortened(labels)}, written once for all groups: a single label makes its "
        "parameters equal across groups, as in lavaan.",
        remedy=f"For values of their own give one label per group: c({labels[0]}1, {labels[0]}2)*x.",
        parameter=labels[0] if one else None,
    )
