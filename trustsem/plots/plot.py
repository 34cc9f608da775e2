"""What every figure can do: plain values, words, a plotly figure, an SVG picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from trustsem.plots.chart import Chart
from trustsem.plots.palette import THEMES, read_theme

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Plot(ABC):
    """A figure as records; nothing is drawn before `figure` or `svg` is called."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values, schema `trustsem.plot.NAME/1`."""

    @abstractmethod
    def text(self) -> str:
        """Return what the figure shows in sentences, for screen readers and for who cannot see it."""

    @abstractmethod
    def figure(self, theme: str = "light") -> go.Figure:
        """Return the figure for plotly.

        Args:
            theme: "light" or "dark".
        """

    @abstractmethod
    def svg(self, theme: str = "light") -> str:
        """Return the figure as an SVG picture with title and description.

        Args:
            theme: "light", "dark", or "auto": as the reader's screen is set.
        """


class ChartPlot(Plot):
    """A figure that is a chart of panels: subclasses say what is in it, `trustsem.plots` draws it."""

    __slots__ = ()

    @abstractmethod
    def chart(self) -> Chart:
        """Return the panels."""

    def figure(self, theme: str = "light") -> go.Figure:
        """Return the figure for plotly."""
        from trustsem.plots.chart_plotly import chart_figure

        return chart_figure(self.chart(), THEMES[read_theme(theme)])

    def svg(self, theme: str = "light") -> str:
        """Return the figure as an SVG picture."""
        from trustsem.plots.chart_svg import chart_svg

        return chart_svg(self.chart(), self.text(), read_theme(theme, with_auto=True))
