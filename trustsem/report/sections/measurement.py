"""Measurement: loadings with intervals and explained shares of variance."""

from __future__ import annotations

import math

from trustsem.plots.loadings import plot_loadings
from trustsem.report.cells import number, pvalue
from trustsem.report.document import Block, Paragraph, Section
from trustsem.report.sections.shared import Row, columns, figure, headed, in_group, named, table, with_interval
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_WEAKEST = 3


def measurement(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without loadings and outcomes."""
    part = result.parts.get("measurement")
    if part is None:
        return None
    labels = result.main.group_labels
    blocks: list[Block] = []
    loadings = part.frames["loadings"].to_dict("records")
    if loadings:
        blocks += [*_loadings(loadings, labels, words), Paragraph(_weakest(loadings, labels, words))]
        make = lambda: plot_loadings(result.main, language=words.language)  # noqa: E731
        blocks += figure("loadings", words("measurement.figure"), make, words)
    blocks += _shares(part.frames["r_squared"].to_dict("records"), words)
    return Section("measurement", words("measurement.title"), tuple(blocks))


def _loadings(loadings: list[Row], labels: tuple[str, ...], words: Wording) -> list[Block]:
    rows = []
    for row in loadings:
        is_fixed = math.isnan(row["se"])
        cells = (
            named(row["rhs"], words),
            number(row["est"]),
            words("measurement.fixed") if is_fixed else number(row["se"]),
            pvalue(row["pvalue"]),
            with_interval(row["std_all"], row["std_ci_lower"], row["std_ci_upper"]),
        )
        rows.append((in_group(named(row["lhs"], words), _label(row, labels)), cells))
    heads = columns(words, ("measurement.item",), ("paths.est", "paths.se", "paths.p", "paths.std"))
    return table(words("measurement.loadings"), heads, headed(rows, len(heads)), words("measurement.note"))


def _label(row: Row, labels: tuple[str, ...]) -> str:
    return labels[row["group"] - 1] if labels else ""


def _weakest(loadings: list[Row], labels: tuple[str, ...], words: Wording) -> str:
    ranked = sorted(loadings, key=lambda row: abs(row["std_all"]))[:_WEAKEST]
    shown = [f"{in_group(named(row['rhs'], words), _label(row, labels))} {number(row['std_all'])}" for row in ranked]
    return words("measurement.weakest", items="; ".join(shown))


def _shares(shares: list[Row], words: Wording) -> list[Block]:
    rows = [
        (
            in_group(named(row["variable"], words), row["group_label"]),
            with_interval(row["est"], row["ci_lower"], row["ci_upper"]),
        )
        for row in shares
    ]
    heads = columns(words, ("measurement.variable",), ("measurement.value",))
    return table(words("measurement.r_squared"), heads, rows)
