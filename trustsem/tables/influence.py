"""Distances and influence of respondents as data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects import CaseInfluence, case_fit, case_influence
from trustsem.errors import UsageError
from trustsem.pipeline import FittedModel
from trustsem.tables.cases import Cases


def influence_frame(fitted: FittedModel, cases: Cases) -> pd.DataFrame:
    """Return one row per row of the data.

    Columns: mahalanobis (squared distance to the implied moments) with mahalanobis_pvalue, mahalanobis_saturated (to
    the sample's own moments) with mahalanobis_saturated_pvalue, loglik and chisq (contributions to the fit's),
    cook (generalised Cook's distance). Rows that were not used are NaN.

    Raises:
        UsageError: there is no covariance matrix of the estimates, or no minimum.
    """
    influence = _influence(fitted, cases)
    fit = case_fit(fitted.estimate, cases.values, fitted.likelihood)
    columns = {
        "mahalanobis": fit.distance,
        "mahalanobis_pvalue": fit.pvalue,
        "mahalanobis_saturated": fit.saturated_distance,
        "mahalanobis_saturated_pvalue": fit.saturated_pvalue,
        "loglik": fit.log_likelihood,
        "chisq": fit.chi_square,
        "cook": influence.cook,
    }
    return cases.align(np.column_stack(list(columns.values())), list(columns))


def dfbetas_frame(fitted: FittedModel, cases: Cases, *, standardized: bool) -> pd.DataFrame:
    """Return the change of every free parameter that each row makes: estimate with all less estimate without it.

    Args:
        fitted: A fitted model.
        cases: The respondents.
        standardized: In standard errors of the parameters.
    """
    influence = _influence(fitted, cases)
    change = influence.change
    errors = fitted.covariance.standard_errors
    if standardized and errors is not None:
        change = np.divide(change, errors, out=np.zeros_like(change), where=errors > 0)
    return cases.align(change, [row.name for row in fitted.table.free_rows])


def _influence(fitted: FittedModel, cases: Cases) -> CaseInfluence:
    covariance: NDArray[np.float64] | None = fitted.covariance.matrix
    if covariance is None or not fitted.estimate.converged:
        raise UsageError(
            "Influence needs a converged fit with standard errors.",
            remedy="Read the findings of the fit and simplify the model.",
            code="no-standard-errors",
        )
    return case_influence(fitted.estimate, cases.values, covariance)
