"""Mediation: direct, indirect and total effects with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.fitting.claims import construct_name
from trustsem.report.cells import interval, number
from trustsem.report.document import Align, Block, Column, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_KINDS = {
    "direct": "effects.direct",
    "specific indirect": "effects.specific",
    "total indirect": "effects.total_indirect",
    "total": "effects.total",
    "through the loop": "effects.loop",
}


def effects(result: StudyResult, words: Wording) -> Section | None:
    """Return the section."""
    if result.effects.empty:
        return Section("effects", words("effects.title"), (Paragraph(words("effects.none")),))
    columns = (
        Column(words("effects.effect"), Align.LEFT),
        Column(words("paths.est")),
        Column(words("paths.se")),
        Column(words("labels.interval")),
        Column(words("paths.std")),
    )
    rows: list[tuple[str, ...]] = []
    last: tuple[str, str, str] | None = None
    for row in result.effects.to_dict("records"):
        ends = (row["x"], row["y"], row["group_label"])
        if ends != last:
            last = ends
            rows.append((_ends(row, words), "", "", "", ""))
        rows.append(
            (
                _name(row, words),
                number(row["est"]),
                number(row["se"]),
                interval(row["ci_lower"], row["ci_upper"]),
                number(row["std_all"]),
            )
        )
    blocks: list[Block] = [TableBlock(words("effects.table"), columns, tuple(rows), _note(result, words))]
    return Section("effects", words("effects.title"), tuple(blocks))


def _ends(row: Mapping[str, Any], words: Wording) -> str:
    names = (construct_name(row[end], words.language) for end in ("x", "y"))
    text = words("effects.on", **dict(zip(("x", "y"), names, strict=True)))
    return f"{text}, {row['group_label']}" if row["group_label"] else text


def _name(row: Mapping[str, Any], words: Wording) -> str:
    steps = row["path"].split(" -> ")[1:-1]
    if row["effect"] == "specific indirect":
        path = " → ".join(construct_name(step, words.language) for step in steps)
        return words("effects.through", path=path)
    return words(_KINDS[row["effect"]])


def _note(result: StudyResult, words: Wording) -> str:
    if result.bootstrap is None:
        return words("effects.note_delta")
    kind = result.spec.interval.replace("_", "-")
    return words("effects.note_draws", kind=kind, n=f"{result.bootstrap.n_used:,}", seed=result.bootstrap.seed)
