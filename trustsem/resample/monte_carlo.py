"""Monte-Carlo draws of the estimates: parameters from their normal approximation, matrices from these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.pipeline import FittedModel
from trustsem.resample.draws import DrawLedger
from trustsem.resample.run import BootstrapDraws

FloatArray = NDArray[np.float64]


def monte_carlo_draws(fitted: FittedModel, n_draws: int, seed: int) -> BootstrapDraws:
    """Draw parameters from a normal distribution around the estimates (MacKinnon, Lockwood & Williams 2004).

    Args:
        fitted: A fit with standard errors.
        n_draws: Draws.
        seed: Seed of the random numbers.

    Moments of fixed exogenous variables are those of the sample.

    Raises:
        ValueError: a fit without a covariance matrix of its estimates.
    """
    covariance = fitted.covariance.matrix
    if covariance is None:
        raise ValueError("Monte-Carlo draws need the covariance matrix of the estimates")
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    scale = np.where(spread > 0, spread, 1.0)  # units of the items may differ by many powers of ten
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))  # constraints make the matrix singular
    random = np.random.Generator(np.random.Philox(key=seed))
    theta = fitted.estimate.theta + random.standard_normal((n_draws, len(values))) @ root.T
    every = np.ones(n_draws, dtype=bool)
    ledger = DrawLedger(np.arange(n_draws), every, np.zeros(n_draws, dtype=np.intp), every, ~every, every)
    layout = fitted.estimate.objective.layout
    return BootstrapDraws(theta, layout, None, ledger, np.full(n_draws, np.nan), seed)
