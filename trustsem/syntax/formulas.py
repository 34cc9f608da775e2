"""Formulas: `left-hand variables operator terms`, expanded into one parameter each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trustsem.syntax.faults import Fault, FaultFoundError
from trustsem.syntax.lexer import Token
from trustsem.syntax.modifiers import merge_modifiers
from trustsem.syntax.nodes import Block, Parameter
from trustsem.syntax.terms import Term, read_left_term, read_right_term, split_terms
from trustsem.syntax.values import Piece

MAX_PARAMETERS = 100_000
_THRESHOLD = re.compile(r"t[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class FormulaResult:
    """The parameters of a formula.

    Args:
        parameters: One for each pair of a left-hand and a right-hand variable.
        faults: What could not be read.
        repeats: Mentions of a parameter that add nothing to an earlier one, as in `f =~ x1 + x1`.
    """

    parameters: tuple[Parameter, ...]
    faults: tuple[Fault, ...]
    repeats: tuple[Parameter, ...] = ()


def parse_formula(left: Piece, operator: Token, right: Piece, block: Block | None) -> FormulaResult:
    """Parse one formula; every term that cannot be read gives its own fault.

    Args:
        left: Tokens before the operator.
        operator: One of `=~ <~ ~ ~~ | ~*~`.
        right: Tokens after the operator.
        block: The block the formula stands in.
    """
    faults: list[Fault] = []
    outcomes = list(_read_terms(left, operator, faults, is_left=True))
    terms = list(_read_terms(right, operator, faults, is_left=False))
    faults.extend(_check_sides(operator, outcomes, terms))
    if faults:
        return FormulaResult((), tuple(faults))
    if len(outcomes) * len(terms) > MAX_PARAMETERS:
        message = f"This formula expands to more than {MAX_PARAMETERS} parameters."
        return FormulaResult((), (Fault(message, operator.span, "Split it or name fewer variables."),))
    return _merge(_expand(outcomes, terms, block))


def _read_terms(tokens: Piece, operator: Token, faults: list[Fault], *, is_left: bool) -> Iterator[Term]:
    if not tokens:
        side = "before" if is_left else "after"
        hint = f"Write for example `{_EXAMPLES[operator.text]}`."
        faults.append(Fault(f"Expected a variable {side} `{operator.text}`, found nothing.", operator.span, hint))
        return
    for piece, sign in split_terms(tokens):
        try:
            yield (
                read_left_term(piece, sign, operator) if is_left else read_right_term(piece, sign or operator, operator)
            )
        except FaultFoundError as found:
            faults.append(found.fault)


_EXAMPLES = {
    "=~": "f =~ x1 + x2",
    "<~": "f <~ x1 + x2",
    "~": "y ~ x",
    "~~": "x1 ~~ x2",
    "|": "x1 | t1 + t2",
    "~*~": "x1 ~*~ x1",
}


def _check_sides(operator: Token, outcomes: Sequence[Term], terms: Sequence[Term]) -> Iterator[Fault]:
    if operator.text == "|":
        for term in terms:
            if not _THRESHOLD.fullmatch(term.name):
                yield Fault(f"`{term.name}` is no threshold.", term.span, "Thresholds are named t1, t2, t3, ...")
    elif operator.text == "~*~":
        if len(outcomes) > 1:
            yield Fault("A scaling factor has one variable on the left.", outcomes[1].span, "Write a line for each.")
        elif any(outcomes and term.name != outcomes[0].name for term in terms):
            yield Fault("A scaling factor repeats its variable.", terms[0].span, "Write `x1 ~*~ x1`.")
    elif operator.text == "=~":
        own = {term.name for term in outcomes}
        for term in terms:
            if term.name in own:
                yield Fault(f"`{term.name}` cannot be measured by itself.", term.span, "Remove it on one side.")


def _expand(outcomes: Sequence[Term], terms: Sequence[Term], block: Block | None) -> Iterator[Parameter]:
    for outcome in outcomes:
        for term in terms:
            # `f =~ 0`, a latent variable without indicators, is `f =~ 0*f` in lavaan's table.
            name = outcome.name if term.op == "=~" and not term.name else term.name
            modifiers = (*outcome.modifiers, *term.modifiers)
            yield Parameter(outcome.name, term.op, name, modifiers, term.span, outcome.span, block)


def _merge(parameters: Iterator[Parameter]) -> FormulaResult:
    """Make one parameter of repeated mentions; `a ~~ b` and `b ~~ a` are the same one."""
    merged: dict[tuple[str, str, str], Parameter] = {}
    faults: dict[int, Fault] = {}
    repeats: list[Parameter] = []
    for parameter in parameters:
        lhs, op, rhs = parameter.lhs, parameter.op, parameter.rhs
        key = (min(lhs, rhs), op, max(lhs, rhs)) if op == "~~" else (lhs, op, rhs)
        known = merged.setdefault(key, parameter)
        if known is parameter:
            continue
        try:
            merged[key] = _merge_two(known, parameter)
        except FaultFoundError as found:
            faults.setdefault(found.fault.span.start, found.fault)
        # `a + b ~~ a + b` names a covariance in both directions, which is the way to write all of them.
        if (known.lhs, known.rhs) == (lhs, rhs) and merged[key].modifiers == known.modifiers:
            repeats.append(parameter)
    return FormulaResult(tuple(merged.values()), tuple(faults.values()), tuple(repeats))


def _merge_two(known: Parameter, again: Parameter) -> Parameter:
    where = f"{known.lhs} {known.op}" if known.op == "~1" else f"{known.lhs} {known.op} {known.rhs}"
    if known.op == "~1" and _is_bare_zero(known) != _is_bare_zero(again):
        raise FaultFoundError(
            f"`{known.lhs} ~ 0` (no intercept) and `{known.lhs} ~ 1` (an intercept) stand in one formula.",
            again.span,
            "Keep one of the two.",
        )
    modifiers = merge_modifiers(known.modifiers, again.modifiers, where)
    return Parameter(known.lhs, known.op, known.rhs, modifiers, known.span, known.lhs_span, known.block)


def _is_bare_zero(parameter: Parameter) -> bool:
    """Tell whether an intercept was written as `~ 0`: only then its modifier stands where the term does."""
    return any(modifier.span == parameter.span for modifier in parameter.modifiers)
