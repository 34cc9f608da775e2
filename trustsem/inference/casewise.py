"""What each respondent contributes: deviations from the model's means, and to the gradient of the likelihood."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.implied import MomentDerivatives
from trustsem.inference.likelihood import Likelihood
from trustsem.moments.linalg import invert

FloatArray = NDArray[np.float64]


def case_deviations(
    estimate: Estimate,
    values: FloatArray,
    likelihood: Likelihood = Likelihood.NORMAL,
    *,
    group: int = 0,
    weights: FloatArray | None = None,
) -> FloatArray:
    """Return each row's deviation from the implied means, or from the sample's without a mean structure.

    Under the Wishart likelihood deviations from the sample's means are multiplied by sqrt(n / (n - 1)), so that their
    mean products are the S of divisor n - 1 that was analysed.

    Args:
        estimate: A fitted model.
        values: (n, p) rows behind the sample moments of the group, in the layout's order of variables.
        likelihood: Decides the divisor of S.
        group: Which group, from 0.
        weights: (n,) sampling weights, for the sample's means.

    Returns:
        (n, p), d_i.
    """
    centre = values.mean(axis=0) if weights is None else weights @ values / weights.sum()
    centred = values - centre
    if likelihood is Likelihood.WISHART:
        centred *= math.sqrt(len(values) / (len(values) - 1))
    if not estimate.objective.layout.meanstructure:
        return centred
    return centred + (centre - estimate.objective.implied(estimate.x)[group].mu)


def casewise_scores(estimate: Estimate, deviations: FloatArray, *, group: int = 0) -> FloatArray:
    """Return each respondent's gradient of the normal log-likelihood with respect to the independent parameters.

    With W = Sigma^-1 and w_i = W d_i, the score of theta_k is (w_i' dSigma_k w_i - tr(W dSigma_k)) / 2 + w_i' dmu_k
    (first differential of the normal log density; checked against finite differences in the tests). As dSigma_k = L_k
    R_k' + R_k L_k', the first term is (w_i' L_k)(w_i' R_k): two products of matrices for all respondents.
    Columns sum to zero at a maximum; their sum is -n times the gradient of F/2.

    Args:
        estimate: A fitted model.
        deviations: (n, p) from `case_deviations`.
        group: Which group, from 0.

    Returns:
        (n, n_parameters), equality constraints solved (`Reduction`). Moments of fixed exogenous variables are no
        parameters and have no column; the scores of the others are those of the conditional likelihood.

    Raises:
        numpy.linalg.LinAlgError: the implied covariance matrix is not positive definite.
    """
    objective = estimate.objective
    point = objective.expand(estimate.x).groups[group]
    weight = invert(point.implied.sigma)
    scores = weighted_scores(deviations, weight, point.derivatives, meanstructure=objective.layout.meanstructure)
    scores -= np.einsum("ik,ik->k", point.derivatives.left, weight @ point.derivatives.right)
    reduction = objective.layout.reduction
    return scores if reduction.is_identity else scores @ reduction.matrix


def weighted_scores(
    deviations: FloatArray, weight: FloatArray, derivatives: MomentDerivatives, *, meanstructure: bool
) -> FloatArray:
    """Return d' W dSigma_k W d / 2 (+ d' W dmu_k) of every row and free row of the table: D' V (vech(d d'), d).

    Args:
        deviations: (n, p) d.
        weight: (p, p) W of the normal-theory weight V.
        derivatives: Derivatives of the group's moments.
        meanstructure: Whether the means take part.

    Returns:
        (n, n_free).
    """
    weighted = deviations @ weight
    scores = (weighted @ derivatives.left) * (weighted @ derivatives.right)
    return scores + weighted @ derivatives.mean if meanstructure else scores
