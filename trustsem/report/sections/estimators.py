"""Paths under the other kind of estimator."""

from __future__ import annotations

from trustsem.report.cells import count, number, pvalue
from trustsem.report.document import Align, Column, Paragraph, Section
from trustsem.report.sections.shared import arrow, in_group, said, table
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import ALPHA, Verdict, verdict_text


def estimators(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None where nothing was compared."""
    part = result.parts.get("estimators")
    if part is None:
        return None
    facts, labels = part.facts, result.main.group_labels
    rows, changed = [], []
    for row in part.frames["paths"].to_dict("records"):
        name = in_group(arrow(row["predictor"], row["outcome"], words), labels[row["group"] - 1] if labels else "")
        cells = [
            (number(row[f"{own}_std"]), pvalue(row[f"{own}_pvalue"]), _verdict(row[f"{own}_verdict"], words))
            for own in ("main", "other")
        ]
        rows.append((name, *cells[0], *cells[1]))
        if _sign(row["main_std"], row["main_pvalue"]) != _sign(row["other_std"], row["other_pvalue"]):
            changed.append(name)
    kinds = {
        own: words(f"estimators.{facts[f'{own}_kind']}", estimator=facts[f"{own}_estimator"])
        for own in ("main", "other")
    }
    heads = [Column(words("paths.path"), Align.LEFT)]
    for own in ("main", "other"):
        heads += [
            Column(words(f"estimators.{own}", name=kinds[own])),
            Column(words("paths.p")),
            Column(words("paths.verdict"), Align.LEFT),
        ]
    sizes = {own: count(facts[f"{own}_n_obs"]) for own in ("main", "other")}
    outcome = words("estimators.changed", paths="; ".join(changed)) if changed else words("estimators.same")
    blocks = [
        *table(words("estimators.table"), heads, rows),
        Paragraph(outcome),
        Paragraph(words("estimators.rows", **sizes)),
        *said(part),
    ]
    return Section("estimators", words("estimators.title"), tuple(blocks))


def _sign(std: float, p: float) -> int:
    """Return the sign of a path that is told apart from zero; 0 of any other."""
    return 0 if not p < ALPHA else 1 if std > 0 else -1


def _verdict(value: str, words: Wording) -> str:
    return verdict_text(Verdict(value), words)
