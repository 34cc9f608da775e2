"""Do items work alike in the groups?"""

from __future__ import annotations

from trustsem.report.cells import count, number, pvalue
from trustsem.report.document import Align, Bullets, Column, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult


def invariance(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None where no groups were asked for."""
    found = result.invariance
    if found is None:
        return None
    columns = (
        Column(words("invariance.level"), Align.LEFT),
        Column(words("fit.chisq")),
        Column(words("fit.df")),
        Column(words("fit.pvalue")),
        Column(words("fit.cfi")),
        Column(words("fit.rmsea")),
        Column(words("invariance.verdict"), Align.LEFT),
    )
    rows = tuple(
        (
            f"{row['level']} ({row['released']})" if row["released"] else row["level"],
            number(row["chisq"]),
            count(row["df"]),
            pvalue(row["pvalue"]),
            number(row["cfi"]),
            number(row["rmsea"]),
            row["status"],
        )
        for row in found.table.to_dict("records")
    )
    said = tuple(finding.message for finding in found.findings)
    table = TableBlock(words("invariance.table"), columns, rows)
    return Section("invariance", words("invariance.title"), (table, *([Bullets(said)] if said else [])))
