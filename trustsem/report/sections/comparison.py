"""Models side by side."""

from __future__ import annotations

from trustsem.report.cells import count, number, pvalue
from trustsem.report.document import Align, Block, Bullets, Column, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_MEASURES = ("cfi", "rmsea", "srmr", "aic", "bic")


def comparison(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None with one model."""
    if result.comparison is None:
        return None
    columns = (
        Column(words("comparison.model"), Align.LEFT),
        Column(words("fit.chisq")),
        Column(words("fit.df")),
        Column(words("fit.pvalue")),
        *(Column(words(f"fit.{name}")) for name in _MEASURES),
    )
    rows = []
    for named in result.fits:
        measures = named.fit.fit_measures
        first = (named.name, number(measures.get("chisq")), count(measures.get("df")), pvalue(measures.get("pvalue")))
        rows.append((*first, *(number(measures.get(name)) for name in _MEASURES)))
    blocks: list[Block] = [TableBlock(words("comparison.table"), columns, tuple(rows))]
    said = tuple(finding.message for finding in result.comparison.findings)
    return Section("comparison", words("comparison.title"), (*blocks, *([Bullets(said)] if said else [])))
