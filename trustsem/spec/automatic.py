"""Rows that lavaan's automatic rules add to what is written, each named after its rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, combinations_with_replacement

from trustsem.spec.options import Rules, SpecOptions
from trustsem.spec.ordinal import ordinal_intercept, ordinal_residual, scaling_rows, threshold_rows
from trustsem.spec.table import Origin, OriginKind, Row
from trustsem.spec.variables import Variables, parameter_key


def needs_means(written: Sequence[Row], options: SpecOptions) -> bool:
    """Return whether the model has a mean structure: asked for, written, part of the preset, or of several groups."""
    if any(row.op == "~1" for row in written):
        return True
    if options.ordered:
        return True
    if options.meanstructure is not None:
        return options.meanstructure
    return options.rules().int_lv_free or options.n_groups > 1


def automatic_rows(
    written: Sequence[Row], variables: Variables, options: SpecOptions, *, meanstructure: bool, group: int = 1
) -> tuple[Row, ...]:
    """Return the rows that the rules add, in lavaan's order: variances, covariances, exogenous moments, means.

    Args:
        written: Rows of the text for this group.
        variables: Roles that the variables play in this group.
        options: Preset and rules.
        meanstructure: Whether the model has means.
        group: Number of the group, counted from 1.
    """
    rules = options.rules()
    present = {parameter_key(row.lhs, row.op, row.rhs) for row in written}
    added = [
        *threshold_rows(variables, options),
        *_variances(written, variables, options, rules, group),
        *_latent_covariances(variables, options, rules),
        *_dependent_covariances(variables, options, rules),
        *_exogenous_moments(variables, options),
    ]
    added.extend(scaling_rows(variables, options, group))
    if meanstructure:
        added.extend(_means(written, variables, options, rules, group))
    return tuple(
        row if group == 1 else replace(row, group=group)
        for row in added
        if parameter_key(row.lhs, row.op, row.rhs) not in present
    )


def _default(lhs: str, op: str, rhs: str, rule: str, value: float | None = None, *, exogenous: bool = False) -> Row:
    return Row(lhs, op, rhs, Origin(OriginKind.DEFAULT, rule=rule), value=value, exogenous=exogenous)


def _single_indicators(written: Sequence[Row]) -> set[str]:
    """Return indicators that are the only one of some factor."""
    by_factor: dict[str, list[str]] = {}
    for row in written:
        if row.op == "=~":
            by_factor.setdefault(row.lhs, []).append(row.rhs)
    return {names[0] for names in by_factor.values() if len(names) == 1}


def _variances(
    written: Sequence[Row], variables: Variables, options: SpecOptions, rules: Rules, group: int
) -> Iterator[Row]:
    single = _single_indicators(written) if rules.auto_fix_single else set()
    observed = (*variables.indicators, *variables.outcomes, *variables.other_observed)
    for name in observed if rules.auto_var else tuple(n for n in observed if n in single):
        if name in options.levels:
            yield ordinal_residual(name, options, group)
        elif name in single and name in variables.indicators:
            yield _default(name, "~~", name, "auto_fix_single", 0.0)
        else:
            yield _default(name, "~~", name, "auto_var")
    for name in variables.latent:
        if options.std_lv and group > 1 and options.frees_latent_variances:
            yield _default(name, "~~", name, "group_equal_loadings")
        elif options.std_lv:
            yield _default(name, "~~", name, "std_lv", 1.0)
        elif rules.auto_var:
            yield _default(name, "~~", name, "auto_var")


def _latent_covariances(variables: Variables, options: SpecOptions, rules: Rules) -> Iterator[Row]:
    if not rules.auto_cov_lv_x:
        return
    for one, other in combinations(variables.latent_exogenous, 2):
        if options.orthogonal:
            yield _default(one, "~~", other, "orthogonal", 0.0)
        else:
            yield _default(one, "~~", other, "auto_cov_lv_x")


def _dependent_covariances(variables: Variables, options: SpecOptions, rules: Rules) -> Iterator[Row]:
    if not rules.auto_cov_y:
        return
    latent = set(variables.latent)
    for one, other in combinations(variables.dependent_only, 2):
        if options.orthogonal and one in latent and other in latent:
            yield _default(one, "~~", other, "orthogonal", 0.0)
        else:
            yield _default(one, "~~", other, "auto_cov_y")


def _exogenous_moments(variables: Variables, options: SpecOptions) -> Iterator[Row]:
    rule = "fixed_x" if options.uses_fixed_x else "random_x"
    for one, other in combinations_with_replacement(variables.exogenous, 2):
        yield _default(one, "~~", other, rule, exogenous=options.uses_fixed_x)


def _means(
    written: Sequence[Row], variables: Variables, options: SpecOptions, rules: Rules, group: int
) -> Iterator[Row]:
    free = None if rules.int_ov_free else 0.0
    for name in (*variables.indicators, *variables.outcomes, *variables.other_observed):
        if name in options.levels:
            yield ordinal_intercept(name, options, group)
        else:
            yield _default(name, "~1", "", "int_ov_free" if free is None else "int_ov_fixed", free)
    for name in variables.exogenous:
        if options.uses_fixed_x:
            yield _default(name, "~1", "", "fixed_x", exogenous=True)
        else:
            yield _default(name, "~1", "", "random_x")
    freed = {row.lhs for row in written if row.op == "=~"} if options.effect_coding else set()
    for name in variables.latent:
        if rules.int_lv_free or name in freed:
            yield _default(name, "~1", "", "int_lv_free")
        elif group > 1 and options.frees_latent_means:
            yield _default(name, "~1", "", "group_equal_intercepts")
        else:
            yield _default(name, "~1", "", "int_lv_fixed", 0.0)
