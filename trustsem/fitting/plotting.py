"""`ts.plot`: a figure of any result."""

from __future__ import annotations

from typing import Any

from trustsem.errors import UsageError
from trustsem.fitting.drawn import DrawnFit
from trustsem.fitting.invariance import Invariance
from trustsem.fitting.result import Fit
from trustsem.plots.plot import Plot
from trustsem.plots.registry import MadeOf, build_plot
from trustsem.survey import Survey

_RESULTS = ((Fit, MadeOf.FIT), (DrawnFit, MadeOf.DRAWS), (Invariance, MadeOf.INVARIANCE), (Survey, MadeOf.SURVEY))


def plot(name: str, result: object, **options: Any) -> Plot:
    """Return a figure of a result, with `.figure()` for plotly, `.svg()`, `.text()` and `.to_dict()`.

    Args:
        name: Of the figure; see docs/figures.md.
        result: A fit, what its `bootstrap` or `monte_carlo` returned, an analysis of invariance, or a survey.
        options: Of that figure.

    Raises:
        UsageError: an unknown figure or option, or a result that it does not show.

    Example:
        >>> import trustsem as ts
        >>> survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
        >>> ts.plot("responses", survey, items="ipt1").text().split(": ")[0]
        'Answers'
    """
    made_of = next((kind for type_, kind in _RESULTS if isinstance(result, type_)), None)
    if made_of is None:
        raise UsageError(
            f"There is no figure of a {type(result).__name__}.",
            remedy="Figures show fits, draws of fit.bootstrap() and fit.monte_carlo(), invariance and surveys.",
            code="plot-of-another-result",
        )
    return build_plot(name, made_of, result, options)
