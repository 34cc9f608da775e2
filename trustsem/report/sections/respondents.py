"""Who answered: from the file to the rows that are analysed, and the groups."""

from __future__ import annotations

from trustsem.report.cells import count
from trustsem.report.document import Align, Block, Column, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.survey.scored import LogAction


def respondents(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    source = result.manifest.data
    blocks: list[Block] = []
    if source:
        blocks.append(
            Paragraph(
                words(
                    "respondents.source",
                    file=source["file"],
                    digest=source["sha256"][:16],
                    rows=count(source["rows"]),
                    columns=count(source["columns"]),
                )
            )
        )
    blocks.append(_flow(result, words))
    blocks.extend(_groups(result, words))
    return Section("respondents", words("respondents.title"), tuple(blocks))


def _flow(result: StudyResult, words: Wording) -> TableBlock:
    fit = result.main
    dropped = [entry for entry in result.survey.log if entry.action is LogAction.ROWS_DROPPED]
    before = (fit.data.n_total or fit.n_obs) + sum(entry.count for entry in dropped)
    rows = [(words("respondents.in_file"), count(before))]
    rows += [(words("respondents.left_out", reason=entry.detail), count(entry.count)) for entry in dropped]
    lost = (fit.data.n_total or fit.n_obs) - fit.n_obs
    if lost:
        rows.append((words("respondents.left_out", reason=words("respondents.incomplete")), count(lost)))
    rows.append((words("respondents.used"), count(fit.n_obs)))
    columns = (Column(words("respondents.step"), Align.LEFT), Column(words("respondents.rows")))
    return TableBlock(words("respondents.flow"), columns, tuple(rows))


def _groups(result: StudyResult, words: Wording) -> list[Block]:
    fit = result.main
    if not fit.group_labels:
        return []
    sizes = [(label, sample.n_obs) for label, sample in zip(fit.group_labels, fit.data.moments.groups, strict=True)]
    shown = [(label, count(n)) for label, n in sizes if n >= result.spec.smallest_group]
    columns = (Column(words("labels.group"), Align.LEFT), Column(words("respondents.rows")))
    blocks: list[Block] = [TableBlock(words("respondents.groups"), columns, tuple(shown))]
    hidden = len(sizes) - len(shown)
    if hidden:
        blocks.append(Paragraph(words("respondents.suppressed", n=hidden, least=result.spec.smallest_group)))
    return blocks
