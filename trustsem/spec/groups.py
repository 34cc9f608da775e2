"""A model of several groups as one text per group: blocks and values per group resolved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trustsem.errors import ModelError, UsageError
from trustsem.records import Finding
from trustsem.spec.options import SpecOptions
from trustsem.spec.table import group_key
from trustsem.spec.variables import Variables
from trustsem.spec.written import place
from trustsem.suggestions import shortened, suggest
from trustsem.syntax.nodes import Block, ModelSyntax, Modifier, ModifierKind, Parameter


def group_labels_in_text(model: ModelSyntax) -> tuple[str, ...]:
    """Return the groups that a text takes for granted: those of its `group:` blocks, or as many as `c()` has values.

    Returns:
        Labels in the order of the blocks, or of their numbers; empty where the text says nothing about groups.

    Example:
        >>> from trustsem.syntax import parse_model
        >>> group_labels_in_text(parse_model("f =~ x1 + c(a, b)*x2 + x3"))
        ('1', '2')
        >>> group_labels_in_text(parse_model("group: in\\nf =~ x1 + x2\\ngroup: out\\nf =~ x1 + x2"))
        ('in', 'out')
    """
    named = tuple(dict.fromkeys(block.value for block in model.blocks if block.kind == "group"))
    n_values = max((len(m.values) for p in model.parameters for m in p.modifiers), default=1)
    numbers = tuple(str(number) for number in range(1, max(n_values, len(named)) + 1))
    if not named:
        return numbers if n_values > 1 else ()
    return numbers if set(named) <= set(numbers) else named


def groups_in_text(model: ModelSyntax) -> int | None:
    """Return how many groups a text is written for, None where it does not say."""
    return len(group_labels_in_text(model)) or None


def check_group_options(options: SpecOptions) -> None:
    """Raise an error for options of groups that cannot be honoured.

    Raises:
        UsageError: equality across groups without groups, of thresholds, or of means without a mean structure.
    """
    if options.n_groups == 1 and (options.group_equal or options.group_partial):
        given = "group_equal" if options.group_equal else "group_partial"
        raise UsageError(
            f"{given} needs two groups or more; this fit has one.",
            remedy=f"Name the column that makes the groups, or leave {given} out.",
            code="one-group",
        )
    if "thresholds" in options.group_equal and not options.ordered:
        raise UsageError(
            "group_equal: thresholds needs ordinal items.",
            remedy="Name them in ordered=; of continuous answers the scale is held equal by loadings and intercepts.",
            code="option-not-supported",
        )
    about_means = [name for name in ("intercepts", "means") if name in options.group_equal]
    if options.meanstructure is False and about_means:
        raise UsageError(
            f"group_equal: {' and '.join(about_means)} compares means, but meanstructure=False leaves means out.",
            remedy="Leave meanstructure out.",
        )


def texts_by_group(model: ModelSyntax, options: SpecOptions) -> tuple[ModelSyntax, ...]:
    """Return what the text says of each group, as models without blocks and with one value per modifier.

    Parameters before the first `group:` block belong to all groups. A single number or label holds in all of them.

    Raises:
        ModelError: blocks of groups that do not exist, values that are neither one nor one per group; all at once.
    """
    faults: list[str] = []
    numbers = {}
    for block in model.blocks:
        if block.kind == "group":
            numbers[block.value] = _group_number(block, model, options, faults)
    for parameter in model.parameters:
        faults.extend(_wrong_lengths(parameter, model, options))
    if faults:
        raise ModelError("The model's groups do not fit.", faults=list(dict.fromkeys(faults)), code="groups")
    if options.n_groups == 1:
        return (model,)
    return tuple(
        replace(model, parameters=tuple(_parameters_of(number, model, numbers)), blocks=())
        for number in range(1, options.n_groups + 1)
    )


def _group_number(block: Block, model: ModelSyntax, options: SpecOptions, faults: list[str]) -> int | None:
    """Return the number of a block's group, by its label or else by its number; None where a fault was found."""
    where = f"{place(model, block.span)}: `group: {block.value}`"
    if options.n_groups == 1:
        faults.append(f"{where}: the fit has one group. Name the column that makes the groups, or remove the header.")
        return None
    labels = options.group_labels
    by_label = labels.index(block.value) + 1 if block.value in labels else None
    by_number = int(block.value) if block.value.isdecimal() and 1 <= int(block.value) <= len(labels) else None
    if by_label and by_number and by_label != by_number:
        faults.append(
            f"{where} is the label of group {by_label} and the number of group {by_number} ({labels[by_number - 1]}). "
            "Give the groups in the order of their labels (group_label)."
        )
    number = by_label or by_number
    if number is None:
        faults.append(f"{where}: no such group.{suggest(block.value, labels)} Groups: {shortened(labels)}.")
    return number


def _wrong_lengths(parameter: Parameter, model: ModelSyntax, options: SpecOptions) -> Iterator[str]:
    for modifier in parameter.modifiers:
        n_values = len(modifier.values)
        found = f"{place(model, modifier.span)}: {n_values} values for {parameter.lhs} {parameter.op} {parameter.rhs}"
        if n_values == 1:
            continue
        if options.n_groups == 1:
            yield f"{found}, but the fit has one group. Give one value, or name the column that makes the groups."
        elif parameter.block is not None:
            yield f"{found} in a `group:` block, which is one group. Give one value."
        elif n_values != options.n_groups:
            yield (
                f"{found}, but there are {options.n_groups} groups ({shortened(options.group_labels)}). "
                f"Give one value for all groups or {options.n_groups} values in their order; NA frees a parameter."
            )


def _parameters_of(number: int, model: ModelSyntax, numbers: dict[str, int | None]) -> Iterator[Parameter]:
    for parameter in model.parameters:
        if parameter.block is None or numbers[parameter.block.value] == number:
            modifiers = tuple(_modifiers_of(number, parameter.modifiers))
            yield replace(parameter, modifiers=modifiers, block=None)


def _modifiers_of(number: int, modifiers: Sequence[Modifier]) -> Iterator[Modifier]:
    for modifier in modifiers:
        value = modifier.values[number - 1 if len(modifier.values) > 1 else 0]
        # NA frees a fixed parameter; of any other modifier it says "none in this group"
        if value is not None or modifier.kind is ModifierKind.FIX:
            yield replace(modifier, values=(value,))


def check_same_variables(model: ModelSyntax, roles: Sequence[Variables], options: SpecOptions) -> None:
    """Raise an error where the blocks of a model give the groups different variables.

    Raises:
        ModelError: code "groups-differ", naming for each group what it has not.
    """
    faults = []
    for what in ("latent", "observed", "exogenous"):
        names = [name for role in roles for name in getattr(role, what)]
        for label, role in zip(options.group_labels, roles):
            missing = [name for name in dict.fromkeys(names) if name not in set(getattr(role, what))]
            if missing:
                word = {"latent": "factor", "observed": "observed variable", "exogenous": "fixed predictor"}[what]
                faults.append(f"group '{label}' has no {word} {shortened(missing)}, another group has")
    if faults:
        raise ModelError(
            f"{model.source or 'model'}: the groups do not have the same variables.",
            faults=faults,
            remedy="Every group needs the same factors, observed variables and fixed predictors; lines before the "
            "first `group:` header hold in all groups. Fit groups with other variables on their own.",
            code="groups-differ",
        )


def merge_findings(by_group: Sequence[Sequence[Finding]], labels: Sequence[str]) -> list[Finding]:
    """Return the findings of all groups, each once, with the groups that it is about and the key of the first."""
    if len(by_group) == 1:
        return list(by_group[0])
    groups: dict[Finding, list[int]] = {}
    for number, findings in enumerate(by_group, start=1):
        for finding in findings:
            groups.setdefault(finding, []).append(number)
    return [_with_groups(finding, numbers, labels) for finding, numbers in groups.items()]


def _with_groups(finding: Finding, numbers: Sequence[int], labels: Sequence[str]) -> Finding:
    names = ", ".join(labels[number - 1] for number in numbers)
    return replace(
        finding,
        message=f"Group{'s' if len(numbers) > 1 else ''} {names}: {finding.message}",
        parameter=finding.parameter and group_key(finding.parameter, numbers[0]),
    )
