"""Pooled results of several completed data sets as data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from trustsem.effects import DeltaResult, Standardization, standardized_solution
from trustsem.imputation import ModelTests, PooledScalars, pool_covariances, pool_scalars
from trustsem.pipeline import FittedModel
from trustsem.tables.estimates import estimates_frame, row_values, vcov_frame


def pooled_estimates_frame(fits: Sequence[FittedModel], complete_df: float | None = None) -> pd.DataFrame:
    """Return one row per parameter and definition, pooled by Rubin's rules.

    Columns: those of the estimates of one fit, with t and df instead of z, and riv, fmi, relative_efficiency. Fixed
    parameters have NaN in all of these, and their value as both limits. Definitions, std_lv and std_all are averages
    of the values in each data set.
    """
    frame = _keys(fits[0])
    for name, column in _inference("est", _pool([row_values(fit) for fit in fits], complete_df)).items():
        frame[name] = column
    for kind in (Standardization.LV, Standardization.ALL):
        solutions = [standardized_solution(fit.table, fit.estimate, None, kind).values for fit in fits]
        frame[kind.value] = np.mean(solutions, axis=0)
    return frame


def pooled_standardized_frame(
    fits: Sequence[FittedModel], kind: Standardization, complete_df: float | None = None
) -> pd.DataFrame:
    """Return the standardised solution of each data set, pooled: est_std and the columns of the pooled estimates."""
    results = [standardized_solution(fit.table, fit.estimate, fit.covariance.matrix, kind) for fit in fits]
    frame = _keys(fits[0])
    for name, column in _inference("est_std", _pool(results, complete_df)).items():
        frame[name] = column
    return frame


def pooled_effects_frame(frames: Sequence[pd.DataFrame], complete_df: float | None = None) -> pd.DataFrame:
    """Return effects of each data set, pooled row by row; std_all and its standard error are pooled, too."""
    keys = ["x", "y", "effect", "path", "group"]
    first = frames[0].set_index(keys).index
    aligned = [frame.set_index(keys).loc[first] for frame in frames]

    def pooled(value: str, error: str) -> PooledScalars:
        estimates = np.array([frame[value].to_numpy(dtype=float) for frame in aligned])
        errors = np.array([frame[error].to_numpy(dtype=float) for frame in aligned])
        return pool_scalars(estimates, errors**2, complete_df)

    standardised = pooled("std_all", "std_se")
    columns = {**_inference("est", pooled("est", "se")), "std_all": standardised.estimate}
    columns["std_se"] = standardised.standard_error
    result = first.to_frame(index=False)
    for name, column in columns.items():
        result[name] = column
    return result.reindex(columns=[*keys[:-1], *columns, "group"])


def pooled_vcov_frame(fits: Sequence[FittedModel]) -> pd.DataFrame | None:
    """Return the total covariance matrix of the free parameters, U + (1 + 1/m) B."""
    frame = vcov_frame(fits[0])
    if frame is None:
        return None
    matrices = [fit.covariance.matrix for fit in fits]
    estimates = np.array([fit.estimate.theta for fit in fits])
    total = pool_covariances(estimates, np.array(matrices, dtype=float))
    return pd.DataFrame(total, index=frame.index, columns=frame.columns)


def pooled_tests_frame(tests: ModelTests) -> pd.DataFrame:
    """Return one row per test of the model: test, statistic (F), df1, df2, pvalue, chisq (df1 times F), riv, fmi."""
    rows = list(tests.tests.items())
    if tests.scaled is not None:
        rows.append(("D2 scaled", tests.scaled.test))
    columns = ["test", "statistic", "df1", "df2", "pvalue", "chisq", "riv", "fmi"]
    records = [
        (name, test.statistic, test.df1, test.df2, test.pvalue, test.chi_square, test.riv, test.fmi)
        for name, test in rows
    ]
    return pd.DataFrame(records, columns=columns)


def _keys(fit: FittedModel) -> pd.DataFrame:
    """Return the columns that name a parameter: those before the first number."""
    frame = estimates_frame(fit)
    columns = list(frame.columns)
    return frame.iloc[:, : columns.index("est")].copy()


def _pool(results: Sequence[DeltaResult], complete_df: float | None) -> PooledScalars:
    estimates = np.array([result.values for result in results])
    errors = np.array([result.standard_errors for result in results])
    return pool_scalars(estimates, errors**2, complete_df)


def _inference(name: str, pooled: PooledScalars) -> dict[str, Any]:
    margin = np.where(np.isnan(pooled.margin), 0.0, pooled.margin)  # fixed values are their own limits
    return {
        name: pooled.estimate,
        "se": pooled.standard_error,
        "t": pooled.statistic,
        "df": pooled.df,
        "pvalue": pooled.pvalue,
        "ci_lower": pooled.estimate - margin,
        "ci_upper": pooled.estimate + margin,
        "riv": pooled.riv,
        "fmi": pooled.fmi,
        "relative_efficiency": pooled.relative_efficiency,
    }
