"""Structural paths with the signs that the theory expects."""

from __future__ import annotations

from trustsem.fitting.claims import PathRow
from trustsem.plots.diagram.page import path_diagram
from trustsem.report.cells import number, pvalue
from trustsem.report.document import Align, Block, Bullets, Column, Section, TableBlock
from trustsem.report.sections.shared import figure
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import expectation_text, path_sentence, verdict_counts, verdict_text


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
        rows.append(_cells(row, words))
    table = TableBlock(words("paths.table"), columns, tuple(rows), words("paths.note"))
    claims = [row.claim for row in result.paths]
    sentences = Bullets((*(path_sentence(claim, words) for claim in claims), verdict_counts(claims, words)))
    return Section("paths", words("paths.title"), (*_diagrams(result, words), table, sentences))


def _diagrams(result: StudyResult, words: Wording) -> list[Block]:
    """Return the path diagram of each group."""
    fit, blocks = result.main, []
    for number_of_group, label in enumerate(fit.group_labels or (None,), start=1):
        title = words("paths.diagram") if label is None else words("paths.diagram_group", group=label)
        blocks += figure(
            f"paths-{number_of_group}",
            title,
            lambda label=label: path_diagram(fit, group=label, language=words.language),
            words,
        )
    return blocks


def _heading(row: PathRow, result: StudyResult) -> str:
    labels = result.main.group_labels
    return f"{row.claim.outcome}, {labels[row.group - 1]}" if labels else row.claim.outcome


def _cells(row: PathRow, words: Wording) -> tuple[str, ...]:
    claim = row.claim
    return (
        claim.predictor,
        number(claim.est),
        number(row.se),
        pvalue(claim.pvalue),
        number(claim.std),
        expectation_text(claim.expected, words),
        verdict_text(claim.verdict, words),
    )
