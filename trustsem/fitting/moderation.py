"""Moderation in a fit: conditional effects, the index of moderated mediation, Johnson and Neyman's regions."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.distributions import normal_quantile
from trustsem.effects.decomposition import EffectKind
from trustsem.effects.delta import delta_method
from trustsem.effects.functions import ParameterFunctions
from trustsem.effects.johnson_neyman import EffectLine, Interval, significant_regions
from trustsem.effects.moderation import (
    ConditionalPath,
    Level,
    Moderation,
    Quantity,
    conditional_draws,
    conditional_effect,
    conditional_paths,
    interactions_of,
    line_in_moderator,
)
from trustsem.errors import EffectError, UsageError
from trustsem.implied import implied_moments
from trustsem.records import Finding, Severity
from trustsem.resample import BootstrapDraws
from trustsem.suggestions import shortened
from trustsem.tables.groups import group_names
from trustsem.tables.moderation import conditional_frame, curve_frame, index_frame, regions_frame

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]
Names = str | Sequence[str] | None
At = str | float | Sequence[float | str] | None

_PERCENTILES = (16, 50, 84)  # Hayes (2022): they lie one standard deviation from the mean of a normal variable
_SPREAD = re.compile(r"([+-]?\d*\.?\d*)\s*sd")
_CURVE_POINTS = 101
_LATENT_RANGE = 3.0  # a curve over a factor reaches so many standard deviations


@dataclass(frozen=True, slots=True)
class ConditionalRow:
    """One effect at one level of the moderator in one group."""

    path: ConditionalPath
    level: Level
    group: int


@dataclass(frozen=True, eq=False)
class ConditionalEffects:
    """Effects at chosen values of a moderator. Made by `Fit.conditional_effects`.

    Args:
        x: Where effects start.
        y: Where they end.
        moderator: The variable that is held at chosen values.
        frame: Columns level, at, effect, path, est, se, z, pvalue, ci_lower, ci_upper, group, group_label.
        findings: What a reader must know.
    """

    x: str
    y: str
    moderator: str
    frame: pd.DataFrame
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the effects as JSON-ready values."""
        return _as_dict(self, effects=self.frame)


@dataclass(frozen=True, eq=False)
class ModeratedMediation:
    """Indices of moderated mediation (Hayes 2015): the change of an indirect effect per unit of the moderator.

    Args:
        x: Where effects start.
        y: Where they end.
        moderator: The moderator.
        frame: Columns effect, path, est, se, z, pvalue, ci_lower, ci_upper, group, group_label.
        findings: What a reader must know.
    """

    x: str
    y: str
    moderator: str
    frame: pd.DataFrame
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the indices as JSON-ready values."""
        return _as_dict(self, indices=self.frame)


@dataclass(frozen=True, eq=False)
class JohnsonNeyman:
    """Where along a moderator an effect differs from zero. Made by `Fit.johnson_neyman`.

    Args:
        x: Where the effect starts.
        y: Where it ends.
        moderator: The moderator.
        through: Mediators of an indirect effect; empty for the direct one.
        level: Confidence level.
        frame: One row per stretch of the moderator where the effect differs from zero; columns lower, upper (infinite
            where it goes on), sign, share (of the respondents; NaN where the moderator is not observed), group,
            group_label.
        curve: The effect along the moderator, with its band; columns at, est, se, ci_lower, ci_upper, group,
            group_label.
        findings: What a reader must know.
    """

    x: str
    y: str
    moderator: str
    through: tuple[str, ...]
    level: float
    frame: pd.DataFrame
    curve: pd.DataFrame
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return regions and curve as JSON-ready values; null: the region goes on without end."""
        return {
            **_as_dict(self, regions=self.frame, curve=self.curve),
            "through": list(self.through),
            "level": self.level,
        }

    def sentences(self) -> tuple[str, ...]:
        """Return the regions in words, one sentence per group."""
        groups = dict.fromkeys(zip(self.curve["group"], self.curve["group_label"], strict=True))
        return tuple(self._sentence(number, label) for number, label in groups)

    def _sentence(self, number: int, label: str) -> str:
        rows = self.frame.loc[self.frame["group"] == number].to_dict("records")
        way = f" through {', '.join(self.through)}" if self.through else ""
        kind = "indirect" if self.through else "direct"
        what = f"{f'Group {label}: the' if label else 'The'} {kind} effect of {self.x} on {self.y}{way}"
        alpha = f"{1 - self.level:.3g}".removeprefix("0")
        if not rows:
            return f"{what} differs from zero (p < {alpha}) at no value of {self.moderator}."
        parts = []
        for row in rows:
            share = "" if math.isnan(row["share"]) else f" ({row['share']:.1%} of respondents)"
            parts.append(f"{row['sign']} {_where(self.moderator, row['lower'], row['upper'])}{share}")
        return f"{what} differs from zero (p < {alpha}): it is {'; '.join(parts)}."


def _where(name: str, lower: float, upper: float) -> str:
    if math.isinf(lower) and math.isinf(upper):
        return f"at every value of {name}"
    if math.isinf(lower):
        return f"where {name} is below {upper:.3f}"
    if math.isinf(upper):
        return f"where {name} is above {lower:.3f}"
    return f"where {name} lies between {lower:.3f} and {upper:.3f}"


def _as_dict(result: Any, **frames: pd.DataFrame) -> dict[str, Any]:
    from trustsem.fitting.serialise import records

    return {
        "x": result.x,
        "y": result.y,
        "moderator": result.moderator,
        **{name: records(frame) for name, frame in frames.items()},
        "findings": [finding.to_dict() for finding in result.findings],
    }


# --- what a fit offers --------------------------------------------------------------------------------------------


def conditional_effects(fit: Fit, x: str, y: str, moderator: str, at: At, through: Names) -> ConditionalEffects:
    """Return effects at chosen values of a moderator; arguments as in `Fit.conditional_effects`."""
    groups = moderated_groups(fit, x, y, moderator, through)
    rows = conditional_rows(fit, groups, at)
    found = [conditional_effect(groups.views[row.group], row.path, row.level) for row in rows]
    values = [float(groups.views[row.group].at(row.level).value) for row in rows]
    frame = conditional_frame(
        [row.level.label for row in rows],
        values,
        effect_keys(((row.path, row.group) for row in rows), group_names(fit.fitted.table)),
        _with_errors(found, fit),
    )
    return ConditionalEffects(x, y, moderator, frame, group_findings(groups))


def conditional_functions(fit: Fit, x: str, y: str, moderator: str, at: At, through: Names) -> ParameterFunctions:
    """Return the same effects as functions of the parameters, for intervals from draws."""
    groups = moderated_groups(fit, x, y, moderator, through)
    rows = conditional_rows(fit, groups, at)
    objective = fit.fitted.estimate.objective

    def jacobian_at(theta: FloatArray) -> FloatArray:
        implied = [implied_moments(group, theta) for group in objective.layout.groups]
        views = {number: replace(view, implied=implied[number - 1]) for number, view in groups.views.items()}
        return np.array([conditional_effect(views[row.group], row.path, row.level).gradient for row in rows])

    def in_draws(draws: BootstrapDraws) -> FloatArray:
        columns = []
        for row in rows:
            stack, view = draws.stacks[row.group - 1], groups.views[row.group]
            columns.append(conditional_draws(view, row.path, row.level, stack.paths, stack.total_cov, stack.total_mean))
        return np.column_stack(columns)

    values = [float(conditional_effect(groups.views[row.group], row.path, row.level).value) for row in rows]
    return ParameterFunctions(np.array(values), jacobian_at, in_draws)


def moderated_mediation(fit: Fit, x: str, y: str, through: Names, moderator: str) -> ModeratedMediation:
    """Return indices of moderated mediation; arguments as in `Fit.moderated_mediation_index`."""
    groups = moderated_groups(fit, x, y, moderator, through)
    kinds = (EffectKind.SPECIFIC, EffectKind.TOTAL_INDIRECT)
    pairs = [(path, number) for number, paths in groups.paths.items() for path in paths if path.kind in kinds]
    lines = [(pair, line_in_moderator(groups.views[pair[1]], pair[0])) for pair in pairs]
    kept = [(pair, line) for pair, line in lines if line is not None]
    if not kept:
        raise EffectError(
            f"No indirect effect of {x} on {y} is a line in {moderator}: "
            + ("there is none." if not pairs else "two paths of each depend on it, so there is no one index."),
            remedy="Use fit.conditional_effects, which gives the effects at values of the moderator.",
            code="no-index",
        )
    slopes = [Quantity(line.value[1], line.gradient[1]) for _, line in kept]
    keys = effect_keys((pair for pair, _ in kept), group_names(fit.fitted.table))
    curved = [" -> ".join(way) for (path, _), line in lines if line is None for way in path.ways]
    findings = list(group_findings(groups))
    if curved:
        findings.append(_no_line(moderator, list(dict.fromkeys(curved))))
    return ModeratedMediation(x, y, moderator, index_frame(keys, _with_errors(slopes, fit)), tuple(findings))


def johnson_neyman(fit: Fit, x: str, y: str, moderator: str, level: float, through: Names) -> JohnsonNeyman:
    """Return where an effect differs from zero; arguments as in `Fit.johnson_neyman`."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level!r}.", remedy="Use 0.95.", code="interval")
    covariance = fit.fitted.covariance.matrix
    if covariance is None:
        raise UsageError(
            "Regions of significance need the covariance matrix of the estimates, and this fit has none.",
            remedy="Fit with standard errors; where the model is not identified the findings say why there are none.",
            code="no-covariance",
        )
    groups = moderated_groups(fit, x, y, moderator, through)
    chosen = {number: _one_effect(paths, x, y, through) for number, paths in groups.paths.items()}
    return _regions(fit, groups, chosen, x, y, level)


def _regions(
    fit: Fit, groups: ModeratedGroups, chosen: Mapping[int, ConditionalPath], x: str, y: str, level: float
) -> JohnsonNeyman:
    """Return the regions of one effect in each group."""
    covariance = fit.fitted.covariance.matrix
    assert covariance is not None, "checked before"
    critical, labels = normal_quantile((1 + level) / 2), group_names(fit.fitted.table)
    regions, curves = [], []
    for number, path in chosen.items():
        view = groups.views[number]
        line, answers = _effect_line(view, path, covariance), _answers(fit, number, view.moderator)
        for region in significant_regions(line, critical):
            regions.append((region, _sign(line, region), _share(answers, region), number))
        curves.append((number, _curve_values(view, answers), line))
    path = next(iter(chosen.values()))
    between = () if path.kind is EffectKind.DIRECT else tuple(dict.fromkeys(n for way in path.ways for n in way[1:-1]))
    return JohnsonNeyman(
        x,
        y,
        next(iter(groups.views.values())).moderator,
        between,
        level,
        regions_frame(regions, labels),
        curve_frame(curves, critical, labels),
        group_findings(groups),
    )


@dataclass(frozen=True, eq=False)
class ModerationReport:
    """Everything that one moderator does to the effects of x on y.

    Args:
        effects: Effects at values of the moderator.
        index: Indices of moderated mediation; None where there is no indirect effect that is a line in the moderator.
        regions: Regions of significance of every direct and specific effect that is one; none without standard errors.
    """

    effects: ConditionalEffects
    index: ModeratedMediation | None
    regions: tuple[JohnsonNeyman, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-ready values."""
        return {
            "conditional_effects": self.effects.to_dict(),
            "moderated_mediation": None if self.index is None else self.index.to_dict(),
            "johnson_neyman": [region.to_dict() for region in self.regions],
        }


def moderation_report(
    fit: Fit, x: str, y: str, moderator: str, at: At = None, through: Names = None, level: float = 0.95
) -> ModerationReport:
    """Return conditional effects with the index and the regions that exist; arguments as in the methods of `Fit`."""
    effects = conditional_effects(fit, x, y, moderator, at, through)
    try:
        index = moderated_mediation(fit, x, y, through, moderator)
    except EffectError as error:
        if error.code != "no-index":
            raise
        index = None
    groups = moderated_groups(fit, x, y, moderator, through)
    regions = []
    single = (EffectKind.DIRECT, EffectKind.SPECIFIC)
    every = dict.fromkeys(path for paths in groups.paths.values() for path in paths if path.kind in single)
    for path in every if fit.fitted.covariance.matrix is not None else ():
        chosen = {
            number: path
            for number, paths in groups.paths.items()
            if path in paths and groups.views[number].moderated_edges(path.ways[0]) == 1
        }
        if chosen:
            regions.append(_regions(fit, groups, chosen, x, y, level))
    return ModerationReport(effects, index, tuple(regions))


# --- groups, paths, levels ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ModeratedGroups:
    """Groups in which the moderator bears on the effect, by number, and the effects of each."""

    views: dict[int, Moderation]
    paths: dict[int, tuple[ConditionalPath, ...]]
    left_out: tuple[str, ...]  # labels of groups without such an effect


def moderated_groups(fit: Fit, x: str, y: str, moderator: str, through: Names) -> ModeratedGroups:
    """Return every group as it looks from the moderator, with the effects of x on y that it touches.

    Raises:
        EffectError: unknown variables, no such effect in any group, or a fit that did not converge.
        UsageError: ordinal items.
    """
    fit.require_effects(x, y, moderator, *_names(through))
    if fit.fitted.table.ordinal is not None:
        raise UsageError(
            "Effects at values of a moderator are not available for ordinal items.",
            remedy="Fit the items as numbers with estimator=MLR (ordered=False).",
            code="option-not-supported",
        )
    if len({x, y, moderator}) < 3:
        raise UsageError("x, y and moderator must be three different variables.", code="moderator")
    if moderator in _names(through):
        raise UsageError(f"{moderator} is held at chosen values: no effect runs through it.", code="moderator")
    views, paths, errors = {}, {}, []
    for number, view in _views(fit, moderator):
        try:
            paths[number] = conditional_paths(view, x, y, _names(through))
            views[number] = view
        except EffectError as error:
            if error.code not in ("no-path", "not-moderated"):
                raise
            errors.append((number, error))
    if not views:
        raise errors[0][1]
    labels = group_names(fit.fitted.table)
    return ModeratedGroups(views, paths, tuple(labels[number - 1] for number, _ in errors))


def _views(fit: Fit, moderator: str) -> Iterator[tuple[int, Moderation]]:
    fitted = fit.fitted
    layout = fitted.estimate.objective.layout
    implied = fitted.estimate.objective.implied(fitted.estimate.x)
    terms = interactions_of(fitted.table)
    for number, (group, moments) in enumerate(zip(layout.groups, implied, strict=True), start=1):
        sample = fitted.moments.groups[number - 1].mean
        means = np.full(group.n_observed, np.nan) if sample is None else sample
        yield number, Moderation(group, moments, layout.n_free, terms, moderator, means, layout.meanstructure)


def conditional_rows(fit: Fit, groups: ModeratedGroups, at: At) -> list[ConditionalRow]:
    """Return every effect at every level of the moderator, group after group, level after level.

    Raises:
        UsageError: values of the moderator that cannot be read.
    """
    rows = []
    for number, paths in groups.paths.items():
        view = groups.views[number]
        levels = _levels(fit, view, number, at)
        if any(level.spread is not None for level in levels) and not math.isfinite(float(view.mean.value)):
            raise UsageError(
                f"The mean of {view.moderator} is not known: the fit was made from covariances alone.",
                remedy="Give sample_mean, or the values of the moderator as numbers: at=[...].",
                code="no-means",
            )
        rows += [ConditionalRow(path, level, number) for level in levels for path in paths]
    return rows


def _levels(fit: Fit, view: Moderation, number: int, at: At) -> list[Level]:
    if at is None:
        answers = _answers(fit, number, view.moderator)
        found = np.unique(answers[0]) if answers is not None else np.array([])
        if len(found) == 2:
            return [Level(f"{value:g}", value=float(value)) for value in found]
        at = "sd"
    if isinstance(at, str) and at.strip().lower() == "sd":
        return [_spread_level(spread) for spread in (-1.0, 0.0, 1.0)]
    if isinstance(at, str) and at.strip().lower() == "quantiles":
        return _quantiles(fit, view, number)
    values = [at] if isinstance(at, (str, int, float)) else list(at)
    faults: list[str] = []
    levels = [_level(value, faults) for value in values]
    if faults or not levels:
        raise UsageError(
            "Values of the moderator cannot be read.",
            faults=faults or ["at names no value."],
            remedy='Use numbers in units of the moderator, "mean", "-1sd", "+1sd", or at="sd", at="quantiles".',
            code="at",
        )
    return [level for level in levels if level is not None]


def _level(value: float | str, faults: list[str]) -> Level | None:
    if isinstance(value, str):
        text = value.strip().lower()
        if text == "mean":
            return _spread_level(0.0)
        match = _SPREAD.fullmatch(text)
        if match:
            count = match[1] + "1" if match[1] in ("", "+", "-") else match[1]
            return _spread_level(float(count)) if any(c.isdigit() for c in count) else _unread(value, faults)
        try:
            value = float(text)
        except ValueError:
            return _unread(value, faults)
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(float(value)):
        return _unread(value, faults)
    return Level(f"{float(value):g}", value=float(value))


def _unread(value: object, faults: list[str]) -> None:
    faults.append(f"{value!r} is no value of the moderator.")


def _spread_level(spread: float) -> Level:
    if spread == 0:
        return Level("mean", spread=0.0)
    return Level(f"mean {'-' if spread < 0 else '+'} {abs(spread):g} SD", spread=spread)


def _quantiles(fit: Fit, view: Moderation, number: int) -> list[Level]:
    answers = _answers(fit, number, view.moderator)
    if answers is None:
        raise UsageError(
            f"Quantiles of {view.moderator} are not known: it is "
            + (
                "a factor." if view.position[view.moderator] >= view.layout.n_observed else "known by its moments only."
            ),
            remedy='Use at="sd", or values as numbers.',
            code="at",
        )
    values, weights = answers
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    places = [np.searchsorted(cumulated, share / 100 * cumulated[-1] * (1 - 1e-12)) for share in _PERCENTILES]
    return [
        Level(f"{share}th percentile", value=float(values[order][place]))
        for share, place in zip(_PERCENTILES, places, strict=True)
    ]


def _answers(fit: Fit, number: int, name: str) -> tuple[FloatArray, FloatArray] | None:
    """Return the values of an observed variable in a group and their weights; None of a factor, or without rows."""
    sample = fit.data.moments.groups[number - 1]
    if name not in sample.names or sample.cases is None:
        return None
    column = sample.cases.values[:, sample.names.index(name)]
    known = np.isfinite(column)
    return column[known], sample.cases.weight_of_row[known]


def _names(value: Names) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


# --- lines --------------------------------------------------------------------------------------------------------


def _one_effect(paths: Sequence[ConditionalPath], x: str, y: str, through: Names) -> ConditionalPath:
    """Return the direct effect, or with `through` all indirect effects together."""
    if not through:
        direct = next((path for path in paths if path.kind is EffectKind.DIRECT), None)
        if direct is not None:
            return direct
        raise EffectError(
            f"{x} has no direct effect on {y}.",
            remedy="Name the mediators (through) for the region of an indirect effect.",
            code="no-path",
        )
    total = next((path for path in paths if path.kind is EffectKind.TOTAL_INDIRECT), None)
    return total or next(path for path in paths if path.kind is EffectKind.SPECIFIC)


def _effect_line(view: Moderation, path: ConditionalPath, covariance: FloatArray) -> EffectLine:
    line = line_in_moderator(view, path)
    if line is None:
        raise EffectError(
            f"Two paths of the effect depend on {view.moderator}: it is no line in it, and its region has no closed "
            "form.",
            remedy="Use fit.conditional_effects at several values of the moderator.",
            code="no-line",
        )
    if line.value[1] == 0 and not line.gradient[1].any():
        raise EffectError(
            f"The effect{f' ({path.text})' if path.text else ''} does not depend on {view.moderator}.",
            remedy="Ask for another effect, or add the product to the model.",
            code="not-moderated",
        )
    return EffectLine(float(line.value[0]), float(line.value[1]), line.gradient @ covariance @ line.gradient.T)


def _sign(line: EffectLine, region: Interval) -> str:
    ends = [end for end in (region.lower, region.upper) if math.isfinite(end)]
    inside = sum(ends) / len(ends) if ends else 0.0
    if math.isinf(region.lower) != math.isinf(region.upper):
        inside += 1.0 if math.isinf(region.upper) else -1.0
    return "positive" if line.at(np.array(inside)) > 0 else "negative"


def _share(answers: tuple[FloatArray, FloatArray] | None, region: Interval) -> float:
    if answers is None:
        return float("nan")
    values, weights = answers
    return float(weights[region.holds(values)].sum() / weights.sum())


def _curve_values(view: Moderation, answers: tuple[FloatArray, FloatArray] | None) -> FloatArray:
    if answers is not None:
        return np.linspace(answers[0].min(), answers[0].max(), _CURVE_POINTS)
    mean, spread = float(np.nan_to_num(view.mean.value)), float(view.spread.value)
    return np.linspace(mean - _LATENT_RANGE * spread, mean + _LATENT_RANGE * spread, _CURVE_POINTS)


def effect_keys(pairs: Iterable[tuple[ConditionalPath, int]], labels: Sequence[str]) -> pd.DataFrame:
    """Return columns effect, path, group, group_label."""
    rows = list(pairs)
    return pd.DataFrame(
        {
            "effect": [path.kind.value for path, _ in rows],
            "path": [path.text for path, _ in rows],
            "group": [number for _, number in rows],
            "group_label": [labels[number - 1] for _, number in rows],
        }
    )


def _with_errors(found: Sequence[Quantity], fit: Fit) -> tuple[FloatArray, FloatArray]:
    values = np.array([float(quantity.value) for quantity in found])
    result = delta_method(values, np.array([q.gradient for q in found]), fit.fitted.covariance.matrix)
    return result.values, result.standard_errors


# --- findings -----------------------------------------------------------------------------------------------------


def group_findings(groups: ModeratedGroups) -> tuple[Finding, ...]:
    """Return groups that are left out, and other moderators that are held at their means."""
    view = next(iter(groups.views.values()))
    paths = [path for every in groups.paths.values() for path in every]
    found = (_left_out(groups, view.moderator), _held_at_means(view, paths))
    return tuple(finding for finding in found if finding is not None)


def _left_out(groups: ModeratedGroups, moderator: str) -> Finding | None:
    if not groups.left_out:
        return None
    return Finding(
        "groups-not-moderated",
        Severity.INFO,
        f"Groups without an effect that depends on {moderator} are left out: {shortened(groups.left_out)}.",
    )


def _held_at_means(view: Moderation, paths: Sequence[ConditionalPath]) -> Finding | None:
    """Say which other moderators are held at their means."""
    on_way = {name for path in paths for way in path.ways for name in way[:-1]}
    others = [
        term.other(part)
        for term in view.interactions
        for part in term.parts
        if view.moderator not in term.parts and part in on_way
    ]
    if not others:
        return None
    return Finding(
        "other-moderators",
        Severity.INFO,
        f"Other variables that paths on the way depend on are held at their means: {', '.join(dict.fromkeys(others))}.",
    )


def _no_line(moderator: str, paths: Sequence[str]) -> Finding:
    return Finding(
        "no-index",
        Severity.INFO,
        f"Two paths depend on {moderator} in {shortened(paths)}: that effect is no line in it and has no index.",
        remedy="Look at its conditional effects.",
    )
