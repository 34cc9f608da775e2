"""Standard errors of residuals from a covariance matrix of the moments: two-stage, and normal incomplete rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.implied import sigma_jacobian
from trustsem.inference.residual_cases import information_spread, saturated_information
from trustsem.inference.residual_design import MomentErrors, ResidualDesign
from trustsem.inference.robust.normal import normal_gamma
from trustsem.inference.saturated import saturated_covariance
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]

_EXACT = 1e-10  # share of a moment's variance below which its residual does not vary


def given_moment_errors(sample: SampleGroup) -> MomentErrors:
    """Return the standard errors of moments that came with their covariance matrix."""
    return _errors(_gamma(sample) / sample.n_obs, sample, correlations=False)


def _gamma(sample: SampleGroup) -> FloatArray:
    """Return n times the covariance of the moments: as it came, or that of complete normal rows."""
    return normal_gamma(sample, meanstructure=True) if sample.moment_gamma is None else sample.moment_gamma


def given_residual_errors(estimate: Estimate, group: int, *, correlations: bool) -> MomentErrors:
    """Return the standard errors of residuals of moments whose covariance Gamma / n is known, or that of normal rows.

    Q Gamma Q' with Q = I - D (D' V D)^-1 D' V, V the weight of the estimator (Maydeu-Olivares 2017, eq. 9); with
    groups, the sum over the groups whose moments take part.

    Raises:
        numpy.linalg.LinAlgError: a singular information matrix.
    """
    design = ResidualDesign.of(estimate)
    spread = design.spread()
    groups = estimate.objective.moments.groups
    jacobian = sigma_jacobian(design.derivatives[group], meanstructure=True)
    carried = jacobian @ spread
    covariance = np.zeros((len(jacobian),) * 2)
    for number, sample in enumerate(groups):
        weight = design.weights[number].dense()
        other = sigma_jacobian(design.derivatives[number], meanstructure=True)[: len(weight)]
        projection = np.zeros((len(jacobian),) * 2)
        projection[:, : len(weight)] = -design.shares[number] * (carried @ (other.T @ weight))
        if number == group:
            projection[np.diag_indices(len(projection))] += 1.0
        covariance += projection @ _gamma(sample) @ projection.T / sample.n_obs
    return _errors(covariance, groups[group], correlations=correlations)


def normal_incomplete_moment_errors(sample: SampleGroup) -> MomentErrors:
    """Return the standard errors of the saturated moments of incomplete normal rows: A^-1 / n.

    Raises:
        numpy.linalg.LinAlgError: some moment is not identified.
    """
    return _errors(saturated_covariance(saturated_information(sample)) / sample.n_obs, sample, correlations=False)


def normal_incomplete_residual_errors(estimate: Estimate, group: int, *, correlations: bool) -> MomentErrors:
    """Return the standard errors of the residuals of incomplete normal rows.

    With A the observed information of the saturated moments, Gamma is A^-1 and V is A: Q Gamma Q' comes down to
    A^-1 / n_g - D (D' A D)^-1 D' / n.

    Raises:
        numpy.linalg.LinAlgError: a singular information matrix.
    """
    design = ResidualDesign.of(estimate)
    moments = estimate.objective.moments
    informations = [saturated_information(sample) for sample in moments.groups]
    sample = moments.groups[group]
    jacobian = sigma_jacobian(design.derivatives[group], meanstructure=True)
    covariance = saturated_covariance(informations[group]) / sample.n_obs
    covariance -= jacobian @ information_spread(design, informations) @ jacobian.T / moments.n_obs
    return _errors(covariance, sample, correlations=correlations)


def _errors(covariance: FloatArray, sample: SampleGroup, *, correlations: bool) -> MomentErrors:
    """Return standard errors from the (P, P) sampling covariance of (vech, means).

    Of correlations: r_ij - rho_ij moves with e_ij - r_ij (e_ii + e_jj) / 2, e in the metric of the sample's standard
    deviations.
    """
    p = len(sample.names)
    deviations = np.sqrt(np.diag(sample.cov))
    column, row = np.triu_indices(p)
    scale = deviations[row] * deviations[column]
    n_cells = len(row)
    block = covariance[:n_cells, :n_cells] / np.outer(scale, scale)
    variance = np.diag(block).copy()
    if correlations:
        diagonal = np.flatnonzero(row == column)
        one, other, cell = diagonal[row], diagonal[column], np.arange(n_cells)
        r = sample.cov[row, column] / scale
        variance -= r * (block[cell, one] + block[cell, other])
        variance += r**2 / 4 * (block[one, one] + block[other, other] + 2 * block[one, other])
    variance = np.where(variance * sample.n_obs > _EXACT, variance, 0.0)
    errors = np.zeros((p, p))
    errors[row, column] = errors[column, row] = np.sqrt(variance) * (1.0 if correlations else scale)
    means = np.diag(covariance)[n_cells:] / deviations**2
    return MomentErrors(errors, np.sqrt(np.where(means * sample.n_obs > _EXACT, means, 0.0)) * deviations)
