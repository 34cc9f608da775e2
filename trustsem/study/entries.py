"""Typed values of a study file; every fault is collected with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trustsem.places import Place, Places
from trustsem.suggestions import suggest

_KINDS: Mapping[type, str] = {str: "text in quotes", int: "a whole number"}
_HINTS: Mapping[str, str] = {
    "title": 'title = "Trust in our hospital"',
    "data": 'data = "answers.csv", the file with the answers',
    "model": 'model = "trust_formation", or the path of a .sem file',
    "group": 'group = "setting", the column that splits the sample',
}


class Entries:
    """Access to the values of a study file by place; what is wrong with them is noted in `faults`.

    Args:
        content: The file's tables.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.faults: list[tuple[Place, str]] = []

    def fault(self, place: Place, message: str) -> None:
        """Note a fault: a message without full stop."""
        self.faults.append((place, message))

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table, an empty one where there is none."""
        value = self.content.get(name, {})
        return value if isinstance(value, dict) else {}

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """Return the tables of `[[name]]`."""
        value = self.content.get(name, [])
        return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []

    def require_known(self, tables: Mapping[str, Sequence[str]], lists: Mapping[str, Sequence[str]]) -> None:
        """Note tables and keys that nobody reads, and tables that are written otherwise."""
        known = (*tables, *lists)
        for name, value in self.content.items():
            if name not in known:
                self.fault((name,), f"unknown table.{suggest(name, known)} Allowed: {', '.join(known)}")
            elif name in tables and not isinstance(value, dict):
                self.fault((name,), f"write it as a table: [{name}]")
            elif name in tables:
                self.require_keys(value, (name,), tables[name])
            elif not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
                self.fault((name,), f"write each entry as a table of its own: [[{name}]]")
            else:
                for number, entry in enumerate(value):
                    self.require_keys(entry, (name, number), lists[name])

    def require_keys(self, table: Mapping[str, Any], place: Place, allowed: Sequence[str]) -> None:
        """Note keys that are not allowed."""
        for key in table:
            if key not in allowed:
                self.fault((*place, key), f"unknown key.{suggest(key, allowed)} Allowed: {', '.join(allowed)}")

    def value(self, table: Mapping[str, Any], place: Place, kind: type, *, required: bool = False) -> Any:
        """Return a text or whole number, None where it is absent or wrong."""
        key = str(place[-1])
        if key not in table:
            if required:
                self.fault(place[:-1], f"{key} is missing: {_HINTS[key]}")
            return None
        value = table[key]
        if not isinstance(value, kind) or isinstance(value, bool) or value == "":
            self.fault(place, f"takes {_KINDS[kind]}, not {value!r}")
            return None
        return value

    def choice(self, table: Mapping[str, Any], place: Place, allowed: Sequence[str], default: str) -> str:
        """Return one of several words, the default where it is absent or wrong."""
        value = self.value(table, place, str)
        if value is not None and value not in allowed:
            self.fault(place, f"{value!r} is unknown.{suggest(value, allowed)} Allowed: {', '.join(allowed)}")
            return default
        return value or default

    def whole(self, table: Mapping[str, Any], place: Place, least: int, default: int) -> int:
        """Return a whole number, the default where it is absent or wrong."""
        value = self.value(table, place, int)
        if value is not None and value < least:
            self.fault(place, f"takes a whole number of at least {least}, not {value}")
            return default
        return default if value is None else value

    def names(self, table: Mapping[str, Any], place: Place) -> tuple[str, ...]:
        """Return a name or a list of names, empty where it is absent or wrong."""
        value = table.get(str(place[-1]), [])
        names = [value] if isinstance(value, str) and value else value
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            self.fault(place, f"takes a name or a list of names, not {value!r}")
            return ()
        return tuple(names)


def fault_lines(text: str, faults: Sequence[tuple[Place, str]]) -> list[str]:
    """Return faults with line and key, in the order of the file: `line 3, models[1].model: ...`."""
    places = Places(text)
    found = [(places.line(place) or 0, place, message) for place, message in faults]
    return [
        f"{f'line {line}, ' if line else ''}{_dotted(place)}: {message}{'' if message.endswith('?') else '.'}"
        for line, place, message in sorted(found, key=lambda fault: fault[0])
    ]


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text
