"""Probabilities of the categories of ordinal items, over all factors or at given values of some."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.responses import Responses
from trustsem.errors import UsageError
from trustsem.moments.categorical.normal import normal_cdf_of

FloatArray = NDArray[np.float64]


def item_probabilities(
    responses: Responses, x: FloatArray, weight: FloatArray, held: Mapping[int, float]
) -> tuple[FloatArray, ...]:
    """Return the probability of each category of every item, averaged over rows of predictors.

    Phi((tau_k+1 - mu) / s) - Phi((tau_k - mu) / s) with mu and s the mean and the standard deviation of the latent
    response given x and the factors that are held; all others are integrated out, which of a normal law is exact.

    Args:
        responses: The law of latent responses and factors of one group.
        x: (n, k) predictors that the model conditions on.
        weight: (n,) of the rows.
        held: Values of factors, by position.

    Raises:
        UsageError: a latent response without variance given what is held.
    """
    q = responses.n_items
    mean = responses.mean + (x @ responses.by_x.T if x.shape[1] else np.zeros((1, 1)))
    share = weight / weight.sum() if x.shape[1] else np.ones(1)
    cov, items = responses.cov[:q, :q], mean[:, :q]
    if held:
        place = q + np.array(list(held), dtype=np.intp)
        across = responses.cov[:q, place]
        by_factor = across @ np.linalg.pinv(responses.cov[np.ix_(place, place)], hermitian=True)
        items = items + (np.array(list(held.values())) - mean[:, place]) @ by_factor.T
        cov = cov - by_factor @ across.T
    variance = np.diag(cov)
    if (variance <= 0).any():
        names = [name for name, value in zip(responses.names, variance, strict=True) if value <= 0]
        raise UsageError(
            f"No residual variance is left of {', '.join(names)}: categories have no probabilities.",
            remedy="Read the findings of the fit and correct the model first.",
            code="negative-variance",
        )
    return tuple(
        _of_item(thresholds, items[:, k], float(np.sqrt(variance[k])), share)
        for k, thresholds in enumerate(responses.thresholds)
    )


def _of_item(thresholds: FloatArray, mean: FloatArray, sd: float, share: FloatArray) -> FloatArray:
    below = normal_cdf_of((thresholds[None, :] - mean[:, None]) / sd)
    edges = np.concatenate([np.zeros((len(mean), 1)), below, np.ones((len(mean), 1))], axis=1)
    return share @ np.diff(edges, axis=1)
