"""Expressions of `:=`, `==`, `<` and `>`: precedence climbing over tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trustsem.suggestions import did_you_mean
from trustsem.syntax.faults import FaultFoundError
from trustsem.syntax.lexer import NAME, NUMBER, RESERVED, STRING, Token, span_between
from trustsem.syntax.nodes import Binary, Call, Expression, Number, Span, Symbol, Unary

# function -> least and most number of arguments; None for any number
FUNCTIONS: Mapping[str, tuple[int, int | None]] = {
    **dict.fromkeys(("exp", "log", "sqrt", "abs", "sin", "cos", "tan", "pnorm", "qnorm"), (1, 1)),
    "min": (1, None),
    "max": (1, None),
}
MAX_BRACKETS = 80
MAX_DEPTH = 200

# operator -> binding power to its left and to its right; `^` is right-associative
_BINDING: Mapping[str, tuple[int, int]] = {"+": (1, 2), "-": (1, 2), "*": (3, 4), "/": (3, 4), "^": (8, 7)}
SIGN_BINDING = 5  # tighter than `*`, looser than `^`: -a^2 is -(a^2)


def parse_expression(tokens: Sequence[Token], *, after: Token) -> Expression:
    """Parse all tokens as one expression.

    Args:
        tokens: The expression's tokens, without line ends.
        after: The token before them, where a message points when there are none.

    Raises:
        FaultFoundError: at the first token that does not fit.

    Example:
        >>> from trustsem.syntax.lexer import RESERVED, tokenize
        >>> tokens = tokenize("= a*b^2").tokens
        >>> parse_expression(tokens[1:], after=tokens[0]).op
        '*'
    """
    parser = _ExpressionParser(tokens, after)
    expression = parser.parse_whole()
    if _depth(expression) > MAX_DEPTH:
        raise FaultFoundError(
            f"This expression chains more than {MAX_DEPTH} operations.",
            span_between(tokens[0], tokens[-1]),
            "Split it into several `:=` definitions.",
        )
    return expression


class _ExpressionParser:
    """A cursor over the tokens of one expression."""

    def __init__(self, tokens: Sequence[Token], after: Token) -> None:
        self.tokens = tokens
        self.position = 0
        self.before = after
        self.level = 0

    def parse_whole(self) -> Expression:
        expression = self.parse_binary(0)
        token = self.peek()
        if token is not None:
            raise _unexpected_after_operand(self.before, token)
        return expression

    def peek(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> Token:
        self.before = self.tokens[self.position]
        self.position += 1
        return self.before

    def parse_binary(self, least: int) -> Expression:
        self.level += 1
        if self.level > MAX_BRACKETS:
            raise FaultFoundError(
                f"This expression is nested more than {MAX_BRACKETS} levels deep.",
                self.before.span,
                "Split it into several `:=` definitions.",
            )
        left = self.parse_operand()
        while (token := self.peek()) is not None and token.text in _BINDING and _BINDING[token.text][0] >= least:
            self.take()
            right = self.parse_binary(_BINDING[token.text][1])
            left = Binary(token.text, left, right, _joined(left.span, right.span))
        self.level -= 1
        return left

    def parse_operand(self) -> Expression:
        token = self.peek()
        if token is None:
            raise FaultFoundError(
                f"Nothing follows `{self.before.text}`: expected a number, a label, a function or `(`.",
                self.before.span,
                "Complete the expression or remove this sign.",
            )
        self.take()
        if token.text in ("+", "-"):
            operand = self.parse_binary(SIGN_BINDING)
            return Unary(token.text, operand, _joined(token.span, operand.span))
        if token.text == "(":
            inner = self.parse_binary(0)
            self.close(token)
            return inner
        if token.kind is NUMBER:
            return Number(finite_number(token), token.span)
        if token.kind is NAME:
            following = self.peek()
            is_call = following is not None and following.text == "("
            return self.parse_call(token) if is_call else _symbol(token)
        raise _not_an_operand(token)

    def parse_call(self, name: Token) -> Expression:
        opening = self.take()
        if name.text not in FUNCTIONS:
            raise FaultFoundError(
                f"Unknown function `{name.text}`. Functions: {', '.join(FUNCTIONS)}.",
                name.span,
                did_you_mean(name.text, FUNCTIONS) or "Use one of the functions listed, or write the formula out.",
            )
        arguments: list[Expression] = []
        following = self.peek()
        if following is None or following.text != ")":
            arguments.append(self.parse_binary(0))
            while (token := self.peek()) is not None and token.text == ",":
                self.take()
                arguments.append(self.parse_binary(0))
        span = span_between(name, self.close(opening))
        _check_count(name.text, len(arguments), span)
        return Call(name.text, tuple(arguments), span)

    def close(self, opening: Token) -> Token:
        token = self.peek()
        if token is None:
            raise FaultFoundError("This bracket is never closed.", opening.span, "Add the missing `)`.")
        if token.text != ")":
            raise _unexpected_after_operand(self.before, token)
        return self.take()


def finite_number(token: Token) -> float:
    """Return the value of a NUMBER token.

    Raises:
        FaultFoundError: where it is beyond the range of a floating-point number.
    """
    value = float(token.text)
    if not math.isfinite(value):
        raise FaultFoundError(f"The number `{_short(token.text)}` is too large.", token.span, "Use a finite number.")
    return value


def _symbol(token: Token) -> Symbol:
    if token.text in RESERVED:
        raise FaultFoundError(
            f"`{token.text}` cannot stand in an expression: expected a number, a label or a function.",
            token.span,
            "Expressions are numeric; `NA` belongs in front of a variable, as in `NA*x1`.",
        )
    return Symbol(token.text, token.span)


def _not_an_operand(token: Token) -> FaultFoundError:
    if token.kind is STRING:
        return FaultFoundError(
            f"Text {_short(token.text)} cannot stand in an expression.",
            token.span,
            "Write a label without quotation marks.",
        )
    return FaultFoundError(
        f"Expected a number, a label, a function or `(`, found `{_short(token.text)}`.",
        token.span,
        "Remove it or write what is missing before it.",
    )


def _unexpected_after_operand(before: Token, token: Token) -> FaultFoundError:
    if token.text == ")":
        return FaultFoundError("This bracket was never opened.", token.span, "Remove it or add the missing `(`.")
    if token.kind in (NAME, NUMBER) or token.text == "(":
        hint = f"For a product write `{_short(before.text)}*{_short(token.text)}`."
    else:
        hint = "Operators between operands are + - * / ^ ."
    return FaultFoundError(
        f"Expected an operator after `{_short(before.text)}`, found `{_short(token.text)}`.", token.span, hint
    )


def _check_count(name: str, given: int, span: Span) -> None:
    least, most = FUNCTIONS[name]
    if given < least or (most is not None and given > most):
        wanted = "one argument" if most == 1 else "one argument or more"
        raise FaultFoundError(f"`{name}()` takes {wanted}, {given} given.", span, f"Write for example `{name}(a)`.")


def _joined(first: Span, last: Span) -> Span:
    return Span(first.start, max(first.end, last.end), first.line, first.column)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _depth(expression: Expression) -> int:
    """Return the height of the tree, without recursion: a chain of thousands of `+` must not hit Python's limit."""
    height, level = 0, [expression]
    while level:
        height += 1
        level = [child for node in level for child in children(node)]
    return height


def binding_of(operator: str) -> tuple[int, int]:
    """Return how tightly a binary operator binds to its left and to its right; rendering needs it for brackets."""
    return _BINDING[operator]


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the direct operands of an expression, from left to right."""
    if isinstance(expression, Unary):
        return (expression.operand,)
    if isinstance(expression, Binary):
        return (expression.left, expression.right)
    return expression.arguments if isinstance(expression, Call) else ()
