"""Modifiers: what stands before `*` or `?` in front of a variable."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trustsem.syntax.expressions import MAX_BRACKETS
from trustsem.syntax.faults import FaultFoundError
from trustsem.syntax.lexer import Token, bracket_step, span_between
from trustsem.syntax.nodes import Modifier, ModifierKind, Span
from trustsem.syntax.values import (
    MODIFIER_FUNCTIONS,
    Piece,
    Value,
    argument_values,
    format_number,
    function_of,
    values_of,
)

_NUMERIC = frozenset({ModifierKind.START, ModifierKind.LOWER, ModifierKind.UPPER})
_SINGLE = frozenset({ModifierKind.EFA, ModifierKind.RV})


def parse_modifiers(pieces: Sequence[tuple[Piece, Token]]) -> tuple[Modifier, ...]:
    """Parse the factors in front of a variable, from left to right.

    Neighbouring plain numbers are multiplied, as in `1/2*3*x1`; anything else becomes a modifier of its own.

    Args:
        pieces: Each factor's tokens and the `*` or `?` after it.

    Raises:
        FaultFoundError: at the first factor that is none.
    """
    modifiers: list[Modifier] = []
    for tokens, sign in pieces:
        modifier = _parse_factor(tokens, sign)
        previous = modifiers[-1] if modifiers else None
        if previous is not None and _are_numbers(previous, modifier):
            modifiers[-1] = _product(previous, modifier)
        else:
            modifiers.append(modifier)
    return tuple(modifiers)


def merge_modifiers(present: tuple[Modifier, ...], added: tuple[Modifier, ...], where: str) -> tuple[Modifier, ...]:
    """Return both lists of modifiers as one; the same one said twice counts once.

    Args:
        present: Modifiers already known.
        added: Modifiers of a further mention of the variable, or of the same term.
        where: The parameter, for the message.

    Raises:
        FaultFoundError: where two modifiers of one kind disagree.
    """
    merged = list(present)
    for modifier in added:
        same_kind = next((known for known in merged if known.kind is modifier.kind), None)
        if same_kind is None:
            merged.append(modifier)
        elif same_kind.values != modifier.values:
            raise _contradiction(same_kind, modifier, where)
    return tuple(merged)


def _are_numbers(first: Modifier, second: Modifier) -> bool:
    return all(
        modifier.kind is ModifierKind.FIX and len(modifier.values) == 1 and isinstance(modifier.values[0], float)
        for modifier in (first, second)
    )


def _product(first: Modifier, second: Modifier) -> Modifier:
    span = Span(first.span.start, second.span.end, first.span.line, first.span.column)
    value = math.prod(number for number in (*first.values, *second.values) if isinstance(number, float))
    if not math.isfinite(value):
        raise FaultFoundError("This constant is not a finite number.", span, "Use a finite number.")
    return Modifier(ModifierKind.FIX, (value,), span)


def _contradiction(first: Modifier, second: Modifier, where: str) -> FaultFoundError:
    verbs = {ModifierKind.FIX: "fixed at", ModifierKind.LABEL: "labelled", ModifierKind.START: "started at"}
    verb = verbs.get(first.kind, f"given {first.kind.value}")
    place = f"line {first.span.line}, column {first.span.column}"
    return FaultFoundError(
        f"`{where}` is {verb} {_show(second.values)} here and {verb} {_show(first.values)} in {place}.",
        second.span,
        "Keep one of the two.",
    )


def _show(values: tuple[Value, ...]) -> str:
    shown = [value if isinstance(value, str) else "NA" if value is None else format_number(value) for value in values]
    return shown[0] if len(shown) == 1 else f"c({', '.join(shown)})"


def _parse_factor(tokens: Piece, sign: Token) -> Modifier:
    if not tokens:
        raise FaultFoundError(
            f"Nothing stands before `{sign.text}`: expected a number, a label or a function such as start().",
            sign.span,
            "Complete the modifier or remove the sign.",
        )
    span = span_between(tokens[0], tokens[-1])
    _check_nesting(tokens)
    function = function_of(tokens)
    if function in MODIFIER_FUNCTIONS:
        kind = MODIFIER_FUNCTIONS[function]
        values = argument_values(tokens)
        _check_values(kind, values, span)
    else:
        values = values_of(tokens)
        kind = _kind_of(values, span)
    if sign.text == "?":
        kind = _start_by_question_mark(kind, sign)
    return Modifier(kind, _without_empty(kind, values), span)


def _check_nesting(tokens: Piece) -> None:
    depth = 0
    for token in tokens:
        depth += bracket_step(token)
        if depth > MAX_BRACKETS:
            raise FaultFoundError(
                f"This modifier is nested more than {MAX_BRACKETS} levels deep.", token.span, "Simplify it."
            )


def _start_by_question_mark(kind: ModifierKind, sign: Token) -> ModifierKind:
    if kind is not ModifierKind.FIX:
        raise FaultFoundError(
            "`?` gives a start value and takes a number.", sign.span, "Write `0.5?x1` or `start(0.5)*x1`."
        )
    return ModifierKind.START


def _kind_of(values: tuple[Value, ...], span: Span) -> ModifierKind:
    if not any(isinstance(value, str) for value in values):
        if any(isinstance(value, float) and math.isinf(value) for value in values):
            raise FaultFoundError(
                "A parameter cannot be fixed at infinity.",
                span,
                "Use a finite number; `Inf` is for lower() and upper().",
            )
        return ModifierKind.FIX
    _check_values(ModifierKind.LABEL, values, span)
    return ModifierKind.LABEL


def _check_values(kind: ModifierKind, values: tuple[Value, ...], span: Span) -> None:
    wants_number = kind in _NUMERIC
    wrong_type = str if wants_number else float
    if any(isinstance(value, wrong_type) for value in values):
        wanted = "numbers" if wants_number else "text"
        message = f"`{kind.value}()` takes {wanted}."
        if kind is ModifierKind.LABEL:
            message = "Numbers and labels are mixed in one modifier."
        example = f"{kind.value}(0.5)*x1" if wants_number else f'{kind.value}("name")*x1'
        raise FaultFoundError(message, span, f"Write for example `{example}`; one value per group goes in `c(...)`.")
    if kind is ModifierKind.START and any(isinstance(value, float) and math.isinf(value) for value in values):
        raise FaultFoundError("A start value cannot be infinite.", span, "Use a finite number.")
    if not wants_number and not any(values):
        raise FaultFoundError("The text in this modifier is empty.", span, "Put a name in it or remove the modifier.")
    if kind in _SINGLE and len(values) != 1:
        raise FaultFoundError(f"`{kind.value}()` takes one name.", span, f'Write for example `{kind.value}("name")`.')


def _without_empty(kind: ModifierKind, values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the values with "" as None: in a list per group it says "nothing for this group"."""
    return values if kind in _NUMERIC or kind is ModifierKind.FIX else tuple(value or None for value in values)
