"""Rows from the text: every written parameter with what its modifiers say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trustsem.errors import ModelError
from trustsem.records import Finding, Severity
from trustsem.spec.options import SpecOptions
from trustsem.spec.table import Origin, OriginKind, Row, group_key
from trustsem.spec.variables import Variables, parameter_key
from trustsem.syntax.nodes import ModelSyntax, Modifier, ModifierKind, Parameter, Span


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """Rows of each group in the order of the text, and what a reader must know about them, group by group."""

    groups: tuple[tuple[Row, ...], ...]
    findings: tuple[tuple[Finding, ...], ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """A parameter that equal() can name."""

    parameter: Parameter
    group: int


def place(model: ModelSyntax, span: Span) -> str:
    """Return where a span is, as messages say it."""
    return f"{model.source or 'model'} line {span.line}, column {span.column}"


def check_parameters(texts: Sequence[ModelSyntax]) -> None:
    """Raise one error that names every written parameter that cannot be: loops on itself, duplicates.

    Args:
        texts: What the model says of each group.

    Raises:
        ModelError: code "contradictory-model" with one fault per place.
    """
    faults = [fault for text in texts for fault in (*_self_references(text), *_duplicates(text))]
    if faults:
        unique_faults = list(dict.fromkeys(faults))  # what stands outside of blocks is said of every group
        raise ModelError("The model contradicts itself.", faults=unique_faults, code="contradictory-model")


def _self_references(model: ModelSyntax) -> Iterator[str]:
    words = {"=~": "loads on itself", "~": "is regressed on itself"}
    for parameter in model.parameters:
        if parameter.op in words and parameter.lhs == parameter.rhs:
            yield f"{place(model, parameter.span)}: '{parameter.lhs}' {words[parameter.op]}. Remove the term."


def _duplicates(model: ModelSyntax) -> Iterator[str]:
    first: dict[tuple[str, str, str], Parameter] = {}
    for parameter in model.parameters:
        key = parameter_key(parameter.lhs, parameter.op, parameter.rhs)
        if key in first:
            yield (
                f"{place(model, parameter.span)}: {parameter.lhs} {parameter.op} {parameter.rhs} is written a second "
                f"time (first at {place(model, first[key].span)}). Keep one of the two."
            )
        first.setdefault(key, parameter)


def written_rows(texts: Sequence[ModelSyntax], variables: Variables, options: SpecOptions) -> WrittenRows:
    """Turn the written parameters of each group into rows, with the marker rule applied to them.

    Raises:
        ModelError: an `equal()` that names no parameter of the model.
    """
    targets = {
        group_key(f"{p.lhs}{p.op}{p.rhs}", group): _Target(p, group)
        for group, text in enumerate(texts, start=1)
        for p in text.parameters
    }
    groups, findings, faults = [], [], []
    for group, text in enumerate(texts, start=1):
        rows, said = _rows_of_group(text, group, targets, variables, options, faults)
        groups.append(rows)
        findings.append(tuple(said))
    if faults:
        unique_faults = list(dict.fromkeys(faults))
        raise ModelError("equal() cannot be used like this.", faults=unique_faults, code="unknown-parameter")
    labels = {row.label for rows in groups for row in rows}
    return WrittenRows(tuple(tuple(_label_targets(rows, labels)) for rows in groups), tuple(findings))


def _rows_of_group(
    text: ModelSyntax,
    group: int,
    targets: Mapping[str, _Target],
    variables: Variables,
    options: SpecOptions,
    faults: list[str],
) -> tuple[list[Row], list[Finding]]:
    markers = _markers(text.parameters) if options.rules().auto_fix_first else frozenset()
    rows, findings = [], []
    for parameter in text.parameters:
        row = _apply_modifiers(parameter, group, targets, text, faults)
        if parameter in markers:
            row, finding = _fix_marker(row, parameter)
            findings.extend(finding)
        if options.std_lv and _is_scaling_variance(row, variables):
            findings.append(_written_variance(row))
        findings.extend(_equal_in_other_group(parameter, group, targets))
        rows.append(row)
    return rows, findings


def _label_targets(rows: Sequence[Row], labels: Collection[str]) -> list[Row]:
    """Give a parameter that equal() points at the label that the pointing row carries: its own name."""
    return [replace(row, label=row.key) if not row.label and row.key in labels else row for row in rows]


def _equal_in_other_group(parameter: Parameter, group: int, targets: Mapping[str, _Target]) -> Iterator[Finding]:
    for modifier in parameter.modifiers:
        if modifier.kind is not ModifierKind.EQUAL:
            continue
        name = str(modifier.values[0]).replace(" ", "")
        target = targets.get(name)
        if target is not None and target.group != group:
            written = f"{parameter.lhs}{parameter.op}{parameter.rhs}"
            yield Finding(
                "equal-in-other-group",
                Severity.WARNING,
                f'equal("{name}") makes {group_key(written, group)} equal to the parameter of group {target.group}.',
                remedy=f'Names of group {group} end in ".g{group}"; for each group its own write '
                f'equal(c("{name}", "{name}.g{group}")).'
                if target.group == 1
                else f'Names of group {target.group} end in ".g{target.group}", those of the first group have no end.',
                parameter=written,
            )


def _markers(parameters: Sequence[Parameter]) -> frozenset[Parameter]:
    first: dict[str, Parameter] = {}
    for parameter in parameters:
        if parameter.op == "=~":
            first.setdefault(parameter.lhs, parameter)
    return frozenset(p for p in first.values() if not any(m.kind is ModifierKind.FIX for m in p.modifiers))


def _apply_modifiers(
    parameter: Parameter, group: int, targets: Mapping[str, _Target], model: ModelSyntax, faults: list[str]
) -> Row:
    row = Row(parameter.lhs, parameter.op, parameter.rhs, Origin(OriginKind.TEXT, span=parameter.span), group=group)
    kinds = {modifier.kind for modifier in parameter.modifiers}
    if {ModifierKind.LABEL, ModifierKind.EQUAL} <= kinds:
        faults.append(f"{place(model, parameter.span)}: {row.written} has a label and equal(): give it one of them.")
    for modifier in parameter.modifiers:
        value = modifier.values[0]
        if modifier.kind is ModifierKind.FIX:
            row = replace(row, value=None if value is None else float(value))
        elif modifier.kind is ModifierKind.START and value is not None:
            row = replace(row, start=float(value))
        elif modifier.kind is ModifierKind.LOWER and value is not None:
            row = replace(row, lower=float(value))
        elif modifier.kind is ModifierKind.UPPER and value is not None:
            row = replace(row, upper=float(value))
        elif modifier.kind is ModifierKind.LABEL and value is not None:
            row = replace(row, label=str(value))
        elif modifier.kind is ModifierKind.EQUAL and value is not None:
            row = replace(row, label=_equal_label(str(value), modifier, targets, model, faults))
    return row


def _equal_label(
    target: str, modifier: Modifier, targets: Mapping[str, _Target], model: ModelSyntax, faults: list[str]
) -> str:
    name = target.replace(" ", "")
    other = targets.get(name)
    if other is None:
        faults.append(f'{place(model, modifier.span)}: equal("{target}") names no written parameter.')
        return name
    labels = [str(m.values[0]) for m in other.parameter.modifiers if m.kind is ModifierKind.LABEL]
    return labels[0] if labels else name


def _fix_marker(row: Row, parameter: Parameter) -> tuple[Row, list[Finding]]:
    if row.start is None:
        return replace(row, value=1.0, note="marker: fixed to 1 (auto_fix_first)"), []
    # lavaan fixes a marker at its start value; the scale of the factor follows, so the reader is told.
    finding = Finding(
        "marker-fixed-at-start",
        Severity.WARNING,
        f"The first loading {row.written} carries start({row.start:g}) and scales its factor: "
        f"it is fixed at {row.start:g}.",
        remedy=f"Write NA*{parameter.rhs} to free it and fix another loading or the factor's variance.",
        parameter=row.written,
    )
    return replace(row, value=row.start, note=f"marker: fixed to its start value {row.start:g}"), [finding]


def _is_scaling_variance(row: Row, variables: Variables) -> bool:
    return row.op == "~~" and row.lhs == row.rhs and row.lhs in variables.latent and row.value != 1.0


def _written_variance(row: Row) -> Finding:
    return Finding(
        "std-lv-overridden",
        Severity.WARNING,
        f"std_lv asks for latent variances of 1, but the model text sets {row.written} itself: the text rules.",
        remedy=f"Remove {row.written} from the model, or leave std_lv out.",
        parameter=row.written,
    )
