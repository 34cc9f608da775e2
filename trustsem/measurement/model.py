"""One model of several groups under increasing equality: from what is equal to a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trustsem.errors import UsageError
from trustsem.implied.layout import solve_constraints
from trustsem.moments import SampleMoments
from trustsem.pipeline import FittedModel, PipelineOptions, fit_table
from trustsem.spec import SpecOptions, build_table, is_auxiliary, with_auxiliary
from trustsem.spec.equality import equality_class
from trustsem.spec.table import OriginKind, ParameterTable, Row
from trustsem.spec.variables import Variables, parameter_key
from trustsem.syntax.nodes import ModelSyntax, Modifier, ModifierKind, Parameter, Span

_NOWHERE = Span(0, 0, 0, 0)  # of what a level writes, not the text
_NEVER = 10**9
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class EqualModel:
    """What is equal across groups.

    Args:
        equal: Sets of parameters, by the names of `group_equal`.
        released: Parameters that are not, as they are written.
        markers: Those among them that are fixed in the first group only: loadings that set the scale of their factor,
            intercepts and residual variances of ordinal items.
        zero_means: Latent variables whose mean is 0 in all groups.
    """

    equal: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    zero_means: tuple[str, ...] = ()

    @property
    def group_partial(self) -> tuple[str, ...]:
        """What `group_partial` has to name; markers are set free in the model text."""
        return tuple(name for name in self.released if name not in self.markers)

    def releasing(self, names: Sequence[str], *, marker: bool = False) -> EqualModel:
        """Return the same with more parameters of their own in each group."""
        more = tuple(name for name in names if name not in self.released)
        markers = (*self.markers, *more) if marker else self.markers
        return replace(self, released=(*self.released, *more), markers=markers)


@dataclass(frozen=True, eq=False, slots=True)
class GroupedModel:
    """A model, its data and its options: everything but what is equal.

    Args:
        syntax: Parsed model.
        spec: Options of the table, with the groups' labels; without `group_equal`.
        moments: Moments of each group.
        pipeline: Estimator, tests, standard errors.
        auxiliary: Auxiliary variables.
    """

    syntax: ModelSyntax
    spec: SpecOptions
    moments: SampleMoments
    pipeline: PipelineOptions
    auxiliary: tuple[str, ...] = ()

    def syntax_of(self, model: EqualModel) -> ModelSyntax:
        """Return the model text's nodes with free markers and fixed latent means."""
        parameters = self.syntax.parameters
        if model.markers:
            parameters = tuple(_unmarked(p, model.markers, self.spec.n_groups) for p in parameters)
        written = {p.lhs for p in parameters if p.op == "~1"}
        freed = tuple(_freed_later(name, self.spec.n_groups) for name in model.markers if "=~" not in name)
        zeros = tuple(_zero_mean(name) for name in model.zero_means if name not in written)
        return replace(self.syntax, parameters=(*parameters, *freed, *zeros))

    def spec_of(self, model: EqualModel) -> SpecOptions:
        """Return the options of the table under this equality."""
        return replace(self.spec, group_equal=model.equal, group_partial=model.group_partial)

    def table_of(self, model: EqualModel) -> ParameterTable:
        """Return the parameter table under this equality."""
        table = build_table(self.syntax_of(model), self.spec_of(model))
        if model.markers:
            # what the level itself writes is no news: findings are those of the text
            plain = build_table(self.syntax_of(replace(model, markers=())), self.spec_of(model))
            table = replace(table, findings=plain.findings)
        return with_auxiliary(table, self.auxiliary)

    def fit(self, model: EqualModel) -> FittedModel:
        """Fit the model under this equality.

        Raises:
            UsageError: the text fixes what equality has to set free.
            IdentificationError: the parameters cannot be told apart.
        """
        table = self.table_of(model)
        _require_free_scales(table, model)
        return fit_table(table, self.moments, self.pipeline)


def _unmarked(parameter: Parameter, markers: Sequence[str], n_groups: int) -> Parameter:
    """Return a marker that is 1 in the first group and free in the others; other parameters as they are."""
    if parameter.op != "=~" or f"{parameter.lhs}=~{parameter.rhs}" not in markers:
        return parameter
    own = next((m for m in parameter.modifiers if m.kind in (ModifierKind.FIX, ModifierKind.START)), None)
    value = own.values[0] if own is not None else 1.0
    others = tuple(m for m in parameter.modifiers if m.kind not in (ModifierKind.FIX, ModifierKind.LABEL))
    freed = Modifier(ModifierKind.FIX, (value, *(None for _ in range(n_groups - 1))), parameter.span)
    return replace(parameter, modifiers=(*others, freed))


def _freed_later(written: str, n_groups: int) -> Parameter:
    """Return an intercept of 0, or a residual variance of 1, that is free in all groups but the first."""
    lhs = written.split("~")[0]
    is_variance = "~~" in written
    values = (1.0 if is_variance else 0.0, *(None for _ in range(n_groups - 1)))
    op, rhs = ("~~", lhs) if is_variance else ("~1", "")
    return Parameter(lhs, op, rhs, (Modifier(ModifierKind.FIX, values, _NOWHERE),), _NOWHERE, _NOWHERE)


def _zero_mean(name: str) -> Parameter:
    return Parameter(name, "~1", "", (Modifier(ModifierKind.FIX, (0.0,), _NOWHERE),), _NOWHERE, _NOWHERE)


def _require_free_scales(table: ParameterTable, model: EqualModel) -> None:
    """Refuse texts whose fixed variances or means would be tested along with loadings or intercepts.

    Equal loadings carry a factor's unit over from the first group, equal intercepts its zero: fixing the variance or
    the mean of the other groups as well is a hypothesis of its own.
    """
    scaled = {row.lhs for row in table if row.op == "=~" and row.value}
    faults = []
    for row in table:
        if row.group == 1 or row.value is None or row.lhs not in table.variables.latent:
            continue
        is_scale = row.op == "~~" and row.lhs == row.rhs and row.value and row.lhs not in scaled
        if is_scale and "loadings" in model.equal and "lv_variances" not in model.equal:
            faults.append(f"the variance of {row.lhs} is fixed in all groups, and its loadings are to be equal")
        is_mean = row.op == "~1" and row.origin.span not in (None, _NOWHERE)
        if is_mean and "intercepts" in model.equal and "means" not in model.equal:
            faults.append(f"the mean of {row.lhs} is fixed in all groups, and its items' intercepts are to be equal")
    if faults:
        raise UsageError(
            "The model text fixes what a comparison of groups must leave open.",
            faults=list(dict.fromkeys(faults)),
            remedy="Leave the scale of the factors to the defaults: remove these lines from the model.",
            code="scale-fixed-by-text",
        )


# --- what is equal in a table -------------------------------------------------------------------------------------


def key_of(row: Row) -> Key:
    """Return what makes a parameter the same one in all groups."""
    return parameter_key(row.lhs, row.op, row.rhs)


def equal_keys(table: ParameterTable) -> frozenset[Key]:
    """Return the parameters that are the same in all groups: bound to each other, or fixed at the same value."""
    reduction = solve_constraints(table.constraints)
    values: dict[Key, list[tuple[float, ...]]] = {}
    for row, position in zip(table.rows, table.free_index, strict=True):
        if row.exogenous:
            continue
        own = (
            (row.value or 0.0,)
            if position < 0
            else (*reduction.matrix[position].round(9).tolist(), float(reduction.constant[position].round(9)))
        )
        values.setdefault(key_of(row), []).append(own)
    return frozenset(key for key, found in values.items() if len(found) == table.n_groups and len(set(found)) == 1)


def fixed_alike(table: ParameterTable, classes: Sequence[str]) -> tuple[str, ...]:
    """Return intercepts and residual variances of ordinal items that a level fixes at one value in all groups.

    Equal intercepts and, under theta, equal residuals of latent responses are no relations between free parameters:
    both are fixed. Residuals of items with two categories are fixed at every level.

    Args:
        table: Parameter table under the level.
        classes: Names of `group_equal` that count.
    """
    if table.ordinal is None:
        return ()
    levels, equal = table.ordinal.levels, equal_keys(table)
    from_text = {key_of(row) for row in table if row.origin.kind is not OriginKind.DEFAULT}
    least = {"intercepts": 2, "residuals": 3}
    return tuple(
        row.written
        for row in table
        if row.group == 1
        and row.value is not None
        and (kind := class_of(row, table.variables)) in classes
        and levels.get(row.lhs, 0) >= least.get(kind or "", _NEVER)
        and key_of(row) in equal
        and key_of(row) not in from_text
    )


def has_class(table: ParameterTable, names: Sequence[str]) -> bool:
    """Return whether the model has free parameters of these sets."""
    return any(row.is_free and class_of(row, table.variables) in names for row in table)


def lower_factors(table: ParameterTable) -> tuple[str, ...]:
    """Return the latent variables that are indicators of others."""
    latent = set(table.variables.latent)
    return tuple(dict.fromkeys(row.rhs for row in table if row.op == "=~" and row.rhs in latent))


def higher_factors(table: ParameterTable) -> tuple[str, ...]:
    """Return the latent variables whose indicators are latent."""
    latent = set(table.variables.latent)
    return tuple(dict.fromkeys(row.lhs for row in table if row.op == "=~" and row.rhs in latent))


def class_of(row: Row, variables: Variables) -> str | None:
    """Return the name in `group_equal` of a parameter, None for auxiliary and exogenous rows."""
    return None if is_auxiliary(row) else equality_class(row, variables)


def equal_items(table: ParameterTable, factor: str, classes: Sequence[str], equal: frozenset[Key]) -> set[str]:
    """Return the items of a factor whose parameters of these sets are the same in all groups.

    Args:
        table: Parameter table.
        factor: Latent variable.
        classes: Names of `group_equal` that count.
        equal: Parameters that are, from `equal_keys`.
    """
    items = {
        row.rhs
        for row in table
        if row.group == 1
        and row.op == "=~"
        and row.lhs == factor
        and ("loadings" not in classes or key_of(row) in equal)
    }
    unequal = {
        row.lhs
        for row in table
        if row.group == 1
        and row.lhs in items
        and class_of(row, table.variables) in {"thresholds", "intercepts", "residuals"} & set(classes)
        and key_of(row) not in equal
    }
    return items - unequal
