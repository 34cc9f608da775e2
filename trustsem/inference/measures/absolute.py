"""Hoelter's critical n, McDonald's index and the expected cross-validation index."""

from __future__ import annotations

import math

from trustsem.distributions import chi_square_quantile
from trustsem.inference.measures.context import FitContext, MeasureSet


def absolute_measures(context: FitContext) -> MeasureSet:
    """Return cn_05, cn_01 (Hoelter 1983), mfi (McDonald 1989, eq. 4) and ecvi (Browne & Cudeck 1989, eq. 6)."""
    chi, df, n = context.test.statistic, context.test.df, context.n_effective
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for name, level in (("cn_05", 0.05), ("cn_01", 0.01)):
        if df == 0 or chi <= 0:
            values[name], reasons[name] = None, "the model has no misfit"
        else:
            values[name] = chi_square_quantile(level, df) / (chi / n) + 1
    values["mfi"] = math.exp(-0.5 * (chi - df) / n)
    if not context.ordinal:
        values["ecvi"] = chi / n + 2 * context.n_parameters / n
    return MeasureSet(values, reasons)
