"""Moments of ordinal and continuous variables with their asymptotic covariance: the first two of three stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.adf import cluster_sums
from trustsem.moments.categorical.data import CategoricalInput, check_categorical_input
from trustsem.moments.categorical.findings import moment_findings
from trustsem.moments.categorical.layout import MomentLayout
from trustsem.moments.categorical.margins import Margins, fit_margins
from trustsem.moments.categorical.second_stage import SecondStage, correlate_pairs
from trustsem.moments.categorical.units import (
    UnivariateMoments,
    restore_influences,
    restore_margins,
    standardise_covariates,
)
from trustsem.records import Finding

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CategoricalMoments:
    """Moments of one group; with covariates, of the residuals given them.

    Args:
        vector: (M,) all moments, in the order of `layout`.
        gamma: (M, M) n times their asymptotic covariance, with the factor n / (n - 1) and, of J clusters, J / (J - 1);
            None when it was not asked for.
        variances: (M,) its diagonal; None when neither was asked for.
        cov: (p, p) correlations with 1 on the diagonal for ordinal variables, variances for continuous ones.
        mean: (p,) means or intercepts of continuous variables; 0 for ordinal ones.
        thresholds: Of each variable, in latent standard deviations; empty for continuous ones.
        slopes: (p, k) on the covariates: probit slopes of ordinal, linear ones of continuous variables.
        n_obs: Respondents.
        findings: What a reader must know: filled cells, correlations at the limit, a matrix that is not positive
            definite.
        layout: Order of the moments.
    """

    vector: FloatArray
    gamma: FloatArray | None
    variances: FloatArray | None
    cov: FloatArray
    mean: FloatArray
    thresholds: tuple[FloatArray, ...]
    slopes: FloatArray
    n_obs: int
    findings: tuple[Finding, ...]
    layout: MomentLayout


def categorical_moments(
    data: CategoricalInput,
    names: Sequence[str],
    *,
    gamma: bool = True,
    variances: bool = False,
    pairwise: bool = False,
    zero_cells: tuple[float, float] = (0.5, 0.0),
    keep_margins: bool = True,
) -> CategoricalMoments:
    """Estimate thresholds, slopes, polychoric, polyserial and Pearson correlations with their asymptotic covariance.

    First every variable on its own, then every pair with the first results given, both by maximum likelihood
    (Muthen 1984; Olsson 1979; Olsson, Drasgow & Dorans 1982). Gamma is the mean product of casewise influences
    (Muthen & Satorra 1995), in which outer products of weighted scores stand for the information, as in lavaan: with
    continuous variables far from normal it differs from the distribution-free covariance of their moments.

    Args:
        data: Respondents of one group.
        names: The p variables, for messages.
        gamma: Whether the asymptotic covariance is wanted.
        variances: Whether its diagonal is wanted, where the whole is not: diagonal weights need no more.
        pairwise: Allow missing answers: every moment uses the rows that have its variables.
        zero_cells: Added to empty cells of 2 x 2 and of larger tables before the correlation is estimated.
        keep_margins: Whether the other cells of a 2 x 2 table make up for it.

    Raises:
        DataError: see `check_categorical_input`.
        ConvergenceError: an item's regression on the covariates has no maximum.

    Examples:
        >>> answers = np.repeat([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [30, 20, 20, 30], axis=0)
        >>> moments = categorical_moments(CategoricalInput(answers, (2, 2)), ["trust", "respect"])
        >>> round(float(moments.cov[1, 0]), 6)  # thresholds at 0: sin(2 pi (.3 - .25))
        0.309017

    Source: Muthen, B. (1984), Psychometrika 49, 115-132; Muthen, B. & Satorra, A. (1995), Psychometrika 60, 489-503.
    """
    check_categorical_input(data, names, pairwise=pairwise)
    layout = data.layout
    standard = standardise_covariates(data)
    margins = fit_margins(data, standard.values, names)
    influence = np.empty((layout.n_moments, data.n_obs)) if gamma or variances else None
    pairs = correlate_pairs(
        data,
        margins,
        zero_cells=zero_cells,
        keep_margins=keep_margins,
        influence=None if influence is None else influence[layout.pairs],
    )
    if influence is not None:
        restore_influences(margins, standard, pairs.rho, influence)
    univariate, cov = restore_margins(margins, standard), _covariances(margins, pairs)
    vector = [_first_block(layout, univariate), univariate.slopes.ravel(), margins.scale[layout.continuous] ** 2]
    covariance = _asymptotic_covariance(data, influence) if gamma and influence is not None else None
    return CategoricalMoments(
        vector=np.concatenate([*vector, cov[layout.row, layout.column]]),
        gamma=covariance,
        variances=None if influence is None else _asymptotic_variances(data, influence, covariance),
        cov=cov,
        mean=univariate.mean,
        thresholds=univariate.thresholds,
        slopes=univariate.slopes,
        n_obs=data.n_obs,
        findings=moment_findings(names, layout, pairs, cov),
        layout=layout,
    )


def _first_block(layout: MomentLayout, univariate: UnivariateMoments) -> FloatArray:
    """Return thresholds and means, variable by variable."""
    entries = [
        univariate.mean[variable] if level < 0 else univariate.thresholds[variable][level]
        for variable, level in layout.threshold_of.tolist()
    ]
    return np.array(entries, dtype=np.float64)


def _covariances(margins: Margins, pairs: SecondStage) -> FloatArray:
    """Return (p, p) correlations times the standard deviations of continuous variables."""
    layout, scale = margins.layout, margins.scale
    cov = np.diag(scale**2)
    cov[layout.row, layout.column] = pairs.rho * scale[layout.row] * scale[layout.column]
    cov[layout.column, layout.row] = cov[layout.row, layout.column]
    return cov


def _asymptotic_covariance(data: CategoricalInput, influence: FloatArray) -> FloatArray:
    """Return the sum of products of the influences (M, n), of clusters where there are some, divided by n - 1.

    lavaan's standard errors and tests have n / (n - 1) in it, and with clusters J / (J - 1) as well.
    """
    if data.clusters is None:
        return (influence @ influence.T) / (data.n_obs - 1)
    sums, n_clusters = cluster_sums(influence.T, data.clusters)
    return (sums.T @ sums) * (n_clusters / (n_clusters - 1) / (data.n_obs - 1))


def _asymptotic_variances(data: CategoricalInput, influence: FloatArray, covariance: FloatArray | None) -> FloatArray:
    if covariance is not None:
        return np.diag(covariance).copy()
    if data.clusters is None:
        return np.einsum("mi,mi->m", influence, influence) / (data.n_obs - 1)
    return np.diag(_asymptotic_covariance(data, influence)).copy()
