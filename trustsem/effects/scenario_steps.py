"""A group of a fitted model made ready for scenarios, and how far a step of each kind moves a construct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.scale_scores import (
    Answers,
    ScaleScores,
    answer_changes,
    measurement_inverse,
)
from trustsem.effects.variances import Variances, model_variances
from trustsem.errors import EffectError
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]

_ROUNDS = 60  # of Newton's method for a step in points: one does for continuous items
_CLOSE = 1e-10  # points


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
        sample_mean: (p,) means of the respondents' answers; None: unknown.
        label: Name of the group.
    """
    variances = model_variances(layout, implied, n_free)
    if sample_mean is None:
        means = np.full(len(constructs), np.nan)
    else:
        means = scores.at(np.concatenate([sample_mean, np.zeros(len(layout.latent))]))
    return GroupScenario(layout, implied, n_free, tuple(constructs), scores, means, tuple(arrows), variances, label)


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
