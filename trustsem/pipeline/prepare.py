"""Moments as an estimator analyses them: order of variables, divisor, weight matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trustsem.discrepancy import Discrepancy
from trustsem.errors import DataError, UsageError
from trustsem.inference import InformationKind, Likelihood
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.moments.adf import adf_weight, free_moments
from trustsem.pipeline.options import PipelineOptions
from trustsem.pipeline.ordinal import with_ordinal_weight
from trustsem.pipeline.singular import explain_singular
from trustsem.spec.table import ParameterTable


def prepare_moments(
    table: ParameterTable, moments: SampleMoments, discrepancy: Discrepancy, likelihood: Likelihood
) -> SampleMoments:
    """Bring moments into the table's order of variables and the divisor that is analysed.

    Raises:
        DataError: the covariance matrix of a group is not positive definite (the items to blame are named), means are
            missing, or too few rows for the weight matrix of WLS.
    """
    if any(sample.categorical is not None for sample in moments.groups):
        return SampleMoments(tuple(with_ordinal_weight(sample, discrepancy) for sample in moments.groups))
    unbiased = likelihood is Likelihood.WISHART or discrepancy.unbiased
    groups = []
    for sample in moments.groups:
        ordered = sample.ordered(table.variables.observed)
        problem = explain_singular(ordered)
        if problem is not None:
            raise problem
        if discrepancy.name == "WLS":
            ordered = replace(ordered, moment_weight=_adf_weight(ordered, table))
        groups.append(ordered.unbiased() if unbiased else ordered)
    if table.meanstructure and not moments.has_means:
        raise DataError(
            "The model has a mean structure, but only covariances were given.",
            remedy="Hand in sample_mean, or leave intercepts out of the model (meanstructure=False).",
            code="means-missing",
        )
    return SampleMoments(tuple(groups))


def require_answers(moments: SampleMoments, options: PipelineOptions) -> None:
    """Refuse standard errors and tests that need the respondents' answers where covariances are all there is.

    Raises:
        UsageError: naming them.
    """
    if all(sample.cases is not None or sample.categorical is not None for sample in moments.groups):
        return
    require_moments_only(options)


def require_moments_only(options: PipelineOptions) -> None:
    """Refuse standard errors and tests that need more than means and covariances.

    Raises:
        UsageError: naming them.
    """
    errors = options.used_errors
    needing = [f'se="{errors.value}"'] if errors not in (ErrorKind.STANDARD, ErrorKind.NONE) else []
    needing += [
        f'test="{kind.value}"' for kind in options.used_tests if kind.is_scaled or kind is TestKind.BROWNE_RESIDUAL_ADF
    ]
    if not needing and options.used_information is InformationKind.FIRST_ORDER:
        needing = ['information="first_order"']
    if needing:
        raise UsageError(
            f"{options.estimator} with {' and '.join(needing)} needs the respondents' answers, not moments.",
            remedy='Give data, or use estimator="ML" with se="standard" and test="standard".',
            code="no-raw-data",
        )


def _adf_weight(sample: SampleGroup, table: ParameterTable) -> np.ndarray:
    """Return Gamma^-1; given fixed exogenous variables, of the moments that are no constants, with zeros for the rest.

    Raises:
        DataError: no cases, or fewer rows than moments: Gamma is singular then.
    """
    exogenous = np.flatnonzero([name in table.fixed_predictors for name in sample.names])
    free = free_moments(len(sample.names), exogenous, meanstructure=table.meanstructure)
    where = f" in group {sample.label}" if sample.label else ""
    if sample.cases is None:
        raise DataError(
            "WLS needs the respondents' answers: its weight matrix holds fourth moments.",
            remedy='Give data instead of sample_cov, or use estimator="ML".',
            code="no-raw-data",
        )
    n_rows, n_moments = len(sample.cases.values), int(free.sum())
    if n_rows <= n_moments:
        raise DataError(
            f"WLS needs more respondents than the {n_moments} variances, covariances and means of "
            f"{len(sample.names)} variables{where}: {n_moments + 1} at least, there are {n_rows}.",
            remedy='Use estimator="MLR" (robust standard errors and test), fewer items, or more data.',
            code="too-few-rows",
        )
    weight = adf_weight(sample.cases, meanstructure=table.meanstructure, exogenous=exogenous)
    if weight is None:
        raise DataError(
            f"The weight matrix of WLS is singular{where}: some products of answers determine each other, as with "
            "variables of two categories.",
            remedy='Use estimator="MLR", leave out items that repeat others, or, if predictors have two categories, '
            "take their moments as fixed (fixed_x=True).",
            code="singular-weight",
        )
    return weight
