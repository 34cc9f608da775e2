"""Two-stage least squares from covariances: coefficients, Sargan's test, strength of the instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import chi_square_tail
from trustsem.moments.linalg import cholesky

FloatArray = NDArray[np.float64]

WEAK_F = 10.0  # first-stage F below which instruments are called weak (Staiger & Stock 1997; Stock & Yogo 2005)
_SINGULAR = 1e-10  # smallest squared correlation of regressors with instruments that is not rounding


@dataclass(frozen=True, eq=False, slots=True)
class TwoStage:
    """Estimates of one equation.

    Args:
        coefficients: (k,).
        covariance: (k, k) of the coefficients.
        residual_variance: sigma^2, divisor n.
        sargan: Sargan's statistic; None for an equation that is just identified.
        sargan_df: Instruments less coefficients.
        sargan_pvalue: Upper tail; None without the statistic.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residual_variance: float
    sargan: float | None
    sargan_df: int
    sargan_pvalue: float | None


@dataclass(frozen=True, slots=True)
class FirstStage:
    """How strongly instruments that an equation leaves out predict its endogenous regressors.

    Args:
        partial_r2: Of each endogenous regressor: Shea's (1997) partial R-squared, given the regressors that are their
            own instruments; the ordinary one where there is one endogenous regressor.
        f: (n - 1 - K1 - K2) / K2 times r^2 / (1 - r^2) with the smallest squared partial canonical correlation r^2,
            K1 included and K2 excluded instruments (Cragg & Donald 1993; Stock & Yogo 2005): the first-stage F where
            there is one endogenous regressor.
    """

    partial_r2: tuple[float, ...]
    f: float


def two_stage_least_squares(
    cov: FloatArray, n_obs: int, response: FloatArray, regressors: FloatArray, instruments: Sequence[int]
) -> TwoStage | None:
    """Estimate one equation from the covariance matrix of the observed variables.

    b = (S_zv S_vv^-1 S_vz)^-1 S_zv S_vv^-1 S_vy, cov(b) = sigma^2 / n (S_zv S_vv^-1 S_vz)^-1 (Bollen 1996), and
    Sargan's (1958) statistic is n times the squared multiple correlation of the residuals with the instruments.
    sigma^2 has divisor n, as in MIIVsem; econometric programs take n - k.

    Args:
        cov: (p, p) sample covariance matrix, divisor n.
        n_obs: Respondents.
        response: (p,) weights of the dependent side.
        regressors: (k, p) weights of the predictors.
        instruments: Positions of the instruments.

    Returns:
        None where the instruments do not determine the coefficients, or are collinear.
    """
    v = np.asarray(instruments, dtype=np.intp)
    if len(v) < len(regressors):
        return None
    s_vz, s_vy = cov[v] @ regressors.T, cov[v] @ response
    lower = cholesky(cov[np.ix_(v, v)])
    if lower is None:
        return None
    first, right = np.linalg.solve(lower, s_vz), np.linalg.solve(lower, s_vy)
    projected, s_zz = first.T @ first, regressors @ cov @ regressors.T
    if _smallest_share(projected, s_zz) < _SINGULAR:
        return None
    coefficients = np.asarray(np.linalg.solve(projected, first.T @ right), dtype=np.float64)
    weights = response - coefficients @ regressors
    variance = float(weights @ cov @ weights)
    df = len(v) - len(regressors)
    explained = right - first @ coefficients
    sargan = n_obs * float(explained @ explained) / variance if df else None
    return TwoStage(
        coefficients,
        np.asarray(variance / n_obs * np.linalg.inv(projected), dtype=np.float64),
        variance,
        sargan,
        df,
        None if sargan is None else chi_square_tail(sargan, df),
    )


def _smallest_share(part: FloatArray, whole: FloatArray) -> float:
    """Return the smallest eigenvalue of whole^-1 part, the share of the least explained combination."""
    lower = cholesky(whole)
    if lower is None:
        return 0.0
    half = np.linalg.solve(lower, part)
    return float(np.linalg.eigvalsh(np.linalg.solve(lower, half.T))[0])


def first_stage(
    cov: FloatArray, n_obs: int, endogenous: FloatArray, included: Sequence[int], excluded: Sequence[int]
) -> FirstStage | None:
    """Return the strength of the instruments of an equation.

    Args:
        cov: (p, p) covariance matrix of the variables that the positions count.
        n_obs: Respondents.
        endogenous: (e, p) weights of the endogenous regressors.
        included: Positions of regressors that are their own instruments.
        excluded: Positions of instruments that are no regressors.

    Returns:
        None where there are fewer excluded instruments than endogenous regressors, or variables are collinear.
    """
    e, k1, k2 = len(endogenous), len(included), len(excluded)
    if not e or k2 < e:
        return None
    p = len(cov)
    rows = np.vstack([endogenous, np.eye(p)[list(excluded)], np.eye(p)[list(included)]])
    joint = rows @ cov @ rows.T
    kept = e + k2
    try:
        rest = joint[:kept, :kept] - joint[:kept, kept:] @ np.linalg.solve(joint[kept:, kept:], joint[kept:, :kept])
        explained = rest[:e, e:] @ np.linalg.solve(rest[e:, e:], rest[e:, :e])
        share = _smallest_share(explained, rest[:e, :e])
        if share < _SINGULAR:
            return FirstStage((0.0,) * e, 0.0)
        partial = np.diag(np.linalg.inv(rest[:e, :e])) / np.diag(np.linalg.inv(explained))
    except np.linalg.LinAlgError:
        return None
    odds = share / max(1 - share, np.finfo(float).tiny)
    return FirstStage(tuple(map(float, partial)), (n_obs - 1 - k1 - k2) / k2 * odds)
