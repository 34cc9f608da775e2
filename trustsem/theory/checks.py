"""Strict reading of the theory's TOML files: every fault of a file is collected and raised once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from trustsem.suggestions import count_of, suggest
from trustsem.theory.types import Basis, Text, TheoryError

_BASES = {basis.value: basis for basis in Basis}
_SIGNS = {"+": 1, "-": -1, "0": 0}
_ARROW = re.compile(r"(\w+) -> (\w+)(?: ([+\-0]))?(?: \[(\w+)\])?")
_COMPARISON = re.compile(r"(\w+): (\w+) > (\w+)(?: \[(\w+)\])?")
_MODERATOR = re.compile(r"(\w+) (strengthens|weakens|differs)(?: \[(\w+)\])?")
_EFFECT = re.compile(r"(\w+) ([+-])( stated)?")


class FileCheck:
    """One file being read: its content, and the faults found so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []
        self.content = self._parse()

    def _parse(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise TheoryError(f"The theory file {self.path.name} is missing.", remedy="Reinstall trustsem.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TheoryError(f"The theory file {self.path.name} cannot be read: {error}") from error

    def raise_faults(self) -> None:
        """Raise one error that lists all faults; do nothing when there is none."""
        if self.faults:
            raise TheoryError(
                f"The theory file {self.path.name} has {count_of(len(self.faults), 'fault')}.",
                remedy="Correct the entries named above.",
                faults=self.faults,
            )

    def fault(self, entry: str, what: str) -> None:
        """Note a fault of one entry."""
        self.faults.append(f"{self.path.name}, entry '{entry}': {what}")

    def keys(self, entry: str, table: Mapping[str, Any], required: Collection[str], optional: Collection[str]) -> bool:
        """Check the keys of an entry and tell whether all required ones are there."""
        allowed = [*required, *optional]
        for key in table:
            if key not in allowed:
                self.fault(entry, f"unknown key '{key}'.{suggest(key, allowed)} Allowed: {', '.join(allowed)}.")
        missing = [key for key in required if key not in table]
        for key in missing:
            self.fault(entry, f"missing key '{key}'.")
        return not missing

    def known(self, entry: str, what: str, word: str, allowed: Collection[str]) -> None:
        """Note a fault unless `word` is one of the allowed."""
        if word not in allowed:
            hint = suggest(word, allowed) or f" Known: {len(allowed)} entries."
            self.fault(entry, f"unknown {what} '{word}'.{hint}")

    def basis(self, entry: str, word: str) -> Basis:
        """Return the basis that a word names; an unknown one is a fault."""
        self.known(entry, "basis", word, _BASES)
        return _BASES.get(word, Basis.OURS)

    def text(self, entry: str, key: str, value: object) -> Text:
        """Return a text in both languages; anything else is a fault."""
        if (
            isinstance(value, Mapping)
            and set(value) == {"en", "zh"}
            and all(str(part).strip() for part in value.values())
        ):
            return Text(str(value["en"]), str(value["zh"]))
        self.fault(entry, f"'{key}' needs both '{key}.en' and '{key}.zh'.")
        return Text("", "")

    def rows(self, columns: tuple[str, ...], rows: Iterable[tuple[str, list[Any]]]) -> list[tuple[str, dict[str, Any]]]:
        """Return table rows as mappings; the file must announce exactly these columns."""
        if tuple(self.content.get("columns", ())) != columns:
            self.fault("columns", f"must be {', '.join(columns)}.")
            return []
        named = []
        for entry, row in rows:
            if len(row) != len(columns):
                self.fault(entry, f"has {count_of(len(row), 'cell')}, not {len(columns)}.")
                continue
            named.append((entry, dict(zip(columns, row))))
        return named

    def arrow(self, entry: str, text: str, default: Basis) -> tuple[str, str, int, Basis] | None:
        """Split 'a -> b + [basis]'."""
        match = _ARROW.fullmatch(text)
        if match is None or match[3] is None:
            self.fault(entry, f"arrow '{text}' is not of the form 'predictor -> outcome +'.")
            return None
        return match[1], match[2], _SIGNS[match[3]], self._own_basis(entry, match[4], default)

    def bare_arrow(self, entry: str, text: str) -> tuple[str, str] | None:
        """Split 'a -> b'."""
        match = _ARROW.fullmatch(text)
        if match is None or match[3] is not None:
            self.fault(entry, f"'{text}' is not of the form 'predictor -> outcome'.")
            return None
        return match[1], match[2]

    def comparison(self, entry: str, text: str, default: Basis) -> tuple[str, str, str, Basis] | None:
        """Split 'quantity: larger > smaller [basis]'."""
        match = _COMPARISON.fullmatch(text)
        if match is None:
            self.fault(entry, f"comparison '{text}' is not of the form 'quantity: larger > smaller'.")
            return None
        return match[1], match[2], match[3], self._own_basis(entry, match[4], default)

    def moderator(self, entry: str, text: str, default: Basis) -> tuple[str, str, Basis] | None:
        """Split 'construct strengthens [basis]'."""
        match = _MODERATOR.fullmatch(text)
        if match is None:
            self.fault(entry, f"moderator '{text}' is not of the form 'construct strengthens|weakens|differs'.")
            return None
        return match[1], match[2], self._own_basis(entry, match[3], default)

    def effect(self, entry: str, text: str) -> tuple[str, int, bool] | None:
        """Split 'construct + stated'."""
        match = _EFFECT.fullmatch(text)
        if match is None:
            self.fault(entry, f"effect '{text}' is not of the form 'construct +' or 'construct + stated'.")
            return None
        return match[1], _SIGNS[match[2]], match[3] is not None

    def _own_basis(self, entry: str, word: str | None, default: Basis) -> Basis:
        return default if word is None else self.basis(entry, word)
