"""Maximum likelihood of one model on many sets of moments at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import ModelLayout
from trustsem.resample.batch import ExogenousMoments, Stack, stack_derivatives, stack_model

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_TOLERANCE = 1e-11  # g' H^-1 g: with n = 1,000 estimates are within 1e-4 standard errors of the minimum
_MAX_STEPS = 1000  # scoring is slow where a draw is nearly inadmissible; few draws are, and only these go on
_MIN_DAMPING, _MAX_DAMPING = 1e-4, 1e8


@dataclass(frozen=True, eq=False, slots=True)
class GroupMoments:
    """Moments of one group in each of B draws, divisor as it is analysed.

    Args:
        cov: (B, p, p).
        mean: (B, p).
        share: (B,) n_g / n.
    """

    cov: FloatArray
    mean: FloatArray
    share: FloatArray

    def take(self, chosen: NDArray[np.intp]) -> GroupMoments:
        """Return the moments of some draws."""
        return GroupMoments(self.cov[chosen], self.mean[chosen], self.share[chosen])


@dataclass(frozen=True, eq=False, slots=True)
class BatchFit:
    """Estimates of every draw.

    Args:
        theta: (B, n_free) free rows; where a draw did not converge, where it stopped.
        value: (B,) F/2 up to a constant of the draw.
        converged: (B,).
        iterations: (B,) steps taken.
    """

    theta: FloatArray
    value: FloatArray
    converged: BoolArray
    iterations: NDArray[np.intp]


def fit_stack(layout: ModelLayout, moments: Sequence[GroupMoments], start: FloatArray) -> BatchFit:
    """Minimise the normal-theory discrepancy of each draw by Fisher scoring from a common start.

    Draws leave the stack when they have converged; a step that does not lower F is shortened by damping of its own
    draw (Marquardt 1963). Only models without nonlinear constraints, inequalities or bounds.

    Args:
        layout: Matrices of all groups.
        moments: One entry per group.
        start: (n_parameters,) independent parameters, e.g. the full sample's estimates.
    """
    count = len(moments[0].cov)
    x = np.tile(start, (count, 1))
    here = _expansion(layout, moments, x)
    converged = np.zeros(count, dtype=bool)
    iterations, damping = np.zeros(count, dtype=np.intp), np.zeros(count)
    final = here.value.copy()
    active = np.arange(count)
    for _ in range(_MAX_STEPS):
        if not len(active):
            break
        step, solvable = _steps(here.information, here.gradient, damping[active])
        decrement = np.einsum("bi,bi->b", here.gradient, step)
        trial = x[active] - step
        there = _expansion(layout, [group.take(active) for group in moments], trial)
        iterations[active] += 1
        finite = solvable & np.isfinite(there.value)
        done = finite & (decrement < _TOLERANCE) & (damping[active] < 1e-3)
        accepted = done | (finite & (there.value <= here.value + 1e-13))
        x[active[accepted]], final[active[accepted]] = trial[accepted], there.value[accepted]
        damping[active] = _next_damping(damping[active], accepted)
        converged[active[done]] = True
        stays = ~(done | (damping[active] > _MAX_DAMPING))
        here = _chosen(here, there, accepted, stays)
        active = active[stays]
    return BatchFit(_expand(layout, x), final, converged, iterations)


@dataclass(frozen=True, eq=False, slots=True)
class _Expansion:
    value: FloatArray  # (B,)
    gradient: FloatArray  # (B, d)
    information: FloatArray  # (B, d, d)


def _chosen(here: _Expansion, there: _Expansion, accepted: BoolArray, stays: BoolArray) -> _Expansion:
    """Return the expansions of the draws that stay: at the trial point where it was accepted."""
    new = accepted[stays]
    return _Expansion(
        np.where(new, there.value[stays], here.value[stays]),
        np.where(new[:, None], there.gradient[stays], here.gradient[stays]),
        np.where(new[:, None, None], there.information[stays], here.information[stays]),
    )


def _next_damping(damping: FloatArray, accepted: BoolArray) -> FloatArray:
    relaxed = np.where(damping < 10 * _MIN_DAMPING, 0.0, damping / 10)
    return np.where(accepted, relaxed, np.maximum(10 * damping, _MIN_DAMPING))


def _expand(layout: ModelLayout, x: FloatArray) -> FloatArray:
    reduction = layout.reduction
    return x if reduction.is_identity else x @ reduction.matrix.T + reduction.constant


def exogenous_of(layout: ModelLayout, moments: Sequence[GroupMoments]) -> tuple[ExogenousMoments, ...]:
    """Return the moments of fixed exogenous variables of every group in each draw: they are the draw's own."""
    result = []
    for group, sample in zip(layout.groups, moments, strict=True):
        e = group.exogenous
        result.append(ExogenousMoments(e, sample.cov[:, e[:, None], e[None, :]], sample.mean[:, e]))
    return tuple(result)


def _target(sample: GroupMoments, stack: Stack, meanstructure: bool) -> FloatArray:
    if not meanstructure:
        return sample.cov
    gap = sample.mean - stack.mu
    return sample.cov + gap[:, :, None] * gap[:, None, :]


def _log_determinants(sigma: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Return which matrices are positive definite, and log|Sigma| of these."""
    good = _finite(sigma)
    safe = np.where(good[:, None, None], sigma, np.eye(sigma.shape[1]))
    try:
        factor = np.linalg.cholesky(safe)
    except np.linalg.LinAlgError:
        factor = np.empty_like(safe)
        for k, matrix in enumerate(safe):  # one by one: a smallest eigenvalue near 0 is no sure sign
            try:
                factor[k] = np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                good[k], factor[k] = False, np.eye(len(matrix))
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    return good, 2.0 * np.log(diagonal).sum(axis=1)


def _expansion(layout: ModelLayout, moments: Sequence[GroupMoments], x: FloatArray) -> _Expansion:
    """Return F/2 (without log|S| and p), its gradient and its expected Hessian in the independent parameters.

    The value is infinite where Sigma is not positive definite.
    """
    count, n_free = len(x), layout.n_free
    value = np.zeros(count)
    gradient, information = np.zeros((count, n_free)), np.zeros((count, n_free, n_free))
    theta = _expand(layout, x)
    for group, sample, exogenous in zip(layout.groups, moments, exogenous_of(layout, moments), strict=True):
        stack = stack_model(group, theta, exogenous)
        proper, log_det = _log_determinants(stack.sigma)
        weight = np.linalg.inv(np.where(proper[:, None, None], stack.sigma, np.eye(stack.n_observed)))
        weighted_target = weight @ _target(sample, stack, layout.meanstructure)
        part = log_det + np.trace(weighted_target, axis1=1, axis2=2)
        value += sample.share * np.where(proper, part, np.inf)
        derivatives = stack_derivatives(group, stack, n_free)
        slope = weight - weighted_target @ weight
        pull = np.einsum("bik,bik->bk", derivatives.left, slope @ derivatives.right)
        weighted_left, weighted_right = weight @ derivatives.left, weight @ derivatives.right
        left, right = derivatives.left.transpose(0, 2, 1), derivatives.right.transpose(0, 2, 1)
        mixed = left @ weighted_right
        curvature = (left @ weighted_left) * (right @ weighted_right) + mixed * mixed.transpose(0, 2, 1)
        if layout.meanstructure:
            weighted_mean = weight @ derivatives.mean
            pull = pull - np.einsum("bi,bik->bk", sample.mean - stack.mu, weighted_mean)
            curvature = curvature + derivatives.mean.transpose(0, 2, 1) @ weighted_mean
        gradient += sample.share[:, None] * pull
        information += sample.share[:, None, None] * curvature
    reduction = layout.reduction
    if not reduction.is_identity:
        gradient = gradient @ reduction.matrix
        information = reduction.matrix.T @ information @ reduction.matrix
    return _Expansion(np.where(np.isfinite(value), value / 2, np.inf), gradient, information)


def _steps(information: FloatArray, gradient: FloatArray, damping: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return damped steps (B, d), and for which draws the system could be solved."""
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    solvable = _finite(information) & np.asarray((diagonal > 0).all(axis=1), dtype=bool)
    scale = np.sqrt(np.where(solvable[:, None], diagonal, 1.0))
    scaled = np.where(solvable[:, None, None], information, np.eye(information.shape[1]))
    scaled = scaled / (scale[:, :, None] * scale[:, None, :])
    index = np.arange(scaled.shape[1])
    scaled[:, index, index] += damping[:, None]
    right = np.where(solvable[:, None], gradient, 0.0) / scale
    try:
        step = np.linalg.solve(scaled, right[:, :, None])[:, :, 0] / scale
    except np.linalg.LinAlgError:
        step = np.full_like(right, np.nan)
        for k in range(len(scaled)):
            try:
                step[k] = np.linalg.solve(scaled[k], right[k]) / scale[k]
            except np.linalg.LinAlgError:
                continue
    solvable = solvable & np.asarray(np.isfinite(step).all(axis=1), dtype=bool)
    return np.where(solvable[:, None], step, 0.0), solvable


def _finite(matrices: FloatArray) -> BoolArray:
    """Return which matrices of a stack are finite throughout."""
    return np.asarray(np.isfinite(matrices).all(axis=(1, 2)), dtype=bool)
