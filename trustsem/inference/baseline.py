"""The baseline model: variables that do not covary, except exogenous ones among themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.estimate import Estimate, OptimStatus
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.constrained import ActiveConstraints
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.estimate.start import start_ordinal
from trustsem.implied import ModelLayout, build_layout
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.moments.linalg import log_determinant
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import LinearConstraints, Origin, OriginKind, ParameterTable, Row

FloatArray = NDArray[np.float64]

_DEFAULT = Origin(OriginKind.DEFAULT, rule="baseline")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Chi-square of the baseline model."""

    statistic: float
    df: int
    pvalue: float | None


def baseline_df(table: ParameterTable, n_groups: int) -> int:
    """Return the degrees of freedom of the independence model: covariances that it holds at zero."""
    auxiliary = {row.lhs for row in table.rows if is_auxiliary(row)}
    p, n_x = len(table.variables.observed) - len(auxiliary), len(table.variables.exogenous)
    if table.ordinal is not None and table.ordinal.conditional_x:
        return n_groups * ((p - n_x) * (p - n_x - 1) // 2)  # slopes on x are free
    return n_groups * (p * (p - 1) // 2 - n_x * (n_x - 1) // 2)


def independence_baseline(table: ParameterTable, moments: SampleMoments) -> Baseline:
    """Fit the independence model by maximum likelihood to complete data, in closed form.

    Its F is the sum of log s_ii over non-exogenous variables + log|S_xx| - log|S|: exogenous variables keep their
    sample covariances, as in lavaan, whether fixed_x is on or off.
    """
    exogenous = set(table.variables.exogenous)
    total = 0.0
    for sample in moments.groups:
        is_x = np.array([name in exogenous for name in sample.names])
        log_det = float(np.log(np.diag(sample.cov)[~is_x]).sum())
        if is_x.any():
            log_det += log_determinant(sample.cov[np.ix_(is_x, is_x)])
        total += sample.n_effective / moments.n_effective * (log_det - sample.log_determinant)
    return _baseline(moments.n_effective * total, baseline_df(table, len(moments.groups)))


def baseline_of(estimate: Estimate, table: ParameterTable) -> Baseline:
    """Return the chi-square of a fitted independence model."""
    moments = estimate.objective.moments
    result = _baseline(2 * moments.n_effective * estimate.value, baseline_df(table, len(moments.groups)))
    return replace(result, pvalue=None) if estimate.objective.discrepancy.name in ("ULS", "DWLS") else result


def _baseline(statistic: float, df: int) -> Baseline:
    statistic = max(statistic, 0.0) if math.isfinite(statistic) else math.nan
    return Baseline(statistic, df, chi_square_pvalue(statistic, df))


def fit_baseline(table: ParameterTable, moments: SampleMoments, discrepancy: Discrepancy) -> Estimate:
    """Fit the independence model with any discrepancy, from variances of the available answers."""
    independence = baseline_table(table, len(moments.groups))
    layout = build_layout(independence, moments)
    objective = objective_for(discrepancy, layout, moments)
    run = minimise_by_scoring(objective, _start(layout, moments))
    active = ActiveConstraints(np.zeros((0, len(run.x))), ())
    value = run.value if run.status is OptimStatus.CONVERGED else math.nan
    return Estimate(run.x, run.x, objective, value, run, (run,), (), active)


def baseline_table(table: ParameterTable, n_groups: int) -> ParameterTable:
    """Return the table of the independence model: variances, means, and moments of exogenous variables."""
    rows = tuple(row for group in range(1, n_groups + 1) for row in _rows(table, group))
    variables = replace(table.variables, latent=(), latent_exogenous=())
    free = sum(row.is_free for row in rows)
    none = LinearConstraints(np.zeros((0, free)), np.zeros(0), ())
    return replace(
        table,
        rows=rows,
        variables=variables,
        definitions=(),
        constraints=none,
        findings=(),
        relations=(),
        ordinal=None if table.ordinal is None else replace(table.ordinal, is_theta=False),
    )


def _rows(table: ParameterTable, group: int) -> Iterator[Row]:
    exogenous = table.variables.exogenous
    levels = {} if table.ordinal is None else table.ordinal.levels
    yield from _ordinal_rows(table, group)
    auxiliary = {row.lhs for row in table.rows if is_auxiliary(row)}
    for name in table.variables.observed:
        if name not in exogenous and name not in auxiliary:
            yield Row(name, "~~", name, _DEFAULT, derived=name in levels, group=group)
    yield from (row for row in table.rows if row.group == group and row.op == "~~" and is_auxiliary(row))
    fixed = any(row.exogenous for row in table.rows)
    for k, one in enumerate(exogenous):
        for other in exogenous[k:]:
            yield Row(one, "~~", other, _DEFAULT, exogenous=fixed, group=group)
    if table.meanstructure:
        for name in table.variables.observed:
            value = 0.0 if name in levels else None
            yield Row(name, "~1", "", _DEFAULT, value, exogenous=fixed and name in exogenous, group=group)


def _ordinal_rows(table: ParameterTable, group: int) -> Iterator[Row]:
    """Yield thresholds of ordinal items, and slopes on the exogenous variables that their moments are given."""
    if table.ordinal is None:
        return
    for name, count in table.ordinal.levels.items():
        for k in range(1, count):
            yield Row(name, "|", f"t{k}", _DEFAULT, group=group)
    if table.ordinal.conditional_x:
        for name in table.variables.observed:
            for x in table.variables.exogenous if name not in table.variables.exogenous else ():
                yield Row(name, "~", x, _DEFAULT, group=group)


def _start(layout: ModelLayout, moments: SampleMoments) -> FloatArray:
    theta = np.zeros(layout.n_free)
    for group, sample in zip(layout.groups, moments.groups, strict=True):
        mean, cov = _available(sample)
        cells = group.covariance_cells
        theta[cells.parameter] = cov[cells.row, cells.column]
        cells = group.intercept_cells
        theta[cells.parameter] = mean[cells.row]
        start_ordinal(theta, group, sample)
    return theta


def _available(sample: SampleGroup) -> tuple[FloatArray, FloatArray]:
    """Return means, and covariances whose variances are those of the answers that are there."""
    mean = np.zeros(len(sample.names)) if sample.mean is None else sample.mean
    if sample.cases is None or not np.isnan(sample.cases.values).any():
        return mean, sample.cov
    values, there = sample.cases.values, ~np.isnan(sample.cases.values)
    weights = sample.cases.weight_of_row[:, None] * there
    filled = np.where(there, values, 0.0)
    mean = (weights * filled).sum(axis=0) / weights.sum(axis=0)
    variances = (weights * (filled - mean) ** 2).sum(axis=0) / weights.sum(axis=0)
    cov = sample.cov.copy()
    np.fill_diagonal(cov, variances)
    return mean, cov
