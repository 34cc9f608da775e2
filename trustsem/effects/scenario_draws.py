"""Scenarios in every draw of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.draws import is_stable
from trustsem.effects.scenario import Intervention
from trustsem.effects.scenario_steps import GroupScenario, Step, StepUnit, room
from trustsem.resample.batch import Stack, invert_stack

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class ChangeDraws:
    """Changes of the k constructs in each draw, (B, k) in each unit; NaN where a draw's loop does not settle."""

    units: FloatArray
    sd: FloatArray
    points: FloatArray


def change_draws(group: GroupScenario, steps: Sequence[Step], intervention: Intervention, stack: Stack) -> ChangeDraws:
    """Return what `change_of` estimates, in each draw; of continuous answers only.

    Holding variables J at d is pushing them by (T_JJ)^-1 d, T = (I - A)^-1: in the new equilibrium they stand at d.

    Args:
        group: The group.
        steps: What is moved.
        intervention: Push or hold.
        stack: Its matrices in each draw.

    Raises:
        ValueError: ordinal items.
    """
    if group.scores.categories:
        raise ValueError("draws of ordinal items are not supported")
    levers = tuple(dict.fromkeys(step.construct for step in steps))
    places = [group.constructs[lever] for lever in levers]
    sizes = np.zeros((len(stack.paths), len(levers)))
    for step in steps:
        sizes[:, levers.index(step.construct)] += _sizes(group, step, stack)
    settles = _settles(stack, group.layout.core, places if intervention is Intervention.HOLD else [])
    if intervention is Intervention.HOLD:
        own = stack.inverse[:, np.array(places)[:, None], np.array(places)[None, :]]
        sizes = np.einsum("bij,bj->bi", invert_stack(own), sizes)
    values = np.einsum("bij,bj->bi", stack.inverse[:, :, places], sizes)
    values[~settles] = np.nan
    chosen = list(group.constructs)
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(stack.total_cov, axis1=1, axis2=2)[:, chosen])
    points = np.where(group.scores.known, values @ group.scores.weights.T, np.nan)
    return ChangeDraws(values[:, chosen], values[:, chosen] / sd, points)


def _settles(stack: Stack, core: NDArray[np.intp], held: Sequence[int]) -> NDArray[np.bool_]:
    """Look at the variables that point at others only: no other is on a loop."""
    paths = stack.paths[:, core[:, None], core[None, :]]
    paths[:, np.isin(core, held)] = 0.0
    return is_stable(paths)


def _sizes(group: GroupScenario, step: Step, stack: Stack) -> FloatArray:
    position = group.constructs[step.construct]
    if step.unit is StepUnit.UNITS:
        return np.full(len(stack.paths), step.amount)
    if step.unit is StepUnit.SD:
        with np.errstate(invalid="ignore"):
            return step.amount * np.sqrt(stack.total_cov[:, position, position])
    points = step.amount if step.unit is StepUnit.POINTS else step.amount * room(group, step.construct, step.amount)
    own = np.zeros_like(stack.paths)
    rows, columns = np.array(group.arrows, dtype=np.intp).reshape(-1, 2).T
    own[:, rows, columns] = stack.paths[:, rows, columns]
    inverse = invert_stack(np.eye(own.shape[1]) - own)
    return points / (inverse[:, :, position] @ group.scores.weights[step.construct])
