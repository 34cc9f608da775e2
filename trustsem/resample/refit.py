"""Refit a model to chunks of draws: complete data all at once, others one by one from the estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import TrustSemError
from trustsem.estimate import OptimStatus, estimate_parameters
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.chord import minimise_by_chord
from trustsem.estimate.objective import Objective
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.estimate.start import start_values
from trustsem.estimate.status import Optimum
from trustsem.implied import ModelLayout, build_layout
from trustsem.moments import Cases, SampleMoments
from trustsem.pipeline import FittedModel
from trustsem.resample.batch import ExogenousMoments, Stack, stack_model
from trustsem.resample.batch_ml import GroupMoments, exogenous_of, fit_stack
from trustsem.resample.samplers import Sampler

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

MakeMoments = Callable[[Sequence[Cases]], SampleMoments]

_IMPROPER = 1e-8  # of a variance, in correlation metric
_AT_ZERO = 1e-6  # of a variable's total variance


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """What became of some draws.

    Args:
        number: (B,) numbers of the draws.
        theta: (B, n_free) free rows; NaN where a draw did not converge.
        exogenous: Moments of fixed predictors in each draw, one entry per group.
        converged: (B,).
        admissible: (B,) converged, no negative variance, no improper covariance matrix of latent variables.
        boundary: (B,) converged with a free variance at 0, or a bound or inequality that holds with equality.
        iterations: (B,) steps.
        statistic: (B,) chi-square of the draw; NaN where it did not converge.
    """

    number: IntArray
    theta: FloatArray
    exogenous: tuple[ExogenousMoments, ...]
    converged: BoolArray
    admissible: BoolArray
    boundary: BoolArray
    iterations: IntArray
    statistic: FloatArray


class Refit:
    """Refits chunks of draws. Whole instances travel to workers."""

    chunk: int  # draws at a time, whatever the number of workers: results do not depend on it

    def __call__(self, numbers: IntArray) -> Part:
        """Return what became of the draws with these numbers."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class BatchRefit(Refit):
    """All draws of a chunk at once: normal likelihood of complete rows, linear constraints."""

    layout: ModelLayout
    start: FloatArray
    sampler: Sampler
    n_effective: float
    chunk: int = 256

    def __call__(self, numbers: IntArray) -> Part:
        """Return what became of the draws with these numbers."""
        moments = self.sampler.moments(numbers)
        result = fit_stack(self.layout, moments, self.start)
        exogenous = exogenous_of(self.layout, moments)
        matrices = stacks_of(self.layout, result.theta, exogenous)
        statistic = 2 * self.n_effective * (result.value - _saturated_value(moments))
        at_edge = _has_zero_variance(self.layout, matrices)
        return _part(
            numbers, result.theta, exogenous, matrices, result.converged, at_edge, result.iterations, statistic
        )


def _saturated_value(moments: Sequence[GroupMoments]) -> FloatArray:
    """Return F/2 of the saturated model on the scale of `fit_stack`, which leaves log|S| and p out."""
    total = np.zeros(len(moments[0].share))
    for group in moments:
        with np.errstate(all="ignore"):
            sign, log_det = np.linalg.slogdet(group.cov)
        total += group.share * (np.where(sign > 0, log_det, np.nan) + group.cov.shape[1])
    return total / 2


@dataclass(frozen=True, eq=False)
class SingleRefit(Refit):
    """One draw after the other, for estimators that need more than means and covariances.

    A draw starts at the full sample's estimates; if that does not lead to a minimum, at its own start values.
    """

    fitted: FittedModel
    sampler: Sampler
    make_moments: MakeMoments
    chunk: int = 16

    def __call__(self, numbers: IntArray) -> Part:
        """Return what became of the draws with these numbers."""
        layout, n_free = self.fitted.estimate.objective.layout, self.fitted.table.n_free
        theta = np.full((len(numbers), n_free), np.nan)
        iterations = np.zeros(len(numbers), dtype=np.intp)
        statistic = np.full(len(numbers), np.nan)
        at_bound = np.zeros(len(numbers), dtype=bool)
        exogenous = [_empty_exogenous(len(numbers), group.exogenous) for group in layout.groups]
        for k, number in enumerate(numbers.tolist()):
            refitted = self._refit(number)
            if refitted is None:
                continue
            objective, run, at_bound[k] = refitted
            theta[k], iterations[k] = objective.layout.reduction.expand(run.x), run.iterations
            statistic[k] = 2 * objective.moments.n_effective * run.value
            for group, own in zip(objective.layout.groups, exogenous, strict=True):
                x = group.exogenous
                own.cov[k], own.mean[k] = group.covariances[np.ix_(x, x)], group.intercepts[x]
        converged = np.asarray(np.isfinite(statistic), dtype=bool)
        filled = np.where(converged[:, None], theta, self.fitted.estimate.theta)
        matrices = stacks_of(layout, filled, exogenous)
        at_edge = at_bound | _has_zero_variance(layout, matrices)
        return _part(numbers, theta, exogenous, matrices, converged, at_edge, iterations, statistic)

    def _refit(self, number: int) -> tuple[Objective, Optimum, bool] | None:
        """Return objective, minimum and whether a bound holds there; None where a draw cannot be fitted."""
        try:
            moments = self.make_moments(self.sampler.rows(number))
            layout = build_layout(self.fitted.table, moments)
            objective = objective_for(self.fitted.estimate.objective.discrepancy, layout, moments)
            run, at_bound = self._minimum(objective)
        except (TrustSemError, np.linalg.LinAlgError):
            return None
        is_minimum = run.status is OptimStatus.CONVERGED and math.isfinite(run.value)
        return (objective, run, at_bound) if is_minimum else None

    def _minimum(self, objective: Objective) -> tuple[Optimum, bool]:
        table = self.fitted.table
        if table.relations:
            found = estimate_parameters(table, objective.layout, objective.moments, objective.discrepancy)
            return found.optimum, any(not relation.is_equality for relation in found.active.relations)
        run = minimise_by_chord(objective, self.fitted.estimate.x)
        if run is None:
            run = minimise_by_scoring(objective, self.fitted.estimate.x)
        if run.status is not OptimStatus.CONVERGED:
            run = minimise_by_scoring(objective, start_values(table, objective.layout, objective.moments))
        return run, False


def _empty_exogenous(count: int, positions: IntArray) -> ExogenousMoments:
    k = len(positions)
    return ExogenousMoments(positions, np.full((count, k, k), np.nan), np.full((count, k), np.nan))


def stacks_of(
    layout: ModelLayout, theta: FloatArray, exogenous: Sequence[ExogenousMoments] | None
) -> tuple[Stack, ...]:
    """Return the matrices of every group in each draw.

    Args:
        layout: Matrices of all groups.
        theta: (B, n_free).
        exogenous: Moments of fixed predictors of each draw; those of the sample when None.
    """
    own = [None] * len(layout.groups) if exogenous is None else exogenous
    return tuple(stack_model(group, theta, moments) for group, moments in zip(layout.groups, own, strict=True))


def _part(
    numbers: IntArray,
    theta: FloatArray,
    exogenous: Sequence[ExogenousMoments],
    matrices: Sequence[Stack],
    converged: BoolArray,
    at_edge: BoolArray,
    iterations: IntArray,
    statistic: FloatArray,
) -> Part:
    return Part(
        numbers,
        np.where(converged[:, None], theta, np.nan),
        tuple(exogenous),
        converged,
        converged & _admissible(matrices),
        converged & at_edge,
        iterations,
        np.where(converged, statistic, np.nan),
    )


def _admissible(groups: Sequence[Stack]) -> BoolArray:
    """Return which draws have no negative variance and a proper covariance matrix of the latent variables."""
    result = np.ones(len(groups[0].paths), dtype=bool)
    for stack in groups:
        variances = np.diagonal(stack.covariances, axis1=1, axis2=2)
        result &= np.isfinite(variances).all(axis=1) & (variances >= 0).all(axis=1)
        latent = stack.total_cov[:, stack.n_observed :, stack.n_observed :]
        if latent.shape[1] > 1:
            result &= _proper(latent, result)
    return result


def _has_zero_variance(layout: ModelLayout, groups: Sequence[Stack]) -> BoolArray:
    """Return which draws have a free variance at 0, by the size of the variable's total variance."""
    result = np.zeros(len(groups[0].paths), dtype=bool)
    for group, stack in zip(layout.groups, groups, strict=True):
        cells = group.covariance_cells
        free = cells.row[cells.row == cells.column]
        with np.errstate(invalid="ignore"):
            near = np.abs(stack.covariances[:, free, free]) <= _AT_ZERO * np.abs(stack.total_cov[:, free, free])
        result |= near.any(axis=1)
    return result


def _proper(matrices: FloatArray, candidates: BoolArray) -> BoolArray:
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    good = candidates & (variances > 0).all(axis=1)
    scale = np.sqrt(np.where(good[:, None], variances, 1.0))
    safe = np.where(good[:, None, None], matrices, np.eye(matrices.shape[1]))
    smallest = np.linalg.eigvalsh(safe / (scale[:, :, None] * scale[:, None, :]))[:, 0]
    return good & (smallest > -_IMPROPER)
