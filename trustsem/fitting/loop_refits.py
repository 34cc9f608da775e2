"""The model of a loop with the disturbance covariance of its two variables free, beside fixed at zero."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from trustsem.errors import TrustSemError
from trustsem.pipeline import FittedModel, fit_table
from trustsem.pipeline.difference import difference_of
from trustsem.spec.disturbances import covariance_is_free, covariance_is_zero, with_covariance

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, eq=False, slots=True)
class CovarianceVariants:
    """Two fits that differ in one covariance, and the test of it.

    Args:
        is_free: Whether the model as written leaves it free.
        free: Fit with it free; None where there is none.
        zero: Fit with it fixed at zero; None where there is none.
        chisq_diff: Chi-square difference; NaN without a test.
        df_diff: One per group; 0 without a test.
        pvalue: None without a test.
        reason: Why a fit or the test is missing; "" where nothing is.
    """

    is_free: bool
    free: FittedModel | None
    zero: FittedModel | None
    chisq_diff: float
    df_diff: int
    pvalue: float | None
    reason: str

    def arrow(self, predictor: str, outcome: str, group: int, *, free: bool) -> tuple[float, float]:
        """Return estimate and standard error of an arrow in one of both fits; NaN where there is none."""
        fitted = self.free if free else self.zero
        if fitted is None:
            return float("nan"), float("nan")
        rows = fitted.table.free_rows
        wanted = (outcome, "~", predictor, group)
        at = next((k for k, row in enumerate(rows) if (row.lhs, row.op, row.rhs, row.group) == wanted), None)
        if at is None:
            return float("nan"), float("nan")
        matrix = fitted.covariance.matrix
        se = float("nan") if matrix is None else float(np.sqrt(max(matrix[at, at], 0.0)))
        return float(fitted.estimate.theta[at]), se


def covariance_variants(fit: Fit, members: tuple[str, ...]) -> CovarianceVariants:
    """Fit the model with the covariance of a loop's two disturbances free and fixed at zero.

    One of both is the fit itself. In several groups the covariance is changed in all of them.
    """
    if len(members) != 2:
        all_free = all(covariance_is_free(fit.fitted.table, *pair) for pair in combinations(members, 2))
        return _none("it is varied in loops of two variables only", is_free=all_free)
    first, second = members
    is_free = covariance_is_free(fit.fitted.table, first, second)
    if not is_free and not covariance_is_zero(fit.fitted.table, first, second):
        return _none("the model fixes it at another value than zero, or not in all groups alike", is_free=False)
    table = with_covariance(fit.fitted.table, first, second, free=not is_free)
    if table is None:
        return _none("a constraint of the model speaks of the covariance", is_free=is_free)
    what = "fixed at zero" if is_free else "free"
    try:
        other = fit_table(table, fit.data.moments, fit.options.pipeline)
    except TrustSemError as error:
        return _none(f"with the covariance {what}: {error.message.rstrip('.')}", is_free=is_free, fitted=fit.fitted)
    if not other.estimate.converged:
        return _none(f"with the covariance {what} the fit does not converge", is_free=is_free, fitted=fit.fitted)
    free, zero = (fit.fitted, other) if is_free else (other, fit.fitted)
    try:
        test = difference_of(zero, free)
    except TrustSemError as error:
        return CovarianceVariants(is_free, free, zero, float("nan"), 0, None, error.message.rstrip("."))
    return CovarianceVariants(is_free, free, zero, test.statistic, test.df, test.pvalue, "")


def _none(reason: str, *, is_free: bool, fitted: FittedModel | None = None) -> CovarianceVariants:
    free, zero = (fitted, None) if is_free else (None, fitted)
    return CovarianceVariants(is_free, free, zero, float("nan"), 0, None, reason)
