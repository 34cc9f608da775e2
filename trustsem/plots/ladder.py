"""How fit changes from level to level of measurement invariance, and where the rules draw the line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.plots.chart import Chart, ChartRow, RowPanel
from trustsem.plots.groups import heading
from trustsem.plots.numbers import known, number
from trustsem.plots.plot import ChartPlot

if TYPE_CHECKING:
    from trustsem.fitting.invariance import Invariance

SCHEMA = "trustsem.plot.invariance/1"
INDICES = ("cfi", "rmsea", "srmr")
REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class LadderRow:
    """One fit of a level.

    Args:
        level: Name of the level.
        released: Parameters that are not equal.
        status: What became of it.
        against: The level that it is compared with; None where there is no comparison.
        pvalue: Of the difference test; None without one.
        cfi, rmsea, srmr: Changes of the indices; None without a comparison.
        reason: Why the level was not fitted; None where it was.
    """

    level: str
    released: str
    status: str
    against: str | None
    pvalue: float | None
    cfi: float | None
    rmsea: float | None
    srmr: float | None
    reason: str | None

    @property
    def name(self) -> str:
        """The fit as it is printed."""
        count = len(self.released.split(", ")) if self.released else 0
        return f"{self.level}{f', {count} released' if count else ''}: {self.status}"


@dataclass(frozen=True, slots=True)
class LadderPlot(ChartPlot):
    """Changes of fit indices over the levels. Made by `Invariance.plot()`.

    Args:
        title: What is shown.
        decision: The highest rung that holds.
        rows: The fits, in order.
        limits: Changes from which on the rules speak against a level: CFI, RMSEA, SRMR of loadings, SRMR of others.
        rules: The rules in words.
    """

    title: str
    decision: str
    rows: tuple[LadderRow, ...]
    limits: tuple[tuple[str, tuple[float, ...]], ...]
    rules: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "decision": self.decision,
            "rows": [asdict(row) for row in self.rows],
            "limits": {name: list(values) for name, values in self.limits},
            "rules": list(self.rules),
            "text": self.text(),
        }

    def text(self) -> str:
        """Return every comparison and the decision in sentences."""
        sentences = [f"{self.title}. The highest rung that holds: {self.decision}."]
        for row in self.rows:
            if row.against is None:
                sentences.append(f"{row.name}{f' ({row.reason})' if row.reason else ''}.")
                continue
            changes = ", ".join(f"{name.upper()} {_signed(getattr(row, name))}" for name in INDICES)
            test = "" if row.pvalue is None else f", difference test p {_p(row.pvalue)}"
            sentences.append(f"{row.name}, against {row.against}: {changes}{test}.")
        return " ".join(sentences)

    def chart(self) -> Chart:
        """Return one panel per index."""
        compared = [row for row in self.rows if row.against is not None]
        limits = dict(self.limits)
        panels = tuple(
            RowPanel(
                f"Change of {index.upper()}",
                tuple(_chart_row(row, index) for row in compared),
                "better ← 0 → worse" if index != "cfi" else "worse ← 0 → better",
                references=(0.0, *limits[index]),
            )
            for index in INDICES
        )
        notes = (
            f"The highest rung that holds: {self.decision}. Rings, orange: rejected. Dashed lines: no change, and "
            "limits of the rules.",
            *self.rules,
        )
        return Chart(self.title, panels, columns=1, notes=notes)


def _chart_row(row: LadderRow, index: str) -> ChartRow:
    value = getattr(row, index)
    is_rejected = row.status == REJECTED
    test = () if row.pvalue is None else (f"p {_p(row.pvalue)}",)
    note = f"{row.name}, against {row.against}; released: {row.released or 'none'}"
    return ChartRow(
        row.name, value, role="negative" if is_rejected else "line", is_hollow=is_rejected,
        text=", ".join((_signed(value), *test)), note=note,
    )  # fmt: skip


def _signed(value: float | None) -> str:
    text = number(value, 3)
    return f"+{text}" if value is not None and value > 0 and text.strip(".0") else text


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"= {number(value, 3)}"


def plot_invariance(result: Invariance) -> LadderPlot:
    """Return the changes of fit indices over the levels of invariance, with the limits of the rules.

    Args:
        result: What `trustsem.invariance` returned.
    """
    rules = result.ladder.rules
    rows = tuple(
        LadderRow(
            line["level"],
            line["released"] if isinstance(line["released"], str) else "",
            line["status"],
            line["against"] if isinstance(line["against"], str) else None,
            known(line["pvalue_diff"]),
            known(line["delta_cfi"]),
            known(line["delta_rmsea"]),
            known(line["delta_srmr"]),
            line["reason"] if isinstance(line["reason"], str) else None,
        )
        for line in result.table.to_dict("records")
    )
    limits = (
        ("cfi", (-rules.cfi,)),
        ("rmsea", (rules.rmsea,)),
        ("srmr", tuple(sorted({rules.srmr_other, rules.srmr_loadings}))),
    )
    title = heading("Measurement invariance", result.configural)
    first, *criteria = rules.sentences()
    return LadderPlot(title, result.decision, rows, limits, (f"{first} {'; '.join(criteria)}.",))
