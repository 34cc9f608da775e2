"""Levers compared: importance for the outcome with intervals, and the headroom that each has left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.effects.scenario_records import LeverRow
from trustsem.errors import EffectError
from trustsem.plots.chart import Bar, Chart, ChartRow, RowPanel
from trustsem.plots.groups import require_converged
from trustsem.plots.numbers import interval, known, number
from trustsem.plots.palette import DARK, LIGHT
from trustsem.plots.plot import ChartPlot

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.plot.levers/1"
_THEORY = "lever of the theory"
_BAR = (LIGHT["interpersonal"], DARK["interpersonal"])


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
            known(row.importance.lower),
            known(row.importance.upper),
            known(row.headroom),
            known(row.gain.value),
        )
        for row in ordered
        if math.isfinite(row.importance.value)
    )


@dataclass(frozen=True, slots=True)
class LeversPlot(ChartPlot):
    """Importance and headroom of levers. Made by `Fit.plot("levers")` and `LeverRanking.plot()`."""

    outcome: str
    points: tuple[RankingPoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        points = [asdict(point) for point in self.points]
        return {"schema": SCHEMA, "outcome": self.outcome, "points": points, "text": self.text()}

    def text(self) -> str:
        """Return importance and headroom of every lever in words."""
        parts = []
        for point in self.points:
            left = "headroom not known" if point.headroom is None else f"headroom {number(point.headroom, 1)} points"
            parts.append(f"{point.label}: {number(point.importance)}{_limits(point)}, {left}")
        return f"Levers on {self.outcome}, importance with 95 % intervals. {'; '.join(parts)}."

    def chart(self) -> Chart:
        """Return importance above, headroom below, one row per lever."""
        first = tuple(
            ChartRow(
                point.label,
                point.importance,
                point.lower,
                point.upper,
                "negative" if point.importance < 0 else "line",
                point.kind == _THEORY,
                text=f"{number(point.importance)}{_limits(point)}",
                note="" if point.gain is None else f"gain {number(point.gain, 1)} points",
            )
            for point in self.points
        )
        second = tuple(
            ChartRow(point.label, bars=(Bar(0.0, point.headroom, _BAR),), text=number(point.headroom, 1))
            for point in self.points
            if point.headroom is not None
        )
        axis = f"sd of {self.outcome} per sd of the lever, 95 % interval"
        panels = [RowPanel("Importance", first, axis, (0.0,))]
        if second:
            panels.append(RowPanel("Headroom", second, "points that are left", limits=(0.0, 100.0)))
        notes = ("Rings: levers of the theory. Orange: negative.",)
        return Chart(f"Levers on {self.outcome}", tuple(panels), columns=1, notes=notes)


def _limits(point: RankingPoint) -> str:
    return "" if point.lower is None or point.upper is None else f" {interval(point.lower, point.upper)}"


def levers_plot(rows: Sequence[LeverRow], outcome: str) -> LeversPlot:
    """Return the figure of a ranking.

    Args:
        rows: Levers.
        outcome: Name of the outcome.

    Raises:
        EffectError: there is nothing to draw.
    """
    points = ranking_points(rows)
    if not points:
        raise EffectError("There are no levers to draw.", code="no-path")
    return LeversPlot(outcome, points)


def plot_levers(fit: Fit, *, outcome: str | None = None) -> LeversPlot:
    """Return importance and headroom of the levers on an outcome.

    Args:
        fit: A converged fit.
        outcome: Construct that is to rise; None: the last outcome of the model's paths.

    Raises:
        EffectError: as `Fit.levers`, or a model without paths.
        ConvergenceError: the fit did not converge.
    """
    require_converged(fit)
    paths = fit.estimates.loc[fit.estimates["op"] == "~", "lhs"]
    latent = [name for name in paths if name in fit.fitted.table.variables.latent]
    chosen = outcome or next(reversed(latent or list(paths)), None)
    if chosen is None:
        raise EffectError("The model has no paths: no lever works on anything.", code="no-path")
    return fit.levers(chosen).plot()
