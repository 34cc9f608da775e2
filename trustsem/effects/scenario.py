"""What follows when constructs are pushed: changes of all others along every path and around every loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.graph import reachable, structural_graph
from trustsem.effects.loops import Loop, find_loops
from trustsem.effects.scale_scores import (
    Answers,
    ScaleScores,
    answer_changes,
    expected_answers,
    measurement_inverse,
)
from trustsem.effects.variances import Variances, model_variances
from trustsem.errors import EffectError
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]

_ROUNDS = 60  # of Newton's method for a step in points: one does for continuous items
_CLOSE = 1e-10  # points


class Intervention(Enum):
    """What is done to a construct that has causes in the model."""

    PUSH = "push"  # its equation gets a constant more: its causes go on working, and loops amplify the push
    HOLD = "hold"  # it is held at its mean plus the step, whatever its causes do (do-operator)


class StepUnit(Enum):
    """What a step is measured in."""

    SD = "sd"  # model-implied standard deviations of the construct
    POINTS = "points"  # of its 0-100 score
    SHARE = "%"  # of the way from its mean score to the end of the scale in that direction
    UNITS = "units"  # of the variable itself


@dataclass(frozen=True, slots=True)
class Step:
    """One construct and how far it is moved.

    Args:
        construct: Number of the construct among those of the scenario model.
        amount: How much, negative downwards; a share of 1 is the whole way.
        unit: Of what.
    """

    construct: int
    amount: float
    unit: StepUnit


@dataclass(frozen=True, eq=False, slots=True)
class GroupScenario:
    """One group of a fitted model, ready for interventions.

    Args:
        layout: Matrices of the group.
        implied: Its matrices at the estimate.
        n_free: Number of free rows.
        constructs: (k,) positions of the constructs.
        scores: Their 0-100 scores.
        mean_scores: (k,) scores of the respondents as they are; NaN where unknown.
        arrows: Cells (row, column) of the measurement model.
        variances: Of all variables.
        label: Name of the group; empty for one group.
    """

    layout: GroupLayout
    implied: Implied
    n_free: int
    constructs: tuple[int, ...]
    scores: ScaleScores
    mean_scores: FloatArray
    arrows: tuple[tuple[int, int], ...]
    variances: Variances
    label: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the constructs."""
        return tuple(self.layout.names[position] for position in self.constructs)

    @property
    def sd(self) -> FloatArray:
        """(k,) model-implied standard deviations; NaN of a variance that is not positive."""
        total = self.variances.total[list(self.constructs)]
        return np.sqrt(np.where(total > 0, total, np.nan))


def group_scenario(
    layout: GroupLayout,
    implied: Implied,
    n_free: int,
    constructs: Sequence[int],
    scores: ScaleScores,
    arrows: Sequence[tuple[int, int]],
    sample_mean: FloatArray | None,
    label: str = "",
) -> GroupScenario:
    """Prepare a group.

    Args:
        layout: Matrices of the group.
        implied: Its matrices at the estimate.
        n_free: Number of free rows.
        constructs: Positions of the constructs.
        scores: Their scores.
        arrows: Cells of the measurement model.
        sample_mean: (p,) means of the respondents' answers; those of ordinal items come from the model. None: unknown.
        label: Name of the group.
    """
    variances = model_variances(layout, implied, n_free)
    if scores.categories:
        means = scores.at(expected_answers(layout, implied, scores))
    elif sample_mean is None:
        means = np.full(len(constructs), np.nan)
    else:
        means = scores.at(np.concatenate([sample_mean, np.zeros(len(layout.latent))]))
    return GroupScenario(layout, implied, n_free, tuple(constructs), scores, means, tuple(arrows), variances, label)


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """What steps do to the k constructs of one group, with delta-method errors; NaN where a value does not exist.

    Args:
        units: In units of the variable.
        sd: In standard deviations of the construct.
        points: Of its 0-100 score.
        steps: (s,) the steps in units of their variables.
    """

    units: DeltaResult
    sd: DeltaResult
    points: DeltaResult
    steps: FloatArray


def downstream(group: GroupScenario, levers: Sequence[int], intervention: Intervention) -> frozenset[int]:
    """Return the positions that arrows lead to from the levers; into a held one no arrow leads any more."""
    held = frozenset(group.constructs[lever] for lever in levers) if intervention is Intervention.HOLD else frozenset()
    if not levers:
        return frozenset()
    graph = {
        source: tuple(target for target in targets if target not in held)
        for source, targets in structural_graph(group.layout).items()
    }
    return frozenset().union(*(reachable(graph, group.constructs[lever]) for lever in levers))


def change_of(
    group: GroupScenario, steps: Sequence[Step], intervention: Intervention, covariance: FloatArray | None
) -> Change:
    """Return the change of every construct's mean in the new equilibrium.

    Push: dv = (I - A)^-1 d, d the steps (Bollen 1987, eq. 7; the intercepts of the pushed variables rise by d, all
    other parameters stay). Hold: the same with the rows of the held variables in A set to 0 (Pearl 2009, sec. 5.3.1).
    In points: weights times the changes of the items' expected answers.

    Args:
        group: The group.
        steps: What is moved; steps on the same construct add up.
        intervention: Push or hold.
        covariance: (n_free, n_free) covariance of the estimates, or None.

    Raises:
        EffectError: a step that has no size, or a loop that does not settle.
    """
    levers = tuple(dict.fromkeys(step.construct for step in steps))
    require_stable(group, levers, intervention)
    values, jacobian = np.zeros(len(group.layout.names)), np.zeros((len(group.layout.names), group.n_free))
    sizes = []
    for step in steps:
        size, slope = step_in_units(group, step)
        values[group.constructs[step.construct]] += size
        jacobian[group.constructs[step.construct]] += slope
        sizes.append(size)
    moved = _respond(group, Answers(values, jacobian), levers if intervention is Intervention.HOLD else ())
    return _in_all_units(group, moved, covariance, np.array(sizes))


def _respond(group: GroupScenario, push: Answers, held: Sequence[int]) -> Answers:
    inverse = _inverse_without(group, held)
    values = inverse @ push.values
    jacobian = inverse @ push.jacobian
    cells = group.layout.path_cells
    active = ~np.isin(cells.row, [group.constructs[lever] for lever in held])
    jacobian[:, cells.parameter[active]] += inverse[:, cells.row[active]] * values[cells.column[active]]
    return Answers(values, jacobian)


def _inverse_without(group: GroupScenario, held: Sequence[int]) -> FloatArray:
    if not held:
        return group.implied.inverse
    paths = group.implied.paths.copy()
    paths[[group.constructs[lever] for lever in held]] = 0.0
    return np.asarray(np.linalg.inv(np.eye(len(paths)) - paths), dtype=np.float64)


def _in_all_units(group: GroupScenario, moved: Answers, covariance: FloatArray | None, sizes: FloatArray) -> Change:
    chosen = list(group.constructs)
    values, jacobian = moved.values[chosen], moved.jacobian[chosen]
    sd = group.sd
    slopes = group.variances.total_jacobian[chosen]
    std_jacobian = jacobian / sd[:, None] - (values / (2 * sd**3))[:, None] * slopes
    answers = answer_changes(group.layout, group.implied, group.variances, group.scores, moved)
    weights = group.scores.weights
    points = np.where(group.scores.known, weights @ answers.values, np.nan)
    return Change(
        delta_method(values, jacobian, covariance),
        delta_method(values / sd, std_jacobian, covariance),
        delta_method(points, weights @ answers.jacobian, covariance),
        sizes,
    )


def step_in_units(group: GroupScenario, step: Step) -> tuple[float, FloatArray]:
    """Return the size of a step in units of its variable, with its gradient (n_free,).

    sd: amount times the model-implied standard deviation. points: the size at which the construct's own items rise by
    so many points along the measurement model alone, before anything comes back through a loop. %: points, of the
    way from the mean score to the end of the scale; the mean score counts as known.

    Raises:
        EffectError: the construct has no standard deviation or no score.
    """
    name, position = group.names[step.construct], group.constructs[step.construct]
    where = f" in group {group.label}" if group.label else ""
    if step.unit is StepUnit.UNITS:
        return step.amount, np.zeros(group.n_free)
    if step.unit is StepUnit.SD:
        sd = float(group.sd[step.construct])
        if not np.isfinite(sd):
            raise EffectError(
                f"{name} has no standard deviation{where}: its variance is not positive in this solution.",
                remedy="Read the findings of the fit and correct the model first.",
                code="negative-variance",
            )
        return step.amount * sd, step.amount * group.variances.total_jacobian[position] / (2 * sd)
    if not group.scores.known[step.construct]:
        raise EffectError(
            f"{name} has no 0-100 score{where}: a step of it cannot be given in points or as a share of its headroom.",
            remedy=f'Give the step in standard deviations, e.g. "{name}": "+0.5sd".',
            code="no-score",
        )
    points = step.amount if step.unit is StepUnit.POINTS else step.amount * room(group, step.construct, step.amount)
    return _size_of_points(group, step.construct, points)


def room(group: GroupScenario, construct: int, direction: float) -> float:
    """Return how many points the mean score is away from the end of the scale in a direction.

    Raises:
        EffectError: the respondents' mean score is not known.
    """
    score = float(group.mean_scores[construct])
    if not np.isfinite(score):
        raise EffectError(
            f"The mean score of {group.names[construct]} is not known: it has no headroom to take a share of.",
            remedy="Fit the model to answers with a codebook, or give the step in standard deviations.",
            code="no-score",
        )
    return 100.0 - score if direction >= 0 else score


def _size_of_points(group: GroupScenario, construct: int, points: float) -> tuple[float, FloatArray]:
    """Solve P(size) = points by Newton's method; d size = -(dP / d theta) / (dP / d size)."""
    spread = float(group.sd[construct])
    size = 0.0
    for _ in range(_ROUNDS):
        value, gradient, slope = points_of_size(group, construct, size)
        gap = points - value
        if not abs(slope) > 0:
            break
        if abs(gap) <= _CLOSE:
            return size, -gradient / slope
        move = gap / slope
        size += float(np.clip(move, -spread, spread)) if group.scores.categories and spread > 0 else move
    raise EffectError(
        f"{group.names[construct]} cannot move by {points:g} points: no shift of it brings its items that far.",
        remedy="Give a smaller step; the mean score must stay between 0 and 100.",
        code="step-out-of-reach",
    )


def points_of_size(group: GroupScenario, construct: int, size: float) -> tuple[float, FloatArray, float]:
    """Return the points that a construct's own items gain from a shift of it, the gradient, and the slope in the size.

    Only the measurement model carries the shift to the items.
    """
    inverse = measurement_inverse(group.implied.paths, group.arrows)
    column = inverse[:, group.constructs[construct]]
    jacobian = np.zeros((len(column), group.n_free + 1))
    cells, arrows = group.layout.path_cells, set(group.arrows)
    own = np.array([cell in arrows for cell in zip(cells.row.tolist(), cells.column.tolist(), strict=True)], dtype=bool)
    jacobian[:, cells.parameter[own]] = size * inverse[:, cells.row[own]] * column[cells.column[own]]
    jacobian[:, -1] = column
    shift = Answers(size * column, jacobian)
    answers = answer_changes(group.layout, group.implied, group.variances, group.scores, shift)
    weights = group.scores.weights[construct]
    gradient = weights @ answers.jacobian
    return float(weights @ answers.values), gradient[:-1], float(gradient[-1])


def require_stable(group: GroupScenario, levers: Sequence[int], intervention: Intervention) -> None:
    """Refuse interventions whose consequences run through a loop that does not settle.

    Raises:
        EffectError: naming the loop and its gain.
    """
    starts = frozenset(group.constructs[lever] for lever in levers)
    reached = downstream(group, levers, intervention) | starts
    paths = group.implied.paths.copy()
    if intervention is Intervention.HOLD:
        paths[list(starts)] = 0.0
    inside = np.array(sorted(reached), dtype=np.intp)
    if np.abs(np.linalg.eigvals(paths[np.ix_(inside, inside)])).max(initial=0.0) < 1:
        return
    names = group.layout.names
    loops = find_loops(group.layout, group.implied, group.n_free, None).loops
    touched = [loop for loop in loops if {names.index(member) for member in loop.members} <= reached]
    if intervention is Intervention.HOLD:
        touched = [loop for loop in touched if not {names.index(member) for member in loop.members} & starts]
    worst: Loop = max(touched, key=lambda loop: abs(loop.gain))
    where = f" in group {group.label}" if group.label else ""
    raise EffectError(
        f"A change of {', '.join(group.names[lever] for lever in levers)} runs through a loop that does not "
        f"settle{where}: {' -> '.join(worst.members)} has gain {worst.gain:.3f}.",
        remedy="No new equilibrium exists in this solution; look at the loop's arrows one by one, and at whether each "
        "has its own instrument.",
        code="unstable-loop",
    )
