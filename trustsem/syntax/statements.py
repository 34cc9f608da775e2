"""Statements of a model text: which line ends end one, and which only continue it."""

from __future__ import annotations

from collections.abc import Sequence

from trustsem.syntax.lexer import NEWLINE, OPERATOR, SEMICOLON, Token, bracket_step

Statement = tuple[Token, ...]

_OPERATORS = frozenset({"=~", "~", "~~", ":=", "==", "<", ">", "<~", "|", "~*~"})
# A line that ends in one of these has something to come ...
OPEN_ENDED = _OPERATORS | frozenset({"+", "-", "*", "/", "^", "(", ",", "?"})
# ... and a line that starts with one of these has something before it.
_CONTINUING = _OPERATORS | frozenset({"*", "/", "^", ")", ",", "?"})


def split_statements(tokens: Sequence[Token]) -> list[Statement]:
    """Group tokens into statements; `;` always ends one, a line end only where nothing is left open.

    A line that starts with a sign continues the one above unless both have an operator (`-1 < a` is a statement,
    `- c` after `d := a` is not).

    Example:
        >>> from trustsem.syntax.lexer import tokenize
        >>> [len(s) for s in split_statements(tokenize("f =~ x1 +\\n x2; y ~ x").tokens)]
        [5, 3]
    """
    statements: list[Statement] = []
    current: list[Token] = []
    depth = 0
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind is NEWLINE and (not current or _continues(tokens, index, current, depth)):
            continue
        if kind is NEWLINE or kind is SEMICOLON:
            if current:
                statements.append(tuple(current))
            current, depth = [], 0
            continue
        depth = max(0, depth + bracket_step(token))
        current.append(token)
    if current:
        statements.append(tuple(current))
    return statements


def _continues(tokens: Sequence[Token], newline: int, current: Sequence[Token], depth: int) -> bool:
    following = newline + 1  # no second line end: the lexer leaves out blank lines
    if following == len(tokens):
        return False
    if depth > 0:
        # An unclosed bracket must not swallow the statements below it.
        return not _has_operator(tokens, following, depth)
    start = tokens[following].text
    if current[-1].text in OPEN_ENDED:
        return True
    if start in ("+", "-"):
        return not (_has_operator(tokens, following, 1) and any(token.kind is OPERATOR for token in current))
    return start in _CONTINUING


def _has_operator(tokens: Sequence[Token], start: int, depth: int) -> bool:
    """Tell whether the line from `start` on has an operator before it closes `depth` brackets."""
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.kind in (NEWLINE, SEMICOLON):
            return False
        if token.kind is OPERATOR:
            return True
        depth += bracket_step(token)
        if depth <= 0:
            return False
    return False
