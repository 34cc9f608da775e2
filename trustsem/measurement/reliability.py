"""Reliability of the sum scores of a model's factors, with intervals, group by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied
from trustsem.measurement.alpha import NOT_FOR_POLYCHORICS, alpha_coefficient
from trustsem.measurement.blocks import Block, factor_blocks
from trustsem.measurement.categorical_omega import categorical_omegas, ordinal_block
from trustsem.measurement.coefficient import Coefficient
from trustsem.measurement.group_means import with_intervals
from trustsem.measurement.omega import average_variance_extracted, composite_reliability, omega
from trustsem.pipeline import FittedModel
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]

NO_ERRORS = "the fit has no standard error of it"
NO_ANSWERS = "it needs the answers, not their moments"


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
        n_obs: Respondents of the group.
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
        alphas, n_obs = _alphas(fitted, block, answers, why), fitted.moments.groups[block.group - 1].n_obs
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
    defined = [index for index, reason in enumerate(reasons) if reason is None]
    ordinal = [ordinal_block(blocks[index], _steps(blocks[index], answers)) for index in defined]

    def values(groups: Sequence[Implied]) -> list[float]:
        result = np.full(len(blocks), np.nan)
        result[defined] = categorical_omegas(ordinal, groups, layouts)
        return result.tolist()

    return values, reasons


def _not_categorical(fitted: FittedModel, block: Block, answers: ScoredAnswers | None) -> str | None:
    ordinal = fitted.table.ordinal
    assert ordinal is not None
    continuous = [name for name in block.names if name not in ordinal.levels]
    if continuous:
        return f"categorical omega needs ordinal items only; continuous: {shortened(continuous, 4)}"
    if ordinal.conditional_x and fitted.table.variables.exogenous:
        return "categorical omega is not built for models that condition on observed predictors (conditional_x)"
    return NO_ANSWERS if answers is None else None


def _steps(block: Block, answers: ScoredAnswers | None) -> tuple[FloatArray, ...]:
    """Return the differences between the scores of neighbouring categories; categories are those of all groups."""
    assert answers is not None
    columns = [np.concatenate([values[:, item] for values in answers.values]) for item in block.items]
    return tuple(np.diff(np.unique(column[~np.isnan(column)])) for column in columns)


# --- alpha --------------------------------------------------------------------------------------------------------


def _alphas(
    fitted: FittedModel, block: Block, answers: ScoredAnswers | None, no_interval: str | None
) -> dict[str, Coefficient]:
    """Return alpha; of ordinal fits that of the scores and that of the latent responses."""
    sample, is_ordinal = fitted.moments.groups[block.group - 1], fitted.table.ordinal is not None
    if block.no_scale is not None:
        return dict.fromkeys(("alpha", "alpha_ordinal")[: 1 + is_ordinal], Coefficient.undefined(block.no_scale))
    cov = sample.cov[np.ix_(block.items, block.items)]
    if not is_ordinal:
        return {"alpha": alpha_coefficient(cov, sample.n_obs, no_interval)}
    sd = np.sqrt(np.diag(cov))
    latent = alpha_coefficient(cov / np.outer(sd, sd), sample.n_obs, NOT_FOR_POLYCHORICS)
    return {"alpha": _alpha_of_scores(block, answers, no_interval), "alpha_ordinal": latent}


def _alpha_of_scores(block: Block, answers: ScoredAnswers | None, no_interval: str | None) -> Coefficient:
    """Return alpha of the answers of rows that are complete on the scale."""
    if answers is None:
        return Coefficient.undefined(NO_ANSWERS)
    values, weights = answers.values[block.group - 1][:, block.items], answers.weights[block.group - 1]
    complete = ~np.isnan(values).any(axis=1)
    n_obs = int(complete.sum())
    if n_obs < 2:
        return Coefficient.undefined("fewer than two rows have an answer to all of its items")
    cov = np.cov(values[complete], rowvar=False, aweights=None if weights is None else weights[complete])
    return replace(alpha_coefficient(cov, n_obs, no_interval), n_obs=n_obs)
