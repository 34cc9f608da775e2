"""The words of a report, in two languages: `en.toml` and `zh.toml` have the same keys and the same places."""

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
