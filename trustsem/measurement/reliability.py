"""Reliability of the sum scores of a model's factors, with intervals, group by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.measurement.alpha import NOT_FOR_POLYCHORICS, alpha_coefficient
from trustsem.measurement.blocks import Block, factor_blocks
from trustsem.measurement.coefficient import Coefficient
from trustsem.measurement.group_means import with_intervals
from trustsem.measurement.omega import (
    average_variance_extracted,
    categorical_omega,
    composite_reliability,
    omega,
)
from trustsem.pipeline import FittedModel
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]

NO_ERRORS = "the fit has no standard error of it"


@dataclass(frozen=True, eq=False, slots=True)
class ScoredAnswers:
    """Answers to all items as numbers, for fits whose moments are those of latent responses.

    Args:
        values: (n, p) of each group, NaN where missing, in the order of the observed variables.
        weights: (n,) of each group, or None.
    """

    values: tuple[FloatArray, ...]
    weights: tuple[FloatArray | None, ...]


@dataclass(frozen=True, slots=True)
class FactorReliability:
    """One factor in one group.

    Args:
        factor: Latent variable.
        group: Number of the group, from 1.
        items: Its observed indicators.
        n_obs: Respondents behind alpha.
        coefficients: By name: alpha, omega, composite_reliability, ave; of ordinal items alpha, alpha_ordinal,
            omega_categorical, composite_reliability and ave, the last two of the latent responses.
        opposed: Items whose loading has another sign than most.
    """

    factor: str
    group: int
    items: tuple[str, ...]
    n_obs: int
    coefficients: Mapping[str, Coefficient] = field(default_factory=dict)
    opposed: tuple[str, ...] = ()


def factor_reliabilities(
    fitted: FittedModel, answers: ScoredAnswers | None = None, no_interval: Sequence[str | None] = ()
) -> tuple[FactorReliability, ...]:
    """Return the reliability of every factor's sum score in every group.

    Args:
        fitted: A converged fit.
        answers: The answers themselves, for ordinal fits.
        no_interval: For each group, why alpha has no interval (weights, clusters, incomplete rows); None where it has.
    """
    layouts = fitted.estimate.objective.layout.groups
    blocks = factor_blocks(fitted.table, layouts)
    implied = fitted.estimate.objective.implied(fitted.estimate.x)
    refusals = [block.refusal or _improper(block, implied[block.group - 1]) for block in blocks]
    of_model = iter(
        _from_model(fitted, [b for b, reason in zip(blocks, refusals, strict=True) if reason is None], answers)
    )
    result = []
    for block, reason in zip(blocks, refusals, strict=True):
        why = no_interval[block.group - 1] if no_interval else None
        alphas, n_obs = _alphas(fitted, block, answers, why)
        names = _names(fitted)
        model = dict.fromkeys(names, Coefficient.undefined(reason)) if reason else next(of_model)
        opposed = () if block.refusal else _opposed(block, implied[block.group - 1])
        result.append(FactorReliability(block.factor, block.group, block.names, n_obs, {**alphas, **model}, opposed))
    return tuple(result)


def _names(fitted: FittedModel) -> tuple[str, str, str]:
    return ("omega" if fitted.table.ordinal is None else "omega_categorical", "composite_reliability", "ave")


def _improper(block: Block, implied: Implied) -> str | None:
    """Return why an inadmissible solution has no reliability."""
    if not implied.total_cov[block.position, block.position] > 0:
        return f"the variance of {block.factor} is not positive"
    residual = implied.covariances[block.items, block.items]
    negative = [name for name, value in zip(block.names, residual, strict=True) if value < 0]
    return f"negative residual variance of {shortened(negative, 4)}" if negative else None


def _opposed(block: Block, implied: Implied) -> tuple[str, ...]:
    loadings = block.loadings(implied)
    main = np.sign(np.sign(loadings).sum()) or 1.0
    return tuple(name for name, value in zip(block.names, loadings, strict=True) if value * main < 0)


Values = Callable[[Sequence[Implied]], list[float]]


def _from_model(
    fitted: FittedModel, blocks: Sequence[Block], answers: ScoredAnswers | None
) -> list[dict[str, Coefficient]]:
    """Return the coefficients that follow from the parameters, all of them differentiated at once."""
    if not blocks:
        return []
    names = _names(fitted)
    sums, reasons = _sum_reliabilities(fitted, blocks, answers)

    def quantity(groups: Sequence[Implied]) -> FloatArray:
        values = [sums(groups)]
        for kind in (composite_reliability, average_variance_extracted):
            values.append([kind(block, groups[block.group - 1]) for block in blocks])
        return np.array(values).ravel()

    results = with_intervals(fitted, quantity)
    made: list[dict[str, Coefficient]] = []
    for index in range(len(blocks)):
        own = [results[kind * len(blocks) + index] for kind in range(len(names))]
        found = {name: Coefficient.with_delta(value, NO_ERRORS) for name, value in zip(names, own, strict=True)}
        if reasons[index] is not None:
            found[names[0]] = Coefficient.undefined(str(reasons[index]))
        made.append(found)
    return made


def _sum_reliabilities(
    fitted: FittedModel, blocks: Sequence[Block], answers: ScoredAnswers | None
) -> tuple[Values, list[str | None]]:
    """Return what computes omega of every block, and for each block why it is not defined."""
    if fitted.table.ordinal is None:
        return (lambda groups: [omega(block, groups[block.group - 1]) for block in blocks]), [None] * len(blocks)
    layouts = fitted.estimate.objective.layout.groups
    reasons = [_not_categorical(fitted, block, answers) for block in blocks]
    steps = [() if reason else _steps(block, answers) for block, reason in zip(blocks, reasons, strict=True)]

    def values(groups: Sequence[Implied]) -> list[float]:
        return [
            float("nan")
            if reason
            else categorical_omega(block, groups[block.group - 1], layouts[block.group - 1], step)
            for block, reason, step in zip(blocks, reasons, steps, strict=True)
        ]

    return values, reasons


def _not_categorical(fitted: FittedModel, block: Block, answers: ScoredAnswers | None) -> str | None:
    ordinal = fitted.table.ordinal
    assert ordinal is not None
    continuous = [name for name in block.names if name not in ordinal.levels]
    if continuous:
        return f"categorical omega needs ordinal items only; continuous: {shortened(continuous, 4)}"
    if ordinal.conditional_x and fitted.table.variables.exogenous:
        return "categorical omega is not built for models that condition on observed predictors"
    return "the answers are needed for the scores of the categories" if answers is None else None


def _steps(block: Block, answers: ScoredAnswers | None) -> tuple[FloatArray, ...]:
    """Return the differences between the scores of neighbouring categories; categories are those of all groups."""
    assert answers is not None
    columns = [np.concatenate([values[:, item] for values in answers.values]) for item in block.items]
    return tuple(np.diff(np.unique(column[~np.isnan(column)])) for column in columns)


# --- alpha --------------------------------------------------------------------------------------------------------


def _alphas(
    fitted: FittedModel, block: Block, answers: ScoredAnswers | None, no_interval: str | None
) -> tuple[dict[str, Coefficient], int]:
    """Return alpha (of ordinal fits of the scores and of the latent responses) and the respondents behind it."""
    sample = fitted.moments.groups[block.group - 1]
    if len(block.items) < 2:
        reason = block.refusal or "alpha needs two items"
        kinds = ("alpha",) if fitted.table.ordinal is None else ("alpha", "alpha_ordinal")
        return dict.fromkeys(kinds, Coefficient.undefined(reason)), sample.n_obs
    cov = sample.cov[np.ix_(block.items, block.items)]
    if fitted.table.ordinal is None:
        return {"alpha": alpha_coefficient(cov, sample.n_obs, no_interval)}, sample.n_obs
    sd = np.sqrt(np.diag(cov))
    ordinal = alpha_coefficient(cov / np.outer(sd, sd), sample.n_obs, NOT_FOR_POLYCHORICS)
    if answers is None:
        return {"alpha": Coefficient.undefined("the answers are needed"), "alpha_ordinal": ordinal}, sample.n_obs
    values, weights = answers.values[block.group - 1][:, block.items], answers.weights[block.group - 1]
    complete = ~np.isnan(values).any(axis=1)
    scores, n_obs = values[complete], int(complete.sum())
    if n_obs < 2:
        return {"alpha": Coefficient.undefined("no two complete rows"), "alpha_ordinal": ordinal}, n_obs
    of_scores = np.cov(scores, rowvar=False, aweights=None if weights is None else weights[complete])
    return {"alpha": alpha_coefficient(of_scores, n_obs, no_interval), "alpha_ordinal": ordinal}, n_obs
