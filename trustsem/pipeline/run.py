"""One fit from a parameter table and moments to estimates, standard errors, tests and fit measures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trustsem.discrepancy import DISCREPANCIES
from trustsem.errors import DataError, IdentificationError, ModelError
from trustsem.estimate import Estimate, estimate_parameters
from trustsem.estimate.admissibility import check_admissibility
from trustsem.identification import IdentificationReport, check_identification, diagnose_identification
from trustsem.implied import ModelLayout, build_layout
from trustsem.inference import (
    Baseline,
    ChiSquare,
    FitContext,
    InformationKind,
    Likelihood,
    LogLikelihood,
    MeasureSet,
    ParameterCovariance,
    chi_square,
    fit_measures,
    independence_baseline,
    log_likelihood,
    parameter_covariance,
)
from trustsem.inference.browne import browne_residual_statistic
from trustsem.inference.likelihood import effective_n
from trustsem.moments import SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline.singular import explain_singular
from trustsem.records import Finding
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import shortened


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Choices that change numbers.

    Args:
        estimator: Name in `DISCREPANCIES`.
        likelihood: Divisor of S and multiplier of F.
        information: Where standard errors come from.
    """

    estimator: str = "ML"
    likelihood: Likelihood = Likelihood.NORMAL
    information: InformationKind = InformationKind.EXPECTED


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """Everything that one fit produced.

    Args:
        table: The parameter table that was fitted.
        moments: Moments in the analysed metric and the table's order of variables.
        estimate: End of the optimisation.
        covariance: Sampling covariance of the free rows.
        test: Chi-square of the model.
        baseline: Chi-square of the independence model.
        log_likelihood: Of the model and the saturated model.
        measures: Fit measures with reasons for missing ones.
        identification: Counting and rank.
        admissible: No negative variance, no improper matrix, no correlation beyond 1.
        likelihood: Which n multiplies F.
        findings: What the layers below found, in order.
    """

    table: ParameterTable
    moments: SampleMoments
    estimate: Estimate
    covariance: ParameterCovariance
    test: ChiSquare
    baseline: Baseline
    log_likelihood: LogLikelihood
    measures: MeasureSet
    identification: IdentificationReport
    admissible: bool
    likelihood: Likelihood
    findings: tuple[Finding, ...]


def prepare_moments(table: ParameterTable, moments: SampleMoments, options: PipelineOptions) -> SampleMoments:
    """Bring moments into the table's order of variables and the likelihood's divisor.

    Raises:
        DataError: the covariance matrix of a group is not positive definite; the items to blame are named.
    """
    groups = []
    for sample in moments.groups:
        ordered = sample.ordered(table.variables.observed)
        problem = explain_singular(ordered)
        if problem is not None:
            raise problem
        factor = ordered.n_obs / (ordered.n_obs - 1) if options.likelihood is Likelihood.WISHART else 1.0
        groups.append(ordered if factor == 1.0 else ordered.rescaled(factor))
    if table.meanstructure and not moments.has_means:
        raise DataError(
            "The model has a mean structure, but only covariances were given.",
            remedy="Hand in sample_mean, or leave intercepts out of the model (meanstructure=False).",
            code="means-missing",
        )
    return SampleMoments(tuple(groups))


def fit_table(table: ParameterTable, moments: SampleMoments, options: PipelineOptions) -> FittedModel:
    """Fit a model: identification, estimation, standard errors, tests, fit measures, admissibility.

    Args:
        table: Parameter table.
        moments: Sample moments with divisor n, holding at least the table's observed variables.
        options: Estimator, likelihood, information.

    Raises:
        IdentificationError: the parameters cannot be told apart; they are named.
        DataError: moments that no model can be fitted to.
    """
    with blas_threads_for(len(table.variables.observed)):
        return _fit_prepared(table, prepare_moments(table, moments, options), options)


def _fit_prepared(table: ParameterTable, prepared: SampleMoments, options: PipelineOptions) -> FittedModel:
    layout = build_layout(table, prepared)
    report = check_identification(table, layout)
    if report.df < 0 or not report.identified:
        raise identification_error(table, report)
    estimate = estimate_parameters(table, layout, prepared, DISCREPANCIES[options.estimator])
    if not math.isfinite(estimate.value):
        raise _never_proper(table)
    covariance = parameter_covariance(estimate, options.information, options.likelihood)
    test = chi_square(estimate, report.df, options.likelihood)
    baseline = independence_baseline(table, prepared, options.likelihood)
    logl = log_likelihood(estimate)
    context = FitContext(
        test,
        baseline,
        logl,
        prepared,
        estimate.objective.implied(estimate.x),
        table.n_parameters,
        effective_n(prepared, options.likelihood),
        estimate.value,
        table.meanstructure,
        _all_moments(layout),
        # with nonlinear equalities lavaan builds its population GFI on the likelihood ratio; the scale is the same
        test.statistic if table.equalities else browne_residual_statistic(estimate, options.likelihood),
        tuple(group.exogenous for group in layout.groups),
    )
    admissibility = check_admissibility(estimate)
    findings = (*table.findings, *estimate.findings, *covariance.findings, *admissibility.findings)
    return FittedModel(
        table,
        prepared,
        estimate,
        covariance,
        test,
        baseline,
        logl,
        fit_measures(context),
        report,
        admissibility.admissible,
        options.likelihood,
        findings,
    )


def _never_proper(table: ParameterTable) -> ModelError:
    """Return the error for a model whose implied covariance matrix is not positive definite at any start."""
    suspects = [row.written for row in table.rows if row.op == "~~" and row.lhs == row.rhs and _not_positive(row.value)]
    blame = f" Fixed at 0 or below: {', '.join(suspects)}." if suspects else " Look at the fixed values."
    return ModelError(
        f"The values that the model fixes leave no proper covariance matrix of the observed variables.{blame}",
        remedy="Free these parameters or fix them at values that a population can have; two indicators of one factor "
        "cannot both be without error.",
        code="improper-fixed-values",
    )


def _not_positive(value: float | None) -> bool:
    return value is not None and value <= 0


def _all_moments(layout: ModelLayout) -> int:
    """Return the number of sample moments, those of exogenous variables included."""
    sizes = [group.n_observed for group in layout.groups]
    return sum(p * (p + 1) // 2 + (p if layout.meanstructure else 0) for p in sizes)


def identification_error(table: ParameterTable, report: IdentificationReport) -> IdentificationError:
    """Return the error that names what cannot be told apart, why, and the smallest fix."""
    faults = []
    for diagnosis in diagnose_identification(table, report):
        together = f"These parameters move together: {shortened(diagnosis.parameters, 12)}."
        faults.append(f"{diagnosis.message} {together} Smallest fix: {diagnosis.fix}")
    if report.df < 0:
        head = f"The model has {-report.df} more parameter(s) than the data have moments."
    else:
        head = (
            f"The model is not identified: the moments determine {report.rank} of its {report.n_parameters} parameters."
        )
    return IdentificationError(
        head, faults=faults, remedy="`trustsem check MODEL` shows the parameter table and this diagnosis without data."
    )
