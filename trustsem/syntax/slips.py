"""Common slips: signs and sentences of other languages, with what they are called here."""

from __future__ import annotations

from collections.abc import Mapping

from trustsem.syntax.faults import Fault
from trustsem.syntax.lexer import NAME, NUMBER, SLIP, Token
from trustsem.syntax.statements import Statement

OPERATORS = "=~ ~ ~~ ~*~ | <~ := == < >"

_SIGN_HINTS: Mapping[str, str] = {
    "<->": "A covariance is written `x1 ~~ x2`.",
    "=>": "A regression has the outcome on the left: `outcome ~ predictor`.",
    "<=": "Write `<`: to an optimiser the two mean the same.",
    ">=": "Write `>`: to an optimiser the two mean the same.",
    "!=": "Only `==`, `<` and `>` can relate parameters.",
    "**": "A power is written `^`.",
}
_MPLUS: Mapping[str, tuple[str, str]] = {
    "BY": ("=~", "is measured by"),
    "ON": ("~", "is regressed on"),
    "WITH": ("~~", "covaries with"),
}
_SEMOPY: Mapping[str, str] = {
    "START": "A start value is `start(0.5)*x1` in front of a variable.",
    "BOUND": "Bounds are `lower(0)*x1 + upper(1)*x1` in front of a variable.",
    "CONSTRAINT": "A constraint is a line of its own, as in `a == b` or `a > 0`.",
    "DEFINE": "Latent variables are defined by `=~`; ordered items are named outside of the model text.",
}


def find_slip(statement: Statement) -> Fault | None:
    """Return the fault of an operator of another language in a statement, or None."""
    for index, token in enumerate(statement):
        if token.kind is SLIP:
            return Fault(
                f"`{token.text}` is not an operator of the model language.", token.span, _hint(statement, index)
            )
    return None


def describe_missing_operator(statement: Statement) -> Fault:
    """Return the fault of a statement that has no operator at all."""
    first = statement[0]
    for index, token in enumerate(statement[1:], start=1):
        word = token.text.upper()
        if token.kind is NAME and word in _MPLUS and index + 1 < len(statement):
            return _mplus_fault(statement, index)
    second = statement[1].text if len(statement) > 1 else ""
    if second == "(" and first.text.upper() in _SEMOPY:
        return Fault(f"`{first.text}(...)` is semopy's syntax.", first.span, _SEMOPY[first.text.upper()])
    if second == ":":
        return _block_fault(first)
    if first.text in ("group", "level") and any(token.text == ":" for token in statement):
        return Fault("A block header has its value after the colon.", first.span, f"Write `{first.text}: {second}`.")
    return Fault(
        f"This statement has no operator; expected one of {OPERATORS}.",
        first.span,
        "If it belongs to the formula above, end that line with `+`.",
    )


def _mplus_fault(statement: Statement, index: int) -> Fault:
    token = statement[index]
    operator, meaning = _MPLUS[token.text.upper()]
    left = " + ".join(part.text for part in statement[:index] if part.kind is NAME)
    right = " + ".join(part.text for part in statement[index + 1 :] if part.kind is NAME)
    shown = f"{left} {operator} {right}"
    example = f" Write `{shown}`." if len(shown) <= 80 else ""
    return Fault(f"`{token.text}` is Mplus's syntax.", token.span, f'`{operator}` says "{meaning}".{example}')


def _block_fault(first: Token) -> Fault:
    if first.text.lower() in ("block", "class"):
        hint = "Blocks are groups (`group: name`) or levels (`level: 1`)."
        return Fault(f"`{first.text}:` blocks are not part of this language.", first.span, hint)
    if first.text.lower() in ("model", "analysis", "variable", "data", "title", "output"):
        return Fault(f"`{first.text}:` is Mplus's syntax.", first.span, "Write the formulas alone, without headings.")
    hint = "Blocks start with `group:` or `level:`; an interaction `x1:x2` stands on the right of `~`."
    return Fault(f"`{first.text}:` starts no block.", first.span, hint)


def _hint(statement: Statement, index: int) -> str:
    sign = statement[index].text
    before = statement[index - 1] if index else None
    after = statement[index + 1] if index + 1 < len(statement) else None
    pair = None
    if before is not None and after is not None and before.kind is after.kind is NAME:
        pair = (before.text, after.text)
    if sign == "->":
        written = f"`{pair[1]} ~ {pair[0]}`" if pair else "`outcome ~ predictor`"
        return f"The outcome stands on the left: write {written}."
    if sign == "<-":
        if after is not None and after.kind is NUMBER:
            return f"For 'less than minus {after.text}' put a blank between: `< -{after.text}`."
        return f"For a regression write `{pair[0] if pair else 'y'} ~ {pair[1] if pair else 'x'}`."
    if sign == "=":
        if after is not None and after.text == "~":
            return "Write `=~` without a blank."
        return "`=~` defines a latent variable, `==` sets two parameters equal, `:=` defines a new quantity."
    return _SIGN_HINTS[sign]
