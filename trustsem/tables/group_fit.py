"""How well each group fits, how parameters differ between groups, and the tests of a fit, as data frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects import pairs_over_groups
from trustsem.inference.chisquares import TestKind
from trustsem.inference.measures.srmr import group_residual_measures, ordinal_group_measures
from trustsem.pipeline import FittedModel
from trustsem.pipeline.ordinal import ordinal_groups
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.spec.table import ParameterTable
from trustsem.tables.groups import group_names


def group_fit_frame(fitted: FittedModel) -> pd.DataFrame:
    """Return one row per group: group, group_label, n_obs, chisq, share, srmr.

    chisq is the group's part n_g F_g of the unscaled chi-square and share what it is of the whole; NaN where the
    chi-square is no sum over groups (unweighted least squares). srmr is that of the group's own moments.
    """
    if fitted.table.ordinal is not None:
        return _with_shares(_ordinal_rows(fitted))
    objective, meanstructure = fitted.estimate.objective, fitted.table.meanstructure
    is_sum = fitted.options.spec.discrepancy != "ULS"
    rows: list[dict[str, object]] = []
    implied = objective.implied(fitted.estimate.x)
    for number, (sample, of_group) in enumerate(zip(fitted.moments.groups, implied, strict=True), start=1):
        part = sample.n_effective * objective.discrepancy.value(sample, of_group, meanstructure)
        rows.append(
            {
                "group": number,
                "group_label": group_names(fitted.table)[number - 1],
                "n_obs": sample.n_obs,
                "chisq": max(part, 0.0) if is_sum else math.nan,
                "share": math.nan,
                "srmr": group_residual_measures(sample, of_group, meanstructure)["srmr"],
            }
        )
    return _with_shares(rows)


def _with_shares(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    total = float(frame["chisq"].to_numpy(dtype=float).sum())
    if total > 0:  # not where they are NaN
        frame["share"] = frame["chisq"] / total
    return frame


def _ordinal_rows(fitted: FittedModel) -> list[dict[str, object]]:
    """Return the same of ordinal items: n_g e' W e over the statistics of the group, srmr over its correlations."""
    names = group_names(fitted.table)
    rows: list[dict[str, object]] = []
    groups = ordinal_groups(fitted.estimate)
    for number, (sample, group) in enumerate(zip(fitted.moments.groups, groups, strict=True), start=1):
        gap = group.sample - group.implied
        weighted = group.weight @ gap if group.weight.ndim == 2 else group.weight * gap
        rows.append(
            {
                "group": number,
                "group_label": names[number - 1],
                "n_obs": sample.n_obs,
                "chisq": sample.n_effective * float(gap @ weighted),
                "share": math.nan,
                "srmr": ordinal_group_measures(group)["srmr_bentler_nomean"],
            }
        )
    return rows


def tests_frame(fitted: FittedModel) -> pd.DataFrame:
    """Return one row per test of the model: test, statistic, df, pvalue, scaling_factor, shift.

    The chi-square that fit indices are built on is among them, whether it was asked for or not.
    """
    rows = [
        (test.kind.value, test.statistic, float(test.df), test.pvalue, test.scaling_factor, test.shift)
        for test in fitted.tests
    ]
    residual = TestKind.BROWNE_RESIDUAL_NT
    is_residual = fitted.options.spec.test is residual and fitted.tests[0].kind is residual  # least squares: its own
    if not is_residual and all(test.kind is not TestKind.STANDARD for test in fitted.tests):
        base = fitted.test
        rows.insert(0, (TestKind.STANDARD.value, base.statistic, float(base.df), base.pvalue, None, None))
    columns = ["test", "statistic", "df", "pvalue", "scaling_factor", "shift"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(columns[1:], float))


def compared_parameters(table: ParameterTable, ops: tuple[str, ...] = ()) -> list[tuple[int, int]]:
    """Return the positions (later group, earlier group) of every parameter that is free in one of two groups.

    Args:
        table: Of several groups.
        ops: Only these operators; all when empty.
    """
    kept = [
        k
        for k, row in enumerate(table.rows)
        if not is_auxiliary(row) and not row.exogenous and (not ops or row.op in ops)
    ]
    written = [(table.rows[k].lhs, table.rows[k].op, table.rows[k].rhs) for k in kept]
    free = {key for key, k in zip(written, kept, strict=True) if table.rows[k].is_free}
    kept = [k for key, k in zip(written, kept, strict=True) if key in free]
    pairs = pairs_over_groups(
        ((table.rows[k].lhs, table.rows[k].op, table.rows[k].rhs), table.rows[k].group) for k in kept
    )
    return [(kept[i], kept[j]) for i, j in pairs]


def parameter_differences_frame(
    table: ParameterTable, pairs: Sequence[tuple[int, int]], difference: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Return one row per parameter and pair of groups: the later group less the earlier one.

    Columns: lhs, op, rhs, group, group_label, reference, reference_label, est, est_reference, difference and its
    intervals.
    """
    labels = group_names(table)
    later, earlier = [table.rows[a] for a, _ in pairs], [table.rows[b] for _, b in pairs]
    return pd.DataFrame(
        {
            "lhs": [row.lhs for row in later],
            "op": [row.op for row in later],
            "rhs": [row.rhs for row in later],
            "group": [row.group for row in later],
            "group_label": [labels[row.group - 1] for row in later],
            "reference": [row.group for row in earlier],
            "reference_label": [labels[row.group - 1] for row in earlier],
            **difference,
        }
    )
