"""Where keys of a TOML text stand: the standard reader keeps no lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[str | int, ...]

_NAME = r"""(?:[\w\-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_LONG_TEXT = re.compile(r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''", re.DOTALL)
_SYNTAX_PLACE = re.compile(
    r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)


class Places:
    """Lines of the keys and tables of a TOML text that can be read.

    Example:
        >>> places = Places('[study]\\ntitle = "x"\\n[[models]]\\nmodel = "a"')
        >>> places.line(("models", 0, "model"))
        4
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Place, int] = {}
        self._counts: dict[Place, int] = {}
        table: Place = ()
        # Lines of a text over several lines may look like keys.
        for number, line in enumerate(_LONG_TEXT.sub(_only_line_ends, text).split("\n"), start=1):
            if header := _HEADER.fullmatch(line):
                table = self._open_table(_names(header[2]), number, is_entry=header[1] == "[[")
            elif key := _KEY.match(line):
                names = _names(key[1])
                for end in range(1, len(names) + 1):
                    self._lines.setdefault((*table, *names[:end]), number)

    def line(self, place: Sequence[str | int]) -> int | None:
        """Return the line, counted from 1, of a key or table; that of its parent where it stands within a line.

        Args:
            place: Keys, with numbers from 0 for entries of arrays of tables: ("models", 1, "options", "estimator").
        """
        wanted = tuple(place)
        while wanted:
            if wanted in self._lines:
                return self._lines[wanted]
            wanted = wanted[:-1]
        return None

    def _open_table(self, names: Place, number: int, *, is_entry: bool) -> Place:
        """Note a header and return its place: `[models.options]` belongs to the last entry of models."""
        table: Place = ()
        for name in names[:-1]:
            table = self._last_entry((*table, name))
        table = (*table, names[-1])
        if is_entry:
            position = self._counts.get(table, 0)
            self._counts[table] = position + 1
            self._lines.setdefault(table, number)
            table = (*table, position)
        else:
            table = self._last_entry(table)
        self._lines.setdefault(table, number)
        return table

    def _last_entry(self, table: Place) -> Place:
        return (*table, self._counts[table] - 1) if table in self._counts else table


@dataclass(frozen=True, slots=True)
class SyntaxPlace:
    """What a TOML reader objects to, and where; `line` is None at the end of the text."""

    what: str
    line: int | None
    column: int | None

    def where(self) -> str:
        """Return the place in words."""
        return "at its end" if self.line is None else f"line {self.line}, column {self.column}"


def syntax_place(error: tomllib.TOMLDecodeError) -> SyntaxPlace:
    """Return what is wrong and where, as the error's message says it."""
    found = _SYNTAX_PLACE.match(str(error))
    if found is None:
        return SyntaxPlace(str(error), None, None)
    if found["line"] is None:
        return SyntaxPlace(found["what"], None, None)
    return SyntaxPlace(found["what"], int(found["line"]), int(found["column"]))


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_NAME, dotted))


def _only_line_ends(found: re.Match[str]) -> str:
    return '""' + "\n" * found[0].count("\n")
