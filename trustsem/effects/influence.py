"""How far each respondent is from the model, and what the estimates would be without them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.fiml import fiml_case_scores
from trustsem.distributions import chi_square_tail
from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, sigma_jacobian
from trustsem.inference import Likelihood
from trustsem.inference.casewise import case_deviations, casewise_scores
from trustsem.inference.information import allowed_directions
from trustsem.moments import SampleGroup
from trustsem.moments.incomplete import pattern_blocks
from trustsem.moments.linalg import cholesky, solve_positive
from trustsem.moments.patterns import chunks, missing_patterns

FloatArray = NDArray[np.float64]

_LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False, slots=True)
class CaseFit:
    """Distances and likelihood of each respondent, (n,) each, one group after another.

    Args:
        distance: Squared Mahalanobis distance to the implied moments.
        pvalue: Of it, chi-square with one degree of freedom per answer.
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
        likelihood_distance: (n,) twice the log-likelihood that the whole sample loses at the estimates without i.
    """

    change: FloatArray
    cook: FloatArray
    likelihood_distance: FloatArray


def case_fit(estimate: Estimate, likelihood: Likelihood) -> CaseFit:
    """Measure how well the model describes each respondent, one group after another.

    With d_i the deviation from the implied means and c_i from the sample's: distances d_i' Sigma^-1 d_i and c_i' S^-1
    c_i; contribution to chi-square log|Sigma| - log|S| + d_i' Sigma^-1 d_i - c_i' S^-1 c_i (Reise & Widaman 1999).
    All refer to what a row answered; S is then that of the saturated model. With fixed exogenous variables the
    log-likelihood is conditional on them. With sampling weights the contributions are multiplied by them, so that they
    sum to those of the fit; the distances are not.

    Args:
        estimate: A maximum-likelihood fit with its rows.
        likelihood: Decides the divisor of S.

    Raises:
        UsageError: an implied covariance matrix that is not positive definite.
    """
    parts = [_fit_of_group(estimate, likelihood, group) for group in range(len(estimate.objective.moments.groups))]
    return CaseFit(*(np.concatenate([getattr(part, name) for part in parts]) for name in CaseFit.__slots__))


def _fit_of_group(estimate: Estimate, likelihood: Likelihood, group: int) -> CaseFit:
    objective = estimate.objective
    sample, layout = objective.moments.groups[group], objective.layout.groups[group]
    cases, implied = sample.cases, objective.implied(estimate.x)[group]
    assert cases is not None
    if objective.discrepancy.name == "FIML":
        assert sample.mean is not None
        model = incomplete_terms(cases.values, implied.sigma, implied.mu)
        saturated = incomplete_terms(cases.values, sample.cov, sample.mean)
        of_x = incomplete_terms(cases.values[:, layout.exogenous], *_exogenous_moments(sample, layout))
    else:
        deviations = case_deviations(estimate, cases.values, likelihood, group=group, weights=cases.weights)
        weights = cases.weight_of_row
        centred = deviations - weights @ deviations / weights.sum()
        model, saturated = _complete_terms(deviations, implied.sigma), _complete_terms(centred, sample.cov)
        of_x = _complete_terms(centred[:, layout.exogenous], _exogenous_moments(sample, layout)[0])
    factor = sample.n_effective * cases.weight_of_row / cases.weight_of_row.sum()
    log_likelihood = model.log_likelihood - (of_x.log_likelihood if len(layout.exogenous) else 0.0)
    return CaseFit(
        model.distance,
        _tails(model.distance, model.n_answers),
        saturated.distance,
        _tails(saturated.distance, saturated.n_answers),
        cases.weight_of_row * log_likelihood,
        factor * (model.log_det + model.distance - saturated.log_det - saturated.distance),
    )


@dataclass(frozen=True, eq=False, slots=True)
class CaseTerms:
    """Terms of each row's normal log-density, (n,) each: squared distance, log|Sigma_oo|, number of answers."""

    distance: FloatArray
    log_det: FloatArray
    n_answers: FloatArray

    @property
    def log_likelihood(self) -> FloatArray:
        """(n,) log-densities."""
        return -(self.n_answers * _LOG_2PI + self.log_det + self.distance) / 2


def _complete_terms(deviations: FloatArray, cov: FloatArray) -> CaseTerms:
    distance, log_det = _distances(deviations, cov)
    n, p = deviations.shape
    return CaseTerms(distance, np.full(n, log_det), np.full(n, float(p)))


def incomplete_terms(values: FloatArray, sigma: FloatArray, mu: FloatArray) -> CaseTerms:
    """Return the terms of each row's log-density over what it answered.

    Args:
        values: (n, p), NaN where an answer is missing.
        sigma: (p, p).
        mu: (p,).

    Raises:
        UsageError: Sigma is not positive definite.
    """
    n = len(values)
    result = CaseTerms(np.zeros(n), np.zeros(n), (~np.isnan(values)).sum(axis=1).astype(np.float64))
    rows = np.flatnonzero(result.n_answers > 0)
    if not len(rows):
        return result
    patterns = missing_patterns(values[rows])
    order = np.argsort(patterns.of_row, kind="stable")
    ends = np.searchsorted(patterns.of_row[order], np.arange(patterns.n_patterns + 1))
    try:
        for block in pattern_blocks(patterns, sigma, mu):
            inside = order[ends[block.index.start] : ends[block.index.stop]]
            for part in chunks(len(inside), 2 * sigma.size):
                chosen = inside[part]
                position = patterns.of_row[chosen] - block.index.start
                gaps = values[rows[chosen]] - mu
                gaps = np.where(np.isnan(gaps), 0.0, gaps)
                result.distance[rows[chosen]] = np.einsum(
                    "ni,nij,nj->n", gaps, block.weights[position], gaps, optimize=True
                )
                result.log_det[rows[chosen]] = block.log_dets[position]
    except np.linalg.LinAlgError:
        raise _not_positive_definite() from None
    return result


def _exogenous_moments(sample: SampleGroup, layout: GroupLayout) -> tuple[FloatArray, FloatArray]:
    x = layout.exogenous
    return sample.cov[np.ix_(x, x)], np.zeros(len(x)) if sample.mean is None else sample.mean[x]


def _tails(distances: FloatArray, df: FloatArray) -> FloatArray:
    return np.array([chi_square_tail(value, k) for value, k in zip(distances.tolist(), df.tolist(), strict=True)])


def _distances(deviations: FloatArray, cov: FloatArray) -> tuple[FloatArray, float]:
    """Return squared Mahalanobis distances and log|cov|.

    Raises:
        UsageError: the matrix is not positive definite.
    """
    factor = cholesky(cov)
    if factor is None:
        raise _not_positive_definite()
    solved = solve_positive(cov, deviations.T)
    return np.einsum("ij,ji->i", deviations, solved), 2.0 * float(np.log(np.diag(factor)).sum())


def _not_positive_definite() -> UsageError:
    return UsageError(
        "The implied covariance matrix is not positive definite: there are no distances from it.",
        remedy="Read the findings of the fit and simplify the model.",
        code="not-positive-definite",
    )


def case_influence(estimate: Estimate, covariance: FloatArray) -> CaseInfluence:
    """Approximate what leaving out each respondent changes, for all of them at once, one group after another.

    One Newton step from the estimates towards the minimum without respondent i: theta - theta_(i) = H^-1 w_i s_i / (n -
    w_i) with H the exact Hessian of F/2, s_i the score of respondent i and w_i the sampling weight, 1 without
    (Cook & Weisberg 1982; Tanaka, Watadani & Moon 1991); the weights of the others stay. Without a mean structure the
    sample's means move as well when a row goes; deviations are then multiplied by sqrt(W / (W - w_i)), W the sum of the
    group's weights, which makes the step's gradient exact. Generalised Cook's distance is (theta - theta_(i))' V^-1
    (theta - theta_(i)) with V the covariance of the full sample's estimates (Pek & MacCallum 2011, who take V without
    respondent i). The likelihood distance 2 (l(theta) - l(theta_(i))) of the full sample (Cook & Weisberg 1982, sec.
    5.2) is taken to second order, n (theta - theta_(i))' H (theta - theta_(i)): the gradient at theta is zero. The two
    are equal where V is the inverse of the observed information. Nonlinear constraints that hold with equality
    restrict the step to the directions they leave open, as they do the standard errors; their curvature is not part of
    the step.

    Args:
        estimate: A maximum-likelihood fit with its rows.
        covariance: (n_free, n_free) sampling covariance of the free rows.

    Raises:
        UsageError: the Hessian is not positive definite at the estimates, so no step can be taken.
    """
    objective = estimate.objective
    reduction = objective.layout.reduction
    directions = (
        allowed_directions(estimate.active.jacobian) if len(estimate.active.relations) else np.eye(len(estimate.x))
    )
    parts = [_weighted_scores(estimate, group) for group in range(len(objective.moments.groups))]
    scores, weights = np.vstack([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    hessian = directions.T @ objective.hessian(estimate.x) @ directions
    if len(hessian) and cholesky(hessian) is None:
        raise UsageError(
            "The Hessian is not positive definite at the estimates: influence cannot be approximated.",
            remedy="Read the findings of the fit: some parameters cannot be told apart at this solution.",
            code="not-a-minimum",
        )
    if not len(hessian):
        none = np.zeros(len(scores))
        return CaseInfluence(np.zeros((len(scores), objective.layout.n_free)), none, none)
    n = objective.moments.n_effective
    step = solve_positive(hessian, (scores @ directions).T) / (n - weights)  # (directions, n)
    spread = directions.T @ covariance[np.ix_(reduction.kept, reduction.kept)] @ directions
    cook = np.einsum("ki,ki->i", step, np.linalg.solve(spread, step))
    distance = n * np.einsum("ki,ki->i", step, hessian @ step)
    return CaseInfluence((reduction.matrix @ (directions @ step)).T, cook, distance)


def _weighted_scores(estimate: Estimate, group: int) -> tuple[FloatArray, FloatArray]:
    """Return (n_g, n_parameters) scores of a group's rows times their weights, and the weights."""
    objective = estimate.objective
    cases = objective.moments.groups[group].cases
    assert cases is not None
    weights = cases.weight_of_row
    total = weights.sum()
    if objective.discrepancy.name == "FIML":
        point = objective.expand(estimate.x).groups[group]
        jacobian = sigma_jacobian(point.derivatives, meanstructure=True) @ objective.layout.reduction.matrix
        implied = point.implied
        scores = fiml_case_scores(cases.patterns, cases.values, implied.sigma, implied.mu, jacobian=jacobian)
        return scores * weights[:, None], weights
    deviations = case_deviations(estimate, cases.values, group=group, weights=cases.weights)
    if not objective.layout.meanstructure:
        # a row that goes takes its deviation from the mean with it, whatever the divisor of S is
        deviations = deviations * np.sqrt(total / (total - weights))[:, None]
    return casewise_scores(estimate, deviations, group=group) * weights[:, None], weights
