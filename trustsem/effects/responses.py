"""Latent responses of ordinal items and factors given what is observed without categories: a joint normal law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import conditional_moments, thresholds_of
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_INDEPENDENT = 1e-8  # residual correlation of two latent responses below which only the factors connect them
_NO_VARIANCE = 1e-10  # share of a factor's variance below which others, or what is observed, determine it


@dataclass(frozen=True, eq=False, slots=True)
class Responses:
    """The normal law of q latent responses and m factors of one group, given x; its residuals are in `cov`.

    Args:
        items: (q,) positions of the ordinal items among the observed variables.
        names: Their names.
        latent: Names of the factors.
        thresholds: Of each item, from the lowest up, in the metric of the model.
        continuous: (c,) positions of the continuous variables that are not given.
        given: (k,) positions of the predictors x that the model conditions on.
        mean: (q + m + c,) at x = 0: items, factors, continuous variables.
        by_x: (q + m + c, k) what x adds.
        cov: (q + m + c,) squared, given x.
    """

    items: IntArray
    names: tuple[str, ...]
    latent: tuple[str, ...]
    thresholds: tuple[FloatArray, ...]
    continuous: IntArray
    given: IntArray
    mean: FloatArray
    by_x: FloatArray
    cov: FloatArray

    @property
    def n_items(self) -> int:
        """The q items."""
        return len(self.items)

    @property
    def factors(self) -> slice:
        """Where the factors stand."""
        return slice(self.n_items, self.n_items + len(self.latent))


def responses_of(estimate: Estimate, group: int = 0) -> Responses:
    """Return the law of latent responses and factors of one group.

    Args:
        estimate: A fit of ordinal items.
        group: Which group, from 0.
    """
    layout: GroupLayout = estimate.objective.layout.groups[group]
    implied: Implied = estimate.objective.implied(estimate.x)[group]
    ordinal = layout.ordinal
    assert ordinal is not None
    items, continuous = np.flatnonzero(ordinal.is_ordinal), np.flatnonzero(~ordinal.is_ordinal)
    order = np.concatenate([items, np.arange(layout.n_observed, len(layout.names)), continuous])
    cov, mean = conditional_moments(ordinal, implied)
    return Responses(
        items,
        tuple(layout.observed[k] for k in items),
        layout.latent,
        tuple(thresholds_of(ordinal, estimate.theta, int(k)) for k in items),
        continuous,
        ordinal.conditional,
        mean[order],
        implied.inverse[np.ix_(order, ordinal.conditional)],
        cov[np.ix_(order, order)],
    )


@dataclass(frozen=True, eq=False, slots=True)
class Conditional:
    """A law of items and factors given some of the continuous variables: means move with what is given.

    Args:
        weights: (q + m, c') of the given continuous variables' deviations from their means.
        cov: (q + m,) squared.
    """

    weights: FloatArray
    cov: FloatArray


def condition(responses: Responses, known: IntArray) -> Conditional:
    """Return the law of items and factors given continuous variables.

    Args:
        responses: The joint law.
        known: Which of the continuous variables are given, counted among these.
    """
    size = responses.factors.stop
    own, place = responses.cov[:size, :size], size + known
    if not len(known):
        return Conditional(np.zeros((size, 0)), own)
    across = responses.cov[:size, place]
    weights = across @ np.linalg.pinv(responses.cov[np.ix_(place, place)], hermitian=True)
    return Conditional(weights, own - weights @ across.T)


@dataclass(frozen=True, eq=False, slots=True)
class Measurement:
    """Items and factors by independent standard normal z: eta = mean + factors z, y* = mean + items z + residual.

    Args:
        factors: (m, r) a root of the covariance matrix of the factors.
        items: (q, r).
        residual_sd: (q,) standard deviations of the residuals, which are independent.
    """

    factors: FloatArray
    items: FloatArray
    residual_sd: FloatArray


def measurement(responses: Responses, law: Conditional) -> Measurement:
    """Write the law by independent standard normal variables.

    Raises:
        UsageError: a negative residual variance, factors whose covariance matrix is not positive semidefinite, or items
            that something else than the factors connects.
    """
    q = responses.n_items
    of_factors, across = law.cov[q:, q:], law.cov[:q, q:]
    sd = np.sqrt(np.maximum(np.diag(of_factors), 0.0))
    unit = np.where(sd > 0, sd, 1.0)
    values, vectors = np.linalg.eigh(of_factors / np.outer(unit, unit))
    if len(values) and (values[0] < -_INDEPENDENT or np.diag(of_factors).min() < -_INDEPENDENT):
        raise _impossible("the covariance matrix of the factors is not positive semidefinite")
    kept = values > _NO_VARIANCE
    root = np.sqrt(values[kept])
    items = (across / unit) @ (vectors[:, kept] / root)
    residual = law.cov[:q, :q] - items @ items.T
    _require_independent(responses, residual, np.diag(law.cov)[:q])
    return Measurement(unit[:, None] * vectors[:, kept] * root, items, np.sqrt(np.diag(residual)))


def _require_independent(responses: Responses, residual: FloatArray, total: FloatArray) -> None:
    names, variances = responses.names, np.diag(residual)
    negative = [name for name, value, of in zip(names, variances, total, strict=True) if value <= _NO_VARIANCE * of]
    if negative:
        raise _impossible(f"no residual variance is left of {', '.join(negative)}")
    correlation = residual / np.sqrt(np.outer(variances, variances))
    row, column = np.nonzero(np.tril(np.abs(correlation) > _INDEPENDENT, -1))
    if len(row):
        pairs = [f"{names[j]} and {names[i]}" for i, j in zip(row.tolist(), column.tolist(), strict=True)]
        raise _impossible(f"more than the factors connects {shortened(pairs, 6)}")


def _impossible(reason: str) -> UsageError:
    return UsageError(
        f"Scores from categories need items that are independent given the factors, each with an error: {reason}.",
        remedy="Score by a model without residual covariances and paths among ordinal items, and without negative "
        "variances.",
        code="scores-impossible",
    )
