"""How far each respondent is from the model, and what the estimates would be without them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import chi_square_tail
from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout
from trustsem.inference import Likelihood
from trustsem.inference.casewise import case_deviations, casewise_scores
from trustsem.inference.information import allowed_directions
from trustsem.moments.linalg import cholesky, solve_positive

FloatArray = NDArray[np.float64]

_LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False, slots=True)
class CaseFit:
    """Distances and likelihood of each respondent, (n,) each.

    Args:
        distance: Squared Mahalanobis distance to the implied moments.
        pvalue: Of it, chi-square with one degree of freedom per observed variable.
        saturated_distance: The same to the sample's own moments.
        saturated_pvalue: Of that.
        log_likelihood: Under the model; sums to the model's.
        chi_square: Twice the log-likelihood under the saturated model less that under the model; sums to the
            chi-square of the fit. Negative for those whom the model describes better.
    """

    distance: FloatArray
    pvalue: FloatArray
    saturated_distance: FloatArray
    saturated_pvalue: FloatArray
    log_likelihood: FloatArray
    chi_square: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class CaseInfluence:
    """What leaving out one respondent changes.

    Args:
        change: (n, n_free) estimate with all less estimate without respondent i, one Newton step.
        cook: (n,) generalised Cook's distance.
    """

    change: FloatArray
    cook: FloatArray


def case_fit(estimate: Estimate, values: FloatArray, likelihood: Likelihood) -> CaseFit:
    """Measure how well the model describes each respondent.

    With d_i the deviation from the implied means and c_i from the sample's: distances d_i' Sigma^-1 d_i and c_i' S^-1
    c_i; contribution to chi-square log|Sigma| - log|S| + d_i' Sigma^-1 d_i - c_i' S^-1 c_i (Reise & Widaman 1999).
    With fixed exogenous variables the log-likelihood is conditional on them.

    Args:
        estimate: A fitted model of one group.
        values: (n, p) rows behind its moments.
        likelihood: Decides the divisor of S.
    """
    objective = estimate.objective
    (sample,), (implied,) = objective.moments.groups, objective.implied(estimate.x)
    deviations = case_deviations(estimate, values, likelihood)
    centred = deviations - deviations.mean(axis=0)
    p = len(sample.names)
    distance, log_det = _distances(deviations, implied.sigma)
    saturated, saturated_log_det = _distances(centred, sample.cov)
    log_likelihood = -(p * _LOG_2PI + log_det + distance) / 2
    log_likelihood -= _exogenous_part(centred, sample.cov, objective.layout.groups[0])
    factor = objective.moments.n_effective / len(values)
    return CaseFit(
        distance,
        _tails(distance, p),
        saturated,
        _tails(saturated, p),
        log_likelihood,
        factor * (log_det - saturated_log_det + distance - saturated),
    )


def _tails(distances: FloatArray, p: int) -> FloatArray:
    return np.array([chi_square_tail(value, p) for value in distances.tolist()])


def _distances(deviations: FloatArray, cov: FloatArray) -> tuple[FloatArray, float]:
    """Return squared Mahalanobis distances and log|cov|.

    Raises:
        UsageError: the matrix is not positive definite.
    """
    factor = cholesky(cov)
    if factor is None:
        raise UsageError(
            "The implied covariance matrix is not positive definite: there are no distances from it.",
            remedy="Read the findings of the fit and simplify the model.",
            code="not-positive-definite",
        )
    solved = solve_positive(cov, deviations.T)
    return np.einsum("ij,ji->i", deviations, solved), 2.0 * float(np.log(np.diag(factor)).sum())


def _exogenous_part(centred: FloatArray, cov: FloatArray, layout: GroupLayout) -> FloatArray | float:
    """Return each respondent's log-likelihood of the fixed exogenous variables, which the model does not explain."""
    index = layout.exogenous
    if not len(index):
        return 0.0
    distance, log_det = _distances(centred[:, index], cov[np.ix_(index, index)])
    return -(len(index) * _LOG_2PI + log_det + distance) / 2


def case_influence(estimate: Estimate, values: FloatArray, covariance: FloatArray) -> CaseInfluence:
    """Approximate what leaving out each respondent changes, for all of them at once.

    One Newton step from the estimates towards the minimum without respondent i: theta - theta_(i) = H^-1 s_i / (n - 1)
    with H the exact Hessian of F/2 and s_i the score of respondent i (Cook & Weisberg 1982; Tanaka,
    Watadani & Moon 1991). Without a mean structure the sample's means move as well when a row goes; deviations are then
    multiplied by sqrt(n / (n - 1)), which makes the step's gradient exact. Generalised Cook's distance is
    (theta - theta_(i))' V^-1 (theta - theta_(i)) with V the covariance of the full sample's estimates (Pek &
    MacCallum 2011, who take V without respondent i); it approximates the likelihood distance 2 (l - l_(i)).
    Nonlinear constraints that hold with equality restrict the step to the directions they leave open, as they do the
    standard errors; their curvature is not part of the step.

    Args:
        estimate: A fitted model of one group.
        values: (n, p) rows behind its moments.
        covariance: (n_free, n_free) sampling covariance of the free rows.

    Raises:
        UsageError: the Hessian is not positive definite at the estimates, so no step can be taken.
    """
    objective = estimate.objective
    reduction = objective.layout.reduction
    directions = (
        allowed_directions(estimate.active.jacobian) if len(estimate.active.relations) else np.eye(len(estimate.x))
    )
    n = objective.moments.n_effective
    # a row that goes takes its deviation from the mean with it n / (n - 1) fold, whatever the divisor of S is
    moving = Likelihood.NORMAL if objective.layout.meanstructure else Likelihood.WISHART
    scores = casewise_scores(estimate, case_deviations(estimate, values, moving)) @ directions
    hessian = directions.T @ objective.hessian(estimate.x) @ directions
    if len(hessian) and cholesky(hessian) is None:
        raise UsageError(
            "The Hessian is not positive definite at the estimates: influence cannot be approximated.",
            remedy="Read the findings of the fit: some parameters cannot be told apart at this solution.",
            code="not-a-minimum",
        )
    if not len(hessian):
        return CaseInfluence(np.zeros((len(values), objective.layout.n_free)), np.zeros(len(values)))
    step = solve_positive(hessian, scores.T) / (n - 1)  # (directions, n)
    spread = directions.T @ covariance[np.ix_(reduction.kept, reduction.kept)] @ directions
    cook = np.einsum("ki,ki->i", step, np.linalg.solve(spread, step))
    return CaseInfluence((reduction.matrix @ (directions @ step)).T, cook)
