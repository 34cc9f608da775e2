"""Structural paths with the signs that the theory expects."""

from __future__ import annotations

from trustsem.fitting.claims import PathRow
from trustsem.report.cells import number, pvalue
from trustsem.report.document import Align, Bullets, Column, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import expectation_text, path_sentence, verdict_counts


def paths(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without paths."""
    if not result.paths:
        return None
    columns = (
        Column(words("paths.path"), Align.LEFT),
        *(Column(words(f"paths.{name}")) for name in ("est", "se", "p", "std")),
        Column(words("paths.expected"), Align.LEFT),
        Column(words("paths.verdict"), Align.LEFT),
    )
    rows: list[tuple[str, ...]] = []
    last: tuple[int, str] | None = None
    for row in result.paths:
        if (row.group, row.outcome) != last:
            last = (row.group, row.outcome)
            rows.append((_heading(row, result), *("" for _ in columns[1:])))
        rows.append(_cells(row))
    table = TableBlock(words("paths.table"), columns, tuple(rows), words("paths.note"))
    claims = [row.claim for row in result.paths]
    sentences = Bullets((*(path_sentence(claim) for claim in claims), verdict_counts(claims)))
    return Section("paths", words("paths.title"), (table, sentences))


def _heading(row: PathRow, result: StudyResult) -> str:
    labels = result.main.group_labels
    return f"{row.claim.outcome}, {labels[row.group - 1]}" if labels else row.claim.outcome


def _cells(row: PathRow) -> tuple[str, ...]:
    claim = row.claim
    return (
        claim.predictor,
        number(claim.est),
        number(row.se),
        pvalue(claim.pvalue),
        number(claim.std),
        expectation_text(claim.expected),
        claim.verdict.value,
    )
