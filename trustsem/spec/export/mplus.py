"""An input file for Mplus: every default that could matter written out, names cut to eight characters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from trustsem.errors import UsageError
from trustsem.spec.export.labels import LabelPlan, calls_in, plan_labels, unique_names
from trustsem.spec.export.mplus_text import mplus_expression, mplus_number, mplus_relation, wrap_line
from trustsem.spec.export.request import Export, ExportRequest, result_lines
from trustsem.spec.table import ParameterTable, Row

NAME_LENGTH = 8
FUNCTIONS: Mapping[str, str] = {"exp": "EXP", "log": "LOG", "sqrt": "SQRT"}
# Words of the language that a name could be taken for.
_RESERVED = frozenset({
    "ALL", "ANALYSIS", "ARE", "BY", "DATA", "DEFINE", "EXP", "IND", "IS", "LOG", "MISSING", "MODEL", "NAMES",
    "NEW", "NONE", "ON", "OUTPUT", "PON", "PLOT", "SQRT", "TITLE", "TO", "TYPE", "VARIABLE", "VIA", "WITH",
    "XWITH",
})  # fmt: skip
_KINDS = {"=~": "BY", "~": "ON", "~~": "WITH"}


def export_mplus(request: ExportRequest) -> Export:
    """Return an Mplus input file for the model.

    Mplus models means, frees covariances by rules of its own and uses incomplete rows unless it is told otherwise: the
    file tells it, with LISTWISE, MODEL=NOMEANSTRUCTURE, and a fixed zero for every covariance that it could free.

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
        ["MODEL:", *_indent(_model_statements(request.table, plan, names))],
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


def _names(request: ExportRequest, plan: LabelPlan) -> dict[str, str]:
    table = request.table
    definitions = (definition.name for definition in table.definitions)
    wanted = (*request.data_columns, *table.variables.observed, *table.variables.latent, *plan.labels, *definitions)
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
    if request.table.definitions and request.information == "expected":
        yield "With MODEL CONSTRAINT the default information of Mplus is observed; this input asks for expected."


# --- data ---------------------------------------------------------------------------------------------------------


def _data_section(request: ExportRequest) -> list[str]:
    lines = ["DATA:"]
    if request.data_file is None:
        lines += ["  ! Put the name of your scored data here: numbers only, no header, missing is a dot."]
    # Without LISTWISE Mplus uses incomplete rows too, and needs means for it.
    return [*lines, f'  FILE = "{request.data_file or "data.dat"}";', "  LISTWISE = ON;"]


def _variable_section(request: ExportRequest, names: Mapping[str, str], notes: Sequence[str]) -> list[str]:
    observed = request.table.variables.observed
    products = set(request.products)
    # Mplus wants variables made by DEFINE at the end.
    used = [*(name for name in observed if name not in products), *(name for name in observed if name in products)]
    lines = ["VARIABLE:"]
    lines += _indent(wrap_line(f"NAMES = {' '.join(names[name] for name in request.data_columns)};"))
    lines += _indent(wrap_line(f"USEVARIABLES = {' '.join(names[name] for name in used)};"))
    lines += ["  MISSING = .;"]
    changed = [f"{short} = {name}" for name, short in names.items() if short != name]
    comments = [*notes, *result_lines(request), *(["Names:", *(f"  {pair}" for pair in changed)] if changed else [])]
    return [*lines, *(f"  ! {part}" for comment in comments for part in wrap_line(comment, keep_indent=True))]


def _define_section(request: ExportRequest, names: Mapping[str, str]) -> list[str]:
    lines = [
        f"  {names[product]} = {'*'.join(names[part] for part in product.split(':'))};" for product in request.products
    ]
    return ["DEFINE:", *lines] if lines else []


def _analysis_section(request: ExportRequest) -> list[str]:
    lines = ["ANALYSIS:", "  TYPE = GENERAL;", "  ESTIMATOR = ML;", f"  INFORMATION = {request.information.upper()};"]
    return lines if request.table.meanstructure else [*lines, "  MODEL = NOMEANSTRUCTURE;"]


# --- model --------------------------------------------------------------------------------------------------------


def _model_statements(table: ParameterTable, plan: LabelPlan, names: Mapping[str, str]) -> Iterator[str]:
    rows = [(row, label) for row, label in zip(table, plan.labels, strict=True) if not row.exogenous]
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
    for name in _without_variance(table):
        yield f"{names[name]}@0;"
    for one, other in _unwritten_covariances(table):
        yield f"{names[one]} WITH {names[other]}@0;"
    for row, label in rows:
        if row.op == "~1":
            yield f"[{names[row.lhs]}{_state(row)}]{_tag(row, label, names)};"


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


def _without_variance(table: ParameterTable) -> list[str]:
    known = {row.lhs for row in table if row.op == "~~" and row.lhs == row.rhs}
    variables = (*table.variables.latent, *table.variables.observed)
    return [name for name in variables if name not in known and name not in table.variables.exogenous]


def _unwritten_covariances(table: ParameterTable) -> Iterator[tuple[str, str]]:
    """Yield pairs that Mplus could free: two factors, or observed variables that are no indicators."""
    written = {frozenset((row.lhs, row.rhs)) for row in table if row.op == "~~"}
    arrows = {frozenset((row.lhs, row.rhs)) for row in table if row.op in ("~", "=~")}
    roles = table.variables
    random = [
        name for name in roles.exogenous if any(r.lhs == name and not r.exogenous and r.op == "~~" for r in table)
    ]
    for one, other in combinations((*roles.latent, *roles.outcomes, *roles.other_observed, *random), 2):
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
