"""A fit made ready for scenarios: its constructs, and how their items make scores from 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trustsem.effects.scale_scores import AnswerRange, measurement_inverse, scale_scores
from trustsem.effects.scenario_steps import GroupScenario, group_scenario
from trustsem.errors import EffectError
from trustsem.records import Finding, Severity
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import count_of, shortened
from trustsem.tables.groups import group_names, model_variables
from trustsem.tables.ordinal import item_scores

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioModel:
    """All groups of a fit, the constructs without a score and why, and what a reader must know of the scores."""

    groups: tuple[GroupScenario, ...]
    constructs: tuple[str, ...]
    notes: Mapping[str, str]
    findings: tuple[Finding, ...]


def scenario_model(fit: Fit) -> ScenarioModel:
    """Return the constructs of a fit with their scores.

    Raises:
        EffectError: the fit did not converge, has no constructs, or multiplies variables.
    """
    table = fit.fitted.table
    _require_usable(fit)
    constructs = scenario_constructs(table)
    if not constructs:
        raise EffectError("The model has no constructs to move: no latent variable and no path.", code="no-path")
    estimate = fit.fitted.estimate
    layout = estimate.objective.layout
    implied = estimate.objective.implied(estimate.x)
    position = {name: index for index, name in enumerate(layout.groups[0].names)}
    inverse = measurement_inverse(implied[0].paths, _arrows(table, position, 1))
    items = {name: items_of(table, name) for name in constructs}
    ranges, notes, findings = _ranges(fit, items, position, inverse)
    scores = scale_scores(
        [[position[item] for item in items[name]] if name not in notes else [] for name in constructs],
        [[ranges[name][item] for item in items[name]] if name not in notes else [] for name in constructs],
        len(position),
    )
    means = _sample_means(fit)
    groups = tuple(
        group_scenario(
            group,
            at,
            layout.n_free,
            [position[name] for name in constructs],
            scores,
            _arrows(table, position, number),
            means[number - 1],
            label,
        )
        for number, (group, at, label) in enumerate(zip(layout.groups, implied, group_names(table), strict=True), 1)
    )
    return ScenarioModel(groups, constructs, notes, findings)


def _require_usable(fit: Fit) -> None:
    if not fit.converged:
        raise EffectError(
            "The fit did not converge: there are no effects to build a scenario on.", code="not-converged"
        )
    variables = fit.fitted.table.variables
    products = [name for name in (*variables.observed, *variables.latent) if ":" in name]
    if products:
        raise EffectError(
            f"The model multiplies variables ({shortened(products)}): what a step does depends on where everybody "
            "stands, and there is no one change.",
            remedy="Use fit.effects(), or a model without the product.",
            code="product-term",
        )


def scenario_constructs(table: ParameterTable) -> tuple[str, ...]:
    """Return what can be moved and what can change: latent variables, and observed ones on paths that are no items."""
    variables = table.variables
    on_paths = {name for row in table.rows if row.op == "~" for name in (row.lhs, row.rhs)}
    kept = {variables.observed[index] for index in model_variables(table)} - set(variables.indicators)
    return (*variables.latent, *(name for name in variables.observed if name in on_paths & kept))


def items_of(table: ParameterTable, construct: str) -> tuple[str, ...]:
    """Return the items whose mean is a construct's score: its own, or those of its factors where it has none.

    An observed variable is its own item.
    """
    if construct in table.variables.observed:
        return (construct,)
    indicators = list(dict.fromkeys(row.rhs for row in table.rows if row.op == "=~" and row.lhs == construct))
    own = [name for name in indicators if name in table.variables.observed]
    if own:
        return tuple(own)
    return tuple(dict.fromkeys(item for factor in indicators for item in items_of(table, factor)))


def _arrows(table: ParameterTable, position: Mapping[str, int], group: int) -> list[tuple[int, int]]:
    rows = [row for row in table.rows if row.op == "=~" and row.group == group]
    return [(position[row.rhs], position[row.lhs]) for row in rows]


def _ranges(
    fit: Fit, items: Mapping[str, Sequence[str]], position: Mapping[str, int], inverse: np.ndarray
) -> tuple[dict[str, dict[str, AnswerRange]], dict[str, str], tuple[Finding, ...]]:
    """Return the answer ranges of every construct's items, why a construct has no score, and findings."""
    table = fit.fitted.table
    known, categories = _codebook_limits(fit), _categories(fit)
    ranges: dict[str, dict[str, AnswerRange]] = {}
    notes: dict[str, str] = {}
    guessed: dict[str, bool] = {}
    against = []
    for construct, names in items.items():
        note = _why_no_score(fit, construct, names, known)
        if note:
            notes[construct] = note
            continue
        ranges[construct] = {}
        for item in names:
            falls = construct not in table.variables.observed and inverse[position[item], position[construct]] < 0
            if item in known:
                lower, upper = known[item]
                against += [f"{item} ({construct})"] if falls else []
            else:
                lower, upper = _observed_limits(fit, item)
                lower, upper = (upper, lower) if falls else (lower, upper)
                guessed[item] = bool(falls)
            ranges[construct][item] = AnswerRange(item, lower, upper, categories.get(item, ()))
    return ranges, notes, _range_findings(guessed, against)


def _sample_means(fit: Fit) -> list[np.ndarray | None]:
    """Return each group's mean answers, averaged over rows for ordinal items, whose moments are thresholds."""
    samples = fit.fitted.moments.groups
    if fit.fitted.table.ordinal is None:
        return [sample.mean for sample in samples]
    means: list[np.ndarray | None] = []
    groups = fit.cases("mean scores").by_group([sample.n_obs for sample in samples])
    for sample, values in zip(samples, groups, strict=True):
        weight = np.ones(len(values)) if sample.cases is None else sample.cases.weight_of_row
        there = ~np.isnan(values)
        means.append((weight @ np.where(there, values, 0.0)) / (weight @ there))
    return means


def _codebook_limits(fit: Fit) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest score of the codebook's items; scored, higher is more of the construct."""
    book = fit.data.codebook
    return {} if book is None else {item.name: (item.scale.minimum, item.scale.maximum) for item in book.items}


def _categories(fit: Fit) -> dict[str, tuple[float, ...]]:
    if fit.fitted.table.ordinal is None:
        return {}
    scores = item_scores(fit.fitted, fit.cases("scores of ordinal items"))
    return {item: tuple(values.tolist()) for item, values in scores.items()}


def _why_no_score(fit: Fit, construct: str, items: Sequence[str], known: Mapping[str, object]) -> str:
    if not items:
        return "it has no items"
    if construct in fit.fitted.table.variables.observed and construct not in known:
        return "an observed variable that is no item of a codebook: its change is in its own units"
    if fit.data.values is None and not all(item in known for item in items):
        return "the fit was made from moments: the scales of the answers are not known"
    return ""


def _observed_limits(fit: Fit, item: str) -> tuple[float, float]:
    assert fit.data.values is not None
    column = fit.data.values[:, fit.fitted.table.variables.observed.index(item)]
    return float(np.nanmin(column)), float(np.nanmax(column))


def _range_findings(guessed: Mapping[str, bool], against: Sequence[str]) -> tuple[Finding, ...]:
    found = []
    if guessed:
        turned = [item for item, falls in guessed.items() if falls]
        also = f" Turned, because their loading is negative: {shortened(turned)}." if turned else ""
        found.append(
            Finding(
                "observed-range",
                Severity.WARNING,
                f"No codebook tells the answer scale of {count_of(len(guessed), 'item')} ({shortened(guessed, 3)}): "
                f"the lowest and the highest answer that was given stand for 0 and 100.{also}",
                remedy="Read the file with its codebook (ts.read_survey, --codebook).",
            )
        )
    if against:
        found.append(
            Finding(
                "item-against-its-construct",
                Severity.WARNING,
                f"Items fall as their construct rises: {shortened(against)}. They lower its change in points.",
                remedy="Look at the key of these items in the codebook, and at the sign of the factor.",
            )
        )
    return tuple(found)
