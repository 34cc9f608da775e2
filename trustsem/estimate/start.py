"""Start values: loadings from the items' covariances, paths from the implied covariance of factor composites."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, ModelLayout
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_MIN_RELIABILITY = 0.05  # keeps a start value away from an improper corner
_MAX_RELIABILITY = 0.95


def start_values(table: ParameterTable, layout: ModelLayout, moments: SampleMoments) -> FloatArray:
    """Return start values of the independent parameters; a start() in the model text overrides ours.

    Loadings come from one-factor triads of each factor's own items (Spearman 1904: l_i^2 = s_ij s_ik / s_jk, averaged
    as in the centroid method), latent variances from the marker, residual variances as what is left, regressions 0.

    Returns:
        (n_parameters,) start values.
    """
    theta = np.zeros(layout.n_free)
    for group, sample in zip(layout.groups, moments.groups, strict=True):
        _start_group(theta, group, sample)
    for position, row in enumerate(table.free_rows):
        if row.start is not None:
            theta[position] = row.start
    return theta[layout.reduction.kept]


def _start_group(theta: FloatArray, layout: GroupLayout, sample: SampleGroup) -> None:
    """Fill in the start values of one group's parameters."""
    p = layout.n_observed
    variances = np.diag(sample.cov).copy()
    patterns = _loading_pattern(layout)
    loadings = np.zeros((p, len(layout.names)))
    scale = np.ones(len(layout.names))  # latent variances
    for factor, items in patterns.items():
        observed = [item for item in items if item < p]
        if observed:
            loadings[observed, factor], scale[factor] = _one_factor(layout, factor, observed, sample.cov)
    cells = layout.path_cells
    for i, j, k in zip(cells.row, cells.column, cells.parameter, strict=True):
        if j in patterns and i in patterns[j]:
            theta[k] = loadings[i, j] if i < p else 1.0
    explained = np.minimum((loadings**2 * scale).max(axis=1), _MAX_RELIABILITY * variances)
    cells = layout.covariance_cells
    for i, j, k in zip(cells.row, cells.column, cells.parameter, strict=True):
        if i == j:
            theta[k] = variances[i] - explained[i] if i < p else 0.5 * scale[i] if _is_outcome(layout, i) else scale[i]
        elif i < p and j < p and i not in layout.exogenous and not loadings[[i, j]].any():
            theta[k] = sample.cov[i, j] if not _is_outcome(layout, i) and not _is_outcome(layout, j) else 0.0
    cells = layout.intercept_cells
    for i, k in zip(cells.row, cells.parameter, strict=True):
        theta[k] = sample.mean[i] if i < p and sample.mean is not None else 0.0


def _is_outcome(layout: GroupLayout, position: int) -> bool:
    return bool(layout.paths[position].any() or (layout.path_cells.row == position).any())


def _loading_pattern(layout: GroupLayout) -> dict[int, list[int]]:
    """Return the variables that each latent variable explains: its paths onto observed, then onto latent ones."""
    p = layout.n_observed
    pattern: dict[int, list[int]] = {}
    rows, columns = np.nonzero(layout.paths)
    fixed = list(zip(rows.tolist(), columns.tolist(), strict=True))
    free = list(zip(layout.path_cells.row.tolist(), layout.path_cells.column.tolist(), strict=True))
    for i, j in (*fixed, *free):
        if j >= p and i < p:
            pattern.setdefault(j, []).append(i)
    return pattern


def _one_factor(layout: GroupLayout, factor: int, items: list[int], cov: FloatArray) -> tuple[FloatArray, float]:
    """Return loadings on the factor's own scale, and the factor's variance."""
    block = cov[np.ix_(items, items)]
    sd = np.sqrt(np.diag(block))
    standardised = _standardised_loadings(block / np.outer(sd, sd))
    raw = standardised * sd
    fixed = layout.paths[items, factor]
    anchor = int(np.argmax(np.abs(fixed)))
    if fixed[anchor] == 0:  # scaled by a fixed variance
        variance = layout.covariances[factor, factor] or 1.0
        return raw / np.sqrt(variance), float(variance)
    factor_sd = raw[anchor] / fixed[anchor]
    if abs(factor_sd) < 0.1 * sd[anchor]:
        factor_sd = 0.1 * sd[anchor]
    loadings = raw / factor_sd
    loadings[fixed != 0] = fixed[fixed != 0]
    return loadings, float(factor_sd**2)


def _standardised_loadings(correlations: FloatArray) -> FloatArray:
    """Return the loadings of one factor on correlations: centroid with communalities, two refinements."""
    k = len(correlations)
    if k == 1:
        return np.array([np.sqrt(0.9)])
    if k == 2:
        size = float(np.sqrt(np.clip(abs(correlations[0, 1]), _MIN_RELIABILITY, _MAX_RELIABILITY)))
        return np.array([size, size * (1.0 if correlations[0, 1] >= 0 else -1.0)])
    signs = _signs(correlations)
    aligned = correlations * np.outer(signs, signs)
    off = aligned - np.diag(np.diag(aligned))
    loadings = np.full(k, np.sqrt(np.clip(off.sum() / (k * (k - 1)), _MIN_RELIABILITY, _MAX_RELIABILITY)))
    for _ in range(5):
        total = loadings.sum()
        loadings = off.sum(axis=1) / np.maximum(total - loadings, 1e-3)
        loadings = np.clip(loadings, np.sqrt(_MIN_RELIABILITY), np.sqrt(_MAX_RELIABILITY))
    return loadings * signs


def _signs(correlations: FloatArray) -> FloatArray:
    """Return +1 or -1 per item so that most correlations become positive: signs of the first eigenvector."""
    _, vectors = np.linalg.eigh(correlations)
    signs = np.where(vectors[:, -1] >= 0, 1.0, -1.0)
    return signs if signs.sum() >= 0 else -signs


def plain_start_values(layout: ModelLayout, moments: SampleMoments) -> FloatArray:
    """Return cautious start values: small latent variances, half of each item's variance as residual, no regressions.

    Returns:
        (n_parameters,) start values.
    """
    theta = np.zeros(layout.n_free)
    for group, sample in zip(layout.groups, moments.groups, strict=True):
        p, variances = group.n_observed, np.diag(sample.cov)
        patterns = _loading_pattern(group)
        cells = group.path_cells
        for i, j, k in zip(cells.row, cells.column, cells.parameter, strict=True):
            marker = [item for item in patterns.get(j, ()) if group.paths[item, j] != 0]
            if j >= p and i < p and marker:
                sign = 1.0 if sample.cov[i, marker[0]] >= 0 else -1.0
                theta[k] = sign * np.sqrt(variances[i] / variances[marker[0]]) * group.paths[marker[0], j]
            elif j >= p:
                theta[k] = 1.0 if i < p else 0.0
        cells = group.covariance_cells
        for i, j, k in zip(cells.row, cells.column, cells.parameter, strict=True):
            if i == j:
                marker = [item for item in patterns.get(i, ()) if group.paths[item, i] != 0]
                theta[k] = 0.5 * variances[i] if i < p else 0.3 * variances[marker[0]] if marker else 0.3
        cells = group.intercept_cells
        for i, k in zip(cells.row, cells.parameter, strict=True):
            theta[k] = sample.mean[i] if i < p and sample.mean is not None else 0.0
    return theta[layout.reduction.kept]
