"""Scores of constructs from 0 to 100: the mean of their items, each from its worst answer to its best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.variances import Variances
from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import thresholds_of
from trustsem.moments.categorical.normal import normal_cdf_of, normal_density

FloatArray = NDArray[np.float64]

BEST = 100.0


@dataclass(frozen=True, slots=True)
class AnswerRange:
    """Scored answers to an item, from the one that shows least of its construct to the one that shows most.

    Args:
        item: Name of the item.
        worst: Score 0; larger than `best` where the answers are turned the other way.
        best: Score 100.
        categories: Answers of an ordinal item, ascending; empty of a continuous one.
    """

    item: str
    worst: float
    best: float
    categories: tuple[float, ...] = ()

    @property
    def points(self) -> float:
        """Points of the 0-100 score per unit of the answer."""
        return BEST / (self.best - self.worst)


@dataclass(frozen=True, eq=False, slots=True)
class ScaleScores:
    """How the expected answers of t variables make the scores of k constructs: weights @ answers + constant.

    Args:
        items: Items of each construct, by position; empty where it has no score.
        weights: (k, t) points per unit of each answer: 100 / (best - worst) / number of items.
        constant: (k,) score where all answers are 0.
        known: (k,) whether the construct has a score.
        categories: Answers of ordinal items by position.
    """

    items: tuple[tuple[int, ...], ...]
    weights: FloatArray
    constant: FloatArray
    known: NDArray[np.bool_]
    categories: Mapping[int, FloatArray]

    def at(self, answers: FloatArray) -> FloatArray:
        """Return the (k,) scores at the mean answers (t,); NaN where there is none."""
        return np.where(self.known, self.weights @ answers + self.constant, np.nan)


def scale_scores(
    items: Sequence[Sequence[int]], ranges: Sequence[Sequence[AnswerRange]], n_variables: int
) -> ScaleScores:
    """Return the scores of constructs from the answer ranges of their items.

    A score is the mean over the items of 100 (answer - worst) / (best - worst): 0 where all answers are the worst, 100
    where all are the best.

    Args:
        items: Positions of each construct's items; empty for a construct without a score.
        ranges: Their answers, in the same order.
        n_variables: t.
    """
    weights, constant = np.zeros((len(items), n_variables)), np.zeros(len(items))
    categories: dict[int, FloatArray] = {}
    for row, (positions, of_items) in enumerate(zip(items, ranges, strict=True)):
        for position, answers in zip(positions, of_items, strict=True):
            share = answers.points / len(positions)
            weights[row, position] = share
            constant[row] -= share * answers.worst
            if answers.categories:
                categories[position] = np.array(answers.categories)
    known = np.array([len(positions) > 0 for positions in items], dtype=bool)
    return ScaleScores(tuple(tuple(positions) for positions in items), weights, constant, known, categories)


def measurement_inverse(paths: FloatArray, arrows: Sequence[tuple[int, int]]) -> FloatArray:
    """Return (I - M)^-1 with the arrows of the measurement model alone (factor to indicator, factor to factor)."""
    own = np.zeros_like(paths)
    for row, column in arrows:
        own[row, column] = paths[row, column]
    return np.asarray(np.linalg.inv(np.eye(len(paths)) - own), dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """Expected answers (t,) with their derivatives (t, m)."""

    values: FloatArray
    jacobian: FloatArray


def answer_changes(
    layout: GroupLayout, implied: Implied, variances: Variances, scores: ScaleScores, shift: Answers
) -> Answers:
    """Return how expected answers change when the means of all variables shift.

    A continuous item's expected answer shifts with its mean. An ordinal item's is E y = s1 + sum over k of
    (s[k+1] - s[k]) Phi((c - tau[k]) / sd) with c and sd the mean and the standard deviation of its latent response
    over everybody: the change is that at c + shift less that at c.

    Args:
        layout: Matrices of the group.
        implied: Its matrices at the estimate.
        variances: Its variances.
        scores: Tells the categories of ordinal items.
        shift: Shifts (t,) with derivatives (t, m); the first n_free columns are those of the free rows.
    """
    values, jacobian = shift.values.copy(), shift.jacobian.copy()
    for item, categories in scores.categories.items():
        here = _ordinal_answer(layout, implied, variances, item, categories, 0.0, np.zeros(jacobian.shape[1]))
        there = _ordinal_answer(
            layout, implied, variances, item, categories, float(shift.values[item]), shift.jacobian[item]
        )
        values[item], jacobian[item] = there[0] - here[0], there[1] - here[1]
    return Answers(values, jacobian)


def _thresholds(layout: GroupLayout, implied: Implied, item: int) -> FloatArray:
    assert layout.ordinal is not None
    return thresholds_of(layout.ordinal, implied.theta, item)


def _ordinal_answer(
    layout: GroupLayout,
    implied: Implied,
    variances: Variances,
    item: int,
    categories: FloatArray,
    shift: float,
    shift_slope: FloatArray,
) -> tuple[float, FloatArray]:
    """Return the expected answer less the lowest one when the latent response shifts, with its gradient."""
    assert layout.ordinal is not None
    steps, sd = np.diff(categories), float(np.sqrt(variances.total[item]))
    z = (implied.total_mean[item] + shift - _thresholds(layout, implied, item)) / sd
    density = steps * normal_density(z)
    gradient = density.sum() / sd * shift_slope
    n_free = variances.total_jacobian.shape[1]
    gradient[:n_free] += density.sum() / sd * _mean_gradient(layout, implied, item, n_free)
    gradient[:n_free] -= (density @ z) * variances.total_jacobian[item] / (2 * sd**2)
    parameter = layout.ordinal.threshold_parameter[layout.ordinal.threshold_variable == item]
    free = parameter >= 0
    gradient[parameter[free]] -= density[free] / sd
    return float(steps @ normal_cdf_of(z)), gradient


def _mean_gradient(layout: GroupLayout, implied: Implied, item: int, n_free: int) -> FloatArray:
    gradient = np.zeros(n_free)
    cells = layout.path_cells
    gradient[cells.parameter] = implied.inverse[item, cells.row] * implied.total_mean[cells.column]
    cells = layout.intercept_cells
    gradient[cells.parameter] = implied.inverse[item, cells.row]
    return gradient
