"""Numbers, expressions and lines as Mplus reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trustsem.spec.export.labels import LinearRelation
from trustsem.syntax.nodes import Binary, Call, Expression, Number, Symbol, Unary

WIDTH = 80  # Mplus reads 90 characters of a line, older versions 80


def mplus_number(value: float) -> str:
    """Return a number without an exponent, all digits kept.

    Example:
        >>> mplus_number(1.0), mplus_number(-0.25), mplus_number(1e-7)
        ('1', '-0.25', '0.0000001')
    """
    return np.format_float_positional(value, trim="-")


def mplus_expression(
    expression: Expression, names: Mapping[str, str], fixed: Mapping[str, float], functions: Mapping[str, str]
) -> str:
    """Return an expression in Mplus' notation; every compound operand stands in brackets.

    Args:
        expression: Right-hand side of a definition.
        names: Short names of labels and definitions.
        fixed: Values of labels that stand on fixed parameters only, which cannot carry a label there.
        functions: Functions by lavaan's name.
    """
    if isinstance(expression, Number):
        return mplus_number(expression.value)
    if isinstance(expression, Symbol):
        value = fixed.get(expression.name)
        return names[expression.name] if value is None else _bracketed(mplus_number(value), value < 0)
    if isinstance(expression, Call):
        (argument,) = expression.arguments
        return f"{functions[expression.name]}({mplus_expression(argument, names, fixed, functions)})"
    if isinstance(expression, Unary):
        operand = mplus_expression(expression.operand, names, fixed, functions)
        inner = _bracketed(operand, isinstance(expression.operand, (Binary, Unary)))
        return f"-{inner}" if expression.op == "-" else inner
    left = mplus_expression(expression.left, names, fixed, functions)
    right = mplus_expression(expression.right, names, fixed, functions)
    left = _bracketed(left, _needs_brackets(expression, expression.left))
    right = _bracketed(
        right, isinstance(expression.right, (Binary, Unary)) and not _chains(expression, expression.right)
    )
    op = "**" if expression.op == "^" else expression.op
    return f"{left} {op} {right}" if op in "+-" else f"{left}{op}{right}"


def _needs_brackets(whole: Binary, left: Expression) -> bool:
    if isinstance(left, Unary):
        return whole.op not in "+-"
    if not isinstance(left, Binary):
        return False
    return not (_level(left.op) == _level(whole.op) < 3 or _level(left.op) > _level(whole.op))


def _chains(whole: Binary, right: Expression) -> bool:
    """Return whether the right operand binds more tightly than its operator, as a product in a sum does."""
    return isinstance(right, Binary) and _level(right.op) > _level(whole.op)


def _level(op: str) -> int:
    return {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}[op]


def _bracketed(text: str, wanted: bool) -> str:
    return f"({text})" if wanted else text


def mplus_relation(relation: LinearRelation, names: Mapping[str, str]) -> str:
    """Return the left side of `... = 0`: Mplus takes a label or the constant 0 before the equals sign."""
    terms = [
        f"{'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{mplus_number(abs(weight))}*'}{names[label]}"
        for weight, label in relation.terms
    ]
    if relation.constant:
        terms.append(f"{'+' if relation.constant < 0 else '-'} {mplus_number(abs(relation.constant))}")
    text = " ".join(terms).removeprefix("+ ")
    return f"-{text[2:]}" if text.startswith("- ") else text


def wrap_line(text: str, *, keep_indent: bool = False) -> list[str]:
    """Break a statement at blanks into lines that fit; a product that is too long breaks before a `*`.

    Args:
        text: One statement or sentence.
        keep_indent: Leading blanks belong to the text.
    """
    lead = " " * (len(text) - len(text.lstrip())) if keep_indent else ""
    lines, line = [], lead
    for word in text.split():
        for piece in _pieces(word):
            joined = (
                f"{line}{piece}" if not line.strip() or (piece is not word and piece[0] == "*") else f"{line} {piece}"
            )
            if len(joined) > WIDTH - 4 and line.strip():
                lines.append(line)
                joined = f"{lead}  {piece}"
            line = joined
    return [*lines, line]


def _pieces(word: str) -> list[str]:
    """Cut a word that no line could hold before its signs of multiplication."""
    if len(word) <= WIDTH - 8:
        return [word]
    pieces = word.replace("**", "^").split("*")
    return [piece.replace("^", "**") for piece in [pieces[0], *(f"*{piece}" for piece in pieces[1:])]]
