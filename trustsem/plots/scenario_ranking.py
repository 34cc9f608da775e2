"""Levers compared: importance for the outcome with intervals, and the headroom that each has left, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trustsem.effects.scenario_records import LeverRow
from trustsem.errors import EffectError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LOOKS = {"construct": ("#2f5d8a", "circle"), "lever of the theory": ("#b5651d", "diamond")}
_ROW = 26  # pixels of a row: a line of text with room around it, so that names never touch
_FRAME = 150  # pixels above and below the rows: title, axes, legend


@dataclass(frozen=True, slots=True)
class RankingPoint:
    """One row of the figure.

    Args:
        label: What stands at its left; unlike any other row's.
        kind: "construct" or "lever of the theory", which colours and symbols tell apart.
        importance: Standard deviations of the outcome per standard deviation of the lever.
        lower: 95 % limit; None where there is none.
        upper: 95 % limit.
        headroom: Points that are left; None where they are not known.
        gain: Points of the outcome for the common step; None where the outcome has no score.
    """

    label: str
    kind: str
    importance: float
    lower: float | None
    upper: float | None
    headroom: float | None
    gain: float | None


def ranking_points(rows: Sequence[LeverRow]) -> tuple[RankingPoint, ...]:
    """Return what the figure draws, the most important lever first.

    Args:
        rows: Levers of a ranking; those of several groups are told apart by the group's name in the label.
    """
    ordered = sorted(rows, key=lambda row: -abs(row.importance.value))
    return tuple(
        RankingPoint(
            f"{row.lever} ({row.group_label})" if row.group_label else row.lever,
            row.kind,
            row.importance.value,
            _known(row.importance.lower),
            _known(row.importance.upper),
            _known(row.headroom),
            _known(row.gain.value),
        )
        for row in ordered
        if math.isfinite(row.importance.value)
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def ranking_figure(points: Sequence[RankingPoint], outcome: str) -> Figure:
    """Draw importance with intervals at the left and headroom at the right, one row per lever.

    Args:
        points: What `ranking_points` returned.
        outcome: Name of the outcome, for the titles.

    Raises:
        EffectError: there is nothing to draw.
    """
    if not points:
        raise EffectError("There are no levers to draw.", code="no-path")
    from plotly import graph_objects  # .3 s: only where a figure is wanted

    figure = graph_objects.Figure()
    for kind, (colour, symbol) in _LOOKS.items():
        own = [point for point in points if point.kind == kind]
        if own:
            figure.add_trace(graph_objects.Scatter(**_importance(own, kind, colour, symbol)))
            figure.add_trace(graph_objects.Bar(**_headroom(own, kind, colour)))
    figure.update_layout(
        title={"text": f"Levers on {outcome}"},
        height=_FRAME + _ROW * len(points),
        margin={"l": 10, "r": 20, "t": 60, "b": 60},
        template="plotly_white",
        barmode="overlay",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1.0},
        yaxis={
            "categoryorder": "array",
            "categoryarray": [point.label for point in reversed(points)],
            "tickmode": "array",  # every name, however many rows there are
            "tickvals": [point.label for point in points],
            "automargin": True,
        },
        xaxis={"domain": [0.0, 0.62], "title": {"text": f"sd of {outcome} per sd of the lever"}, "zeroline": True},
        xaxis2={"domain": [0.68, 1.0], "title": {"text": "headroom in points"}, "range": [0, 100], "anchor": "y"},
    )
    return figure


def _importance(points: Sequence[RankingPoint], kind: str, colour: str, symbol: str) -> dict[str, Any]:
    return {
        "x": [point.importance for point in points],
        "y": [point.label for point in points],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if point.upper is None else point.upper - point.importance for point in points],
            "arrayminus": [0.0 if point.lower is None else point.importance - point.lower for point in points],
            "color": colour,
        },
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 9},
        "name": kind,
        "customdata": ["" if point.gain is None else f"gain {point.gain:.1f} points" for point in points],
        "hovertemplate": "%{y}<br>%{x:.3f}<br>%{customdata}<extra></extra>",
    }


def _headroom(points: Sequence[RankingPoint], kind: str, colour: str) -> dict[str, Any]:
    known = [point for point in points if point.headroom is not None]
    return {
        "x": [point.headroom for point in known],
        "y": [point.label for point in known],
        "orientation": "h",
        "xaxis": "x2",
        "marker": {"color": colour, "opacity": 0.45},
        "name": kind,
        "showlegend": False,
        "hovertemplate": "%{y}<br>%{x:.1f} points left<extra></extra>",
    }
