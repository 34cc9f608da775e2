"""Refit a model to bootstrap draws: all draws of complete data at once, others one by one from the estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import TrustSemError, UsageError
from trustsem.estimate import Estimate, OptimStatus
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.implied import build_layout
from trustsem.moments import Cases, SampleMoments
from trustsem.pipeline import FittedModel
from trustsem.resample.batch import Stack
from trustsem.resample.batch_ml import GroupMoments, fit_stack, stacks
from trustsem.resample.draws import DrawLedger, DrawPolicy, draw_counts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

CHUNK = 256  # draws at a time, whatever the number of workers: results do not depend on it
_MOST_REDRAWS = 5  # times the number of draws that were asked for
_IMPROPER = 1e-8  # of a variance, in correlation metric

MakeMoments = Callable[[Sequence[Cases]], SampleMoments]


@dataclass(frozen=True, eq=False, slots=True)
class BootstrapDraws:
    """Estimates of every draw.

    Args:
        theta: (B, n_free) free rows; NaN where a draw did not converge.
        stacks: Matrices of every group in each draw; without meaning where a draw did not converge.
        ledger: What became of each draw.
        seed: Which random numbers.
    """

    theta: FloatArray
    stacks: tuple[Stack, ...]
    ledger: DrawLedger
    seed: int


def run_bootstrap(
    fitted: FittedModel,
    n_draws: int,
    seed: int,
    policy: DrawPolicy = DrawPolicy.DROP,
    *,
    make_moments: MakeMoments | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BootstrapDraws:
    """Draw respondents (or clusters) with replacement and refit the model to each draw (Efron 1979).

    Args:
        fitted: A fitted model whose moments carry their cases.
        n_draws: Draws.
        seed: Draw k takes the random numbers k of this seed, however the work is split.
        policy: What happens to draws that did not converge or are inadmissible.
        make_moments: Turns the cases of a draw into moments, for estimators that are refitted one by one.
        progress: Called with the number of draws done and wanted.

    Raises:
        UsageError: a fit without cases, or a model that cannot be refitted.
    """
    cases = _cases(fitted)
    refit = _batch(fitted, cases) if is_batched(fitted) else _one_by_one(fitted, cases, make_moments)
    parts: list[_Part] = []
    number, usable, limit = 0, 0, n_draws * (_MOST_REDRAWS if policy is DrawPolicy.REDRAW else 1)
    while number < limit and (usable < n_draws if policy is DrawPolicy.REDRAW else number < n_draws):
        wanted = n_draws - usable if policy is DrawPolicy.REDRAW else n_draws - number
        numbers = np.arange(number, number + min(CHUNK, wanted))
        part = refit(draw_counts(cases, seed, numbers), numbers)
        parts.append(part)
        number += len(numbers)
        usable += int(np.count_nonzero(part.converged & part.admissible))
        if progress is not None:
            progress(min(number, n_draws), n_draws)
    return _collect(parts, policy, seed)


def jackknife_draws(fitted: FittedModel, *, make_moments: MakeMoments | None = None) -> BootstrapDraws:
    """Refit the model without one respondent (or cluster) at a time: what the acceleration of BCa intervals needs.

    Draw k leaves out unit k; units are counted group after group.
    """
    cases = _cases(fitted)
    refit = _batch(fitted, cases) if is_batched(fitted) else _one_by_one(fitted, cases, make_moments)
    units = [_units(group) for group in cases]
    every = [(g, unit) for g, labels in enumerate(units) for unit in range(int(labels.max()) + 1)]
    parts = []
    for start in range(0, len(every), CHUNK):
        chosen = every[start : start + CHUNK]
        counts = [np.ones((len(chosen), len(group.values))) for group in cases]
        for k, (g, unit) in enumerate(chosen):
            counts[g][k, units[g] == unit] = 0.0
        parts.append(refit(counts, np.arange(start, start + len(chosen))))
    return _collect(parts, DrawPolicy.KEEP, 0)


def _units(cases: Cases) -> IntArray:
    if cases.clusters is None:
        return np.arange(len(cases.values))
    return np.unique(cases.clusters, return_inverse=True)[1].astype(np.intp)


def is_batched(fitted: FittedModel) -> bool:
    """Return whether all draws can be refitted at once: normal likelihood of complete rows, linear constraints."""
    options = fitted.options
    return (
        options.spec.discrepancy == "ML"
        and not options.full_information
        and not fitted.table.relations
        and fitted.table.ordinal is None
        and all(sample.saturated is None and not sample.is_unbiased for sample in fitted.moments.groups)
    )


def _cases(fitted: FittedModel) -> list[Cases]:
    cases = [sample.cases for sample in fitted.moments.groups]
    if any(group is None for group in cases):
        raise UsageError(
            "A bootstrap needs the respondents' answers; this fit was made from moments.",
            remedy="Fit the model to a data frame, a survey or a file.",
            code="no-raw-data",
        )
    return [group for group in cases if group is not None]


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    number: IntArray
    theta: FloatArray
    stacks: tuple[Stack, ...]
    converged: NDArray[np.bool_]
    admissible: NDArray[np.bool_]
    iterations: IntArray


Refit = Callable[[Sequence[FloatArray], IntArray], _Part]


def _batch(fitted: FittedModel, cases: Sequence[Cases]) -> Refit:
    estimate = fitted.estimate
    layout = estimate.objective.layout
    products = [_Products.of(group) for group in cases]

    def refit(counts: Sequence[FloatArray], numbers: IntArray) -> _Part:
        sums = [part.moments(count) for part, count in zip(products, counts, strict=True)]
        mass = np.sum([total for _, _, total in sums], axis=0)
        moments = [GroupMoments(cov, mean, total / mass) for cov, mean, total in sums]
        result = fit_stack(layout, moments, estimate.x)
        matrices = tuple(stacks(layout, moments, result.theta))
        return _Part(numbers, result.theta, matrices, result.converged, _admissible(matrices), result.iterations)

    return refit


@dataclass(frozen=True, eq=False, slots=True)
class _Products:
    """Products of centred answers of one group: a draw's moments are sums of rows of these."""

    centre: FloatArray  # (p,)
    values: FloatArray  # (n, p) deviations from it
    products: FloatArray  # (n, p (p + 1) / 2)
    weights: FloatArray  # (n,)

    @classmethod
    def of(cls, cases: Cases) -> _Products:
        centre = cases.values.mean(axis=0)
        values = cases.values - centre
        column, row = np.triu_indices(values.shape[1])
        return cls(centre, values, values[:, row] * values[:, column], cases.weight_of_row)

    def moments(self, counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return covariances (B, p, p), means (B, p) and sums of weights (B,) of draws."""
        weights = counts * self.weights
        total = weights.sum(axis=1)
        shift = weights @ self.values / total[:, None]
        p = self.values.shape[1]
        column, row = np.triu_indices(p)
        cov = np.empty((len(counts), p, p))
        cov[:, row, column] = weights @ self.products / total[:, None]
        cov[:, column, row] = cov[:, row, column]
        cov -= shift[:, :, None] * shift[:, None, :]
        return cov, self.centre + shift, total


def _one_by_one(fitted: FittedModel, cases: Sequence[Cases], make_moments: MakeMoments | None) -> Refit:
    if make_moments is None:
        raise ValueError(f"the bootstrap of {fitted.options.estimator} needs to know how moments are made of rows")

    def refit(counts: Sequence[FloatArray], numbers: IntArray) -> _Part:
        estimates = [_refit_one(fitted, cases, [c[k] for c in counts], make_moments) for k in range(len(numbers))]
        return _assemble(fitted, numbers, estimates)

    return refit


def _refit_one(
    fitted: FittedModel, cases: Sequence[Cases], counts: Sequence[FloatArray], make_moments: MakeMoments
) -> Estimate | None:
    """Refit one draw from the full sample's estimates; None where its data cannot be fitted."""
    drawn = [repeated(group, count) for group, count in zip(cases, counts, strict=True)]
    try:
        moments = make_moments(drawn)
        layout = build_layout(fitted.table, moments)
        objective = objective_for(fitted.options.discrepancy, layout, moments)
        run = minimise_by_scoring(objective, fitted.estimate.x)
    except (TrustSemError, np.linalg.LinAlgError):
        return None
    if run.status is not OptimStatus.CONVERGED or not math.isfinite(run.value):
        return None
    return replace(
        fitted.estimate,
        theta=layout.reduction.expand(run.x),
        x=run.x,
        objective=objective,
        value=run.value,
        optimum=run,
    )


def repeated(cases: Cases, counts: FloatArray) -> Cases:
    """Return the rows of a draw, each as often as it was drawn."""
    index = np.repeat(np.arange(len(counts)), counts.astype(np.intp))
    weights = None if cases.weights is None else cases.weights[index]
    return Cases(cases.values[index], weights)


def _assemble(fitted: FittedModel, numbers: IntArray, estimates: Sequence[Estimate | None]) -> _Part:
    layout = fitted.estimate.objective.layout
    theta = np.full((len(numbers), layout.n_free), np.nan)
    converged = np.zeros(len(numbers), dtype=bool)
    iterations = np.zeros(len(numbers), dtype=np.intp)
    groups: list[list[Stack]] = [[] for _ in layout.groups]
    for k, estimate in enumerate(estimates):
        here = fitted.estimate if estimate is None else estimate
        for group, implied in zip(groups, here.objective.implied(here.x), strict=True):
            group.append(
                Stack(
                    implied.paths[None],
                    implied.covariances[None],
                    implied.intercepts[None],
                    implied.inverse[None],
                    implied.total_cov[None],
                    implied.total_mean[None],
                    implied.n_observed,
                )
            )
        if estimate is not None:
            theta[k], converged[k], iterations[k] = estimate.theta, True, estimate.optimum.iterations
    matrices = tuple(_joined(group) for group in groups)
    return _Part(numbers, theta, matrices, converged, _admissible(matrices), iterations)


def _joined(parts: Sequence[Stack]) -> Stack:
    return Stack(
        np.concatenate([part.paths for part in parts]),
        np.concatenate([part.covariances for part in parts]),
        np.concatenate([part.intercepts for part in parts]),
        np.concatenate([part.inverse for part in parts]),
        np.concatenate([part.total_cov for part in parts]),
        np.concatenate([part.total_mean for part in parts]),
        parts[0].n_observed,
    )


def _admissible(groups: Sequence[Stack]) -> NDArray[np.bool_]:
    """Return which draws have no negative variance and a proper covariance matrix of the latent variables."""
    result = np.ones(len(groups[0].paths), dtype=bool)
    for stack in groups:
        variances = np.diagonal(stack.covariances, axis1=1, axis2=2)
        result &= np.isfinite(variances).all(axis=1) & (variances >= 0).all(axis=1)
        latent = stack.total_cov[:, stack.n_observed :, stack.n_observed :]
        if latent.shape[1] > 1:
            result &= _proper(latent, result)
    return result


def _proper(matrices: FloatArray, candidates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    good = candidates & (variances > 0).all(axis=1)
    scale = np.sqrt(np.where(good[:, None], variances, 1.0))
    safe = np.where(good[:, None, None], matrices, np.eye(matrices.shape[1]))
    smallest = np.linalg.eigvalsh(safe / (scale[:, :, None] * scale[:, None, :]))[:, 0]
    return good & (smallest > -_IMPROPER)


def _collect(parts: Sequence[_Part], policy: DrawPolicy, seed: int) -> BootstrapDraws:
    converged = np.concatenate([part.converged for part in parts])
    admissible = np.concatenate([part.admissible for part in parts]) & converged
    theta = np.concatenate([part.theta for part in parts])
    theta[~converged] = np.nan
    used = converged if policy is DrawPolicy.KEEP else admissible
    groups = tuple(_joined([part.stacks[g] for part in parts]) for g in range(len(parts[0].stacks)))
    ledger = DrawLedger(
        np.concatenate([part.number for part in parts]),
        converged,
        np.concatenate([part.iterations for part in parts]),
        admissible,
        used,
    )
    return BootstrapDraws(theta, groups, ledger, seed)
