"""Words of reports by dotted key, one TOML file per language in `report/wording`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from trustsem.resources import package_data


class Wording:
    """Words of one language, by dotted key.

    Example:
        >>> Wording("en")("paths.title")
        'Structural paths'
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, **places: Any) -> str:
        """Return a text with its places filled in.

        Raises:
            KeyError: no such text.
        """
        return self._texts[key].format(**places)

    def listed(self, names: tuple[str, ...] | list[str]) -> str:
        """Return names as running text lists them.

        Example:
            >>> Wording("en").listed(["a", "b", "c"])
            'a, b and c'
        """
        if len(names) < 2:
            return "".join(names)
        comma, last = self("sentences.comma"), self("sentences.and")
        return f"{comma.join(names[:-1])}{last}{names[-1]}"


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by dotted key."""
    path = package_data("report", "wording", f"{language}.toml")
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return found
