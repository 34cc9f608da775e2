"""Read typed values from TOML tables and collect every fault instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from enum import Enum
from typing import Any, TypeVar

from trustsem.instruments.codebook import LocalText
from trustsem.suggestions import shortened, suggest

_LANGUAGES = ("en", "zh")
EnumT = TypeVar("EnumT", bound=Enum)
HashableT = TypeVar("HashableT", bound=Hashable)


class Entry:
    """One table of a codebook file that remembers which keys were read and what was wrong with them.

    Args:
        table: The table as TOML gave it; anything else is one fault.
        where: How messages call the entry, e.g. "line 12, item 'hq3'".
        faults: List that faults are added to; shared by all entries of a file.
    """

    def __init__(self, table: Any, where: str, faults: list[str]) -> None:
        self.where = where
        self.faults = faults
        self._known: list[str] = []
        self._table: dict[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            self.fault("must be a table of keys and values")

    def fault(self, message: str) -> None:
        """Note one fault of this entry."""
        self.faults.append(f"{self.where}: {message}")

    def get(self, key: str, *, required: bool = False) -> Any:
        """Return the raw value, None when absent; an absent required key is a fault."""
        self._known.append(key)
        if required and key not in self._table:
            self.fault(f"'{key}' is missing.")
        return self._table.get(key)

    def text(self, key: str, *, required: bool = False) -> str:
        """Return a text, "" when absent or wrong."""
        value = self.get(key, required=required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(f"'{key}' must be text in quotes.")
            return ""
        if required and not value.strip():
            self.fault(f"'{key}' is empty.")
        return value.strip()

    def flag(self, key: str) -> bool:
        """Return true or false; false when absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            self.fault(f"'{key}' must be true or false, without quotes.")
            return False
        return bool(value)

    def number(self, key: str) -> float | None:
        """Return a number, None when absent or wrong."""
        value = self.get(key)
        if value is None:
            return None
        if not _is_number(value):
            self.fault(f"'{key}' must be a number.")
            return None
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a required list of numbers."""
        value = self.get(key, required=True)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(map(_is_number, value)):
            self.fault(f"'{key}' must be a list of numbers, e.g. [1, 2, 3, 4, 5].")
            return ()
        return tuple(float(number) for number in value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when absent or wrong."""
        return self._texts(key, self.get(key))

    def choice(self, key: str, enum: type[EnumT], default: EnumT | None) -> EnumT | None:
        """Return a member of an enum by its value; no default means that the key is required."""
        value = self.get(key, required=default is None)
        if value is None:
            return default
        allowed = [str(member.value) for member in enum]
        if value not in allowed:
            self.fault(f"'{key}' must be one of {', '.join(allowed)}.{suggest(str(value), allowed)}")
            return default
        return enum(value)

    def local(self, key: str, *, required: bool = False) -> LocalText:
        """Return a text by language, written `key.en = "..."` and `key.zh = "..."`; one language is enough."""
        table = self._languages(key, required=required)
        for language, text in table.items():
            if not isinstance(text, str) or not text.strip():
                self.fault(f"'{key}.{language}' must be text that is not empty.")
        valid = {language: text.strip() for language, text in table.items() if isinstance(text, str) and text.strip()}
        return LocalText(**valid)

    def local_lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """Return lists of texts by language."""
        return {language: self._texts(f"{key}.{language}", value) for language, value in self._languages(key).items()}

    def children(self, key: str) -> list[Any]:
        """Return the tables of `[[key]]`, empty when absent."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(f"'{key}' must be a list of tables, written [[{key}]].")
            return []
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """Return the named tables `[key.NAME]`, empty when absent."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(f"'{key}' must hold named tables, written [{key}.NAME].")
            return {}
        return value

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        known = list(dict.fromkeys(self._known))
        for key in self._table:
            if key not in known:
                self.fault(f"unknown key '{key}'.{suggest(key, known)} Known keys: {shortened(known, 20)}.")

    def _languages(self, key: str, *, required: bool = False) -> dict[str, Any]:
        value = self.get(key, required=required)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(f"'{key}' needs a language: write {key}.en = ... or {key}.zh = ...")
            return {}
        for language in value:
            if language not in _LANGUAGES:
                self.fault(f"'{key}' has no language '{language}'; languages are {', '.join(_LANGUAGES)}.")
        return {language: value[language] for language in _LANGUAGES if language in value}

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            self.fault(f"'{key}' must be a list of texts that are not empty.")
            return ()
        return tuple(text.strip() for text in value)


def repeated(values: Iterable[HashableT]) -> list[HashableT]:
    """Return the values that occur more than once, each once."""
    listed = list(values)
    return [value for value in dict.fromkeys(listed) if listed.count(value) > 1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
