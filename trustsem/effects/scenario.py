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
from trustsem.effects.scale_scores import Answers, answer_changes
from trustsem.effects.scenario_steps import GroupScenario, Step, step_in_units
from trustsem.errors import EffectError

FloatArray = NDArray[np.float64]


class Intervention(Enum):
    """What is done to a construct that has causes in the model."""

    PUSH = "push"  # its equation gets a constant more: its causes go on working, and loops amplify the push
    HOLD = "hold"  # it is held at its mean plus the step, whatever its causes do (do-operator)


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
