"""Fit of the main model, where it fits worst, and what fit does not tell."""

from __future__ import annotations

from collections.abc import Mapping

from trustsem.errors import TrustSemError
from trustsem.fitting.measures_to_read import measures_to_read
from trustsem.report.cells import count, interval, number, pvalue
from trustsem.report.document import Align, Block, Bullets, Column, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import fit_sentences

_SHOWN = 5


def fit(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    measures = measures_to_read(result.main)
    blocks: list[Block] = [
        _measures(measures, words),
        Bullets(tuple(fit_sentences(measures))),
        *_residuals(result, words),
        *_indices(result, words),
        Paragraph(words("fit.equivalent")),
    ]
    return Section("fit", words("fit.title"), tuple(blocks))


def _measures(measures: Mapping[str, float | None], words: Wording) -> TableBlock:
    value = {
        name: measures.get(name) for name in ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic")
    }
    texts = {
        name: count(v) if name == "df" else pvalue(v) if name == "pvalue" else number(v) for name, v in value.items()
    }
    rows = [(words(f"fit.{name}"), text) for name, text in texts.items()]
    limits = interval(measures.get("rmsea_ci_lower"), measures.get("rmsea_ci_upper"))
    rows.insert(6, (words("fit.rmsea_interval"), limits))
    columns = (Column(words("fit.measure"), Align.LEFT), Column(words("fit.value")))
    return TableBlock(words("fit.table"), columns, tuple(rows), words("fit.note"))


def _residuals(result: StudyResult, words: Wording) -> list[Block]:
    if result.main.group_labels:
        return []
    found = result.main.residuals("cor").largest(_SHOWN)
    columns = (Column(words("fit.pair"), Align.LEFT), Column(words("fit.residual")))
    rows = tuple((f"{row['lhs']}, {row['rhs']}", number(row["residual"])) for row in found.to_dict("records"))
    return [TableBlock(words("fit.residuals"), columns, rows)] if rows else []


def _indices(result: StudyResult, words: Wording) -> list[Block]:
    try:
        found = result.main.modification_indices(top=_SHOWN, minimum=3.84)
    except TrustSemError:  # no indices for this estimator: the findings of the fit say why
        return []
    columns = (Column(words("fit.parameter"), Align.LEFT), Column(words("fit.mi")), Column(words("fit.epc")))
    rows = tuple(
        (f"{row['lhs']} {row['op']} {row['rhs']}", number(row["mi"]), number(row["epc"]))
        for row in found.to_dict("records")
    )
    return [TableBlock(words("fit.indices"), columns, rows)] if rows else []
