"""Factors that the items show by themselves, beside those of the model."""

from __future__ import annotations

from trustsem.fitting.exploration import Exploration
from trustsem.report.cells import count, number
from trustsem.report.document import Align, Block, Column, Paragraph, Section
from trustsem.report.sections.shared import bullets, columns, headed, named, said, table
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import p_text


def exploration(result: StudyResult, words: Wording) -> Section | None:
    """Return the subsection; None where nothing was explored."""
    part: Exploration | None = result.parts.get("exploration")
    if part is None:
        return None
    blocks: list[Block] = [Paragraph(_adequacy(part, words)), Paragraph(_parallel(part, words))]
    blocks += [*_eigenvalues(part, words), *_loadings(part, words), *_congruence(part, words)]
    notes = [words("exploration.same_rows"), *([words("exploration.ordinal")] if part.ordered else [])]
    if part.constructs:
        notes.append(_elsewhere(part, words))
    return Section("exploration", words("exploration.title"), (*blocks, *bullets(notes), *said(part)))


def _adequacy(part: Exploration, words: Wording) -> str:
    if part.adequacy is None or part.sphericity is None:
        return words("exploration.no_adequacy")
    test = part.sphericity
    return words(
        "exploration.adequacy",
        kmo=number(part.adequacy.overall),
        statistic=number(test.statistic),
        df=count(test.df),
        p=p_text(test.pvalue, words),
    )


def _parallel(part: Exploration, words: Wording) -> str:
    found = part.parallel
    return words(
        "exploration.parallel",
        draws=count(found.n_draws),
        quantile=f"{100 * found.quantile:g}",
        seed=found.seed,
        n=found.n_factors,
        factors=part.n_factors,
        constructs=len(part.constructs),
    )


def _eigenvalues(part: Exploration, words: Wording) -> list[Block]:
    rows = [
        (
            count(row["component"]),
            number(row["observed"]),
            number(row["random_limit"]),
            words("exploration.yes" if row["kept"] else "exploration.no"),
        )
        for row in part.eigenvalues.head(max(part.n_factors, part.parallel.n_factors) + 1).to_dict("records")
    ]
    names = ("component", "observed", "limit", "kept")
    heads = columns(words, (), [f"exploration.{name}" for name in names])
    return table(words("exploration.eigenvalues"), heads, rows)


def _loadings(part: Exploration, words: Wording) -> list[Block]:
    rows = []
    for row in part.items.to_dict("records"):
        construct = row["construct"] if isinstance(row["construct"], str) else ""
        cells = (
            row["item"], number(row["own_loading"]), number(row["largest_loading"]), str(row["largest_on"]),
            number(row["communality"]), number(row["msa"]),
        )  # fmt: skip
        rows.append((named(construct, words), cells))
    heads = (
        Column(words("exploration.item"), Align.LEFT),
        Column(words("exploration.own")),
        Column(words("exploration.largest")),
        Column(words("exploration.on"), Align.LEFT),
        Column(words("exploration.communality")),
        Column(words("exploration.msa")),
    )
    return table(words("exploration.loadings"), heads, headed(rows, len(heads)))


def _congruence(part: Exploration, words: Wording) -> list[Block]:
    rows = [
        (named(row["construct"], words), str(row["factor"]), number(row.get(row["factor"])))
        for row in part.congruence.to_dict("records")
    ]
    heads = columns(words, ("exploration.construct", "exploration.factor"), ("exploration.value",))
    return table(words("exploration.congruence"), heads, rows, words("exploration.congruence_note"))


def _elsewhere(part: Exploration, words: Wording) -> str:
    away = [row["item"] for row in part.items.to_dict("records") if isinstance(row["elsewhere"], str)]
    if not away:
        return words("exploration.nowhere_else")
    return words("exploration.elsewhere", n=len(away), total=len(part.names), items=", ".join(away))
