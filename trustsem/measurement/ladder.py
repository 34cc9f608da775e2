"""The ladder: levels of invariance one after another, constraints released where a level is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from trustsem.errors import IdentificationError, TrustSemError
from trustsem.inference.difference import DifferenceMethod
from trustsem.measurement.comparison import Comparison, compare_levels
from trustsem.measurement.levels import Kind, Level
from trustsem.measurement.model import (
    EqualModel,
    GroupedModel,
    Key,
    class_of,
    equal_items,
    equal_keys,
    fixed_alike,
    has_class,
    higher_factors,
    key_of,
    lower_factors,
)
from trustsem.measurement.release import ReleaseTest, holm, release_tests
from trustsem.measurement.rules import DecisionRules
from trustsem.pipeline import FittedModel
from trustsem.records import Finding
from trustsem.spec.table import ParameterTable

LEAST_THRESHOLDS = 2  # of an item that must stay equal: they carry zero and unit of its latent response over
LEAST_ITEMS = 2  # of a factor that must stay equal: one alone is the marker over again (Byrne, Shavelson & Muthen 1989)


class Status(Enum):
    """What became of a level."""

    REFERENCE = "reference"  # the first: nothing is equal yet
    HOLDS = "holds"
    PARTIAL = "holds partially"
    REJECTED = "rejected"
    UNDECIDED = "undecided"
    NOT_TESTED = "not tested"
    NOTHING = "nothing to test"  # equal already at the level before, by the model text

    @property
    def is_held(self) -> bool:
        """Whether the next level may build on it."""
        return self in (Status.REFERENCE, Status.HOLDS, Status.PARTIAL, Status.NOTHING)


@dataclass(frozen=True, eq=False, slots=True)
class Attempt:
    """One fit of a level: with everything equal, or with some parameters released."""

    model: EqualModel
    fitted: FittedModel
    comparison: Comparison | None


@dataclass(frozen=True, eq=False, slots=True)
class Release:
    """A parameter that was set free, and what spoke for it.

    Args:
        test: Its score test in the model that was rejected.
        adjusted: p-value adjusted for the choice among all constraints of that step (Holm 1979).
        n_candidates: How many there were.
    """

    test: ReleaseTest
    adjusted: float | None
    n_candidates: int


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """A level with all its fits.

    Args:
        level: What is tested.
        status: What became of it.
        attempts: Fits, each with one parameter more released; empty where the level was not fitted.
        releases: One fewer than attempts.
        reason: Why it was not tested, is undecided, or the search for exceptions ended.
        tests: Of rejected structural levels: each equality by itself.
    """

    level: Level
    status: Status
    attempts: tuple[Attempt, ...] = ()
    releases: tuple[Release, ...] = ()
    reason: str | None = None
    tests: tuple[ReleaseTest, ...] = ()

    @property
    def final(self) -> Attempt:
        """The last fit."""
        return self.attempts[-1]


@dataclass(frozen=True, eq=False, slots=True)
class Ladder:
    """All levels with the rules that judged them."""

    steps: tuple[Step, ...]
    rules: DecisionRules
    findings: tuple[Finding, ...] = ()

    def step(self, name: str) -> Step | None:
        """Return a level by name, None where it was not asked for."""
        return next((step for step in self.steps if step.level.name == name), None)

    @property
    def highest(self) -> Step:
        """The last rung that holds, with all before it."""
        return held_rungs(self.steps)[-1]

    @property
    def common_scale(self) -> Step | None:
        """The rung that gives all groups one scale with one zero: scalar where it holds, else None."""
        return base_for(self.steps, ("loadings", "intercepts"))

    @property
    def answer_scale(self) -> Step | None:
        """The rung that effects on answers are worked out from: the common scale, of ordinal items strict if it holds.

        Expected answers to ordinal items depend on residual variances too, which only strict holds equal.
        """
        scale = self.common_scale
        if scale is None or scale.final.fitted.table.ordinal is None:
            return scale
        return next((step for step in held_rungs(self.steps) if step.level.name == "strict"), scale)


def held_rungs(steps: Sequence[Step]) -> list[Step]:
    """Return the rungs that hold, up to the first that does not."""
    held: list[Step] = []
    for step in steps:
        if step.level.kind is Kind.MEASUREMENT:
            if not step.status.is_held:
                break
            held.append(step)
    return held


def base_for(steps: Sequence[Step], needs: Sequence[str]) -> Step | None:
    """Return the rung that a structural level builds on: scalar where it holds, else the lowest that has enough.

    Equal residuals are no condition of equal means or paths, so the strict rung is the last choice.
    """
    enough = [step for step in held_rungs(steps) if set(needs) <= set(step.level.equal)]
    return next((step for step in enough if step.level.name == "scalar"), enough[0] if enough else None)


def climb(
    groups: GroupedModel,
    levels: Sequence[Level],
    rules: DecisionRules,
    *,
    partial: bool = True,
    method: DifferenceMethod | None = None,
    configural: FittedModel | None = None,
) -> Ladder:
    """Fit the levels in turn and judge each against the last one that holds.

    Args:
        groups: Model, data and options.
        levels: In the order of the ladder, the configural one first.
        rules: When a level is rejected.
        partial: Release constraints of a rejected level one at a time until it holds; a level that does not ends the
            ladder. If False, all levels are fitted as they are, each compared with the one before.
        method: Of difference tests; None: the one that goes with the fits' test.
        configural: The first level's fit, where there is one already.

    Raises:
        IdentificationError, UsageError: the configural model cannot be fitted.
    """
    fitted = groups.fit(EqualModel()) if configural is None else configural
    first = Step(levels[0], Status.REFERENCE, (Attempt(EqualModel(), fitted, None),))
    steps, current = [first], first
    for level in levels[1:]:
        if level.kind is Kind.STRUCTURE:
            step = _structural(groups, level, steps, rules, method)
        else:
            step = _rung(groups, level, (current, steps), rules, method, partial=partial)
            if step.attempts and (step.status.is_held or not partial):
                current = step
        steps.append(step)
    return Ladder(tuple(steps), rules)


# --- rungs --------------------------------------------------------------------------------------------------------


def _rung(
    groups: GroupedModel,
    level: Level,
    so_far: tuple[Step, Sequence[Step]],
    rules: DecisionRules,
    method: DifferenceMethod | None,
    *,
    partial: bool,
) -> Step:
    current, steps = so_far
    failed = next((s for s in steps if s.level.kind is Kind.MEASUREMENT and not s.status.is_held), None)
    if partial and failed is not None:
        return Step(level, Status.NOT_TESTED, reason=f"{failed.level.name} invariance does not hold")
    new = tuple(name for name in level.equal if name not in current.level.equal)
    judge = _judge_against(current, rules, method, loadings="loadings" in new)
    model = _with_zero_means(groups, _carried(groups, current.final.model, level), level)
    step = _first_attempt(groups, level, model, judge, base=current)
    if step.status is Status.HOLDS and model.released:
        return replace(step, status=Status.PARTIAL)
    if partial and step.status is Status.REJECTED:
        return _release_until_it_holds(groups, step, new, rules, judge)
    return step


Judge = Callable[[FittedModel], Comparison]


def _judge_against(base: Step, rules: DecisionRules, method: DifferenceMethod | None, *, loadings: bool) -> Judge:
    def judge(fitted: FittedModel) -> Comparison:
        general = base.final.fitted
        return compare_levels(fitted, general, rules, against=base.level.name, loadings=loadings, method=method)

    return judge


def _first_attempt(groups: GroupedModel, level: Level, model: EqualModel, judge: Judge, *, base: Step) -> Step:
    try:
        fitted = groups.fit(model)
    except IdentificationError as error:
        return Step(level, Status.NOT_TESTED, reason=f"it is not identified: {error.message}")
    if not fitted.estimate.converged:
        return Step(level, Status.UNDECIDED, (Attempt(model, fitted, None),), reason="the fit did not converge")
    if fitted.identification.df == base.final.fitted.identification.df:
        return _without_test(level, Attempt(model, fitted, None), base)
    comparison = judge(fitted)
    attempt = Attempt(model, fitted, comparison)
    return Step(level, _status(comparison), (attempt,), reason=comparison.reason)


def _without_test(level: Level, attempt: Attempt, base: Step) -> Step:
    """Return a level that binds nothing: all of it is equal by the model text, or the text sets it per group."""
    table = attempt.fitted.table
    added = tuple(name for name in level.equal if name not in base.level.equal)
    own = {key_of(row) for row in table if row.group == 1 and class_of(row, table.variables) in added}
    unequal = own - equal_keys(table) - {key_of(row) for row in table if row.written in attempt.model.released}
    if unequal:
        return Step(level, Status.NOT_TESTED, reason="the model text sets its parameters for each group")
    return Step(level, Status.NOTHING, (attempt,), reason="all of it is equal already, by the model text")


def _status(comparison: Comparison) -> Status:
    rejected = comparison.decision.rejected
    if rejected is None:
        return Status.UNDECIDED
    return Status.REJECTED if rejected else Status.HOLDS


def _carried(groups: GroupedModel, model: EqualModel, level: Level) -> EqualModel:
    """Return the level's model without what earlier levels released and what depends on it.

    Intercepts of items with unequal loadings are not held equal, nor residuals of items that are unequal already:
    whether they agree would depend on where the factor's zero lies (Millsap 2011).
    """
    carried = replace(model, equal=level.equal)
    table = groups.table_of(EqualModel(level.equal, (), model.markers, model.zero_means))
    bound = {key_of(row) for row in table if row.is_free} & equal_keys(table)
    unequal = {_item_of(name) for name in model.released}
    follow = [
        row.written
        for row in table
        if row.group == 1
        and class_of(row, table.variables) in ("intercepts", "residuals")
        and row.lhs in unequal
        and key_of(row) in bound
    ]
    fixed = [name for name in fixed_alike(table, level.equal) if _item_of(name) in unequal]
    return carried.releasing(follow).releasing(fixed, marker=True)


def _item_of(written: str) -> str:
    if "=~" in written:
        return written.split("=~")[1]
    return written.split("~")[0].split("|")[0]


def _with_zero_means(groups: GroupedModel, model: EqualModel, level: Level) -> EqualModel:
    """Return the model with means of 0 where those of factors and of the factors above them would be confounded."""
    table = groups.table_of(EqualModel())
    if "intercepts" not in level.equal or not higher_factors(table):
        return model
    return replace(model, zero_means=lower_factors(table) if level.through_lower else higher_factors(table))


# --- the search for exceptions ------------------------------------------------------------------------------------


def _release_until_it_holds(
    groups: GroupedModel, step: Step, classes: Sequence[str], rules: DecisionRules, judge: Judge
) -> Step:
    """Set the constraint with the largest score test free, refit, and again until the level holds."""
    while step.status is Status.REJECTED:
        release, reason = _next_release(step, classes, rules)
        if release is None:
            return replace(step, reason=reason)
        model = step.final.model.releasing([release.test.written], marker=release.test.is_marker)
        table = step.final.fitted.table
        fixed = set(fixed_alike(table, step.level.equal))
        for name in _follow(table, release.test, step.level, model):
            model = model.releasing([name], marker=name in fixed)
        try:
            fitted = groups.fit(model)
        except TrustSemError as error:
            return replace(step, reason=f"without {release.test.written} the model cannot be fitted: {error.message}")
        if not fitted.estimate.converged:
            return replace(step, reason=f"without {release.test.written} the fit did not converge")
        comparison = judge(fitted)
        held = comparison.decision.rejected is False
        status = Status.PARTIAL if held else _status(comparison)
        step = replace(
            step,
            status=status,
            attempts=(*step.attempts, Attempt(model, fitted, comparison)),
            releases=(*step.releases, release),
            reason=comparison.reason,
        )
    return step


def _follow(table: ParameterTable, test: ReleaseTest, level: Level, model: EqualModel) -> Iterator[str]:
    """Yield what is no longer held equal with a loading: the intercept of its item, where the level has it equal."""
    if test.kind != "loadings" or "intercepts" not in level.equal:
        return
    equal = equal_keys(table)
    for row in table:
        is_intercept = class_of(row, table.variables) == "intercepts" and row.lhs == test.row.rhs
        if row.group == 1 and is_intercept and key_of(row) in equal and row.written not in model.released:
            yield row.written


def _next_release(step: Step, classes: Sequence[str], rules: DecisionRules) -> tuple[Release | None, str | None]:
    fitted = step.final.fitted
    tests = [test for test in release_tests(fitted, classes) if test.pvalue is not None and test.df > 0]
    equal = equal_keys(fitted.table)
    possible = [test for test in tests if _leaves_enough(fitted.table, test, step.level, equal)]
    if not possible:
        return None, f"no more can be released: {LEAST_ITEMS} items per factor have to stay equal"
    adjusted = dict(zip((t.written for t in possible), holm([t.pvalue for t in possible]), strict=True))
    best = max(possible, key=lambda test: test.statistic)
    if best.pvalue is None or best.pvalue >= rules.alpha:
        return None, f"no single constraint stands out (largest score test {best.statistic:.2f}, {best.written})"
    return Release(best, adjusted[best.written], len(possible)), None


def _leaves_enough(table: ParameterTable, test: ReleaseTest, level: Level, equal: frozenset[Key]) -> bool:
    """Return whether every factor behind the item keeps enough items that are equal in all respects of the level.

    Of an item's thresholds two stay equal: without them its loading and intercept have no common scale.
    """
    item = test.row.rhs if test.kind == "loadings" else test.row.lhs
    if test.kind == "thresholds":
        left = [row for row in table if row.group == 1 and row.op == "|" and row.lhs == item and key_of(row) in equal]
        if len(left) <= LEAST_THRESHOLDS:
            return False
    factors = {row.lhs for row in table if row.op == "=~" and row.rhs == item}
    return all(len(equal_items(table, factor, level.equal, equal) - {item}) >= LEAST_ITEMS for factor in factors)


# --- structural levels --------------------------------------------------------------------------------------------


def _equal_already(table: ParameterTable, level: Level) -> str | None:
    """Say how many of the level's parameters the model text makes equal, whatever the level."""
    equal = equal_keys(table)
    bound = [
        row
        for row in table
        if row.group == 1 and row.is_free and class_of(row, table.variables) in level.adds and key_of(row) in equal
    ]
    return f"{len(bound)} of them are equal at every level by the model text, and not tested" if bound else None


def _structural(
    groups: GroupedModel, level: Level, steps: Sequence[Step], rules: DecisionRules, method: DifferenceMethod | None
) -> Step:
    needs = level.equal if level.through_lower else level.needs
    base = base_for(steps, needs)
    if base is None:
        return Step(level, Status.NOT_TESTED, reason=f"it needs equal {' and '.join(needs)}, which do not hold")
    table = base.final.fitted.table
    if level.through_lower:
        if not higher_factors(table):
            return Step(level, Status.NOT_TESTED, reason="the model has no factor of factors")
        model = _with_zero_means(groups, base.final.model, level)
    elif not has_class(table, level.adds):
        return Step(level, Status.NOT_TESTED, reason=f"the model has no free {level.name}")
    else:
        model = replace(base.final.model, equal=(*base.final.model.equal, *level.adds))
    step = _first_attempt(groups, level, model, _judge_against(base, rules, method, loadings=False), base=base)
    step = replace(step, reason=step.reason or _equal_already(table, level))
    if step.status is not Status.REJECTED or not level.adds:
        return step
    return replace(step, tests=release_tests(step.final.fitted, level.adds))
