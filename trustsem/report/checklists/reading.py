"""Read checklists from their data files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from trustsem.report.checklists.records import Checklist, Item
from trustsem.resources import package_data
from trustsem.theory.types import Text

NAMES = ("jars_sem", "cosmin_structural_validity", "cosmin_internal_consistency", "cosmin_invariance", "agrema")
_EMPTY: Mapping[str, str] = {"en": "", "zh": ""}


@cache
def load_checklist(name: str) -> Checklist:
    """Return a checklist by name.

    Example:
        >>> load_checklist("cosmin_structural_validity").items[2].number
        '3'
    """
    path = package_data("report", "checklists", f"{name}.toml")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return Checklist(
        name,
        _text(content["title"]),
        content["source"],
        _text(content.get("note", _EMPTY)),
        content["applies"],
        tuple(_item(entry) for entry in content["items"]),
    )


def _item(entry: Mapping[str, Any]) -> Item:
    return Item(
        entry["id"],
        entry.get("number", ""),
        _text(entry.get("part", _EMPTY)),
        _text(entry["wording"]),
        entry["evaluator"],
        entry.get("where", ""),
    )


def _text(value: Mapping[str, str]) -> Text:
    return Text(value["en"], value["zh"])
