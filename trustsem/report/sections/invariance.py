"""Do items work alike in the groups?"""

from __future__ import annotations

from typing import Any

from trustsem.fitting.invariance import Invariance
from trustsem.plots.ladder import plot_invariance
from trustsem.report.cells import count, number, pvalue
from trustsem.report.document import Align, Block, Column, Section, TableBlock
from trustsem.report.sections.shared import bullets, figure, named, table, with_interval
from trustsem.report.sections.shared import columns as columns_of
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
            _level(row["level"], row["released"], words),
            number(row["chisq"]),
            count(row["df"]),
            pvalue(row["pvalue"]),
            number(row["cfi"]),
            number(row["rmsea"]),
            words(f"invariance.statuses.{row['status'].replace(' ', '_')}"),
        )
        for row in found.table.to_dict("records")
    )
    blocks: list[Block] = [
        TableBlock(words("invariance.table"), columns, rows),
        *bullets([finding.message for finding in found.findings]),
        *figure("invariance", words("invariance.ladder"), lambda: plot_invariance(found), words),
        *_items(found, words),
        *_scales(found, words),
        *_means(found, words),
    ]
    return Section("invariance", words("invariance.title"), tuple(blocks))


def _level(name: str, released: Any, words: Wording) -> str:
    """Return a level, with what was set free at it; NaN of a level that was not fitted is nothing."""
    level = words(f"invariance.levels.{name}")
    return f"{level} ({released})" if isinstance(released, str) and released else level


def _items(found: Invariance, words: Wording) -> list[Block]:
    rows = [
        (
            row["item"],
            row["group"],
            row["reference"],
            number(row["dmacs"]),
            with_interval(row["points"], row["ci_lower"], row["ci_upper"]),
            pvalue(row["pvalue"]),
        )
        for row in found.items.to_dict("records")
    ]
    numbers = ("invariance.dmacs", "invariance.points", "paths.p")
    heads = columns_of(words, ("invariance.item", "labels.group", "invariance.reference"), numbers)
    return table(words("invariance.items"), heads, rows)


def _scales(found: Invariance, words: Wording) -> list[Block]:
    rows = [
        (
            named(row["factor"], words),
            row["group"],
            row["reference"],
            with_interval(row["observed"], row["observed_ci_lower"], row["observed_ci_upper"]),
            with_interval(row["bias"], row["bias_ci_lower"], row["bias_ci_upper"]),
        )
        for row in found.scales.to_dict("records")
    ]
    numbers = ("invariance.observed", "invariance.bias")
    heads = columns_of(words, ("invariance.factor", "labels.group", "invariance.reference"), numbers)
    return table(words("invariance.scales"), heads, rows)


def _means(found: Invariance, words: Wording) -> list[Block]:
    rows = [
        (
            named(row["factor"], words),
            row["group"],
            row["reference"],
            with_interval(row["est"], row["ci_lower"], row["ci_upper"]),
            pvalue(row["pvalue"]),
            with_interval(row["d"], row["d_ci_lower"], row["d_ci_upper"]),
        )
        for row in found.latent_means.to_dict("records")
    ]
    numbers = ("invariance.difference", "paths.p", "invariance.d")
    heads = columns_of(words, ("invariance.factor", "labels.group", "invariance.reference"), numbers)
    return table(words("invariance.latent_means"), heads, rows, words("invariance.latent_means_note"))
