"""Terms: one side of a formula, split at its `+` and read one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trustsem.syntax.faults import FaultFoundError
from trustsem.syntax.lexer import NAME, NUMBER, RESERVED, STRING, Token, bracket_step, span_between
from trustsem.syntax.modifiers import merge_modifiers, parse_modifiers
from trustsem.syntax.nodes import Modifier, ModifierKind, Span
from trustsem.syntax.values import Piece

_OPERAND_ENDS = (NAME, NUMBER, STRING)


@dataclass(frozen=True, slots=True)
class Term:
    """A variable of one side of a formula with its modifiers."""

    name: str  # "" for an intercept
    op: str  # the formula's operator, or `~1`
    modifiers: tuple[Modifier, ...]
    span: Span


def split_terms(tokens: Sequence[Token]) -> list[tuple[Piece, Token | None]]:
    """Split one side of a formula at its binary `+`; each part comes with the sign before it.

    A sign after an operand joins two terms; any other belongs to a number, as in `x1 + +.5*x2`.
    """
    parts: list[tuple[Piece, Token | None]] = []
    start = depth = 0
    sign: Token | None = None
    for index, token in enumerate(tokens):
        depth += bracket_step(token)
        joins = token.text == "+" and depth <= 0 and index > 0 and _ends_operand(tokens[index - 1])
        if joins:
            parts.append((tuple(tokens[start:index]), sign))
            start, sign = index + 1, token
    parts.append((tuple(tokens[start:]), sign))
    return parts


def _ends_operand(token: Token) -> bool:
    return token.kind in _OPERAND_ENDS or token.text == ")"


def _split_factors(tokens: Piece) -> tuple[list[tuple[Piece, Token]], Piece]:
    factors: list[tuple[Piece, Token]] = []
    start = depth = 0
    for index, token in enumerate(tokens):
        depth += bracket_step(token)
        if token.text in ("*", "?") and depth <= 0:
            factors.append((tokens[start:index], token))
            start = index + 1
    return factors, tokens[start:]


def read_right_term(piece: Piece, before: Token, operator: Token) -> Term:
    """Read one term of a right-hand side.

    Args:
        piece: The term's tokens.
        before: The sign or operator before it, where a message points when nothing follows.
        operator: The formula's operator.
    """
    if len(piece) == 1 and piece[0].kind is NAME:  # by far the most frequent term
        name, span = _variable_name(piece, operator)
        return Term(name, operator.text, (), span)
    factors, variable = _split_factors(piece)
    if not variable:
        raise _nothing_follows(factors[-1][1] if factors else before)
    if not factors and variable[0].text == "+":  # lavaan takes a sign too many, as at the start of `~ + x`
        variable = variable[1:]
    if not variable:
        raise _nothing_follows(piece[-1])
    modifiers = parse_modifiers(factors)
    misplaced = next((modifier for modifier in modifiers if modifier.kind is ModifierKind.EFA), None)
    if misplaced is not None:
        raise FaultFoundError(
            "`efa()` belongs to the latent variable on the left.", misplaced.span, 'Write `efa("block")*f =~ x1 + x2`.'
        )
    if variable[0].kind is NUMBER and len(variable) == 1:
        return _constant_term(variable[0], modifiers, operator)
    name, span = _variable_name(variable, operator)
    return Term(name, operator.text, merge_modifiers((), modifiers, name), span)


def _nothing_follows(sign: Token) -> FaultFoundError:
    return FaultFoundError(
        f"Nothing follows `{sign.text}`: expected a variable.",
        sign.span,
        f"Add the variable or remove the `{sign.text}`.",
    )


def read_left_term(piece: Piece, sign: Token | None, operator: Token) -> Term:
    """Read one variable of a left-hand side; only `efa("block")*f` may carry a modifier there."""
    factors, variable = _split_factors(piece)
    if not variable:
        raise _nothing_follows(factors[-1][1] if factors else sign or operator)
    modifiers = parse_modifiers(factors)
    for modifier in modifiers:
        if modifier.kind is not ModifierKind.EFA or operator.text != "=~":
            raise FaultFoundError(
                f"A modifier on the left of `{operator.text}` has no meaning.",
                modifier.span,
                'Put it in front of a variable on the right; only `efa("block")*f =~ ...` stands on the left.',
            )
    name, span = _variable_name(variable, operator)
    if ":" in name:
        raise FaultFoundError(
            f"An interaction `{name}` cannot stand on the left of `{operator.text}`.",
            span,
            "Compute the product as a column of the data and use that column's name.",
        )
    return Term(name, operator.text, merge_modifiers((), modifiers, name), span)


def _constant_term(token: Token, modifiers: tuple[Modifier, ...], operator: Token) -> Term:
    value = float(token.text)
    if operator.text == "~" and value == 1:
        return Term("", "~1", merge_modifiers((), modifiers, "the intercept"), token.span)
    is_zero = value == 0 and not modifiers
    if is_zero and operator.text in ("~", "=~"):
        fixed = (Modifier(ModifierKind.FIX, (0.0,), token.span),)
        return Term("", "~1" if operator.text == "~" else "=~", fixed, token.span)
    if operator.text == "~":
        hint = f"The intercept is written `1`; fixed at {token.text} it is `{token.text}*1`."
    else:
        hint = f"For a fixed value write `{token.text}*x1`."
    raise FaultFoundError(f"Expected a variable, found the number `{token.text}`.", token.span, hint)


def _variable_name(tokens: Piece, operator: Token) -> tuple[str, Span]:
    token = tokens[0]
    if token.kind is not NAME:
        raise _not_a_variable(tokens)
    if token.text in RESERVED:
        raise FaultFoundError(
            f"`{token.text}` cannot be the name of a variable.",
            token.span,
            "Rename the column; `NA*x1` (with `*`) frees the parameter of x1." if token.text == "NA" else "Rename it.",
        )
    if len(tokens) == 1:
        return token.text, token.span
    if tokens[1].text == ":":
        return _interaction(tokens)
    if tokens[1].text == "(" and sum(bracket_step(part) for part in tokens) > 0:
        raise FaultFoundError("This bracket is never closed.", tokens[1].span, "Add the missing `)`.")
    raise _unexpected_after_variable(token, tokens[1], operator)


def _interaction(tokens: Piece) -> tuple[str, Span]:
    colons = sum(token.text == ":" for token in tokens)
    span = span_between(tokens[0], tokens[-1])
    if colons > 1:
        raise FaultFoundError(
            "An interaction has two variables; higher orders are not part of the language.",
            span,
            "Compute the product as a column of the data and use that column's name.",
        )
    if len(tokens) != 3 or tokens[2].kind is not NAME:
        raise FaultFoundError(
            "Expected one variable on each side of `:`.", tokens[1].span, "Write for example `x1:x2`."
        )
    return f"{tokens[0].text}:{tokens[2].text}", span


def _not_a_variable(tokens: Piece) -> FaultFoundError:
    token = tokens[0]
    if token.kind is STRING:
        return FaultFoundError(
            f"Expected a variable, found the text {token.text}.",
            token.span,
            "Names of variables have no quotation marks.",
        )
    if token.text == "-":
        rest = tokens[1].text if len(tokens) > 1 else "x1"
        return FaultFoundError(
            "A variable cannot have a minus sign.", token.span, f"For a coefficient fixed at -1 write `-1*{rest}`."
        )
    if token.text == "(":
        return FaultFoundError("Brackets around variables have no meaning.", token.span, "Write the terms one by one.")
    if token.text == "+":
        return FaultFoundError("Expected a variable, found another `+`.", token.span, "Remove one `+`.")
    if token.text == ")":
        return FaultFoundError("This bracket was never opened.", token.span, "Remove it or add the missing `(`.")
    return FaultFoundError(f"Expected a variable, found `{token.text}`.", token.span, "Write the name of a variable.")


def _unexpected_after_variable(name: Token, token: Token, operator: Token) -> FaultFoundError:
    message = f"Expected `+`, `*` or the end of the formula after `{name.text}`, found `{token.text}`."
    if token.text == "(":
        message = f"`{name.text}(...)` is not a variable."
        hint = f"A modifier is joined to its variable by `*`, as in `{name.text}(...)*x1`."
    elif token.text == "-":
        hint = "Terms are joined by `+`; for a coefficient of -1 write `+ -1*x1`."
    elif token.text in ("/", "^"):
        hint = "A variable cannot be transformed in a formula: compute it as a column of the data."
    elif token.text == ")":
        message, hint = "This bracket was never opened.", "Remove it or add the missing `(`."
    elif token.text == ",":
        hint = f"Terms are joined by `+`: `{operator.text} {name.text} + ...`."
    else:
        hint = f"For two variables write `{name.text} + {token.text}`, for a modifier `{name.text}*{token.text}`."
    return FaultFoundError(message, token.span, hint)
