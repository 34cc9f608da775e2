"""Why another program prints other numbers: defaults that differ, with both values where the engine has both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trustsem.errors import TrustSemError, UsageError
from trustsem.fitting.differences import PROGRAMS, Difference, differences_of
from trustsem.fitting.differences_ordinal import ordinal_differences
from trustsem.fitting.refit import refitted
from trustsem.pipeline import FittedModel
from trustsem.suggestions import suggest

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, slots=True)
class BothValues:
    """One printed number under our default and under the other program's."""

    name: str
    ours: float | None
    theirs: float | None


@dataclass(frozen=True, slots=True)
class ExplainedDifference:
    """A default that differs, and what it does to this fit.

    Args:
        topic: What it is about.
        theirs: What the program does.
        ours: What this fit did.
        effect: Which printed numbers change.
        values: Numbers under both, where the engine can produce both.
        note: Why there are no values, where there are none; None otherwise.
        column: Whose numbers the second values are: the program's, or those of an option of it.
    """

    topic: str
    theirs: str
    ours: str
    effect: str
    values: tuple[BothValues, ...]
    note: str | None
    column: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All differences to one program."""

    program: str
    differences: tuple[ExplainedDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON-ready values."""
        return asdict(self)


def explain_differences(fit: Fit, program: str) -> Explanation:
    """Say how another program's defaults differ from what this fit did, refitting where the engine can follow.

    Args:
        fit: A fit.
        program: "lavaan", "mplus" or "stata".

    Raises:
        UsageError: another program.
    """
    name = str(program).lower()
    if name not in PROGRAMS:
        raise UsageError(
            f"Nothing is known of the defaults of '{program}'.{suggest(name, PROGRAMS)}",
            remedy=f"Use one of: {', '.join(PROGRAMS)}.",
            code="unknown-program",
        )
    is_ordinal = fit.fitted.table.ordinal is not None
    differences = ordinal_differences(name) if is_ordinal else differences_of(name)
    return Explanation(name, tuple(_explain(fit, item, name) for item in differences))


def _explain(fit: Fit, item: Difference, program: str) -> ExplainedDifference:
    ours = item.ours if isinstance(item.ours, str) else item.ours(fit)
    values, note = _values(fit, item)
    return ExplainedDifference(item.topic, item.theirs, ours, item.effect, values, note, item.column or program)


def _values(fit: Fit, item: Difference) -> tuple[tuple[BothValues, ...], str | None]:
    if item.pairs:
        measures = fit.fit_measures
        there = [pair for pair in item.pairs if set(pair) <= set(measures)]
        return tuple(BothValues(f"{one} / {two}", measures[one], measures[two]) for one, two in there), None
    if item.change is None:
        return (), item.missing(fit) if callable(item.missing) else item.missing
    if item.applies is not None and not item.applies(fit):
        return (), item.otherwise
    try:
        other = refitted(fit, dict(item.change.spec), dict(item.change.pipeline))
    except TrustSemError as error:
        return (), f"The refit is not possible: {error.message}"
    known = {*fit.fit_measures, *_SPECIAL}
    return tuple(_read(fit.fitted, other, name) for name in item.numbers if name in known), None


def _read(ours: FittedModel, theirs: FittedModel, name: str) -> BothValues:
    reader = _SPECIAL.get(name)
    if reader is not None:
        return BothValues(f"{name} ({_named_row(ours, name)})", reader(ours), reader(theirs))
    return BothValues(name, ours.measures.values[name], theirs.measures.values.get(name))


def _first_row(fitted: FittedModel, ops: Sequence[str], *, variance: bool = False) -> int | None:
    """Return the position of the first free row of some kind that is no moment of a predictor."""
    predictors = set(fitted.table.variables.exogenous)
    for index, row in enumerate(fitted.table.free_rows):
        if row.op in ops and row.lhs not in predictors and (not variance or row.lhs == row.rhs):
            return index
    return None


def _row_for(fitted: FittedModel, name: str) -> int | None:
    if name == "first free variance":
        return _first_row(fitted, ("~~",), variance=True)
    found = _first_row(fitted, ("~",))
    return _first_row(fitted, ("=~", "~~")) if found is None else found


def _named_row(fitted: FittedModel, name: str) -> str:
    index = _row_for(fitted, name)
    return "none" if index is None else fitted.table.free_rows[index].key


def _first_error(fitted: FittedModel) -> float | None:
    index, errors = _row_for(fitted, "first standard error"), fitted.covariance.standard_errors
    return None if index is None or errors is None else float(errors[index])


def _first_variance(fitted: FittedModel) -> float | None:
    index = _row_for(fitted, "first free variance")
    return None if index is None else float(fitted.estimate.theta[index])


_SPECIAL: Mapping[str, Callable[[FittedModel], float | None]] = {
    "first standard error": _first_error,
    "first free variance": _first_variance,
}


# --- text -----------------------------------------------------------------------------------------------------------


def explanation_lines(explanation: Explanation, width: int = 80) -> list[str]:
    """Return an explanation as lines of text."""
    from trustsem.tables.text import heading, render_table, wrap_text

    lines: list[str] = []
    for item in explanation.differences:
        lines += ["", *heading(item.topic).splitlines()] if lines else heading(item.topic).splitlines()
        for label, text in ((explanation.program, item.theirs), ("this fit", item.ours), ("changes", item.effect)):
            lines += wrap_text(f"{label}: {text}", width, hanging=2)
        if item.values:
            rows = [[value.name, _shown(value.ours), _shown(value.theirs)] for value in item.values]
            table = render_table(["", "this fit", item.column], rows, width=width - 2)
            lines += [f"  {line}" for line in table.splitlines()]
        if item.note:
            lines += wrap_text(f"  {item.note}", width, hanging=0)
    return lines


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    if float(value).is_integer() and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.3f}" if abs(value) >= 100 else f"{value:.6f}"
