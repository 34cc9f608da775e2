"""Faults of a model text: where they are, how they are shown, and the one error that carries them all."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from trustsem.errors import ModelError
from trustsem.syntax.nodes import Span

MAX_FAULTS = 50
_WINDOW = 100  # characters of a long line that are shown around the fault
_BEFORE_CARET = 70
_MESSAGE = 600  # a token of the text may be of any length


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the text; `hint` says what to write instead."""

    message: str
    span: Span
    hint: str | None = None


class FaultFoundError(Exception):
    """Carries one fault from the place that sees it to the statement that collects it; never leaves the package."""

    def __init__(self, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.fault = Fault(message, span, hint or None)


def syntax_error(text: str, faults: Sequence[Fault], *, source: str | None = None) -> ModelError:
    """Return the error that reports all faults of a text, in the order of the text, each with line and caret.

    Args:
        text: The text that the spans count in.
        faults: At least one fault.
        source: Name of the file; None for text given directly.
    """
    ordered = sorted(faults, key=lambda fault: (fault.span.start, fault.span.end))
    if len(ordered) == 1:
        only = ordered[0]
        return ModelError(f"{_headline(only, source)}\n{caret_lines(text, only.span)}", remedy=only.hint, code="syntax")
    shown = ordered[:MAX_FAULTS]
    count = f"{len(ordered)}" if len(ordered) <= MAX_FAULTS else f"more than {MAX_FAULTS}"
    where = _place(shown[0].span, source)
    return ModelError(
        f"The model text has {count} syntax errors, the first in {where}.",
        faults=[_describe(text, fault, source) for fault in shown],
        remedy=None
        if len(ordered) <= MAX_FAULTS
        else f"Only the first {MAX_FAULTS} are listed; reading stopped there.",
        code="syntax",
    )


def caret_lines(text: str, span: Span) -> str:
    """Return the line a span starts in, with carets under the span, both indented by four blanks.

    East Asian wide characters take two cells of a terminal, combining marks none, and a tab goes to the next stop
    in both lines alike.
    """
    line_start = span.start - (span.column - 1)
    line_end = _line_end(text, span.start)
    first = max(line_start, span.start - _BEFORE_CARET)
    last = min(line_end, first + _WINDOW)
    left = "..." if first > line_start else ""
    right = "..." if last < line_end else ""
    shown = "".join(_printable(character) for character in text[first:last])
    padding = " " * len(left) + "".join(_blank_for(character) for character in shown[: span.start - first])
    width = sum(_cells(character) for character in text[span.start : min(span.end, last)])
    return f"    {left}{shown}{right}\n    {padding}{'^' * max(width, 1)}"


def _headline(fault: Fault, source: str | None) -> str:
    message = fault.message if len(fault.message) <= _MESSAGE else f"{fault.message[:_MESSAGE]}..."
    return f"{_place(fault.span, source)}: {message}"


def _place(span: Span, source: str | None) -> str:
    return f"{source or 'model'} line {span.line}, column {span.column}"


def _describe(text: str, fault: Fault, source: str | None) -> str:
    hint = f"\n    {fault.hint}" if fault.hint else ""
    return f"{_headline(fault, source)}\n{caret_lines(text, fault.span)}{hint}"


def _line_end(text: str, start: int) -> int:
    ends = [found for found in (text.find("\n", start), text.find("\r", start)) if found >= 0]
    return min(ends, default=len(text))


def _printable(character: str) -> str:
    """Return a character that a terminal can show, one for one so that positions stay."""
    if character == "\t" or character.isprintable():
        return character
    return " " if character.isspace() else "\ufffd"


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _blank_for(character: str) -> str:
    return "\t" if character == "\t" else " " * _cells(character)
