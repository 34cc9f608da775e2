"""Items of checklists before and after they are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from trustsem.theory.types import Text

SCHEMA = "trustsem.checklist/1"


class Status(Enum):
    """What the software can say of an item."""

    DONE = "done"
    NOT_DONE = "not done"
    AUTHOR = "author"  # only who made the study knows
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an evaluator says of an item."""

    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist, in our own words.

    Args:
        id: Identifier within the checklist.
        number: Number that the checklist gives it; "" where it gives none or the number could not be verified.
        part: Part of the checklist; both languages empty where it has none.
        wording: What is to be reported, short.
        evaluator: Name in `EVALUATORS`.
        where: Section of the report that shows it; "" for none.
    """

    id: str
    number: str
    part: Text
    wording: Text
    evaluator: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist as data.

    Args:
        id: Identifier, name of its file.
        title: Name.
        source: Publication that it comes from.
        note: What a reader must know of this rendering of it; both languages empty for nothing.
        applies: Name in `APPLIES`: when it is filled in.
        items: In order.
    """

    id: str
    title: Text
    source: str
    note: Text
    applies: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FilledItem:
    """An item with its answer; `where` is "" where the report shows nothing of it."""

    item: Item
    answer: Answer
    where: str


@dataclass(frozen=True, slots=True)
class FilledChecklist:
    """A checklist that was filled in, in one language."""

    checklist: Checklist
    items: tuple[FilledItem, ...]
    language: str

    def to_dict(self) -> dict[str, Any]:
        """Return items and answers as JSON-ready values, schema `trustsem.checklist/1`."""
        return {
            "schema": SCHEMA,
            "id": self.checklist.id,
            "title": getattr(self.checklist.title, self.language),
            "source": self.checklist.source,
            "items": [self._item(filled) for filled in self.items],
        }

    def _item(self, filled: FilledItem) -> dict[str, Any]:
        return {
            "id": filled.item.id,
            "number": filled.item.number or None,
            "part": getattr(filled.item.part, self.language) or None,
            "item": getattr(filled.item.wording, self.language),
            "status": filled.answer.status.value,
            "answer": filled.answer.text,
            "section": filled.where or None,
        }
