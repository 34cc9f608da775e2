"""Mediation: direct, indirect and total effects with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trustsem.fitting.claims import construct_name
from trustsem.plots.draws import plot_effect_draws
from trustsem.plots.effects import plot_effects_frame
from trustsem.report.cells import interval, number
from trustsem.report.document import Align, Block, Column, Paragraph, Section, TableBlock
from trustsem.report.sections.shared import bullets, figure, in_group, named, said, table, with_interval
from trustsem.report.sections.shared import columns as columns_of
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.study.parts.mediation import main_paths
from trustsem.tables.sentences import indirect_sentence

_SAID = 12  # totals of indirect effects in words

_KINDS = {
    "direct": "effects.direct",
    "specific indirect": "effects.specific",
    "total indirect": "effects.total_indirect",
    "total": "effects.total",
    "through the loop": "effects.loop",
}


def effects(result: StudyResult, words: Wording) -> Section | None:
    """Return the section."""
    if result.effects.empty:
        return Section("effects", words("effects.title"), (Paragraph(words("effects.none")),))
    columns = (
        Column(words("effects.effect"), Align.LEFT),
        Column(words("paths.est")),
        Column(words("paths.se")),
        Column(words("labels.interval")),
        Column(words("paths.std")),
    )
    rows: list[tuple[str, ...]] = []
    last: tuple[str, str, str] | None = None
    for row in result.effects.to_dict("records"):
        ends = (row["x"], row["y"], row["group_label"])
        if ends != last:
            last = ends
            rows.append((_ends(row, words), "", "", "", ""))
        rows.append(
            (
                _name(row, words),
                number(row["est"]),
                number(row["se"]),
                interval(row["ci_lower"], row["ci_upper"]),
                number(row["std_all"]),
            )
        )
    blocks: list[Block] = [TableBlock(words("effects.table"), columns, tuple(rows), _note(result, words))]
    blocks += [*_sentences(result, words), *_figures(result, words)]
    blocks += [*_proportions(result, words), *_sensitivities(result, words)]
    return Section("effects", words("effects.title"), tuple(blocks))


def _ends(row: Mapping[str, Any], words: Wording) -> str:
    names = (construct_name(row[end], words.language) for end in ("x", "y"))
    text = words("effects.on", **dict(zip(("x", "y"), names, strict=True)))
    return f"{text}, {row['group_label']}" if row["group_label"] else text


def _name(row: Mapping[str, Any], words: Wording) -> str:
    steps = row["path"].split(" -> ")[1:-1]
    if row["effect"] == "specific indirect":
        path = " → ".join(construct_name(step, words.language) for step in steps)
        return words("effects.through", path=path)
    return words(_KINDS[row["effect"]])


def _note(result: StudyResult, words: Wording) -> str:
    if result.bootstrap is None:
        return words("effects.note_delta")
    kind = result.spec.interval.replace("_", "-")
    return words("effects.note_draws", kind=kind, n=f"{result.bootstrap.n_used:,}", seed=result.bootstrap.seed)


def _sentences(result: StudyResult, words: Wording) -> list[Block]:
    """Return the indirect effects over all ways in words, the largest first."""
    frame = result.effects
    totals = {
        (row["x"], row["y"], row["group_label"]): row["std_all"]
        for row in frame.loc[frame["effect"] == "total"].to_dict("records")
    }
    indirect = frame.loc[frame["effect"] == "total indirect"].to_dict("records")
    ranked = sorted(indirect, key=lambda row: -abs(row["std_all"]))
    lines = []
    for row in ranked[:_SAID]:
        x, y = (named(row[end], words) for end in ("x", "y"))
        drawn = None if result.bootstrap is None else not row["ci_lower"] <= 0 <= row["ci_upper"]
        total = totals.get((row["x"], row["y"], row["group_label"]))
        if total is not None and math.isclose(total, row["std_all"], rel_tol=1e-9):
            total = None  # all of it is indirect because the model has no direct path
        line = indirect_sentence(
            x, in_group(y, row["group_label"]), (), row["std_all"], row["pvalue"], total, words, is_told_apart=drawn
        )
        lines.append(line)
    if len(ranked) > _SAID:
        lines.append(words("effects.not_described", n=len(ranked) - _SAID))
    return bullets(lines)


def _figures(result: StudyResult, words: Wording) -> list[Block]:
    fit, draws = result.main, result.bootstrap
    title = words("effects.forest")
    blocks = figure("effects", title, lambda: plot_effects_frame(fit, result.effects, language=words.language), words)
    paths = main_paths(result.effects)
    if draws is not None and paths:
        blocks += figure(
            "effect-draws",
            words("effects.draws"),
            lambda: plot_effect_draws(draws, paths, kind=result.spec.interval, language=words.language),
            words,
        )
    return blocks


def _proportions(result: StudyResult, words: Wording) -> list[Block]:
    part = result.parts.get("proportions")
    if part is None:
        return []
    rows = [
        (
            in_group(named(row["x"], words), row["group_label"]),
            words.listed([named(name, words) for name in row["through"].split(", ")]),
            named(row["y"], words),
            with_interval(row["est"], row["ci_lower"], row["ci_upper"]),
            row["reason"],
        )
        for row in part.frames["proportions"].to_dict("records")
    ]
    heads = (
        *columns_of(words, ("effects.x", "effects.mediator", "effects.y"), ("effects.share",)),
        Column(words("effects.reason"), Align.LEFT),
    )
    return [*table(words("effects.proportion"), heads, rows, words("effects.proportion_note")), *said(part)]


def _sensitivities(result: StudyResult, words: Wording) -> list[Block]:
    part = result.parts.get("sensitivities")
    if part is None:
        return []
    found = list(part.results.values())
    rows = [
        (
            *(named(name, words) for name in (curve.x, curve.m, curve.y)),
            number(curve.rho_at_zero),
            number(curve.residual_share),
            number(curve.total_share),
        )
        for curve in found
    ]
    own = ("effects.rho", "effects.residual_share", "effects.total_share")
    heads = columns_of(words, ("effects.x", "effects.mediator", "effects.y"), own)
    messages = [finding.message for curve in found for finding in curve.findings]
    shown = table(words("effects.sensitivity"), heads, rows, words("effects.sensitivity_note"))
    return [*shown, *bullets(messages)]
