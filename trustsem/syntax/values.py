"""Values in modifiers: numbers, names and vectors of them, `c(...)`, one per group."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trustsem.suggestions import did_you_mean
from trustsem.syntax.constants import constant_value
from trustsem.syntax.expressions import FUNCTIONS, parse_expression
from trustsem.syntax.faults import FaultFoundError
from trustsem.syntax.lexer import NAME, STRING, Token, bracket_step, span_between
from trustsem.syntax.nodes import ModifierKind, Symbol

Value = float | str | None
Piece = tuple[Token, ...]

MODIFIER_FUNCTIONS: Mapping[str, ModifierKind] = {
    kind.value: kind for kind in ModifierKind if kind is not ModifierKind.FIX
}
_VECTOR_FUNCTIONS = ("c", "rep")
_MAX_GROUPS = 1000
_NOT_LABELS = frozenset({"TRUE", "FALSE", "NULL", "NaN"})


def format_number(value: float) -> str:
    """Return the shortest text that reads back as the same number.

    Example:
        >>> format_number(-1.0), format_number(0.5), format_number(1e-30)
        ('-1', '0.5', '1e-30')
    """
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def function_of(tokens: Piece) -> str:
    """Return the name of the function that a piece calls, "" where it starts with no call."""
    if len(tokens) < 2 or tokens[0].kind is not NAME or tokens[1].text != "(":
        return ""
    return tokens[0].text


def argument_values(tokens: Piece) -> tuple[Value, ...]:
    """Return the values of a call's arguments; vectors among them are flattened, as R's c() does."""
    if tokens[-1].text != ")" or _closing(tokens, 1) != len(tokens) - 1:
        raise _bad_brackets(tokens)
    inner = tokens[2:-1]
    if not inner:
        raise FaultFoundError(
            f"`{tokens[0].text}()` is empty.", span_between(tokens[0], tokens[-1]), "Put the value in the brackets."
        )
    values: list[Value] = []
    for argument, comma in _split_arguments(inner, tokens[-1]):
        if not argument:
            raise FaultFoundError(
                f"A value is missing before `{comma.text}`.", comma.span, "Add it or remove the comma."
            )
        values.extend(values_of(argument))
    if len(values) > _MAX_GROUPS:
        raise FaultFoundError(
            f"More than {_MAX_GROUPS} values.", span_between(tokens[0], tokens[-1]), "Give one value per group."
        )
    return tuple(values)


def _closing(tokens: Piece, opening: int) -> int | None:
    depth = 0
    for index in range(opening, len(tokens)):
        depth += bracket_step(tokens[index])
        if depth == 0:
            return index
    return None


def _bad_brackets(tokens: Piece) -> FaultFoundError:
    closing = _closing(tokens, 1)
    if closing is None:
        return FaultFoundError("This bracket is never closed.", tokens[1].span, "Add the missing `)`.")
    token = tokens[closing + 1]
    return FaultFoundError(
        f"Expected `*` after `{tokens[0].text}(...)`, found `{token.text}`.",
        token.span,
        "A modifier and its variable are joined by `*`.",
    )


def _split_arguments(tokens: Piece, closing: Token) -> list[tuple[Piece, Token]]:
    parts: list[tuple[Piece, Token]] = []
    start = depth = 0
    for index, token in enumerate(tokens):
        depth += bracket_step(token)
        if token.text == "," and depth == 0:
            parts.append((tokens[start:index], token))
            start = index + 1
    parts.append((tokens[start:], closing))
    return parts


def values_of(tokens: Piece) -> tuple[Value, ...]:
    """Return the values that a piece stands for: one, or those of `c(...)` and `rep(...)`."""
    function = function_of(tokens)
    if function == "c":
        return argument_values(tokens)
    if function == "rep":
        return _repeated(tokens)
    if function in MODIFIER_FUNCTIONS:
        raise FaultFoundError(
            f"`{function}()` cannot stand inside another function.",
            tokens[0].span,
            f"Turn it round: `{function}(c(1, 2))*x1` gives one value per group.",
        )
    if function and function not in FUNCTIONS:
        raise _unknown_function(tokens[0])
    if len(tokens) == 1 and tokens[0].kind in (STRING, NAME):
        return (_word_value(tokens[0]),)
    if len(tokens) == 2 and tokens[0].text in ("+", "-") and tokens[1].text == "Inf":
        return (-math.inf if tokens[0].text == "-" else math.inf,)
    _check_no_keyword(tokens)
    expression = parse_expression(tokens, after=tokens[0])
    if isinstance(expression, Symbol):  # a label in brackets, `(a)*x1`
        return (expression.name,)
    return (constant_value(expression),)


def _word_value(token: Token) -> Value:
    if token.kind is STRING:
        return token.text[1:-1]
    if token.text in ("NA", "Inf"):
        return None if token.text == "NA" else math.inf
    if token.text in _NOT_LABELS:
        raise FaultFoundError(
            f"`{token.text}` is a word of R and no label.", token.span, "Use a number, a label, or `NA` to free it."
        )
    return token.text


def _repeated(tokens: Piece) -> tuple[Value, ...]:
    values = argument_values(tokens)
    times = values[-1]
    is_count = isinstance(times, float) and times.is_integer() and 1 <= times <= _MAX_GROUPS
    if len(values) != 2 or not is_count or not isinstance(times, float):
        raise FaultFoundError(
            "`rep()` takes one value and how often to repeat it.",
            span_between(tokens[0], tokens[-1]),
            'Write for example `rep("a", 2)`, or list the values with `c(...)`.',
        )
    return (values[0],) * int(times)


def _check_no_keyword(tokens: Piece) -> None:
    if len(tokens) > 2 and tokens[1].text == "=":
        raise FaultFoundError(
            "Values have no names here.", tokens[0].span, f"Write the value without `{tokens[0].text} =`."
        )


def _unknown_function(name: Token) -> FaultFoundError:
    known = (*MODIFIER_FUNCTIONS, *_VECTOR_FUNCTIONS, *FUNCTIONS)
    if name.text in ("prior", "dprior"):
        hint = "Priors belong to Bayesian estimation, which is not offered: remove it."
    else:
        hint = did_you_mean(name.text, known) or "Use one of the functions listed."
    return FaultFoundError(f"Unknown function `{name.text}`. Functions: {', '.join(known)}.", name.span, hint)
