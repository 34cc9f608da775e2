"""How paths and indirect effects differ between groups."""

from __future__ import annotations

from typing import Any

from trustsem.report.cells import number, pvalue
from trustsem.report.document import Block, Paragraph, Section
from trustsem.report.sections.shared import arrow, columns, table, with_interval
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import ALPHA


def groups(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for one group."""
    paths, effects = result.parts.get("group_paths"), result.parts.get("group_effects")
    blocks: list[Block] = []
    if paths is not None:
        frame = paths.frames["differences"]
        rows = [(arrow(row["rhs"], row["lhs"], words), row) for row in frame.to_dict("records")]
        title = words("invariance.differences")
        blocks += [*_table(title, rows, words), *_counted([row for _, row in rows], words)]
    if effects is not None:
        rows = [(arrow(row["x"], row["y"], words), row) for row in effects.frames["differences"].to_dict("records")]
        blocks += _table(words("invariance.effect_differences"), rows, words)
    return Section("groups", words("groups.title"), tuple(blocks)) if blocks else None


def _table(title: str, rows: list[tuple[str, dict[str, Any]]], words: Wording) -> list[Block]:
    cells = [
        (
            name,
            f"{row['group_label']} − {row['reference_label']}",
            number(row["est"]),
            number(row["est_reference"]),
            with_interval(row["difference"], row["ci_lower"], row["ci_upper"]),
            pvalue(row["pvalue"]),
        )
        for name, row in rows
    ]
    own = ("groups.later", "groups.earlier", "invariance.difference", "paths.p")
    heads = columns(words, ("paths.path", "groups.pair"), own)
    return table(title, heads, cells, words("invariance.differences_note"))


def _counted(rows: list[dict[str, Any]], words: Wording) -> list[Block]:
    tested = [row["pvalue"] for row in rows if row["pvalue"] == row["pvalue"]]  # equal by constraint: NaN
    if not tested:
        return [Paragraph(words("groups.all_equal"))] if rows else []
    found = sum(p < ALPHA for p in tested)
    key = "invariance.some_differ" if found else "invariance.none_differ"
    return [Paragraph(words(key, found=found, n=len(tested), chance=number(ALPHA * len(tested), 1)))]
