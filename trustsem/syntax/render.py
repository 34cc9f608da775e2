"""Text from nodes: what `parse_model` reads back as the same model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from trustsem.errors import ModelError
from trustsem.syntax.expressions import SIGN_BINDING, binding_of
from trustsem.syntax.lexer import NAME, RESERVED, tokenize
from trustsem.syntax.nodes import (
    Binary,
    Block,
    Call,
    Constraint,
    Definition,
    Expression,
    ModelSyntax,
    Modifier,
    ModifierKind,
    Number,
    Parameter,
    Symbol,
    Unary,
)
from trustsem.syntax.values import format_number

WIDTH = 100
_INDENT = "    "
_ATOM = 99  # binds tighter than any operator
_PLAIN_VALUE = re.compile(r"(?:[^\W\d][\w.]*|[0-9]+)(?:-(?:[^\W\d][\w.]*|[0-9]+))*")
_BREAK_AFTER = frozenset({"+", "-", "*", "/", ","})


def render_model(model: ModelSyntax) -> str:
    """Return a text that parses to an equal model, spans aside.

    Consecutive terms of one left-hand variable and operator share a formula; lines are wrapped at about 100 columns.
    Definitions and constraints follow the formulas. Several modifiers of a parameter are written as repeated
    mentions (`a*x1 + start(.5)*x1`), which older versions of lavaan read too.

    Example:
        >>> from trustsem.syntax.parser import parse_model
        >>> print(render_model(parse_model("f=~x1+a*start(.5)*x2;ab:=2*a")), end="")
        f =~ x1 + a*x2 + start(0.5)*x2
        ab := 2*a
    """
    lines = [*_formula_lines(model)]
    lines.extend(
        _wrap(f"{definition.name} :=", _pieces(_definition_text(definition))) for definition in model.definitions
    )
    lines.extend(_constraint_line(constraint) for constraint in model.constraints)
    return "".join(f"{line}\n" for line in lines)


def render_expression(expression: Expression) -> str:
    """Return an expression without blanks and with the fewest brackets that keep its structure.

    Example:
        >>> from trustsem.syntax.parser import parse_model
        >>> render_expression(parse_model("i := ((a*b)) - (c - (-d)^2)").definitions[0].expression)
        'a*b-(c-(-d)^2)'
    """
    if isinstance(expression, Number):
        return format_number(expression.value)
    if isinstance(expression, Symbol):
        return expression.name
    if isinstance(expression, Call):
        return f"{expression.name}({','.join(render_expression(argument) for argument in expression.arguments)})"
    if isinstance(expression, Unary):
        return f"{expression.op}{_render_operand(expression.operand, SIGN_BINDING)}"
    left_binding, right_binding = binding_of(expression.op)
    # The left operand must bind at least as tightly as its operator reaches to the left, or a bracket is needed.
    left = _render_operand(expression.left, left_binding + (1 if left_binding > right_binding else 0))
    right = _render_operand(expression.right, right_binding, is_right=True)
    return f"{left}{expression.op}{right}"


def _render_operand(expression: Expression, least: int, *, is_right: bool = False) -> str:
    text = render_expression(expression)
    # A sign at the right of an operator needs no bracket: nothing else can claim it.
    tight_enough = _binding_strength(expression) >= least or (is_right and isinstance(expression, Unary))
    return text if tight_enough else f"({text})"


def _binding_strength(expression: Expression) -> int:
    if isinstance(expression, Binary):
        return min(binding_of(expression.op))
    return SIGN_BINDING if isinstance(expression, Unary) else _ATOM


# --- formulas ---------------------------------------------------------------------------------------------------


def _formula_lines(model: ModelSyntax) -> Iterator[str]:
    pending = list(model.blocks)
    current: Block | None = None
    for formula in _group_formulas(model.parameters):
        block = formula[0].block
        if block is not None and block != current:
            yield from _headers_up_to(block, pending)
            current = block
        yield _formula_line(formula)
    yield from (_header_line(block) for block in pending)


def _headers_up_to(block: Block, pending: list[Block]) -> Iterator[str]:
    if block not in pending:
        raise ModelError(
            f"The block `{block.kind}: {block.value}` of a parameter is not among the model's blocks in their order.",
            remedy="List every block once, in the order of the parameters.",
        )
    while pending:
        header = pending.pop(0)
        yield _header_line(header)
        if header == block:
            return


def _header_line(block: Block) -> str:
    value = block.value if _PLAIN_VALUE.fullmatch(block.value) else _quote(block.value)
    return f"{block.kind}: {value}"


def _group_formulas(parameters: Iterable[Parameter]) -> Iterator[list[Parameter]]:
    """Yield runs of parameters that one formula can say.

    A variable that comes again starts a new formula: in one formula the two mentions would be merged.
    """
    run: list[Parameter] = []
    for parameter in parameters:
        if run and (_formula_key(parameter) != _formula_key(run[0]) or _occurs(parameter, run)):
            yield run
            run = []
        run.append(parameter)
    if run:
        yield run


def _formula_key(parameter: Parameter) -> tuple[object, ...]:
    efa = tuple(modifier.values for modifier in parameter.modifiers if modifier.kind is ModifierKind.EFA)
    # A latent variable without indicators, `f =~ 0`, cannot share its formula.
    alone = parameter.op == "=~" and parameter.lhs == parameter.rhs
    return (parameter.lhs, parameter.op, parameter.block, efa, alone)


def _occurs(parameter: Parameter, run: Sequence[Parameter]) -> bool:
    return any(known.rhs == parameter.rhs for known in run)


def _formula_line(formula: Sequence[Parameter]) -> str:
    first = formula[0]
    efa = [_render_modifier(modifier) for modifier in first.modifiers if modifier.kind is ModifierKind.EFA]
    operator = "~" if first.op == "~1" else first.op
    left = "*".join((*efa, first.lhs))
    terms = [term for parameter in formula for term in _render_terms(parameter)]
    return _wrap(f"{left} {operator}", [f"{term} +" for term in terms[:-1]] + terms[-1:])


def _render_terms(parameter: Parameter) -> list[str]:
    if parameter.op == "=~" and parameter.lhs == parameter.rhs:
        return ["0"]
    name = "1" if parameter.op == "~1" else parameter.rhs
    modifiers = [modifier for modifier in parameter.modifiers if modifier.kind is not ModifierKind.EFA]
    return [f"{_render_modifier(modifier)}*{name}" for modifier in modifiers] or [name]


def _render_modifier(modifier: Modifier) -> str:
    is_label = modifier.kind is ModifierKind.LABEL
    values = [_render_value(value, bare=is_label) for value in modifier.values]
    shown = values[0] if len(values) == 1 else f"c({', '.join(values)})"
    return shown if is_label or modifier.kind is ModifierKind.FIX else f"{modifier.kind.value}({shown})"


def _render_value(value: float | str | None, *, bare: bool) -> str:
    if value is None:
        return "NA"
    if isinstance(value, str):
        return value if bare and _is_name(value) else _quote(value)
    return format_number(value)


def _is_name(text: str) -> bool:
    tokens = tokenize(text).tokens
    return len(tokens) == 1 and tokens[0].text == text and tokens[0].kind is NAME and text not in RESERVED


def _quote(text: str) -> str:
    quote = "'" if '"' in text else '"'
    if quote in text or "\n" in text or "\r" in text:
        raise ModelError(
            "A name in the model has both kinds of quotation marks or a line break and cannot be written down.",
            remedy="Rename it.",
        )
    return f"{quote}{text}{quote}"


# --- definitions, constraints, lines ------------------------------------------------------------------------------


def _definition_text(definition: Definition) -> str:
    return definition.text or render_expression(definition.expression)


def _constraint_line(constraint: Constraint) -> str:
    left = constraint.left_text or render_expression(constraint.left)
    right = constraint.right_text or render_expression(constraint.right)
    if left.startswith(("+", "-")):
        # a line that starts with a sign and holds no operator would continue the statement above it
        return _wrap("", [f"{left} {constraint.op}", *_pieces(right)])
    return _wrap("", [*_pieces(left), constraint.op, *_pieces(right)])


def _pieces(text: str) -> list[str]:
    """Cut an expression after operators, where a line may end."""
    pieces, start = [], 0
    for token in tokenize(text).tokens:
        if token.text in _BREAK_AFTER and token.end - start >= WIDTH // 2:
            pieces.append(text[start : token.end])
            start = token.end
    return [*pieces, text[start:]]


def _wrap(head: str, pieces: Sequence[str]) -> str:
    lines, line = [], head
    for piece in pieces:
        joined = f"{line} {piece}" if line else piece
        if len(joined) > WIDTH and line.strip() and line != head:
            lines.append(line)
            joined = f"{_INDENT}{piece}"
        line = joined
    return "\n".join([*lines, line])
