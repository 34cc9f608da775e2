"""A script for lavaan (R): the parameter table as model text, and a call that adds nothing to it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from trustsem.spec.export.labels import LabelPlan, LinearRelation, plan_labels, rename_symbols, unique_names
from trustsem.spec.export.request import (
    Export,
    ExportRequest,
    RowRoles,
    made_columns,
    result_lines,
    without_variance,
)
from trustsem.spec.table import ParameterTable, ProductColumn, Row
from trustsem.syntax.nodes import Expression, Number, Span, Symbol
from trustsem.syntax.render import render_expression
from trustsem.syntax.values import format_number

_PLAIN = re.compile(r"[^\W\d_][\w.]*")
_RESERVED = frozenset({
    "IF", "ELSE", "REPEAT", "WHILE", "FUNCTION", "FOR", "NEXT", "BREAK", "TRUE", "FALSE", "NULL", "INF", "NAN",
    "NA", "IN", "C", "START", "EQUAL", "LOWER", "UPPER",
})  # fmt: skip
_LONGEST = 60
_NOWHERE = Span(0, 0, 1, 1)
_MISSING = {"fiml": "ml", "fiml_x": "ml.x"}
_HEADINGS = {
    "=~": "Loadings",
    "~": "Regressions",
    "~~": "Variances and covariances",
    "~1": "Intercepts",
    "|": "Thresholds",
    "~*~": "Scaling factors",
}


def export_lavaan(request: ExportRequest) -> Export:
    """Return an R script that fits the model with lavaan's `lavaan()`, which follows no automatic rule.

    Everything that is free or fixed stands in the model text. Only the moments of observed predictors are left to
    lavaan: written out they would count as random variables, and its baseline model would change.
    """
    plan = plan_labels(request.table)
    names = _names(request.table, plan)
    parts = [
        _header(request),
        'library(lavaan)\npackageVersion("lavaan")',
        _data_lines(request, names),
        "model <- '\n" + "\n".join(_model_lines(request.table, plan, names)) + "\n'",
        _call(request),
        "print(parameterEstimates(fit, standardized = TRUE), nd = 6L)\nprint(fitMeasures(fit))",
    ]
    changed = {name: other for name, other in names.items() if name != other}
    return Export("lavaan", "\n\n".join(parts) + "\n", ".R", changed, tuple(_notes(request)))


def _names(table: ParameterTable, plan: LabelPlan) -> dict[str, str]:
    """Keep names that R reads as they are and replace the others: products such as `x1:x2`, names of equal()."""
    labels = [label for label in plan.labels if label]
    wanted = (*table.variables.latent, *table.variables.observed, *labels, *(d.name for d in table.definitions))
    plain = {name: name for name in wanted if _PLAIN.fullmatch(name) and name.upper() not in _RESERVED}
    others = unique_names(
        (name for name in wanted if name not in plain), _readable, _LONGEST, _RESERVED | {n.upper() for n in plain}
    )
    return {**plain, **others}


def _readable(name: str) -> str:
    text = re.sub(r"\W+", "_", name.replace(":", "_x_").replace("=~", "_by_").replace("~~", "_with_"))
    text = text.replace("~", "_on_")
    return text if re.match(r"[^\W\d_]", text) and text.upper() not in _RESERVED else f"v_{text}"


def _header(request: ExportRequest) -> str:
    lines = [
        f"{request.title}: exported by trustsem.",
        "Every parameter is written out; lavaan() follows none of the automatic rules of sem() and cfa().",
        *_notes(request),
        *result_lines(request),
    ]
    return "\n".join(f"# {line}" for line in lines)


def _notes(request: ExportRequest) -> Iterator[str]:
    if request.table.variables.exogenous:
        names = ", ".join(request.table.variables.exogenous)
        how = "taken from the sample (fixed.x)" if _is_fixed_x(request.table) else "estimated"
        yield f"Variances, covariances and means of the observed predictors ({names}) are {how}; lavaan adds them."
    if request.table.n_groups > 1:
        groups = ", ".join(f"{number} = {label}" for number, label in enumerate(request.table.group_labels, 1))
        yield f"Groups: {groups}; parameters that are equal across groups share a label."
    if request.auxiliary:
        yield (
            f"Auxiliary variables ({', '.join(request.auxiliary)}) are written as saturated correlates; chi-square and "
            "estimates are those of trustsem, CFI and TLI are not: lavaan's baseline model leaves them uncorrelated."
        )
    if request.estimator == "MLR" and len(request.method.tests) > 1:
        yield "With several tests lavaan computes all of them by the Hessian, trustsem that of MLR only."
    if request.estimator == "ULS" and request.table.ordinal is None:
        yield "Standard errors and the chi-square of ULS are those of lavaan 0.7; before, they are unscaled."
    if request.roles.cluster is not None and request.table.ordinal is not None:
        yield "Before 0.7 lavaan ignores the clusters of ordered items: estimates agree, standard errors do not."
    elif request.roles.cluster is not None:
        yield "The factor of the cluster-robust test is that of lavaan 0.7; before, it is a little larger."


def _is_fixed_x(table: ParameterTable) -> bool:
    """Return whether predictors are fixed; without predictors it makes no difference."""
    exogenous = set(table.variables.exogenous)
    return all(row.exogenous for row in table if row.op == "~~" and row.lhs in exogenous)


def _data_lines(request: ExportRequest, names: Mapping[str, str]) -> str:
    file = request.data_file or "data.csv"
    note = "" if request.data_file else "  # put the name of your scored data here"
    lines = [f'data <- read.csv("{file}", check.names = FALSE, na.strings = c("", "NA"), encoding = "UTF-8"){note}']
    made = made_columns(request.table)
    for name in request.table.variables.observed:
        if name in made:
            continue
        if name in request.products:
            product = " * ".join(f'data[["{part}"]]' for part in name.split(":"))
            lines.append(f'data[["{names[name]}"]] <- {product}')
        elif names[name] != name:
            lines.append(f'data[["{names[name]}"]] <- data[["{name}"]]')
    return "\n".join([*lines, *_product_lines(request, names, made)])


def _product_lines(
    request: ExportRequest, names: Mapping[str, str], made: Mapping[str, ProductColumn]
) -> Iterator[str]:
    """Yield the making of product indicators: centred in each group, multiplied, centred again."""
    if not made:
        return
    roles, group = request.roles, request.roles.group or "group"
    whole = [names[name] for name in request.table.variables.exogenous]
    if request.method.missing == "listwise":
        whole = [names[name] for name in request.table.variables.observed if name not in made]
    grouping = f'data[["{group}"]]' if request.table.n_groups > 1 else "rep(1, nrow(data))"
    weights = f'data[["{roles.weights}"]]' if roles.weights else "rep(1, nrow(data))"
    complete = [*whole, *roles.columns]
    yield "# Product indicators: centred, multiplied, and centred again, over the rows that are used"
    if complete:
        yield f"data <- data[complete.cases(data[, c({', '.join(map(_quoted, complete))})]), ]"
    yield f"members <- split(seq_len(nrow(data)), {grouping})"
    yield f"weight <- {weights}"
    yield "centred <- function(x) {"
    yield "  for (own in members) x[own] <- x[own] - weighted.mean(x[own], weight[own], na.rm = TRUE)"
    yield "  x"
    yield "}"
    for column in made.values():
        left, right = (f'centred(data[["{names[part]}"]])' for part in (column.left, column.right))
        yield f'data[["{names[column.name]}"]] <- centred({left} * {right})'


# --- the model ----------------------------------------------------------------------------------------------------


def _model_lines(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> Iterator[str]:
    for group in range(1, table.n_groups + 1):
        if table.n_groups > 1:
            # By number: a label could hold what the model language does not read.
            yield f"  group: {group}"
        yield from _group_lines(table, plan, names, group)
    yield from _relation_lines(table, plan, names)


def _group_lines(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str], group: int) -> Iterator[str]:
    left_to_lavaan = set(table.variables.exogenous)
    written = [
        (row, label)
        for row, label in zip(table, plan.labels, strict=True)
        if row.group == group
        and not row.derived  # follows from the rest
        and not (row.op in ("~~", "~1") and row.lhs in left_to_lavaan and row.rhs in (*left_to_lavaan, ""))
    ]
    for op, heading in _HEADINGS.items():
        lines = [_row_line(row, names[label] if label else "", names) for row, label in written if row.op == op]
        lines += [f"{names[name]} ~~ 0*{names[name]}" for name in without_variance(table)] if op == "~~" else []
        if lines:
            yield f"  # {heading}"
            yield from (f"  {line}" for line in lines)


def _relation_lines(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> Iterator[str]:
    symbols: dict[str, Expression] = {name: Symbol(other, _NOWHERE) for name, other in names.items()}
    # lavaan refuses expressions with the label of a fixed parameter: its value stands there instead.
    symbols |= {label: Number(value, _NOWHERE) for label, value in plan.fixed.items()}
    if plan.is_constrained:
        yield "  # Constraints"
        yield from (f"  {_linear_text(relation, names)}" for relation in plan.linear)
    for relation in plan.others:
        expression = render_expression(rename_symbols(relation.expression, symbols))
        yield f"  {expression} {'==' if relation.is_equality else '>'} 0"
    if table.definitions:
        yield "  # Defined parameters"
        for definition in table.definitions:
            expression = render_expression(rename_symbols(definition.expression, symbols))
            yield f"  {names[definition.name]} := {expression}"


def _row_line(row: Row, label: str, names: Mapping[str, str]) -> str:
    right = "1" if row.op == "~1" else row.rhs if row.op == "|" else names[row.rhs]
    modifiers = []
    if row.value is not None:
        modifiers.append(format_number(row.value))
    elif row.start is not None:
        modifiers.append(f"start({format_number(row.start)})")
    for word, bound in (("lower", row.lower), ("upper", row.upper)):
        if bound is not None and math.isfinite(bound):
            modifiers.append(f"{word}({format_number(bound)})")
    if label:
        modifiers.append(label)
    terms = " + ".join(f"{modifier}*{right}" for modifier in modifiers) or right
    return f"{names[row.lhs]} {'~' if row.op == '~1' else row.op} {terms}"


def _linear_text(relation: LinearRelation, names: Mapping[str, str]) -> str:
    terms = "".join(
        f" {'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{format_number(abs(weight))}*'}{names[label]}"
        for weight, label in relation.terms
    )
    text = terms.removeprefix(" + ").lstrip()
    return f"{text} == {format_number(relation.constant)}"


def _call(request: ExportRequest) -> str:
    table = request.table
    is_random = bool(table.variables.exogenous) and not _is_fixed_x(table)
    options = {
        "model": "model",
        "data": "data",
        **_group_options(request),
        **_method_options(request),
        **_ordinal_options(request),
        **_row_options(request.roles),
        "meanstructure": _flag(table.meanstructure),
        "fixed.x": _flag(not is_random),
        # Only predictors profit: all other variances and intercepts stand in the model.
        "auto.var": _flag(is_random),
        "int.ov.free": _flag(is_random and table.meanstructure),
    }
    return "fit <- lavaan(\n" + ",\n".join(f"  {name} = {value}" for name, value in options.items()) + "\n)"


def _method_options(request: ExportRequest) -> dict[str, str]:
    """Return estimator, standard errors and tests: by one name where there is one, else one by one.

    lavaan takes another information for the tests of `estimator = "MLR"` than for the same tests asked for one by one.
    """
    method, name = request.method, request.estimator
    options = {"estimator": _quoted(name or method.discrepancy)}
    if method.discrepancy == "ML":
        options["likelihood"] = _quoted(request.likelihood)
    options["missing"] = _quoted(_MISSING.get(method.missing, method.missing.replace("_", ".")))
    if method.missing.endswith("two_stage"):
        if request.information != "observed":
            options["information"] = _quoted(request.information)
        return {**options, "estimator": _quoted(method.discrepancy)}  # standard errors and test follow from it
    if name is None or request.information != _own_information(name, method.missing):
        options["information"] = _quoted(request.information.replace("_", "."))
    if name is None:
        options["se"] = _quoted(method.errors.replace("_", "."))
    if name is None or len(method.tests) > 1:
        options["test"] = _vector([test.replace("_", ".") for test in method.tests])
    if _says_observed_by(request):
        options["observed.information"] = _vector(list(method.observed_information))
    if method.h1_information != "structured":
        options["h1.information"] = _quoted(method.h1_information)
    return options


def _says_observed_by(request: ExportRequest) -> bool:
    """Return whether the script has to say what observed information is: lavaan's own choice depends on the test."""
    method = request.method
    if request.information != "observed" or request.table.ordinal is not None:
        return False
    has_own = "yuan_bentler_mplus" in method.tests and (request.estimator is None or len(method.tests) > 1)
    return has_own or "h1" in method.observed_information


def _ordinal_options(request: ExportRequest) -> dict[str, str]:
    ordinal = request.table.ordinal
    if ordinal is None:
        return {}
    options = {
        "ordered": _vector(list(ordinal.levels)),
        "parameterization": _quoted("theta" if ordinal.is_theta else "delta"),
        "conditional.x": _flag(ordinal.conditional_x),
    }
    if request.method.zero_cells is not None:
        options["zero.add"] = f"c({', '.join(format_number(value) for value in request.method.zero_cells)})"
    return options


def _own_information(name: str, missing: str) -> str:
    """Return the information that lavaan takes for an estimator unless told otherwise."""
    if name == "MLF":
        return "first_order"
    return "observed" if name == "MLR" or missing.startswith("fiml") else "expected"


def _group_options(request: ExportRequest) -> dict[str, str]:
    if request.table.n_groups == 1:
        return {}
    return {"group": _quoted(request.roles.group or "group"), "group.label": _vector(request.table.group_labels)}


def _row_options(roles: RowRoles) -> dict[str, str]:
    options = {}
    if roles.cluster is not None:
        options["cluster"] = _quoted(roles.cluster)
    if roles.weights is not None:
        options["sampling.weights"] = _quoted(roles.weights)
        options["sampling.weights.normalization"] = _quoted(roles.normalization)
    return options


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _vector(texts: Sequence[str]) -> str:
    return _quoted(texts[0]) if len(texts) == 1 else f"c({', '.join(_quoted(text) for text in texts)})"


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"
