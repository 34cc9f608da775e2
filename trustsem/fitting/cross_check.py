"""The same model through semopy, a second engine: where the numbers agree and what cannot be compared."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from trustsem.fitting.semopy_model import SemopyRun, coupled_means, run_semopy

if TYPE_CHECKING:
    from trustsem.inference import InformationKind
    from trustsem.pipeline import FittedModel

# semopy stops its optimiser at a coarse point; the third decimal is what a report prints.
AGREE = 1e-3  # |ours - theirs| <= AGREE * max(1, |ours|)
_SAME_MINIMUM = 1e-6  # difference of F (not F/2) below which two minima are one


class Verdict(Enum):
    """How a cross-check ended."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ELSEWHERE = "elsewhere"  # semopy stopped at a worse point; from our estimates it stays there
    NOT_POSSIBLE = "not-possible"


@dataclass(frozen=True, slots=True)
class CheckedParameter:
    """One parameter in both engines; `relative` is the difference over max(1, |ours|)."""

    parameter: str
    ours: float
    theirs: float
    difference: float
    relative: float
    ours_se: float | None
    theirs_se: float | None


@dataclass(frozen=True, slots=True)
class CheckedMeasure:
    """One number of the whole fit in both engines."""

    name: str
    ours: float
    theirs: float
    difference: float


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The result of a cross-check.

    Args:
        engine: The other program with its version; without one where it was not started.
        verdict: How it ended.
        sentence: The same in words.
        reasons: Why it was not possible, every reason; empty where it was.
        parameters: Free parameters of the covariance structure in both engines.
        measures: Discrepancy, chi-square and degrees of freedom in both.
        not_compared: What the other engine does not have.
        largest_difference: Largest absolute difference of an estimate; None where nothing was compared.
        largest_relative: Largest difference over max(1, |ours|).
        message: What the other engine's optimiser said.
    """

    engine: str
    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...] = ()
    parameters: tuple[CheckedParameter, ...] = ()
    measures: tuple[CheckedMeasure, ...] = ()
    not_compared: tuple[str, ...] = ()
    largest_difference: float | None = None
    largest_relative: float | None = None
    message: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "engine": self.engine,
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "reasons": list(self.reasons),
            "parameters": [_record(item) for item in self.parameters],
            "measures": [_record(item) for item in self.measures],
            "not_compared": list(self.not_compared),
            "largest_difference": _finite(self.largest_difference),
            "largest_relative": _finite(self.largest_relative),
            "message": self.message,
        }


def _record(item: CheckedParameter | CheckedMeasure) -> dict[str, Any]:
    names = item.__slots__
    return {name: _finite(getattr(item, name)) for name in names}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cross_check_fit(fitted: FittedModel, kind: InformationKind) -> CrossCheck:
    """Fit the same model to the same moments with semopy and compare; a failure of semopy is a result, not an error.

    semopy starts from plain start values. Where it ends at a worse point or gives up, it is started again from our
    estimates, which tells whether they are a minimum for it too.

    Args:
        fitted: Our fit.
        kind: Information behind our standard errors: semopy's are compared with expected ones only.
    """
    reasons = tuple(_obstacles(fitted))
    if reasons:
        return CrossCheck("semopy", Verdict.NOT_POSSIBLE, f"Not cross-checked: {reasons[0]}", reasons)
    try:
        with warnings.catch_warnings(), _quiet_logging():
            warnings.simplefilter("ignore")
            own = run_semopy(fitted, kind)
            from_ours = None if _same_minimum(fitted, own) else run_semopy(fitted, kind, from_ours=True)
    except Exception as error:  # whatever a foreign engine raises must not end a fit that succeeded
        reason = f"semopy stopped with {type(error).__name__}."
        return CrossCheck("semopy", Verdict.NOT_POSSIBLE, f"Not cross-checked: {reason}", (reason,))
    return _compare(fitted, own, from_ours)


class _quiet_logging:  # noqa: N801 (used like a function)
    """Keep semopy's messages off the terminal: what matters of them is in the result."""

    def __enter__(self) -> None:
        self._level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.disable(self._level)


def _obstacles(fitted: FittedModel) -> Iterator[str]:
    if not fitted.estimate.converged:
        yield "our own fit did not converge."
    if len(fitted.moments.groups) > 1:
        yield "semopy has no equality across groups; only fits of one group are compared."
    name = fitted.estimate.objective.discrepancy.name
    if fitted.table.ordinal is not None:
        yield (
            "models of ordinal items are not compared: semopy's least squares of polychoric correlations does not run "
            "with the NumPy and SciPy of today, and its weights are not those of WLSMV."
        )
        return
    if name == "FIML":
        yield (
            "full information maximum likelihood of incomplete rows is not compared: semopy's gives other estimates "
            "than the programs that are known to agree."
        )
    elif name != "ML":
        yield f"only maximum likelihood is compared, not {name}."
    binding = [*fitted.table.equalities, *fitted.estimate.active.relations]
    if binding:
        texts = list(dict.fromkeys(relation.text for relation in binding))
        yield f"nonlinear constraints and bounds that bind are not handed to semopy: {_listing(texts)}."
    coupled = coupled_means(fitted.table)
    if coupled:
        yield (
            f"semopy's model has no means, and here they carry restrictions ({_listing(coupled)}), so the covariance "
            "part cannot be fitted alone."
        )


def _same_minimum(fitted: FittedModel, run: SemopyRun) -> bool:
    return math.isfinite(run.discrepancy) and abs(run.discrepancy - 2 * fitted.estimate.value) < _SAME_MINIMUM


# --- comparison -----------------------------------------------------------------------------------------------------


def _compare(fitted: FittedModel, own: SemopyRun, from_ours: SemopyRun | None) -> CrossCheck:
    parameters = _parameters(fitted, own)
    differences = [abs(item.difference) for item in parameters]
    relative = max((item.relative for item in parameters), default=0.0)
    verdict = _verdict(fitted, own, from_ours, relative)
    return CrossCheck(
        engine=f"semopy {own.version}",
        verdict=verdict,
        sentence=_sentence(verdict, parameters, own, from_ours, fitted),
        parameters=parameters,
        measures=_measures(fitted, own),
        not_compared=tuple(_not_compared(fitted, own)),
        largest_difference=max(differences, default=0.0),
        largest_relative=relative,
        message=own.message,
    )


def _parameters(fitted: FittedModel, run: SemopyRun) -> tuple[CheckedParameter, ...]:
    errors = fitted.covariance.standard_errors
    ours = fitted.estimate.theta
    checked = []
    for index, row in enumerate(fitted.table.free_rows):
        if row.op == "~1":
            continue
        theirs = run.estimates[index]
        difference = theirs - float(ours[index])
        relative = abs(difference) / max(1.0, abs(float(ours[index])))
        se = None if errors is None or run.errors is None else float(errors[index])
        their_se = None if run.errors is None else run.errors[index]
        checked.append(CheckedParameter(row.written, float(ours[index]), theirs, difference, relative, se, their_se))
    return tuple(checked)


def _measures(fitted: FittedModel, run: SemopyRun) -> tuple[CheckedMeasure, ...]:

    n = fitted.moments.n_effective
    pairs = (
        ("discrepancy F", 2 * fitted.estimate.value, run.discrepancy),
        ("chi-square", fitted.test.statistic, n * run.discrepancy),
        ("degrees of freedom", float(fitted.test.df), float(run.df)),
    )
    return tuple(CheckedMeasure(name, ours, theirs, theirs - ours) for name, ours, theirs in pairs)


def _verdict(fitted: FittedModel, own: SemopyRun, from_ours: SemopyRun | None, relative: float) -> Verdict:
    if own.df != fitted.test.df:
        return Verdict.DIFFERS
    if from_ours is None:
        return Verdict.AGREES if relative <= AGREE else Verdict.DIFFERS
    is_worse = not math.isfinite(own.discrepancy) or own.discrepancy > 2 * fitted.estimate.value
    return Verdict.ELSEWHERE if is_worse and _same_minimum(fitted, from_ours) else Verdict.DIFFERS


def _sentence(
    verdict: Verdict,
    parameters: Sequence[CheckedParameter],
    own: SemopyRun,
    from_ours: SemopyRun | None,
    fitted: FittedModel,
) -> str:
    if not parameters:
        return "The model has no free parameter to compare."
    worst = max(parameters, key=lambda item: item.relative)
    if verdict is Verdict.AGREES:
        return (
            f"semopy finds the same: {len(parameters)} estimates, the largest difference {abs(worst.difference):.2g} "
            f"({worst.parameter})."
        )
    if own.df != fitted.test.df:
        return f"semopy counts {own.df} degrees of freedom, not {fitted.test.df}: it did not fit the same model."
    gap = own.discrepancy - 2 * fitted.estimate.value
    if verdict is Verdict.ELSEWHERE:
        return (
            f"From plain start values semopy stopped at a worse point (F larger by {gap:.2g}; it said: "
            f"{own.message}). Started at our estimates it stays there: they are a minimum for it too."
        )
    if from_ours is None:
        return (
            f"Same minimum, but estimates differ by up to {abs(worst.difference):.2g} ({worst.parameter}): the "
            "discrepancy is flat there, so the data say little about it."
        )
    place = "a better point" if gap < 0 else "another point"
    return (
        f"semopy ends at {place} (F differs by {gap:.2g}; largest difference {abs(worst.difference):.2g} for "
        f"{worst.parameter}; it said: {own.message}) and does not stay at our estimates. Do not report before this "
        "is explained."
    )


def _not_compared(fitted: FittedModel, run: SemopyRun) -> Iterator[str]:
    table = fitted.table
    if table.definitions:
        yield f"defined parameters ({_listing([d.name for d in table.definitions])}): semopy has no := "
    if table.inequalities:
        yield f"inequalities and bounds ({len(table.inequalities)}): none binds, semopy was not told of them"
    means = [row.written for row in table.free_rows if row.op == "~1"]
    if means:
        yield f"intercepts ({len(means)}): they equal what the sample gives and do not touch the covariance part"
    if table.variables.exogenous and any(row.exogenous for row in table):
        yield (
            f"moments of fixed predictors ({_listing(table.variables.exogenous)}): given to semopy as fixed values; "
            "log-likelihood, AIC and BIC are conditional on them here and are not compared"
        )
    else:
        yield "log-likelihood, AIC and BIC: semopy counts them by conventions of its own"
    if run.errors is None:
        yield f"standard errors: {run.errors_reason}"


def _listing(names: Sequence[str], limit: int = 6) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


# --- text -----------------------------------------------------------------------------------------------------------


def cross_check_lines(record: CrossCheck, width: int = 80) -> list[str]:
    """Return a cross-check as lines of text."""
    from trustsem.tables.text import render_table, wrap_text

    lines = wrap_text(f"Cross-check with {record.engine}: {record.sentence}", width, hanging=2)
    for reason in record.reasons[1:]:
        lines += wrap_text(f"  also: {reason}", width, hanging=2)
    if record.measures:
        rows = [
            [item.name, _digits(item.ours), _digits(item.theirs), _small(item.difference)] for item in record.measures
        ]
        lines += ["", *render_table(["", "trustsem", "semopy", "difference"], rows, width=width).splitlines()]
    if record.parameters:
        has_errors = any(item.theirs_se is not None for item in record.parameters)
        columns = ["parameter", "trustsem", "semopy", "difference", *(["se", "se (semopy)"] if has_errors else [])]
        rows = [_parameter_row(item, has_errors) for item in record.parameters]
        lines += ["", *render_table(columns, rows, width=width).splitlines()]
    if record.not_compared:
        lines += ["", "Not compared:"]
        for item in record.not_compared:
            lines += wrap_text(f"  {item.strip()}", width, hanging=2)
    return lines


def _parameter_row(item: CheckedParameter, has_errors: bool) -> list[object]:
    row: list[object] = [item.parameter, item.ours, item.theirs, _small(item.difference)]
    return [*row, item.ours_se, item.theirs_se] if has_errors else row


def _digits(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e9 else f"{value:.6f}"


def _small(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}"
