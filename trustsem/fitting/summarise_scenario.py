"""Scenarios and rankings of levers as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trustsem.fitting.summary import render_findings, render_header, section
from trustsem.tables.text import format_number, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.effects.scenario_records import ChangeRow, LeverRow, Span, StepRow
    from trustsem.fitting.lever_ranking import LeverRanking
    from trustsem.fitting.scenario import Scenario

_POINTS = (
    "points: of a 0-100 score, 0 all items at their lowest scored answer, 100 all at the highest. sd: standard "
    "deviations of the construct. lower, upper: 95 %."
)


def summarise_scenario(result: Scenario, *, width: int = 80) -> str:
    """Return steps, changes, assumptions and findings as text.

    Args:
        result: What `Fit.scenario` returned.
        width: Characters a line may have.
    """
    parts = [
        render_header(result.fit, width),
        section("Steps", _steps(result, width)),
        *(section(title, body) for title, body in _changes(result, width)),
        _intervals(result.ci, result.n_draws, result.seed, width),
        section("What this assumes", render_sentences(result.assumptions, width)),
        section("What to know", render_findings((*result.fit.findings, *result.findings), width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _steps(result: Scenario, width: int) -> str:
    lines = []
    for lever in result.levers:
        if lever.is_of_theory:
            lines.extend(wrap_text(f"{lever.name} ({lever.actor}): {lever.what}.", width, hanging=2))
    several = bool(result.fit.group_labels)
    rows = [[*([step.group_label] if several else []), *_step_cells(step)] for step in result.steps]
    columns = [*(["group"] if several else []), "moved", "by", "sd", "points", "mean score"]
    return "\n".join([*lines, *([""] if lines else []), render_table(columns, rows, width=width)])


def _step_cells(step: StepRow) -> list[object]:
    mapped = f" ({step.basis})" if step.basis else ""
    points, score = _tenths(step.points), _tenths(step.mean_score)
    return [f"{step.construct}{mapped}", step.amount, step.sd, points, score]


def _changes(result: Scenario, width: int) -> list[tuple[str, str]]:
    labels = result.fit.group_labels or ("",)
    found = []
    for number, label in enumerate(labels, start=1):
        rows = [row for row in result.rows if row.group == number]
        title = f"Expected changes{f', {label}' if label else ''}"
        found.append((title, render_table(_COLUMNS, [_change_cells(row) for row in rows], width=width)))
    return found


_COLUMNS = ("construct", "sd", "lower", "upper", "points", "lower", "upper")


def _change_cells(row: ChangeRow) -> list[object]:
    name = f"{row.construct} (moved)" if row.role == "lever" else row.construct
    return [name, row.sd.value, row.sd.lower, row.sd.upper, *_tenths_of(row.points)]


def _tenths_of(span: Span) -> list[str]:
    return [_tenths(span.value), _tenths(span.lower), _tenths(span.upper)]


def _tenths(value: float) -> str:
    return "" if value != value else format_number(value, 1)


def _intervals(ci: str, n_draws: int | None, seed: int | None, width: int) -> str:
    how = "delta method" if ci == "delta" else f"percentiles of {n_draws:,} Monte-Carlo draws, seed {seed}"
    return "\n".join(wrap_text(f"{_POINTS[:-1]}, {how}.", width))


def render_sentences(sentences: Sequence[str], width: int) -> str:
    """Return sentences as a list."""
    return "\n".join(line for sentence in sentences for line in wrap_text(f"- {sentence}", width, hanging=2))


def summarise_levers(result: LeverRanking, *, width: int = 80) -> str:
    """Return the ranking, what its columns are, assumptions and findings as text.

    Args:
        result: What `Fit.levers` returned.
        width: Characters a line may have.
    """
    tables = [
        section(_ranking_title(result, kind, label), _ranking_table(result, kind, number, width))
        for number, label in enumerate(result.fit.group_labels or ("",), start=1)
        for kind in ("construct", "lever of the theory")
    ]
    parts = [
        render_header(result.fit, width),
        *tables,
        "\n".join(wrap_text(_explain_ranking(result), width)),
        _intervals(result.ci, result.n_draws, result.seed, width),
        section("What this assumes", render_sentences(result.assumptions, width)),
        section("What to know", render_findings((*result.fit.findings, *result.findings), width)),
    ]
    return "\n\n".join(part for part in parts if part)


_RANKING = ("lever", "importance", "lower", "upper", "headroom", "gain", "gain full")


def _ranking_title(result: LeverRanking, kind: str, label: str) -> str:
    what = "Constructs" if kind == "construct" else "Levers of the theory"
    return f"{what} on {result.outcome}{f', {label}' if label else ''}"


def _ranking_table(result: LeverRanking, kind: str, group: int, width: int) -> str:
    rows = [row for row in result.rows if row.group == group and row.kind == kind]
    if not rows:
        return ""
    table = render_table(_RANKING, [_lever_cells(row) for row in rows], width=width)
    if kind == "construct":
        return table
    moved = [line for row in rows for line in wrap_text(f"{row.lever} moves {row.acts_on}", width, hanging=2)]
    return "\n".join([table, "", *moved])


def _lever_cells(row: LeverRow) -> list[object]:
    value = row.importance
    gains = (_tenths(row.gain.value), _tenths(row.gain_headroom.value))
    return [row.lever, value.value, value.lower, value.upper, _tenths(row.headroom), *gains]


def _explain_ranking(result: LeverRanking) -> str:
    return (
        f"importance: standard deviations of {result.outcome} per standard deviation of all that the lever moves "
        "(total effect, loop included). headroom: points between the mean score and the end of the scale in the "
        f"direction that raises {result.outcome}. gain: points of {result.outcome} for a step of {result.step}; gain "
        "full: if the whole headroom were used. A lever of the theory counts all that it moves: one that moves more "
        "constructs ranks higher."
    )
