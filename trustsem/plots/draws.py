"""Distributions of parameters over the draws of a bootstrap or of Monte Carlo, with interval limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trustsem.effects import EffectKind, effect_functions
from trustsem.errors import UsageError
from trustsem.plots.chart import BinPanel, Chart, Mark
from trustsem.plots.groups import heading
from trustsem.plots.names import names_of
from trustsem.plots.numbers import interval, known, number
from trustsem.plots.plot import ChartPlot
from trustsem.resample import IntervalKind
from trustsem.spec.table import group_key
from trustsem.suggestions import shortened, suggest

if TYPE_CHECKING:
    from trustsem.fitting.drawn import DrawnFit

SCHEMA = "trustsem.plot.draws/1"
MOST = 12  # panels when nobody says which parameters
_BINS = (8, 50)


@dataclass(frozen=True, slots=True)
class DrawsOfParameter:
    """How the draws of one parameter are distributed.

    Args:
        name: The parameter, as in `draws.columns`.
        est: Estimate in the sample.
        se: Standard deviation of the draws; None where there are fewer than two.
        lower, upper: Limits of the interval; None where there are none.
        n_draws: Draws that have a value.
        edges: Ends of the bins.
        counts: Draws in each bin.
    """

    name: str
    est: float
    se: float | None
    lower: float | None
    upper: float | None
    n_draws: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DrawsPlot(ChartPlot):
    """Histograms of draws. Made by `Bootstrap.plot()` and `MonteCarlo.plot()`."""

    title: str
    kind: str
    level: float
    seed: int
    parameters: tuple[DrawsOfParameter, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the records as JSON-ready values."""
        parameters = [{**asdict(p), "edges": list(p.edges), "counts": list(p.counts)} for p in self.parameters]
        return {
            "schema": SCHEMA,
            "title": self.title,
            "kind": self.kind,
            "level": self.level,
            "seed": self.seed,
            "parameters": parameters,
            "notes": list(self.notes),
            "text": self.text(),
        }

    def text(self) -> str:
        """Return estimate, standard error and interval of each parameter in sentences."""
        parts = [
            f"{p.name}: estimate {number(p.est)}, standard error {number(p.se, 3)}, interval {_limits(p)}, "
            f"{p.n_draws:,} draws."
            for p in self.parameters
        ]
        share = f"{100 * self.level:g} % intervals, {self.kind.replace('_', ' ')}"
        return " ".join((f"{self.title}. {share}.", *parts, *self.notes))

    def chart(self) -> Chart:
        """Return one panel per parameter."""
        share = f"{100 * self.level:g} % interval ({self.kind.replace('_', ' ')})"
        notes = (f"Solid line: estimate; dashed lines: {share}. Seed {self.seed}.", *self.notes)
        return Chart(self.title, tuple(_panel(p) for p in self.parameters), columns=2, notes=notes)


def _limits(parameter: DrawsOfParameter) -> str:
    if parameter.lower is None or parameter.upper is None:
        return "none"
    return interval(parameter.lower, parameter.upper)


def _panel(parameter: DrawsOfParameter) -> BinPanel:
    marks = [Mark(parameter.est, number(parameter.est))]
    limits = (parameter.lower, parameter.upper)
    marks += [Mark(value, number(value), "negative", is_dashed=True) for value in limits if value is not None]
    return BinPanel(parameter.name, parameter.edges, parameter.counts, tuple(marks), "value in the draws")


def plot_draws(
    drawn: DrawnFit,
    *,
    parameters: str | Sequence[str] | None = None,
    kind: str = "percentile",
    level: float = 0.95,
) -> DrawsPlot:
    """Return the distributions of parameters over draws.

    Args:
        drawn: What `Fit.bootstrap` or `Fit.monte_carlo` returned.
        parameters: Names as in `draws.columns`, or labels; None: definitions, else paths, else loadings.
        kind: Of the interval, as for `intervals`.
        level: Of the interval.

    Raises:
        UsageError: parameters that do not exist or are fixed, another kind or level.
    """
    intervals = drawn.intervals(kind, level=level)
    lines: dict[str, Any] = {_key(line): line for line in intervals.to_dict("records")}
    labels = {line["label"]: key for key, line in reversed(lines.items()) if line["label"]}
    free = [key for key, line in lines.items() if known(line["se"]) is not None]
    wanted, notes = _wanted(parameters, free, lines, labels)
    values = drawn.draws
    records = tuple(_of_parameter(key, lines[key], values[key].to_numpy(dtype=np.float64)) for key in wanted)
    return DrawsPlot(heading("Distribution of draws", drawn.fit), kind, level, drawn.seed, records, notes)


def plot_effect_draws(
    drawn: DrawnFit, paths: Sequence[Sequence[str]], *, kind: str = "percentile", language: str = "en"
) -> DrawsPlot:
    """Return the distributions of indirect effects over draws, in the variables' units.

    Args:
        drawn: What `Fit.bootstrap` or `Fit.monte_carlo` returned.
        paths: Names along each way, ends included.
        kind: Of the interval, as for `intervals`.
        language: Of names: "en" or "zh".

    Raises:
        UsageError: another kind, or no effect with such a path.
    """
    names, labels = names_of(drawn.fit, language), drawn.fit.group_labels
    wanted = {tuple(path) for path in paths}
    rows = [row for row in drawn.fit.decompose().rows if row.kind is EffectKind.SPECIFIC and tuple(row.path) in wanted]
    if not rows:
        raise UsageError("No indirect effect has such a path.", remedy="Names as in fit.effects().", code="paths")
    functions = effect_functions(drawn.fit.fitted.estimate, rows, standardized=False)
    values = functions.in_draws(drawn.raw)[drawn.raw.ledger.used]
    found = drawn.intervals_of(functions, [IntervalKind(kind)])
    lower, upper = found.limits[IntervalKind(kind)]
    records = []
    for k, row in enumerate(rows):
        way = " → ".join(names.title(name) for name in row.path)
        title = f"{way} ({labels[row.group - 1]})" if labels else way
        line = {"est": functions.values[k], "se": found.se[k], "ci_lower": lower[k], "ci_upper": upper[k]}
        records.append(_of_parameter(title, line, values[:, k]))
    return DrawsPlot(heading("Indirect effects over draws", drawn.fit), kind, 0.95, drawn.seed, tuple(records))


def _key(line: Any) -> str:
    if line["op"] == ":=":
        return str(line["lhs"])
    return group_key(f"{line['lhs']}{line['op']}{line['rhs']}", int(line["group"]))


def _wanted(
    parameters: str | Sequence[str] | None, free: Sequence[str], lines: dict[str, Any], labels: dict[str, str]
) -> tuple[list[str], tuple[str, ...]]:
    if parameters is None:
        by_kind = ([key for key in free if lines[key]["op"] == op] for op in (":=", "~", "=~"))
        chosen = next((keys for keys in by_kind if keys), list(free))
        rest = len(chosen) - MOST
        notes = (f"{rest} more are not shown; name them: parameters=[...].",) if rest > 0 else ()
        return chosen[:MOST], notes
    names = [parameters] if isinstance(parameters, str) else list(parameters)
    keys = [labels.get(name, name) for name in names]
    known_names = (*free, *labels)
    faults = [
        f"'{name}' is fixed: it has no distribution." if key in lines else
        f"There is no parameter '{name}'.{suggest(name, known_names)}"
        for name, key in zip(names, keys, strict=True) if key not in free
    ]  # fmt: skip
    if faults or not keys:
        raise UsageError(
            "The draws cannot be drawn.", faults=faults or ["No parameter was named."],
            remedy=f"Parameters: {shortened(free, 12)}.", code="parameters",
        )  # fmt: skip
    return keys, ()


def _of_parameter(name: str, line: Any, values: NDArray[np.float64]) -> DrawsOfParameter:
    finite = values[np.isfinite(values)]
    # Freedman & Diaconis (1981): bins of 2 IQR / n^(1/3); not fewer than 8, not more than 50
    spread = float(np.subtract(*np.percentile(finite, [75, 25])))
    width = 2 * spread / len(finite) ** (1 / 3)
    reach = float(np.ptp(finite))
    bins = int(np.clip(np.ceil(reach / width) if width > 0 else _BINS[0], *_BINS))
    counts, edges = np.histogram(finite, bins=bins)
    return DrawsOfParameter(
        name, float(line["est"]), known(line["se"]), known(line["ci_lower"]), known(line["ci_upper"]),
        len(finite), tuple(edges.tolist()), tuple(counts.tolist()),
    )  # fmt: skip
