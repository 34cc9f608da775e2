"""Residual correlations as a map: where the model leaves something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trustsem.plots.chart import CellPanel, Chart
from trustsem.plots.groups import group_label, group_number, heading, require_converged
from trustsem.plots.numbers import known, number
from trustsem.plots.plot import ChartPlot

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.plot.residuals/1"
LARGEST = 5  # pairs that the text names
_WORDS = {
    "raw": "residual covariances",
    "cor_bollen": "residual correlations",
    "cor_bentler": "residual correlations (Bentler)",
    "normalized": "normalised residuals",
    "standardized": "standardised residuals (z)",
}
_LEAST = {"cor_bollen": 0.1, "cor_bentler": 0.1, "normalized": 1.96, "standardized": 1.96}  # ends of the colours


@dataclass(frozen=True, slots=True)
class ResidualsPlot(ChartPlot):
    """The lower triangle of a matrix of residuals. Made by `Fit.plot("residuals")`.

    Args:
        title: What is shown.
        group: Label of the group; "" where there is one.
        type: As in `Fit.residuals`.
        names: Observed variables.
        values: Row i has the residuals with variables 0 to i - 1; None where one is not known.
        limit: Size at which the colours end.
    """

    title: str
    group: str
    type: str
    names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    limit: float

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "group": self.group,
            "type": self.type,
            "names": list(self.names),
            "values": [list(row) for row in self.values],
            "limit": self.limit,
            "text": self.text(),
        }

    def largest(self) -> list[tuple[str, str, float]]:
        """Return the pairs with the largest residuals."""
        pairs = [
            (self.names[i], self.names[j], value)
            for i, row in enumerate(self.values)
            for j, value in enumerate(row)
            if value is not None
        ]
        return sorted(pairs, key=lambda pair: -abs(pair[2]))[:LARGEST]

    def text(self) -> str:
        """Return the largest residuals in sentences."""
        found = "; ".join(f"{a} with {b} {number(value, 3)}" for a, b, value in self.largest())
        return f"{self.title}: {len(self.names)} variables. Largest: {found}."

    def chart(self) -> Chart:
        """Return the map."""
        n = len(self.names)
        cells = tuple((*row, *(None,) * (n - len(row))) for row in self.values)
        notes = (
            "Blue: more association in the sample than the model implies; orange: less.",
            f"Largest: {'; '.join(f'{a} with {b} {number(value)}' for a, b, value in self.largest())}.",
        )
        return Chart(self.title, (CellPanel("", self.names, cells, self.limit, _WORDS[self.type]),), notes=notes)


def plot_residuals(
    fit: Fit, *, type: str = "cor_bollen", group: str | None = None, language: str = "en"
) -> ResidualsPlot:
    """Return the residuals of all pairs of observed variables.

    Args:
        fit: A converged fit.
        type: As for `Fit.residuals`; "cor_bollen": sample minus implied correlations.
        group: Label of the group; needed where there are several.
        language: Of the title: "en" or "zh".

    Raises:
        UsageError: an unknown type or group, or residuals that do not exist for this fit.
        ConvergenceError: the fit did not converge.
    """
    require_converged(fit)
    number_of_group = group_number(fit, group)
    found = fit.residuals(type)
    label = group_label(fit, number_of_group)
    record: Any = found[label] if fit.group_labels else found  # type: ignore[index]
    matrix = record.cov.to_numpy()
    names = tuple(str(name) for name in record.cov.columns)
    values = tuple(tuple(known(matrix[i, j]) for j in range(i)) for i in range(len(names)))
    sizes = [abs(value) for row in values for value in row if value is not None]
    limit = max([*sizes, _LEAST.get(record.type, 0.0)]) or 1.0
    words = _WORDS[record.type]
    title = heading(f"{words[0].upper()}{words[1:]}", fit, number_of_group, language)
    return ResidualsPlot(title, label, record.type, names, values, limit)
