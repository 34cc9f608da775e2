"""Distances and influence of respondents as data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects import CaseInfluence, case_fit, case_influence
from trustsem.errors import UsageError
from trustsem.pipeline import FittedModel
from trustsem.spec.auxiliary import is_auxiliary
from trustsem.tables.cases import Cases


def influence_frame(fitted: FittedModel, cases: Cases) -> pd.DataFrame:
    """Return one row per row of the data.

    Columns: mahalanobis (squared distance to the implied moments) with mahalanobis_pvalue, mahalanobis_saturated (to
    the sample's own moments) with mahalanobis_saturated_pvalue, loglik and chisq (contributions to the fit's),
    cook (generalised Cook's distance), likelihood_distance (what the likelihood loses at the estimates without the
    row, twice). Rows that were not used are NaN.

    Raises:
        UsageError: there is no covariance matrix of the estimates, or no minimum.
    """
    influence = _influence(fitted)
    fit = case_fit(fitted.estimate, fitted.likelihood)
    columns = {
        "mahalanobis": fit.distance,
        "mahalanobis_pvalue": fit.pvalue,
        "mahalanobis_saturated": fit.saturated_distance,
        "mahalanobis_saturated_pvalue": fit.saturated_pvalue,
        "loglik": fit.log_likelihood,
        "chisq": fit.chi_square,
        "cook": influence.cook,
        "likelihood_distance": influence.likelihood_distance,
    }
    return cases.align(np.column_stack(list(columns.values())), list(columns))


def dfbetas_frame(fitted: FittedModel, cases: Cases, *, standardized: bool) -> pd.DataFrame:
    """Return the change of every free parameter that each row makes: estimate with all less estimate without it.

    Args:
        fitted: A fitted model.
        cases: The respondents.
        standardized: In standard errors of the parameters.
    """
    influence = _influence(fitted)
    change = influence.change
    errors = fitted.covariance.standard_errors
    if standardized and errors is not None:
        change = np.divide(change, errors, out=np.zeros_like(change), where=errors > 0)
    kept = [k for k, row in enumerate(fitted.table.free_rows) if not is_auxiliary(row)]
    return cases.align(change[:, kept], [fitted.table.free_rows[k].name for k in kept])


def _influence(fitted: FittedModel) -> CaseInfluence:
    _require_likelihood(fitted)
    covariance: NDArray[np.float64] | None = fitted.covariance.matrix
    if covariance is None or not fitted.estimate.converged:
        raise UsageError(
            "Influence needs a converged fit with standard errors.",
            remedy="Read the findings of the fit and simplify the model.",
            code="no-standard-errors",
        )
    return case_influence(fitted.estimate, covariance)


def _require_likelihood(fitted: FittedModel) -> None:
    """Refuse fits whose estimates are no maximum of a sum over respondents."""
    samples = fitted.moments.groups
    if fitted.table.ordinal is not None:
        what = "thresholds and polychoric correlations of ordinal items are fitted by least squares, without one"
        remedy = 'Fit the answers as continuous, ordered=False with estimator="MLR".'
    elif not fitted.estimate.objective.discrepancy.is_likelihood:
        what, remedy = f"estimator {fitted.options.estimator} has no likelihood", 'Fit with estimator="MLR".'
    elif any(sample.cases is None or sample.moment_gamma is not None for sample in samples):
        what = "the estimates rest on moments of incomplete rows, not on a likelihood of each row"
        remedy = 'Fit with missing="fiml".'
    else:
        return
    raise UsageError(
        f"Influence adds up what each respondent contributes to the likelihood, and {what}.",
        remedy=remedy,
        code="no-likelihood",
    )
