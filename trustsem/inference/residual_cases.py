"""Standard errors of residuals from what each respondent contributes to them: any distribution, weights, clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.discrepancy.fiml import fiml_case_scores
from trustsem.estimate import Estimate
from trustsem.implied import MomentDerivatives, sigma_jacobian
from trustsem.inference.casewise import weighted_scores
from trustsem.inference.residual_design import MomentErrors, ResidualDesign, spread_of
from trustsem.inference.saturated import moment_information, saturated_covariance
from trustsem.moments import Cases, SampleGroup
from trustsem.moments.adf import cluster_sums, moment_deviations

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CHUNK_FLOATS = 4_000_000  # of contributions at a time
_EXACT = 1e-10  # share of a moment's variance below which its residual does not vary


@dataclass(frozen=True, eq=False, slots=True)
class _Contributions:
    """How one group's moments, and the fitted model, move with each row of all groups.

    Args:
        own: (n_g, P) what each row of the group does to its sample moments, times n_g.
        through: For each group (n_g, N) what its rows do to the estimates, times n.
        cases: Rows of each group.
        shares: n_g / n of each group, as the objective weights them.
    """

    own: FloatArray
    through: tuple[FloatArray, ...]
    cases: tuple[Cases, ...]
    shares: tuple[float, ...]


def case_residual_errors(estimate: Estimate, group: int, *, correlations: bool) -> MomentErrors:
    """Return the standard errors of the residuals of complete rows, whatever their distribution is.

    Row i moves the sample moments s of its group by m_i / n_g, m_i = (vech(d d') - s, d), and the implied ones of
    group g by D_g H D' V m_i / n, H the inverse of D' V D over all groups. Variances are sums over rows of the squared
    difference, rows of a cluster added up first and multiplied by J / (J - 1): the diagonal of Q Gamma Q' with the
    distribution-free Gamma (Browne 1984; Maydeu-Olivares 2017), which is never built.

    Args:
        estimate: A fitted model with its rows.
        group: Which group, from 0.
        correlations: Errors of r_ij - rho_ij by the delta method at S.

    Raises:
        numpy.linalg.LinAlgError: a singular information matrix.
    """
    design = ResidualDesign.of(estimate)
    meanstructure = estimate.objective.layout.meanstructure
    groups = estimate.objective.moments.groups
    spread = design.spread()
    through = tuple(
        _scores(sample, weight, derivatives, meanstructure) @ spread
        for sample, weight, derivatives in zip(groups, design.weights, design.derivatives, strict=True)
    )
    cases = tuple(_cases_of(sample) for sample in groups)
    own = moment_deviations(cases[group], meanstructure=True)
    parts = _Contributions(own, through, cases, design.shares)
    return _errors(parts, groups[group], group, design.derivatives[group], correlations=correlations)


def case_moment_errors(sample: SampleGroup) -> MomentErrors:
    """Return the standard errors of the sample moments of complete rows, whatever their distribution is."""
    cases = _cases_of(sample)
    parts = _Contributions(moment_deviations(cases, meanstructure=True), (), (cases,), (1.0,))
    return _errors(parts, sample, 0, None, correlations=False)


def incomplete_residual_errors(estimate: Estimate, group: int, *, correlations: bool) -> MomentErrors:
    """Return the standard errors of the residuals of incomplete rows, whatever their distribution is.

    As for complete rows, with A^-1 u_i in place of m_i: u_i the scores of the saturated model, A its observed
    information per row, which also takes the place of V.

    Raises:
        numpy.linalg.LinAlgError: a singular information matrix.
    """
    design = ResidualDesign.of(estimate)
    groups = estimate.objective.moments.groups
    informations = [saturated_information(sample) for sample in groups]
    spread = information_spread(design, informations)
    through, own = [], np.zeros((0, 0))
    for number, (sample, derivatives) in enumerate(zip(groups, design.derivatives, strict=True)):
        through.append(_saturated_scores(sample, sigma_jacobian(derivatives, meanstructure=True)) @ spread)
        if number == group:
            own = _saturated_scores(sample, saturated_covariance(informations[number]))
    cases = tuple(_cases_of(sample) for sample in groups)
    parts = _Contributions(own, tuple(through), cases, design.shares)
    return _errors(parts, groups[group], group, design.derivatives[group], correlations=correlations)


def incomplete_moment_errors(sample: SampleGroup) -> MomentErrors:
    """Return the standard errors of the saturated moments of incomplete rows, whatever their distribution is.

    Raises:
        numpy.linalg.LinAlgError: some moment is not identified.
    """
    own = _saturated_scores(sample, saturated_covariance(saturated_information(sample)))
    parts = _Contributions(own, (), (_cases_of(sample),), (1.0,))
    return _errors(parts, sample, 0, None, correlations=False)


def saturated_information(sample: SampleGroup) -> FloatArray:
    """Return (P, P) A: the observed information of one row about the saturated moments."""
    assert sample.mean is not None
    return moment_information(_cases_of(sample).patterns, sample.cov, sample.mean)


def information_spread(design: ResidualDesign, informations: list[FloatArray]) -> FloatArray:
    """Return H with the information of the saturated moments in place of the estimator's V.

    Raises:
        numpy.linalg.LinAlgError: singular.
    """
    total = np.zeros((len(design.directions),) * 2)
    for share, derivatives, information in zip(design.shares, design.derivatives, informations, strict=True):
        jacobian = sigma_jacobian(derivatives, meanstructure=True)
        total += share * (jacobian.T @ information @ jacobian)
    return spread_of(total, design.directions)


def _cases_of(sample: SampleGroup) -> Cases:
    assert sample.cases is not None, "errors from cases need the rows"
    return sample.cases


def _scores(
    sample: SampleGroup, weight: NormalWeight | MomentWeight, derivatives: MomentDerivatives, meanstructure: bool
) -> FloatArray:
    """Return (n, N) D' V m of each row."""
    cases = _cases_of(sample)
    if isinstance(weight, NormalWeight):
        weights = cases.weight_of_row
        deviations = cases.values - weights @ cases.values / weights.sum()
        scores = weighted_scores(deviations, weight.sigma, derivatives, meanstructure=meanstructure)
        return scores - weights @ scores / weights.sum()
    parts = moment_deviations(cases, meanstructure=meanstructure)
    return parts @ (weight.matrix @ sigma_jacobian(derivatives, meanstructure=meanstructure))


def _saturated_scores(sample: SampleGroup, jacobian: FloatArray) -> FloatArray:
    cases = _cases_of(sample)
    assert sample.mean is not None
    return fiml_case_scores(cases.patterns, cases.values, sample.cov, sample.mean, jacobian=jacobian)


def _errors(
    parts: _Contributions,
    sample: SampleGroup,
    group: int,
    derivatives: MomentDerivatives | None,
    *,
    correlations: bool,
) -> MomentErrors:
    """Add up squared contributions, some moments at a time."""
    p = len(sample.names)
    deviations = np.sqrt(np.diag(sample.cov))
    unit = np.outer(deviations, deviations)
    column, row = np.triu_indices(p)
    scaled = parts.own[:, : len(row)] / unit[row, column]
    jacobian = None if derivatives is None else sigma_jacobian(derivatives, meanstructure=True)
    implied = None if jacobian is None else jacobian[: len(row)] / unit[row, column][:, None]
    shrink = sample.cov[row, column] / unit[row, column] if correlations else np.zeros(len(row))
    at_diagonal = np.flatnonzero(row == column)
    variance = np.empty(len(row))
    for cells in _chunks(len(row), max(len(cases.values) for cases in parts.cases)):
        take = shrink[cells] / 2
        one, other = at_diagonal[row[cells]], at_diagonal[column[cells]]
        own = scaled[:, cells] - take * (scaled[:, one] + scaled[:, other])
        model = None
        if implied is not None:
            model = implied[cells] - take[:, None] * (implied[one] + implied[other])
        variance[cells] = _variances(parts, group, own, model)
    mean_model = None if jacobian is None else jacobian[len(row) :] / deviations[:, None]
    mean_variance = _variances(parts, group, parts.own[:, len(row) :] / deviations, mean_model)
    errors = np.zeros((p, p))
    errors[row, column] = errors[column, row] = np.sqrt(np.where(variance * sample.n_obs > _EXACT, variance, 0.0))
    mean = np.sqrt(np.where(mean_variance * sample.n_obs > _EXACT, mean_variance, 0.0)) * deviations
    return MomentErrors(errors if correlations else errors * unit, mean)


def _chunks(n_cells: int, n_rows: int) -> Iterator[slice]:
    size = max(1, _CHUNK_FLOATS // max(1, n_rows))
    for start in range(0, n_cells, size):
        yield slice(start, min(start + size, n_cells))


def _variances(parts: _Contributions, group: int, own: FloatArray, model: FloatArray | None) -> FloatArray:
    """Return the sampling variances of some moments less what the model reproduces of them."""
    total = np.zeros(own.shape[1])
    rows, clusters = [], []
    for number, cases in enumerate(parts.cases):
        total_weight = float(cases.weight_of_row.sum())
        change = np.zeros((len(cases.values), own.shape[1]))
        if number == group:
            change += own / total_weight
        if model is not None:
            change -= parts.through[number] @ model.T * (parts.shares[number] / total_weight)
        if cases.weights is not None:
            change *= cases.weights[:, None]
        if cases.clusters is None:
            total += np.einsum("ik,ik->k", change, change)
        else:
            rows.append(change)
            clusters.append(cases.clusters)
    if rows:  # a cluster may have rows in several groups
        sums, n_clusters = cluster_sums(np.vstack(rows), np.concatenate(clusters))
        total += np.einsum("ik,ik->k", sums, sums) * (n_clusters / (n_clusters - 1))
    return total
