"""Fill in the checklists that apply to a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trustsem.report.checklists.evaluators import EVALUATORS
from trustsem.report.checklists.reading import NAMES, load_checklist
from trustsem.report.checklists.records import Checklist, FilledChecklist, FilledItem, Item, Status
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_INDIRECT = ("specific indirect", "total indirect")


def _always(_result: StudyResult) -> bool:
    return True


def _has_scales(result: StudyResult) -> bool:
    return bool(result.main.fitted.table.variables.indicators)


def _has_groups(result: StudyResult) -> bool:
    return _has_scales(result) and (result.spec.invariance is not None or bool(result.main.group_labels))


def _is_mediated(result: StudyResult) -> bool:
    return not result.effects.empty and bool(result.effects["effect"].isin(_INDIRECT).any())


APPLIES: Mapping[str, Callable[[StudyResult], bool]] = {
    "always": _always,
    "scales": _has_scales,
    "groups": _has_groups,
    "mediation": _is_mediated,
}


def fill_checklists(result: StudyResult, words: Wording) -> tuple[FilledChecklist, ...]:
    """Return every checklist that applies, filled in.

    Args:
        result: What the study found.
        words: Language of the answers.
    """
    chosen = [load_checklist(name) for name in NAMES]
    return tuple(_fill(checklist, result, words) for checklist in chosen if APPLIES[checklist.applies](result))


def _fill(checklist: Checklist, result: StudyResult, words: Wording) -> FilledChecklist:
    return FilledChecklist(checklist, tuple(_filled(item, result, words) for item in checklist.items), words.language)


def _filled(item: Item, result: StudyResult, words: Wording) -> FilledItem:
    answer = EVALUATORS[item.evaluator](result, words)
    return FilledItem(item, answer, item.where if answer.status is Status.DONE else "")
