"""Start values: loadings from the items' covariances, paths from covariances of factor composites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, ModelLayout
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_MIN_RELIABILITY = 0.05  # keeps a start value away from an improper corner
_MAX_RELIABILITY = 0.95
_SHRINK = 0.9  # of latent covariances: composites overstate how certain they are
_LOOP_SHRINK = 0.5  # of arrows on a loop: least squares overstates both


def start_values(
    table: ParameterTable, layout: ModelLayout, moments: SampleMoments, *, instruments: bool = False
) -> FloatArray:
    """Return start values of the independent parameters; a start() in the model text overrides ours.

    Loadings: one factor per block of items (Spearman's triads in the centroid form). Latent covariances: from
    composites weighted by the loadings. Regressions: least squares on these, halved on loops; with `instruments`, two
    stages with the exogenous variables as instruments, which reaches loops whose gain is beyond 1.

    Returns:
        (n_parameters,) start values.
    """
    theta = np.zeros(layout.n_free)
    for group, sample in zip(layout.groups, moments.groups, strict=True):
        _start_group(theta, group, sample, instruments)
        start_ordinal(theta, group, sample)
    for position, row in enumerate(table.free_rows):
        if row.start is not None:
            theta[position] = row.start
    return theta[layout.reduction.kept]


@dataclass(frozen=True, eq=False, slots=True)
class _Factors:
    """What start values know of all t variables: loadings on each, composites, covariances of the composites."""

    loadings: FloatArray  # (t, t): column j holds the loadings on variable j
    cov: FloatArray  # (t, t)


def _start_group(theta: FloatArray, layout: GroupLayout, sample: SampleGroup, instruments: bool) -> None:
    """Fill in the start values of one group's parameters."""
    pattern = _measurement(layout)
    factors = _rough_factors(layout, sample, pattern)
    slopes, residuals = _regressions(layout, factors, pattern, instruments)
    cells = layout.path_cells
    is_loading = np.array([i in pattern.get(j, ()) for i, j in zip(cells.row, cells.column, strict=True)], dtype=bool)
    theta[cells.parameter] = np.where(
        is_loading, factors.loadings[cells.row, cells.column], slopes[cells.row, cells.column]
    )
    cells = layout.covariance_cells
    free_source = _is_source(layout)
    both = free_source[cells.row] & free_source[cells.column]
    off_diagonal = np.where(both, _SHRINK * factors.cov[cells.row, cells.column], 0.0)
    theta[cells.parameter] = np.where(cells.row == cells.column, residuals[cells.row], off_diagonal)
    cells = layout.intercept_cells
    means = np.zeros(len(layout.names))
    if sample.mean is not None:
        means[: layout.n_observed] = sample.mean
    theta[cells.parameter] = means[cells.row]


def start_ordinal(theta: FloatArray, layout: GroupLayout, sample: SampleGroup) -> None:
    """Fill in thresholds as they are in the sample, scales and residual variances of latent responses of 1."""
    ordinal = layout.ordinal
    if ordinal is None:
        return
    assert sample.categorical is not None
    thresholds = np.concatenate([np.zeros(0), *sample.categorical.thresholds])
    free = ordinal.threshold_parameter >= 0
    theta[ordinal.threshold_parameter[free]] = thresholds[free]
    theta[ordinal.scale_parameter[ordinal.scale_parameter >= 0]] = 1.0
    items = np.flatnonzero(ordinal.is_ordinal)
    cells = layout.covariance_cells
    own = (cells.row == cells.column) & np.isin(cells.row, items)
    theta[cells.parameter[own]] = 1.0
    cells = layout.intercept_cells
    theta[cells.parameter[np.isin(cells.row, items)]] = 0.0


def _is_source(layout: GroupLayout) -> NDArray[np.bool_]:
    """Return which variables nothing points at."""
    pointed = np.any(layout.paths != 0, axis=1).reshape(-1)
    pointed[layout.path_cells.row] = True
    return ~pointed


def _measurement(layout: GroupLayout) -> dict[int, list[int]]:
    """Return what measures each latent variable: its observed indicators, or its latent ones where it has no other."""
    p = layout.n_observed
    targets: dict[int, list[int]] = {}
    rows, columns = np.nonzero(layout.paths)
    fixed = zip(rows.tolist(), columns.tolist(), strict=True)
    free = zip(layout.path_cells.row.tolist(), layout.path_cells.column.tolist(), strict=True)
    for i, j in (*fixed, *free):
        if j >= p:
            targets.setdefault(j, []).append(i)
    pattern = {}
    for factor, items in targets.items():
        observed = [item for item in items if item < p]
        scaled = [item for item in items if layout.paths[item, factor] != 0]
        if observed:
            pattern[factor] = observed
        elif scaled or layout.covariances[factor, factor] != 0:
            pattern[factor] = items
    return pattern


def _rough_factors(layout: GroupLayout, sample: SampleGroup, pattern: dict[int, list[int]]) -> _Factors:
    p, t = layout.n_observed, len(layout.names)
    loadings, weights = np.zeros((t, t)), np.zeros((t, p))
    weights[:p] = np.eye(p)
    variances = np.full(t, np.nan)
    variances[:p] = np.diag(sample.cov)
    first = [factor for factor, items in pattern.items() if items[0] < p]
    higher = [factor for factor, items in pattern.items() if items[0] >= p]
    cov = np.zeros((t, t))
    for stage in (first, higher):
        for factor in stage:
            items = pattern[factor]
            block = sample.cov[np.ix_(items, items)] if items[0] < p else cov[np.ix_(items, items)]
            column, variances[factor] = _one_factor(layout, factor, items, block)
            loadings[items, factor] = column
            weights[factor] = column @ weights[items] / float(column @ column)
        cov = weights @ sample.cov @ weights.T
    known = np.isfinite(variances)
    cov[known, known] = variances[known]
    unknown = ~known
    cov[unknown, unknown] = np.maximum(cov[unknown, unknown], 0.3)
    return _Factors(loadings, cov)


def _one_factor(layout: GroupLayout, factor: int, items: Sequence[int], block: FloatArray) -> tuple[FloatArray, float]:
    """Return loadings on the factor's own scale, and the factor's variance."""
    sd = np.sqrt(np.maximum(np.diag(block), np.finfo(float).tiny))  # whatever the items' units
    raw = _standardised_loadings(block / np.outer(sd, sd)) * sd
    fixed = layout.paths[list(items), factor]
    anchor = int(np.argmax(np.abs(fixed)))
    if fixed[anchor] == 0:  # scaled by a fixed variance, or not at all
        variance = layout.covariances[factor, factor] or 1.0
        return raw / np.sqrt(variance), float(variance)
    factor_sd = raw[anchor] / fixed[anchor]
    if abs(factor_sd) < 0.1 * sd[anchor]:
        factor_sd = 0.1 * sd[anchor]
    return np.where(fixed != 0, fixed, raw / factor_sd), float(factor_sd**2)


def _standardised_loadings(correlations: FloatArray) -> FloatArray:
    """Return the loadings of one factor on correlations: centroid with communalities, a few refinements."""
    k = len(correlations)
    if k == 1:
        return np.array([np.sqrt(0.9)])
    if k == 2:
        size = float(np.sqrt(np.clip(abs(correlations[0, 1]), _MIN_RELIABILITY, _MAX_RELIABILITY)))
        return np.array([size, size if correlations[0, 1] >= 0 else -size])
    signs = _signs(correlations)
    off = correlations * np.outer(signs, signs)
    np.fill_diagonal(off, 0.0)
    low, high = np.sqrt(_MIN_RELIABILITY), np.sqrt(_MAX_RELIABILITY)
    loadings = np.full(k, np.sqrt(np.clip(off.sum() / (k * (k - 1)), _MIN_RELIABILITY, _MAX_RELIABILITY)))
    for _ in range(5):
        loadings = np.clip(off.sum(axis=1) / np.maximum(loadings.sum() - loadings, 1e-3), low, high)
    return loadings * signs


def _signs(correlations: FloatArray) -> FloatArray:
    """Return +1 or -1 per item so that most correlations become positive: signs of the first eigenvector."""
    if (correlations >= 0).all():
        return np.ones(len(correlations))
    vectors = np.linalg.eigh(correlations)[1]
    signs = np.where(vectors[:, -1] >= 0, 1.0, -1.0)
    return signs if signs.sum() >= 0 else -signs


def _regressions(
    layout: GroupLayout, factors: _Factors, pattern: dict[int, list[int]], instruments: bool
) -> tuple[FloatArray, FloatArray]:
    """Return least-squares slopes (t, t) of the structural arrows, and residual variances (t,)."""
    slopes = np.zeros_like(factors.cov)
    total = np.diag(factors.cov).copy()
    measured = np.zeros_like(total)
    for factor, items in pattern.items():
        measured[items] = np.maximum(measured[items], factors.loadings[items, factor] ** 2 * total[factor])
    residuals = total - np.minimum(measured, _MAX_RELIABILITY * total)
    predictors: dict[int, list[int]] = {}
    for i, j in zip(layout.path_cells.row.tolist(), layout.path_cells.column.tolist(), strict=True):
        if i not in pattern.get(j, ()):
            predictors.setdefault(i, []).append(j)
    exogenous = np.flatnonzero(_is_source(layout) & np.isin(np.arange(len(total)), layout.core))
    for outcome, sources in predictors.items():
        mutual = np.array([outcome in predictors.get(source, ()) for source in sources])
        if instruments and mutual.any() and len(exogenous) >= len(sources):
            slopes[outcome, sources] = _two_stages(factors.cov, exogenous, sources, outcome)
            residuals[outcome] = max(_unexplained(factors.cov, slopes[outcome], outcome), 0.05 * total[outcome])
            continue
        block = factors.cov[np.ix_(sources, sources)] + 0.05 * np.diag(total[sources])
        slope = np.linalg.lstsq(block, factors.cov[sources, outcome], rcond=None)[0]
        explained = float(np.clip(slope @ factors.cov[sources, outcome], 0.0, 0.9 * total[outcome]))
        residuals[outcome] = max(residuals[outcome] - explained, 0.1 * total[outcome])
        slopes[outcome, sources] = np.where(mutual, _LOOP_SHRINK, 1.0) * slope
    return slopes, residuals


def _two_stages(cov: FloatArray, exogenous: NDArray[np.intp], sources: list[int], outcome: int) -> FloatArray:
    """Return two-stage least-squares slopes from covariances (Theil 1953)."""
    reached = cov[exogenous][:, sources]
    first = np.linalg.lstsq(cov[exogenous][:, exogenous], reached, rcond=None)[0]
    second = np.linalg.lstsq(reached.T @ first, first.T @ cov[exogenous, outcome], rcond=None)[0]
    return np.asarray(second, dtype=np.float64)


def _unexplained(cov: FloatArray, slopes: FloatArray, outcome: int) -> float:
    """Return the variance of an outcome minus what its slopes predict, as it stands."""
    return float(cov[outcome, outcome] - 2 * slopes @ cov[:, outcome] + slopes @ cov @ slopes)


def plain_start_values(layout: ModelLayout, moments: SampleMoments) -> FloatArray:
    """Return cautious start values: small latent variances, half of each item's variance as residual, no regressions.

    Returns:
        (n_parameters,) start values.
    """
    theta = np.zeros(layout.n_free)
    for group, sample in zip(layout.groups, moments.groups, strict=True):
        _plain_group(theta, group, sample)
        start_ordinal(theta, group, sample)
    return theta[layout.reduction.kept]


def _plain_group(theta: FloatArray, layout: GroupLayout, sample: SampleGroup) -> None:
    p, t = layout.n_observed, len(layout.names)
    pattern = _measurement(layout)
    scale = np.ones(t)
    scale[:p] = np.sqrt(np.diag(sample.cov))
    loadings = np.zeros((t, t))
    for factor, items in pattern.items():
        marker = next((item for item in items if layout.paths[item, factor] != 0), None)
        if marker is None:
            loadings[items, factor] = scale[items]
            continue
        scale[factor] = scale[marker]
        signs = np.where(sample.cov[items, marker] >= 0, 1.0, -1.0) if marker < p else np.ones(len(items))
        loadings[items, factor] = signs * scale[items] / scale[marker] * layout.paths[marker, factor]
    cells = layout.path_cells
    theta[cells.parameter] = loadings[cells.row, cells.column]
    cells = layout.covariance_cells
    share = np.where(cells.row < p, 0.5, 0.3)
    theta[cells.parameter] = np.where(cells.row == cells.column, share * scale[cells.row] ** 2, 0.0)
    cells = layout.intercept_cells
    means = np.zeros(t)
    if sample.mean is not None:
        means[:p] = sample.mean
    theta[cells.parameter] = means[cells.row]
