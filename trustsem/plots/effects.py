"""Effects with their intervals: a forest of what works on what, and by which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.errors import UsageError
from trustsem.plots.chart import Chart, ChartRow, RowPanel, shared_range
from trustsem.plots.groups import heading, require_converged
from trustsem.plots.names import names_of
from trustsem.plots.numbers import interval, known, number
from trustsem.plots.plot import ChartPlot
from trustsem.suggestions import count_of

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.plot.effects/1"
MANY = 40  # rows; beyond it single ways are left out unless the caller names variables
DECIMALS = 3  # products of coefficients are small
SPECIFIC = "specific indirect"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect.

    Args:
        group: Label of the group; "" where there is one.
        x, y: Where it starts and ends, names for readers.
        effect: Kind: "direct", "specific indirect", "through the loop", "total indirect", "total".
        path: Names along the way of a specific effect.
        value: The effect; None where it is not defined.
        lower, upper: 95 % limits; None where there are none.
    """

    group: str
    x: str
    y: str
    effect: str
    path: tuple[str, ...]
    value: float | None
    lower: float | None
    upper: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.lower is not None and self.upper is not None and (self.lower > 0 or self.upper < 0)

    @property
    def name(self) -> str:
        """The effect as it is printed before its row."""
        return f"through {' → '.join(self.path[1:-1])}" if self.effect == SPECIFIC else self.effect


@dataclass(frozen=True, slots=True)
class EffectsPlot(ChartPlot):
    """A forest of effects. Made by `Fit.plot("effects")`."""

    title: str
    is_standardized: bool
    effects: tuple[EffectRow, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "standardized": self.is_standardized,
            "effects": [{**asdict(row), "path": list(row.path)} for row in self.effects],
            "notes": list(self.notes),
            "text": self.text(),
        }

    def text(self) -> str:
        """Return every effect with its interval, in sentences."""
        sentences = [f"{self.title}, with 95 % intervals."]
        for group, x, y in dict.fromkeys((row.group, row.x, row.y) for row in self.effects):
            own = [row for row in self.effects if (row.group, row.x, row.y) == (group, x, y)]
            parts = [f"{row.name} {number(row.value, DECIMALS)}{_limits(row)}" for row in own]
            where = f" in group {group}" if group else ""
            sentences.append(f"{x} on {y}{where}: {'; '.join(parts)}.")
        return " ".join((*sentences, *self.notes))

    def chart(self) -> Chart:
        """Return one panel per group."""
        groups = list(dict.fromkeys(row.group for row in self.effects))
        axis = "standardised effect, 95 % interval" if self.is_standardized else "effect, 95 % interval"
        ends = shared_range([row for group in groups for row in self._rows(group)], (0.0,))
        panels = tuple(RowPanel(group, tuple(self._rows(group)), axis, (0.0,), ends) for group in groups)
        ring = "Rings: the interval contains zero. Orange: negative."
        return Chart(self.title, panels, columns=1, notes=(ring, *self.notes))

    def _rows(self, group: str) -> list[ChartRow]:
        rows: list[ChartRow] = []
        pair = None
        for row in (x for x in self.effects if x.group == group):
            if (row.x, row.y) != pair:
                pair = row.x, row.y
                rows.append(ChartRow(f"{row.x} on {row.y}", is_heading=True))
            role = "negative" if (row.value or 0.0) < 0 else "line"
            text = f"{number(row.value, DECIMALS)}{_limits(row)}"
            rows.append(
                ChartRow(row.name, row.value, row.lower, row.upper, role, not row.is_clear, text=text, note=text)
            )
        return rows


def _limits(row: EffectRow) -> str:
    return "" if row.lower is None or row.upper is None else f" {interval(row.lower, row.upper, DECIMALS)}"


def plot_effects(
    fit: Fit,
    *,
    x: str | Sequence[str] | None = None,
    y: str | Sequence[str] | None = None,
    through: str | Sequence[str] | None = None,
    standardized: bool = True,
    language: str = "en",
) -> EffectsPlot:
    """Return direct, indirect and total effects with 95 % intervals by the delta method.

    Args:
        fit: A converged fit.
        x, y, through: As for `Fit.effects`.
        standardized: Standardised by all variables; else in the variables' units.
        language: Of names: "en" or "zh".

    Raises:
        UsageError: the model has no effects to decompose, or an unknown language.
        EffectError: as `Fit.effects`.
        ConvergenceError: the fit did not converge.
    """
    require_converged(fit)
    frame = fit.effects(x, y, through)
    if frame.empty:
        raise UsageError(
            "No variable works through another in this model: there are no effects to draw.",
            remedy="Name two variables: x=..., y=...",
            code="no-effects",
        )
    is_open = x is None and y is None and through is None
    return plot_effects_frame(fit, frame, standardized=standardized, language=language, is_open=is_open)


def plot_effects_frame(
    fit: Fit, frame: pd.DataFrame, *, standardized: bool = True, language: str = "en", is_open: bool = True
) -> EffectsPlot:
    """Return effects that were computed before, with the intervals that they have.

    Args:
        fit: The fit behind them.
        frame: Rows of `Fit.effects` with intervals of one kind.
        standardized: Standardised by all variables; else in the variables' units.
        language: Of names: "en" or "zh".
        is_open: Nobody named variables: single ways are left out where there are many.
    """
    names = names_of(fit, language)
    notes = []
    if is_open and len(frame) > MANY:
        single = frame["effect"].tolist().count(SPECIFIC)
        frame = frame.loc[frame["effect"].isin(["total indirect", "direct"])]
        notes.append(f"Left out: {count_of(single, 'specific effect')} and totals; name x and y to see them.")
    rows = []
    columns = ("std_all", "std_ci_lower", "std_ci_upper") if standardized else ("est", "ci_lower", "ci_upper")
    for line in frame.to_dict("records"):
        value, lower, upper = (known(line[column]) for column in columns)
        path = tuple(names.title(name) for name in line["path"].split(" -> ")) if line["path"] else ()
        ends = names.title(line["x"]), names.title(line["y"])
        rows.append(EffectRow(line["group_label"], *ends, line["effect"], path, value, lower, upper))
    kind = "Standardised effects" if standardized else "Effects"
    return EffectsPlot(heading(kind, fit, language=language), standardized, tuple(rows), tuple(notes))
