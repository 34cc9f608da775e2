"""Effects of every construct on every other with their joint covariance: what a page with sliders computes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.scenario import Intervention, change_of, downstream
from trustsem.effects.scenario_steps import GroupScenario, Step, StepUnit

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EffectMatrix:
    """What a push of each construct by one standard deviation does to those downstream, in one group.

    A change of several constructs by s standard deviations each changes a target by the sum over its cells of s times
    the cell; the variance of that is s' C s with C the block of the covariance that belongs to these cells.

    Args:
        label: Name of the group; empty for one group.
        constructs: Names.
        cells: Pairs (source, target), positions in `constructs`; a construct's own cell included.
        sd: (m,) change of each cell's target in its standard deviations.
        sd_covariance: (m, m); None without a covariance matrix of the estimates.
        points: (m,) change in points of the target's 0-100 score, NaN where it has none; None of ordinal items,
            whose answers are not linear in the step.
        points_covariance: (m, m), or None.
        mean_scores: (k,) scores of the respondents as they are.
    """

    label: str
    constructs: tuple[str, ...]
    cells: tuple[tuple[int, int], ...]
    sd: FloatArray
    sd_covariance: FloatArray | None
    points: FloatArray | None
    points_covariance: FloatArray | None
    mean_scores: FloatArray


def effect_matrix(group: GroupScenario, covariance: FloatArray | None) -> EffectMatrix:
    """Return all effects of a group with their joint covariance, J V J' of the stacked gradients (delta method).

    Args:
        group: The group.
        covariance: (n_free, n_free) covariance of the estimates, or None.

    Raises:
        EffectError: a loop that does not settle, or a construct without a standard deviation.
    """
    order = {position: number for number, position in enumerate(group.constructs)}
    cells: list[tuple[int, int]] = []
    sd, sd_slopes, points, points_slopes = [], [], [], []
    for source in range(len(group.constructs)):
        change = change_of(group, (Step(source, 1.0, StepUnit.SD),), Intervention.PUSH, None)
        reached = downstream(group, (source,), Intervention.PUSH)
        targets = sorted({order[position] for position in reached if position in order} | {source})
        cells.extend((source, target) for target in targets)
        sd.append(change.sd.values[targets])
        sd_slopes.append(change.sd.jacobian[targets])
        points.append(change.points.values[targets])
        points_slopes.append(change.points.jacobian[targets])
    is_linear = not group.scores.categories
    return EffectMatrix(
        group.label,
        group.names,
        tuple(cells),
        np.concatenate(sd),
        _joint(np.concatenate(sd_slopes), covariance),
        np.concatenate(points) if is_linear else None,
        _joint(np.concatenate(points_slopes), covariance) if is_linear else None,
        group.mean_scores,
    )


def _joint(jacobian: FloatArray, covariance: FloatArray | None) -> FloatArray | None:
    return None if covariance is None else jacobian @ covariance @ jacobian.T
