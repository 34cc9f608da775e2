"""Fit of the main model, where it fits worst, and what fit does not tell."""

from __future__ import annotations

from collections.abc import Mapping

from trustsem.fitting.measures_to_read import measures_to_read
from trustsem.plots.residuals import plot_residuals
from trustsem.report.cells import count, interval, number, pvalue
from trustsem.report.document import Align, Block, Bullets, Column, Paragraph, Section, TableBlock
from trustsem.report.sections.shared import figure, in_group, table
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import fit_sentences

_SHOWN = 5


def fit(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    measures = measures_to_read(result.main)
    blocks: list[Block] = [
        _measures(measures, words),
        Bullets(tuple(fit_sentences(measures, words))),
        *_residuals(result, words),
        *_heat_maps(result, words),
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
    part, labels = result.parts.get("residuals"), result.main.group_labels
    if part is None:
        return []
    columns = (Column(words("fit.pair"), Align.LEFT), Column(words("fit.residual")))
    rows = tuple(
        (in_group(f"{row['lhs']}, {row['rhs']}", labels[row["group"] - 1] if labels else ""), number(row["residual"]))
        for row in part.frames["largest"].head(_SHOWN).to_dict("records")
    )
    return table(words("fit.residuals"), columns, rows)


def _heat_maps(result: StudyResult, words: Wording) -> list[Block]:
    blocks: list[Block] = []
    for group, label in enumerate(result.main.group_labels or (None,), start=1):
        title = words("fit.heat") if label is None else words("fit.heat_group", group=label)
        blocks += figure(
            f"residuals-{group}",
            title,
            lambda label=label: plot_residuals(result.main, group=label, language=words.language),
            words,
        )
    return blocks


def _indices(result: StudyResult, words: Wording) -> list[Block]:
    part, labels = result.parts.get("modification"), result.main.group_labels
    if part is None:  # the section on what could not be done says why
        return []
    found = part.frames["indices"].to_dict("records")
    with_theory = bool(found) and "theory" in found[0]
    columns = [Column(words("fit.parameter"), Align.LEFT), Column(words("fit.mi")), Column(words("fit.epc"))]
    columns += [Column(words("fit.verdict"), Align.LEFT)] if with_theory else []
    rows = []
    for row in found:
        name = in_group(f"{row['lhs']} {row['op']} {row['rhs']}", labels[row["group"] - 1] if labels else "")
        verdict = [words(f"fit.theory_{row['theory'].replace(' ', '_')}")] if with_theory else []
        rows.append((name, number(row["mi"]), number(row["epc"]), *verdict))
    return table(words("fit.indices"), columns, rows, words("fit.indices_note"))
