"""What-if questions, and which lever has most to give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from trustsem.fitting.lever_ranking import LeverRanking
from trustsem.fitting.scenario import Scenario
from trustsem.plots.scenario_ranking import ranking_points
from trustsem.report.cells import number
from trustsem.report.document import Align, Block, Column, Paragraph, Section
from trustsem.report.sections.shared import (
    bullets,
    columns,
    figure,
    in_group,
    lever_name,
    named,
    said,
    table,
    with_interval,
)
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_STEP = re.compile(r"([+-]?[\d.]+) *(sd|points)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class RankingFigure:
    """The ranking of levers as a figure of a report."""

    ranking: LeverRanking
    words: Wording

    def figure(self, theme: str = "light") -> Any:
        """Return a plotly figure."""
        return self.ranking.plot().figure(theme)

    def svg(self, theme: str = "light") -> str:
        """Return an SVG picture."""
        return self.ranking.plot().svg(theme)

    def text(self) -> str:
        """Return importance and headroom of every lever in words."""
        outcome = named(self.ranking.outcome, self.words)
        rows = [
            self.words(
                "scenarios.ranked",
                lever=in_group(lever_name(row["lever"], self.words), row["group_label"]),
                importance=with_interval(row["importance"], row["importance_lower"], row["importance_upper"]),
                headroom=number(row["headroom"], 1),
            )
            for row in self.ranking.frame.to_dict("records")
        ]
        return " ".join((self.words("scenarios.ranking_figure", outcome=outcome) + self.words("sentences.stop"), *rows))


def scenarios(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None where nothing was asked and nothing can be ranked."""
    asked, levers = result.parts.get("scenarios"), result.parts.get("levers")
    parts = [] if asked is None else [_scenario(name, one, words) for name, one in asked.results.items()]
    if levers is not None:
        parts.append(_levers(levers, words))
    if not parts:
        return None
    intro = () if result.spec.design.allows_causes else (Paragraph(words("scenarios.what_if")),)
    return Section("scenarios", words("scenarios.title"), intro, tuple(parts))


def _scenario(name: str, one: Scenario, words: Wording) -> Section:
    moved = [
        (
            lever_name(row["lever"], words),
            in_group(named(row["construct"], words), row["group_label"]),
            _step(row["amount"], words),
            number(row["sd"]),
            number(row["points"], 1),
            number(row["mean_score"], 1),
        )
        for row in one.moved.to_dict("records")
    ]
    heads = columns(
        words,
        ("scenarios.lever", "scenarios.construct", "scenarios.step"),
        ("scenarios.sd", "scenarios.points", "scenarios.score"),
    )
    changes = [
        (
            in_group(named(row["construct"], words), row["group_label"]),
            words(f"scenarios.role_{row['role']}"),
            with_interval(row["sd"], row["sd_lower"], row["sd_upper"]),
            with_interval(row["points"], row["points_lower"], row["points_upper"]),
        )
        for row in one.changes.to_dict("records")
    ]
    follows = columns(words, ("scenarios.construct", "scenarios.role"), ("scenarios.sd", "scenarios.points"))
    blocks: list[Block] = [
        *table(words("scenarios.moved"), heads, moved),
        *table(words("scenarios.changes"), follows, changes),
        Paragraph(words("scenarios.assumptions")),
        *bullets(one.assumptions),
        *said(one),
    ]
    return Section(f"scenario-{_slug(name)}", words("scenarios.scenario", name=name), tuple(blocks))


def _levers(ranking: LeverRanking, words: Wording) -> Section:
    outcome, frame = named(ranking.outcome, words), ranking.frame.to_dict("records")
    rows = [
        (
            in_group(lever_name(row["lever"], words), row["group_label"]),
            words(f"scenarios.kind_{row['kind'].replace(' ', '_')}"),
            with_interval(row["importance"], row["importance_lower"], row["importance_upper"]),
            number(row["headroom"], 1),
            with_interval(row["gain"], row["gain_lower"], row["gain_upper"]),
        )
        for row in frame
    ]
    heads = (
        Column(words("scenarios.lever"), Align.LEFT),
        Column(words("scenarios.kind"), Align.LEFT),
        Column(words("scenarios.importance")),
        Column(words("scenarios.headroom")),
        Column(words("scenarios.gain", step=_step(ranking.step, words))),
    )
    blocks = table(words("scenarios.ranking", outcome=outcome), heads, rows, words("scenarios.note"))
    if rows:
        first = {"lever": rows[0][0], "outcome": outcome, "importance": number(frame[0]["importance"])}
        blocks.append(Paragraph(words("scenarios.first", **first)))
    if ranking_points(ranking.rows) and any(row["headroom"] == row["headroom"] for row in frame):
        title = words("scenarios.ranking_figure", outcome=outcome)
        blocks += figure("levers", title, lambda: RankingFigure(ranking, words), words)
    blocks += [Paragraph(words("scenarios.assumptions")), *bullets(ranking.assumptions), *said(ranking)]
    return Section("levers", words("scenarios.levers", outcome=outcome), tuple(blocks))


def _step(amount: str, words: Wording) -> str:
    """Return a step with its unit in words; what has no unit stays as it was written."""
    found = _STEP.fullmatch(amount.strip())
    return words(f"scenarios.step_{found[2].lower()}", value=found[1]) if found else amount


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
