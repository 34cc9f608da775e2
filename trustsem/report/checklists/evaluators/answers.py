"""Short ways to write answers."""

from __future__ import annotations

from typing import Any

from trustsem.report.checklists.records import Answer, Status
from trustsem.report.wording import Wording
from trustsem.study import StudyResult


def done(words: Wording, key: str, **places: Any) -> Answer:
    """Return what was done, by the key of its text below `checklists.values`."""
    return Answer(Status.DONE, words(f"checklists.values.{key}", **places))


def not_done(words: Wording, key: str, **places: Any) -> Answer:
    """Return that nothing was done and why, by the key of the reason below `checklists.reasons`."""
    return Answer(Status.NOT_DONE, words("checklists.not_done", reason=words(f"checklists.reasons.{key}", **places)))


def not_applicable(words: Wording, key: str, **places: Any) -> Answer:
    """Return that an item does not apply and why, by the key of the reason below `checklists.reasons`."""
    reason = words(f"checklists.reasons.{key}", **places)
    return Answer(Status.NOT_APPLICABLE, words("checklists.not_applicable", reason=reason))


def ask_author(_result: StudyResult, words: Wording) -> Answer:
    """Leave the item to who made the study."""
    return Answer(Status.AUTHOR, words("checklists.author"))
