"""Statistics of ordinal data as an estimator weighs them, and what their fit indices are built on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.errors import DataError, UsageError
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective
from trustsem.implied import GroupLayout, Implied, ordinal_moments
from trustsem.inference.measures import OrdinalGroup
from trustsem.moments import SampleGroup
from trustsem.moments.linalg import cholesky

FloatArray = NDArray[np.float64]


def with_ordinal_weight(sample: SampleGroup, discrepancy: Discrepancy) -> SampleGroup:
    """Return the group with the weight of its statistics: Gamma^-1 (WLS), its diagonal (DWLS), or 1 (ULS).

    Raises:
        UsageError: an estimator that ordinal data have not.
        DataError: Gamma is singular (WLS).
    """
    assert sample.categorical is not None
    own, given = sample.categorical.gamma, sample.moment_gamma
    if discrepancy.name == "ULS":
        # lavaan: (n - 1) F and Gamma without its factor n / (n - 1), which leaves scaled tests and errors as they are
        n = sample.mass
        statistics = replace(sample.categorical, gamma=None if own is None else own * ((n - 1) / n))
        return replace(sample, categorical=statistics, moment_weight=np.ones(len(statistics.vector)), is_unbiased=True)
    if discrepancy.name == "DWLS":
        variances = sample.categorical.variances if given is None else np.diag(given)
        assert variances is not None
        return replace(sample, moment_weight=1.0 / variances)
    if discrepancy.name == "WLS":
        gamma = own if given is None else given
        assert gamma is not None
        return replace(sample, moment_weight=_inverse(sample, gamma))
    raise UsageError(
        f"Estimator {discrepancy.name} does not analyse ordinal items.",
        remedy='Use estimator="WLSMV" (the default with ordered items), or leave ordered out.',
        code="option-not-supported",
    )


def _inverse(sample: SampleGroup, gamma: FloatArray) -> FloatArray:
    scale = np.sqrt(np.diag(gamma))
    where = f" in group {sample.label}" if sample.label else ""
    if cholesky(gamma / np.outer(scale, scale)) is None:
        raise DataError(
            f"WLS needs the inverse of the covariance matrix of {len(gamma)} thresholds and correlations, which is "
            f"singular{where} with {sample.n_obs} respondents.",
            remedy='Use estimator="WLSMV", which needs its diagonal only, or more data.',
            code="singular-weight",
        )
    return np.asarray(np.linalg.inv(gamma), dtype=np.float64)


def ordinal_groups(estimate: Estimate) -> tuple[OrdinalGroup, ...]:
    """Return sample and implied statistics of every group; nothing for continuous data."""
    objective = estimate.objective
    if not isinstance(objective, CategoricalObjective):
        return ()
    groups = zip(objective.layout.groups, objective.moments.groups, objective.implied(estimate.x), strict=True)
    return tuple(_group(layout, sample, implied) for layout, sample, implied in groups)


def _group(layout: GroupLayout, sample: SampleGroup, implied: Implied) -> OrdinalGroup:
    ordinal, statistics = layout.ordinal, sample.categorical
    assert ordinal is not None
    assert statistics is not None
    assert sample.moment_weight is not None
    p, k = ordinal.n_endogenous, len(ordinal.conditional)
    vector = ordinal_moments(layout, implied, implied.theta, derivatives=False).vector
    continuous = np.flatnonzero(~ordinal.is_ordinal)
    n_first = len(ordinal.threshold_variable) + len(continuous)
    n_slopes, n_pairs = p * k, p * (p - 1) // 2
    cov = np.eye(p)
    cov[continuous, continuous] = vector[n_first + n_slopes : len(vector) - n_pairs]
    column, row = np.triu_indices(p, 1)
    cov[row, column] = cov[column, row] = vector[len(vector) - n_pairs :]
    slopes = vector[n_first : n_first + n_slopes].reshape(p, k)
    variable = np.concatenate([ordinal.threshold_variable, continuous])
    is_threshold = np.zeros(len(vector), dtype=bool)
    is_threshold[:n_first] = ordinal.is_ordinal[np.sort(variable)]
    deviations = np.sqrt(np.diag(sample.cov)[ordinal.conditional])
    return OrdinalGroup(
        statistics.vector,
        vector,
        sample.moment_weight,
        is_threshold,
        statistics.cov,
        cov,
        statistics.slopes - slopes,
        deviations,
    )
