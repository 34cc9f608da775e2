"""Every figure by name: what it is made of and who makes it. A new one is a module and a line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from trustsem.errors import UsageError
from trustsem.plots.diagram.page import measurement_diagram, path_diagram
from trustsem.plots.draws import plot_draws
from trustsem.plots.effects import plot_effects
from trustsem.plots.ladder import plot_invariance
from trustsem.plots.loadings import plot_loadings
from trustsem.plots.plot import Plot
from trustsem.plots.residuals import plot_residuals
from trustsem.plots.responses import plot_responses
from trustsem.plots.scenario_ranking import plot_levers
from trustsem.suggestions import suggest


class MadeOf(Enum):
    """The result that a figure shows."""

    FIT = "fit"
    DRAWS = "bootstrap"
    INVARIANCE = "invariance"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True)
class PlotEntry:
    """A figure of the registry.

    Args:
        made_of: The result that it shows.
        build: Makes its records from that result; options are keyword arguments.
        summary: What it shows.
    """

    made_of: MadeOf
    build: Callable[..., Plot]
    summary: str


PLOTS: Mapping[str, PlotEntry] = MappingProxyType(
    {
        "path_diagram": PlotEntry(MadeOf.FIT, path_diagram, "variables and arrows with their numbers"),
        "measurement": PlotEntry(MadeOf.FIT, measurement_diagram, "every factor with its indicators"),
        "loadings": PlotEntry(MadeOf.FIT, plot_loadings, "loadings with intervals"),
        "effects": PlotEntry(MadeOf.FIT, plot_effects, "direct, indirect and total effects with intervals"),
        "residuals": PlotEntry(MadeOf.FIT, plot_residuals, "what the model leaves of each correlation"),
        "levers": PlotEntry(MadeOf.FIT, plot_levers, "importance and headroom of levers on an outcome"),
        "draws": PlotEntry(MadeOf.DRAWS, plot_draws, "distributions of parameters over draws"),
        "invariance": PlotEntry(MadeOf.INVARIANCE, plot_invariance, "change of fit from level to level"),
        "responses": PlotEntry(MadeOf.SURVEY, plot_responses, "answers to each item"),
    }
)


def build_plot(name: str, made_of: MadeOf, result: object, options: Mapping[str, Any]) -> Plot:
    """Return a figure by name.

    Args:
        name: A name of `PLOTS`; blanks and hyphens may stand for underscores.
        made_of: What `result` is.
        result: The fit, draws, analysis of invariance or survey.
        options: Of that figure.

    Raises:
        UsageError: an unknown figure or option, or one that shows another kind of result.
    """
    key = str(name).strip().lower().replace("-", "_").replace(" ", "_")
    own = [known for known, entry in PLOTS.items() if entry.made_of is made_of]
    entry = PLOTS.get(key)
    if entry is None:
        raise UsageError(
            f"There is no figure {name!r}.{suggest(key, PLOTS)}",
            remedy=f"Of a {made_of.value}: {', '.join(own)}.",
            code="unknown-plot",
        )
    if entry.made_of is not made_of:
        raise UsageError(
            f"The figure {key!r} shows a {entry.made_of.value}, not a {made_of.value}.",
            remedy=f"Of a {made_of.value}: {', '.join(own)}.",
            code="plot-of-another-result",
        )
    allowed = [parameter.name for parameter in inspect.signature(entry.build).parameters.values()][1:]
    unknown = [option for option in options if option not in allowed]
    if unknown:
        raise UsageError(
            f"The figure {key!r} cannot be drawn so.",
            faults=[f"It has no option {option!r}.{suggest(option, allowed)}" for option in unknown],
            remedy=f"Options: {', '.join(allowed)}." if allowed else "It has no options.",
            code="unknown-option",
        )
    return entry.build(result, **options)
