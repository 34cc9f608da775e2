"""An input file for Mplus: every default that could matter written out, names cut to eight characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from trustsem.errors import UsageError
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.export.labels import LabelPlan, calls_in, plan_labels, unique_names
from trustsem.spec.export.mplus_text import mplus_expression, mplus_number, mplus_relation, wrap_line
from trustsem.spec.export.request import Export, ExportRequest, result_lines, without_variance
from trustsem.spec.table import ParameterTable, Row

NAME_LENGTH = 8
GROUP_COLUMN = "group"  # its name where a text tells of groups and no column was named
FUNCTIONS: Mapping[str, str] = {"exp": "EXP", "log": "LOG", "sqrt": "SQRT"}
# Words of the language that a name could be taken for.
_RESERVED = frozenset({
    "ALL", "ANALYSIS", "ARE", "AUXILIARY", "BY", "CLUSTER", "DATA", "DEFINE", "EXP", "GROUPING", "IND", "IS", "LOG",
    "MISSING", "MODEL", "NAMES", "NEW", "NONE", "ON", "OUTPUT", "PON", "PLOT", "SQRT", "TITLE", "TO", "TYPE",
    "VARIABLE", "VIA", "WEIGHT", "WITH", "XWITH",
})  # fmt: skip
_ESTIMATORS = ("ML", "MLM", "MLMV", "MLR", "MLF", "GLS", "WLS")
_ORDINAL_ESTIMATORS = ("WLSMV", "WLSM", "WLS", "ULSMV")
# Whose information is no choice; of the others INFORMATION decides.
_OWN_INFORMATION = {"MLM": "expected", "MLMV": "expected", "MLF": "first_order", "GLS": "expected", "WLS": "expected"}
_KINDS = {"=~": "BY", "~": "ON", "~~": "WITH"}


def export_mplus(request: ExportRequest) -> Export:
    """Return an Mplus input file for the model.

    Mplus models means, frees covariances by rules of its own and uses incomplete rows unless it is told otherwise: the
    file tells it, with LISTWISE, MODEL=NOMEANSTRUCTURE, and a fixed zero for every covariance that it could free. Of
    several groups each has a MODEL of its own with all its parameters, which sets aside the equalities of loadings and
    intercepts that Mplus has by default; what is equal has one label.

    Raises:
        UsageError: the model or an option has no counterpart; each is named.
    """
    _refuse(request)
    plan = plan_labels(request.table, label_bounds=True)
    names = _names(request, plan)
    notes = tuple(_notes(request))
    sections = [
        ["TITLE:", *_indent(wrap_line(_one_line(request.title)))],
        _data_section(request),
        _variable_section(request, names, notes),
        _define_section(request, names),
        _analysis_section(request),
        *_model_sections(request, plan, names),
        _constraint_section(request.table, plan, names),
        ["OUTPUT:", "  STANDARDIZED;", "  RESIDUAL;", *_modification(request.table, plan, names)],
    ]
    text = "\n\n".join("\n".join(section) for section in sections if section) + "\n"
    changed = {name: short for name, short in names.items() if name != short}
    return Export("mplus", text, ".inp", changed, notes)


def _refuse(request: ExportRequest) -> None:
    faults = []
    if request.likelihood != "normal":
        faults.append(f"likelihood={request.likelihood}: ML in Mplus has divisor n. Export with likelihood=normal.")
    if request.table.ordinal is None:
        faults += [*_method_faults(request), *_role_faults(request)]
    else:
        faults += [*_ordinal_faults(request), *_role_faults(request)]
    if request.table.products:
        names = ", ".join(product.name for product in request.table.products)
        faults.append(
            f"{names}: products of indicators that are centred twice cannot be made by DEFINE in one run. Export to "
            "lavaan, or write the product with XWITH in Mplus (latent moderated structural equations)."
        )
    texts = [(f"{item.name} := {item.text}", item.expression) for item in request.table.definitions]
    texts += [(item.text, item.expression) for item in request.table.relations]
    for text, expression in texts:
        unknown = sorted(set(calls_in(expression)) - set(FUNCTIONS))
        if unknown:
            faults.append(
                f"{text}: no counterpart that is known to work for {', '.join(unknown)}. "
                f"Known: {', '.join(FUNCTIONS)}. Leave the line out."
            )
    if faults:
        raise UsageError("The model cannot be written for Mplus.", faults=faults, code="not-exportable")


def _method_faults(request: ExportRequest) -> Iterator[str]:
    method = request.method
    if request.estimator not in _ESTIMATORS or len(method.tests) > 1:
        tests = ", ".join(method.tests)
        yield (
            f"{method.discrepancy} with se={method.errors} and test={tests}: Mplus has no estimator of that kind for "
            "continuous answers. Export with estimator=ML, MLM, MLMV, MLR, MLF, GLS or WLS and its own se and test."
        )
    if method.missing not in ("listwise", "fiml"):
        yield f"missing={method.missing}: Mplus knows listwise and fiml. Export with one of them."
    if request.information == "first_order" and request.estimator != "MLF":
        yield "information=first_order: in Mplus that is the estimator MLF. Export with estimator=MLF."
    if request.information != _OWN_INFORMATION.get(request.estimator or "", request.information):
        yield f"information={request.information}: {request.estimator} in Mplus has its own. Leave information out."
    if request.information == "observed" and "h1" in method.observed_information:
        yield "observed_information=h1: Mplus has the Hessian. Leave it out."
    if method.h1_information != "structured":
        yield f"h1_information={method.h1_information}: no counterpart. Leave it out."


def _ordinal_faults(request: ExportRequest) -> Iterator[str]:
    """Yield what a model of ordinal items cannot say in Mplus."""
    table, method, ordinal = request.table, request.method, request.table.ordinal
    assert ordinal is not None
    if request.estimator not in _ORDINAL_ESTIMATORS or len(method.tests) > 1:
        tests = ", ".join(method.tests)
        yield (
            f"{method.discrepancy} with se={method.errors} and test={tests}: Mplus has no estimator of that kind for "
            f"ordinal items. Export with estimator={', '.join(_ORDINAL_ESTIMATORS)} and its own se and test."
        )
    if method.missing not in ("listwise", "pairwise"):
        yield f"missing={method.missing}: ordinal items go with listwise and pairwise. Export with one of them."
    if method.zero_cells is not None:
        yield "zero_cells: no counterpart that is known to give the same. Leave it out."
    if table.variables.exogenous and not ordinal.conditional_x:
        yield "conditional_x=False: models of categorical items condition on predictors in Mplus. Leave it out."
    free = [row.lhs for row in table if row.op == "~1" and row.lhs in ordinal.levels and row.value != 0.0]
    if free:
        names = ", ".join(dict.fromkeys(free))
        yield (
            f"intercepts of {names}: Mplus has thresholds of categorical items, but no intercepts beside them. Export "
            "a model with equal intercepts, or one whose thresholds are free."
        )


def _role_faults(request: ExportRequest) -> Iterator[str]:
    roles = request.roles
    robust = "MLR" if request.table.ordinal is None else "WLSMV"
    if (roles.cluster or roles.weights) and request.estimator != robust:
        yield (
            f"cluster and weights go with {robust} in Mplus, not with {request.estimator}. Export with "
            f"estimator={robust}."
        )
    if roles.weights and roles.normalization == "none":
        yield "weights_normalization=none: Mplus scales weights to the number of rows. Export with group or total."
    if roles.weights and request.table.n_groups > 1 and roles.normalization == "group":
        yield (
            "weights_normalization=group with several groups: Mplus scales weights over all rows. Export with "
            "weights_normalization=total, or hand in weights that sum to the size of each group."
        )


def _names(request: ExportRequest, plan: LabelPlan) -> dict[str, str]:
    table = request.table
    definitions = (definition.name for definition in table.definitions)
    wanted = (*request.data_columns, *table.variables.observed, *table.variables.latent, *plan.labels, *definitions)
    if table.n_groups > 1 and request.roles.group is None:
        wanted = (*wanted, GROUP_COLUMN)
    return unique_names((name for name in wanted if name), _short, NAME_LENGTH, _RESERVED)


def _short(name: str) -> str:
    """Return the wish for a name: plain letters, begin and end of a long one.

    Example:
        >>> _short("interpersonal_trust"), _short("x1:x2"), _short("信任")
        ('int_trus', 'x1_x2', 'v')
    """
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    text = text if text[:1].isalpha() else f"v{text}"
    parts = text.split("_")
    if len(text) > NAME_LENGTH and len(parts) > 1:
        text = f"{parts[0][:3]}_{parts[-1][:4]}"
    return text[:NAME_LENGTH]


def _one_line(text: str) -> str:
    # Mplus ends the title at the next command word followed by a colon.
    return " ".join(text.replace(":", ",").split())


def _indent(lines: Sequence[str] | Iterator[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _notes(request: ExportRequest) -> Iterator[str]:
    codes = {finding.code for finding in request.table.findings}
    if "exogenous-uncorrelated" in codes:
        yield "Observed predictors and exogenous factors are uncorrelated in this model; check that Mplus does so."
    if "predictor-made-random" in codes:
        yield "Some predictors have a variance of their own in MODEL; Mplus may treat the others differently then."
    if request.table.definitions and request.information == "expected" and request.table.ordinal is None:
        yield "With MODEL CONSTRAINT the default information of Mplus is observed; this input asks for expected."
    if request.table.n_groups > 1:
        groups = ", ".join(f"{number} = {label}" for number, label in enumerate(request.table.group_labels, 1))
        yield f"Groups are numbers in the data: {groups}."
    if request.table.ordinal is not None:
        yield "Mplus' chi-square, CFI, TLI and RMSEA are those that end in _scaled in trustsem."
    if request.estimator in ("MLM", "MLMV"):
        yield "The scaling factor differs a little: Mplus takes the unbiased estimate of the fourth moments."
    if request.auxiliary:
        yield "Auxiliary variables are those of AUXILIARY = (m): saturated correlates, not part of MODEL."


# --- data ---------------------------------------------------------------------------------------------------------


def _data_section(request: ExportRequest) -> list[str]:
    lines = ["DATA:"]
    if request.data_file is None:
        lines += ["  ! Put the name of your scored data here: numbers only, no header, missing is a dot."]
    lines.append(f'  FILE = "{request.data_file or "data.dat"}";')
    # Without LISTWISE Mplus uses incomplete rows too, and needs means for it.
    return lines if request.method.missing in ("fiml", "pairwise") else [*lines, "  LISTWISE = ON;"]


def _variable_section(request: ExportRequest, names: Mapping[str, str], notes: Sequence[str]) -> list[str]:
    observed = request.table.variables.observed
    products = set(request.products)
    # Mplus wants variables made by DEFINE at the end.
    auxiliary = set(request.auxiliary)
    modelled = [name for name in observed if name not in auxiliary]
    used = [*(name for name in modelled if name not in products), *(name for name in modelled if name in products)]
    lines = ["VARIABLE:"]
    lines += _indent(wrap_line(f"NAMES = {' '.join(names[name] for name in request.data_columns)};"))
    lines += _indent(wrap_line(f"USEVARIABLES = {' '.join(names[name] for name in used)};"))
    if request.table.ordinal is not None:
        lines += _indent(
            wrap_line(f"CATEGORICAL ARE {' '.join(names[item] for item in request.table.ordinal.levels)};")
        )
    lines += ["  MISSING = .;", *_indent(_role_statements(request, names))]
    changed = [f"{short} = {name}" for name, short in names.items() if short != name]
    comments = [*notes, *result_lines(request), *(["Names:", *(f"  {pair}" for pair in changed)] if changed else [])]
    return [*lines, *(f"  ! {part}" for comment in comments for part in wrap_line(comment, keep_indent=True))]


def _role_statements(request: ExportRequest, names: Mapping[str, str]) -> Iterator[str]:
    roles, n_groups = request.roles, request.table.n_groups
    if n_groups > 1:
        codes = " ".join(f"{number} = g{number}" for number in range(1, n_groups + 1))
        yield from wrap_line(f"GROUPING = {names[roles.group or GROUP_COLUMN]} ({codes});")
    if roles.cluster is not None:
        yield f"CLUSTER = {names[roles.cluster]};"
    if roles.weights is not None:
        yield f"WEIGHT = {names[roles.weights]};"
    if request.auxiliary:
        yield from wrap_line(f"AUXILIARY = (m) {' '.join(names[name] for name in request.auxiliary)};")


def _define_section(request: ExportRequest, names: Mapping[str, str]) -> list[str]:
    lines = [
        f"  {names[product]} = {'*'.join(names[part] for part in product.split(':'))};" for product in request.products
    ]
    return ["DEFINE:", *lines] if lines else []


def _analysis_section(request: ExportRequest) -> list[str]:
    kind = "GENERAL" if request.roles.cluster is None else "COMPLEX"
    lines = ["ANALYSIS:", f"  TYPE = {kind};", f"  ESTIMATOR = {request.estimator};"]
    if request.table.ordinal is not None:
        return [*lines, f"  PARAMETERIZATION = {'THETA' if request.table.ordinal.is_theta else 'DELTA'};"]
    if request.estimator not in _OWN_INFORMATION:
        lines.append(f"  INFORMATION = {request.information.upper()};")
    return lines if request.table.meanstructure else [*lines, "  MODEL = NOMEANSTRUCTURE;"]


# --- model --------------------------------------------------------------------------------------------------------


def _model_sections(request: ExportRequest, plan: LabelPlan, names: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield MODEL, and for several groups a MODEL of each with the labels, which the first would give to all groups."""
    table = request.table
    rows = [
        (row, label)
        for row, label in zip(table, plan.labels, strict=True)
        if not row.exogenous and not row.derived and not is_auxiliary(row)
    ]
    first = [(row, label) for row, label in rows if row.group == 1]
    if table.n_groups == 1:
        yield ["MODEL:", *_indent(_model_statements(table, first, names))]
        return
    # What stands in MODEL holds in every group, so only what every group has may stand there.
    count = Counter(row.written for row, _ in rows)
    common = [(row, "") for row, _ in first if count[row.written] == table.n_groups]
    yield ["MODEL:", *_indent(_model_statements(table, common, names))]
    for group in range(1, table.n_groups + 1):
        own = [(row, label) for row, label in rows if row.group == group]
        yield [f"MODEL g{group}:", *_indent(_model_statements(table, own, names))]


def _model_statements(
    table: ParameterTable, rows: Sequence[tuple[Row, str]], names: Mapping[str, str]
) -> Iterator[str]:
    for op in ("=~", "~"):
        for left in dict.fromkeys(row.lhs for row, _ in rows if row.op == op):
            yield from _statement(
                op, names[left], [pair for pair in rows if (pair[0].op, pair[0].lhs) == (op, left)], names
            )
    for row, label in rows:
        if row.op == "~~" and row.lhs == row.rhs:
            yield f"{names[row.lhs]}{_state(row)}{_tag(row, label, names)};"
    for row, label in rows:
        if row.op == "~~" and row.lhs != row.rhs:
            yield f"{names[row.lhs]} WITH {names[row.rhs]}{_state(row)}{_tag(row, label, names)};"
    for name in without_variance(table):
        yield f"{names[name]}@0;"
    for one, other in _unwritten_covariances(table, [row for row, _ in rows]):
        yield f"{names[one]} WITH {names[other]}@0;"
    items = () if table.ordinal is None else table.ordinal.levels
    for row, label in rows:
        if row.op == "~1" and row.lhs not in items:
            yield f"[{names[row.lhs]}{_state(row)}]{_tag(row, label, names)};"
        elif row.op == "|":
            yield f"[{names[row.lhs]}${row.rhs[1:]}{_state(row)}]{_tag(row, label, names)};"
        elif row.op == "~*~":
            yield f"{{{names[row.lhs]}{_state(row)}}}{_tag(row, label, names)};"


def _statement(op: str, left: str, rows: Sequence[tuple[Row, str]], names: Mapping[str, str]) -> Iterator[str]:
    """Write one BY or ON statement, a term on each line: Mplus takes one label for each line."""
    head = f"{left} {_KINDS[op]} "
    for index, (row, label) in enumerate(rows):
        end = ";" if index == len(rows) - 1 else ""
        lead = head if index == 0 else " " * len(head)
        yield f"{lead}{names[row.rhs]}{_state(row)}{_tag(row, label, names)}{end}"


def _state(row: Row) -> str:
    if row.value is not None:
        return f"@{mplus_number(row.value)}"
    return "*" if row.start is None else f"*{mplus_number(row.start)}"


def _tag(row: Row, label: str, names: Mapping[str, str]) -> str:
    return f" ({names[label]})" if label and row.is_free else ""


def _unwritten_covariances(table: ParameterTable, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield pairs that Mplus could free: two factors, or observed variables that are no indicators."""
    written = {frozenset((row.lhs, row.rhs)) for row in rows if row.op == "~~"}
    arrows = {frozenset((row.lhs, row.rhs)) for row in rows if row.op in ("~", "=~")}
    roles = table.variables
    random = [
        name for name in roles.exogenous if any(r.lhs == name and not r.exogenous and r.op == "~~" for r in table)
    ]
    auxiliary = {row.lhs for row in table if is_auxiliary(row)}
    others = [name for name in roles.other_observed if name not in auxiliary]
    for one, other in combinations((*roles.latent, *roles.outcomes, *others, *random), 2):
        pair = frozenset((one, other))
        is_latent_pair = one in roles.latent and other in roles.latent
        if pair not in written and (is_latent_pair or pair not in arrows):
            yield one, other


def _constraint_section(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    if table.definitions:
        lines += wrap_line(f"NEW({' '.join(names[definition.name] for definition in table.definitions)});")
    for relation in plan.linear:
        lines += wrap_line(f"0 = {mplus_relation(relation, names)};")
    for relation in plan.others:
        expression = mplus_expression(relation.expression, names, plan.fixed, FUNCTIONS)
        lines += wrap_line(f"0 {'=' if relation.is_equality else '<'} {expression};")
    lines += _bounds(table, plan, names)
    for definition in table.definitions:
        expression = mplus_expression(definition.expression, names, plan.fixed, FUNCTIONS)
        lines += wrap_line(f"{names[definition.name]} = {expression};")
    return ["MODEL CONSTRAINT:", *_indent(lines)] if lines else []


def _bounds(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> Iterator[str]:
    for row, label in zip(table, plan.labels, strict=True):
        for sign, bound in ((">", row.lower), ("<", row.upper)):
            if row.is_free and bound is not None and math.isfinite(bound):
                yield f"{names[label]} {sign} {mplus_number(bound)};"


def _modification(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> list[str]:
    if _constraint_section(table, plan, names):
        # Not every version gives them together with MODEL CONSTRAINT.
        return ["  ! MODINDICES(3.84);  ! ask for it without MODEL CONSTRAINT"]
    return ["  MODINDICES(3.84);"]
