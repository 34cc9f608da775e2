"""Loadings with their intervals, factor by factor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.errors import UsageError
from trustsem.plots.chart import Chart, ChartRow, RowPanel, shared_range
from trustsem.plots.groups import heading, require_converged
from trustsem.plots.names import names_of
from trustsem.plots.numbers import known, number
from trustsem.plots.plot import ChartPlot
from trustsem.spec.auxiliary import is_auxiliary

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.plot.loadings/1"


@dataclass(frozen=True, slots=True)
class Loading:
    """One loading.

    Args:
        group: Label of the group; "" where there is one.
        factor, indicator: Names in the model.
        factor_title: The factor's name for readers.
        value: Loading; None where it is not defined.
        lower, upper: 95 % limits; None for fixed loadings and where there is no standard error.
        is_fixed: Whether it was given (a marker) and has no interval; never so of standardised ones.
        wording: The item's question; None where it is not known.
    """

    group: str
    factor: str
    factor_title: str
    indicator: str
    value: float | None
    lower: float | None
    upper: float | None
    is_fixed: bool
    wording: str | None


@dataclass(frozen=True, slots=True)
class LoadingsPlot(ChartPlot):
    """Dots and intervals of all loadings. Made by `Fit.plot("loadings")`."""

    title: str
    is_standardized: bool
    loadings: tuple[Loading, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "standardized": self.is_standardized,
            "loadings": [asdict(loading) for loading in self.loadings],
            "text": self.text(),
        }

    def text(self) -> str:
        """Return the range of loadings of each factor, and the lowest one, in sentences."""
        sentences = [f"{self.title}."]
        for group, factor in dict.fromkeys((loading.group, loading.factor) for loading in self.loadings):
            own = [x for x in self.loadings if (x.group, x.factor) == (group, factor)]
            parts = [f"{x.indicator} {number(x.value)}{_limits(x)}" for x in own]
            where = f" in group {group}" if group else ""
            sentences.append(f"{own[0].factor_title}{where}: {', '.join(parts)}.")
        return " ".join(sentences)

    def chart(self) -> Chart:
        """Return one panel per group."""
        groups = list(dict.fromkeys(loading.group for loading in self.loadings))
        axis = "standardised loading, 95 % interval" if self.is_standardized else "loading, 95 % interval"
        ends = shared_range([row for group in groups for row in self._rows(group)], (0.0,))
        panels = tuple(RowPanel(group, tuple(self._rows(group)), axis, (0.0,), ends) for group in groups)
        notes = ("Rings without a line: fixed to give the factor its unit.",) if self._has_fixed() else ()
        return Chart(self.title, panels, columns=min(len(panels), 2), notes=notes)

    def _has_fixed(self) -> bool:
        return any(loading.is_fixed for loading in self.loadings)

    def _rows(self, group: str) -> list[ChartRow]:
        rows: list[ChartRow] = []
        factor = None
        for loading in (x for x in self.loadings if x.group == group):
            if loading.factor != factor:
                factor = loading.factor
                rows.append(ChartRow(loading.factor_title, is_heading=True))
            role = "negative" if (loading.value or 0.0) < 0 else "line"
            note = f"{loading.indicator}: {number(loading.value)}{_limits(loading)}"
            note = f"{note} - {loading.wording}" if loading.wording else note
            rows.append(
                ChartRow(loading.indicator, loading.value, loading.lower, loading.upper, role, loading.is_fixed,
                         text=number(loading.value), note=note)
            )  # fmt: skip
        return rows


def _limits(loading: Loading) -> str:
    if loading.lower is None or loading.upper is None:
        return " (fixed)" if loading.is_fixed else ""
    return f" [{number(loading.lower)}, {number(loading.upper)}]"


def plot_loadings(fit: Fit, *, standardized: bool = True, language: str = "en") -> LoadingsPlot:
    """Return the loadings of all groups with 95 % intervals.

    Args:
        fit: A converged fit.
        standardized: Standardised by all variables; else the estimates.
        language: Of names: "en" or "zh".

    Raises:
        UsageError: a model without loadings, or an unknown language.
        ConvergenceError: the fit did not converge.
    """
    require_converged(fit)
    names = names_of(fit, language)
    frame, column = (fit.standardized(), "est_std") if standardized else (fit.estimates, "est")
    fixed = {
        (row.lhs, row.rhs, row.group)
        for row in fit.fitted.table.rows
        if row.op == "=~" and not row.is_free and not is_auxiliary(row)
    }
    labels = fit.group_labels or ("",)
    loadings = []
    for line in frame.loc[frame["op"] == "=~"].to_dict("records"):
        is_fixed = not standardized and (line["lhs"], line["rhs"], line["group"]) in fixed
        loadings.append(
            Loading(
                labels[line["group"] - 1],
                line["lhs"],
                names.title(line["lhs"]),
                line["rhs"],
                known(line[column]),
                None if is_fixed else known(line["ci_lower"]),
                None if is_fixed else known(line["ci_upper"]),
                is_fixed,
                names.wording(line["rhs"]),
            )
        )
    if not loadings:
        raise UsageError("The model has no latent variables: there are no loadings.", code="no-loadings")
    kind = "Standardised loadings" if standardized else "Loadings"
    return LoadingsPlot(heading(kind, fit, language=language), standardized, tuple(loadings))
