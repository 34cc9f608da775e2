"""What a scenario assumes, and what a reader must know of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from trustsem.effects.loops import find_loops
from trustsem.effects.scenario import Intervention, downstream
from trustsem.effects.scenario_draws import ChangeDraws
from trustsem.effects.scenario_records import ChangeRow, StepRow
from trustsem.effects.scenario_steps import GroupScenario
from trustsem.fitting.scenario_levers import Lever
from trustsem.fitting.scenario_model import ScenarioModel
from trustsem.records import Finding, Severity
from trustsem.resources import samples_dir
from trustsem.suggestions import count_of, shortened

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

_FAR = 2.0  # standard deviations: beyond, few respondents are left to tell what the model looks like there
_ROUNDING = 1e-9  # points beyond the end of a scale that are rounding


def assumptions_of(
    fit: Fit, model: ScenarioModel, levers: Sequence[Lever], intervention: Intervention
) -> tuple[str, ...]:
    """Return what has to be true for the numbers to be consequences, as sentences."""
    return tuple(_assumptions(fit, model, levers, intervention))


def _assumptions(fit: Fit, model: ScenarioModel, levers: Sequence[Lever], kind: Intervention) -> Iterator[str]:
    if is_bundled_sample(fit):
        yield "The data are the bundled synthetic sample: the numbers say nothing about real patients or clinicians."
    yield (
        "Survey answers show associations. That they are consequences, and their direction, is taken from the arrows "
        "of the model; it is no finding of data in which nobody moved a lever at random."
    )
    yield (
        "Nothing outside the model moves a construct together with its causes, beyond the covariances that the model "
        "leaves free."
    )
    yield (
        "Effects are linear, do not depend on other constructs, and are the same for everybody"
        f"{' in a group' if len(model.groups) > 1 else ''}; steps of several levers add up."
    )
    yield (
        "A step of this size is possible and moves the construct itself; other exogenous constructs stay where they "
        "are, although they vary together with it in the data."
    )
    yield from _intervention_sentences(model, levers, kind)
    if _has_loop(model, levers, kind):
        yield (
            "The loop has come to rest: changes are those of the new equilibrium, after all rounds; when it is "
            "reached the data do not tell."
        )
    if fit.fitted.table.ordinal is not None:
        yield (
            "Points of ordinal items follow the curves of their categories: responses are normal, and thresholds "
            "stay where they are."
        )


def _intervention_sentences(model: ScenarioModel, levers: Sequence[Lever], kind: Intervention) -> Iterator[str]:
    moved = dict.fromkeys(move.construct for lever in levers for move in lever.moves)
    caused = [name for name in moved if any(_has_causes(group, model.constructs.index(name)) for group in model.groups)]
    if not caused:
        return
    names, is_one = shortened(caused), len(caused) == 1
    has, its = ("has causes", "its") if is_one else ("have causes", "their")
    if kind is Intervention.HOLD:
        yield (
            f"{names} {has} in the model and {'is' if is_one else 'are'} held at the mean plus the step whatever "
            f"{its} causes do (hold): no arrow into {'it' if is_one else 'them'} works."
        )
        return
    yield (
        f"{names} {has} in the model and {'is' if is_one else 'are'} pushed: {its} causes go on working, and what "
        "comes back through a loop is added, so that the change can exceed the step."
    )


def _has_causes(group: GroupScenario, construct: int) -> bool:
    position = group.constructs[construct]
    return bool((group.implied.paths[position] != 0).any())


def _has_loop(model: ScenarioModel, levers: Sequence[Lever], kind: Intervention) -> bool:
    """Return whether what the levers do runs through a loop; without levers, whether the model has one."""
    numbers = [model.constructs.index(move.construct) for lever in levers for move in lever.moves]
    for group in model.groups:
        names = group.layout.names
        starts = {names[group.constructs[number]] for number in numbers}
        reached = {names[position] for position in downstream(group, numbers, kind)} | starts
        for loop in find_loops(group.layout, group.implied, group.n_free, None).loops:
            cut = kind is Intervention.HOLD and starts & set(loop.members)
            if not cut and (not levers or set(loop.members) <= reached):
                return True
    return False


def is_bundled_sample(fit: Fit) -> bool:
    """Return whether the data are one of the samples that ship with trustsem, which are all synthetic."""
    source = fit.data.source
    if source is None:
        return False
    path = samples_dir() / str(source["file"])
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == source["sha256"]


def scenario_findings(
    fit: Fit, levers: Sequence[Lever], steps: Sequence[StepRow], rows: Sequence[ChangeRow]
) -> tuple[Finding, ...]:
    """Return doubts about a scenario: steps that are too far, levers partly outside the model, an inadmissible fit."""
    return (
        *_of_fit(fit),
        *_of_levers(levers, steps),
        *_too_far(steps),
        *_beyond_scale(rows),
        *no_score_findings({row.construct: row.note for row in rows if row.note}),
    )


def _of_fit(fit: Fit) -> Iterator[Finding]:
    if not fit.admissible:
        yield Finding(
            "scenario-inadmissible",
            Severity.WARNING,
            "The solution behind these numbers is inadmissible: it could come from no population.",
            remedy="Read the findings of the fit and correct the model before you use them.",
        )
    if fit.fitted.covariance.matrix is None:
        yield Finding(
            "scenario-without-errors",
            Severity.WARNING,
            "The fit has no covariance matrix of its estimates: changes have no intervals.",
            remedy="Fit with standard errors; where the model is not identified the findings of the fit say so.",
        )


def _of_levers(levers: Sequence[Lever], steps: Sequence[StepRow]) -> Iterator[Finding]:
    for lever in levers:
        if lever.absent:
            yield Finding(
                "lever-partly-in-model",
                Severity.WARNING,
                f"{lever.name} also acts on {', '.join(lever.absent)}, which the model does not have: that part of "
                "what it does is not counted.",
                parameter=lever.name,
            )
    by = {(step.construct, step.lever) for step in steps}
    names = [construct for construct, _ in sorted(by)]
    for construct in dict.fromkeys(names):
        if names.count(construct) > 1:
            yield Finding(
                "moved-twice",
                Severity.INFO,
                f"{construct} is moved by {' and '.join(sorted(lever for name, lever in by if name == construct))}: "
                "the steps are added.",
                parameter=construct,
            )


def _too_far(steps: Sequence[StepRow]) -> Iterator[Finding]:
    for step in steps:
        if abs(step.sd) > _FAR + _ROUNDING:
            yield Finding(
                "large-step",
                Severity.WARNING,
                f"{step.construct} is moved by {step.sd:+.2f} standard deviations: hardly any respondent is that far "
                "from the mean, and the model is extrapolated.",
                remedy=f"Use a step of {_FAR:g} standard deviations at most.",
                parameter=step.construct,
            ).in_group(step.group_label)


def _beyond_scale(rows: Sequence[ChangeRow]) -> Iterator[Finding]:
    for row in rows:
        reached = row.mean_score + row.points.value
        if not (reached < -_ROUNDING or reached > 100 + _ROUNDING):
            continue
        end, left = (100, 100 - row.mean_score) if reached > 100 else (0, row.mean_score)
        yield Finding(
            "beyond-scale",
            Severity.WARNING,
            f"{row.construct} would change by {row.points.value:+.1f} points from {row.mean_score:.1f}, and its scale "
            f"ends at {end}: only {left:.1f} points are left in that direction.",
            remedy="Use a smaller step.",
            parameter=row.construct,
        ).in_group(row.group_label)


def no_score_findings(notes: Mapping[str, str]) -> Iterator[Finding]:
    """Return why constructs have no score, constructs with the same reason together."""
    for note in dict.fromkeys(notes.values()):
        names = [name for name, own in notes.items() if own == note]
        yield Finding("no-score", Severity.INFO, f"No points of {shortened(names)}: {note}.")


def draw_findings(model: ScenarioModel, samples: Sequence[ChangeDraws | None]) -> Iterator[Finding]:
    """Return how many draws have no equilibrium."""
    for group, sample in zip(model.groups, samples, strict=True):
        if sample is None:
            continue
        lost = int(np.count_nonzero(~np.isfinite(sample.units).all(axis=1)))
        if lost:
            total = len(sample.units)
            yield Finding(
                "unstable-draws",
                Severity.WARNING if lost > total / 20 else Severity.INFO,
                f"{lost:,} of {count_of(total, 'draw')} have a loop that does not settle: they have no new equilibrium "
                "and are left out of the intervals.",
                remedy="Where there are many, the loop may not settle at all: look at its gain in `fit.loops()`.",
            ).in_group(group.label)
