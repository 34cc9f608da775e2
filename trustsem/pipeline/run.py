"""One fit from a parameter table and moments to estimates, standard errors, tests and fit measures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from trustsem.errors import IdentificationError, ModelError
from trustsem.estimate import Estimate, estimate_parameters
from trustsem.estimate.admissibility import check_admissibility
from trustsem.identification import IdentificationReport, check_identification, diagnose_identification
from trustsem.implied import build_layout
from trustsem.inference import (
    Baseline,
    ChiSquare,
    Likelihood,
    LogLikelihood,
    MeasureSet,
    ObservedInformation,
    ParameterCovariance,
    chi_square,
    fit_measures,
    log_likelihood,
)
from trustsem.inference.chisquares import ModelTest, TestContext, TestKind, model_test
from trustsem.inference.robust import RobustPieces, robust_pieces
from trustsem.inference.standard_errors import ErrorContext, covariance_of_estimates
from trustsem.moments import SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline.baseline import BaselineFit
from trustsem.pipeline.context import fit_context
from trustsem.pipeline.options import PipelineOptions
from trustsem.pipeline.prepare import prepare_moments, require_answers
from trustsem.records import Finding
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import shortened

Pieces = Callable[[ObservedInformation], RobustPieces]


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """Everything that one fit produced.

    Args:
        table: The parameter table that was fitted.
        moments: Moments in the analysed metric and the table's order of variables.
        estimate: End of the optimisation.
        covariance: Sampling covariance of the free rows.
        test: Chi-square of the model.
        tests: All tests that were asked for.
        baseline: Chi-square of the independence model.
        log_likelihood: Of the model and the saturated model.
        measures: Fit measures with reasons for missing ones.
        identification: Counting and rank.
        admissible: No negative variance, no improper matrix, no correlation beyond 1.
        likelihood: Which n multiplies F.
        findings: What the layers below found, in order.
        options: Choices that change numbers.
    """

    table: ParameterTable
    moments: SampleMoments
    estimate: Estimate
    covariance: ParameterCovariance
    test: ChiSquare
    tests: tuple[ModelTest, ...]
    baseline: Baseline
    log_likelihood: LogLikelihood
    measures: MeasureSet
    identification: IdentificationReport
    admissible: bool
    likelihood: Likelihood
    findings: tuple[Finding, ...]
    options: PipelineOptions

    def robust_pieces(self) -> RobustPieces:
        """Return bread, meat and traces of robust corrections."""
        return robust_pieces(self.estimate, self.options.h1, observed_by=self.options.observed_by[0])


def fit_table(table: ParameterTable, moments: SampleMoments, options: PipelineOptions) -> FittedModel:
    """Fit a model: identification, estimation, standard errors, tests, fit measures, admissibility.

    Args:
        table: Parameter table.
        moments: Sample moments with divisor n, holding at least the table's observed variables.
        options: Estimator, likelihood, standard errors, tests.

    Raises:
        IdentificationError: the parameters cannot be told apart; they are named.
        DataError: moments that no model can be fitted to.
        UsageError: standard errors or tests that need the respondents' answers, which moments alone do not tell.
    """
    require_answers(moments, options)
    with blas_threads_for(len(table.variables.observed)):
        return _fit_prepared(table, prepare_moments(table, moments, options.discrepancy, options.likelihood), options)


def _fit_prepared(table: ParameterTable, prepared: SampleMoments, options: PipelineOptions) -> FittedModel:
    layout = build_layout(table, prepared)
    report = check_identification(table, layout)
    if report.df < 0 or not report.identified:
        raise identification_error(table, report)
    estimate = estimate_parameters(table, layout, prepared, options.discrepancy)
    if not math.isfinite(estimate.value):
        raise _never_proper(table)
    pieces = _pieces_of(estimate, options)
    covariance = covariance_of_estimates(options.used_errors, _error_context(estimate, options, pieces))
    baseline = BaselineFit(table, prepared, options)
    tests, base = _tests(estimate, report.df, options, pieces)
    logl = log_likelihood(estimate)
    context = fit_context(table, estimate, options, base, tests, logl, baseline)
    admissibility = check_admissibility(estimate, table)
    findings = (*table.findings, *estimate.findings, *covariance.findings, *admissibility.findings)
    return FittedModel(
        table,
        prepared,
        estimate,
        covariance,
        base,
        tests,
        baseline.main,
        logl,
        fit_measures(context),
        report,
        admissibility.admissible,
        options.likelihood,
        findings,
        options,
    )


def parameter_covariance(estimate: Estimate, options: PipelineOptions) -> ParameterCovariance:
    """Return the covariance matrix of the estimates of a fit with these options."""
    return covariance_of_estimates(
        options.used_errors, _error_context(estimate, options, _pieces_of(estimate, options))
    )


def _pieces_of(estimate: Estimate, options: PipelineOptions) -> Pieces:
    return cache(lambda observed_by: robust_pieces(estimate, options.h1, observed_by=observed_by))


def _error_context(estimate: Estimate, options: PipelineOptions, pieces: Pieces) -> ErrorContext:
    return ErrorContext(
        estimate,
        options.used_information,
        lambda: pieces(options.observed_by[0]),
        lambda: robust_pieces(estimate, options.h1, normal_theory=True),
        options.observed_by[0],
        naive=options.spec.discrepancy == "ULS",
    )


def _tests(
    estimate: Estimate, df: int, options: PipelineOptions, pieces: Pieces
) -> tuple[tuple[ModelTest, ...], ChiSquare]:
    """Return all tests, and the chi-square that fit indices are built on."""
    base = chi_square(estimate, df)
    context = TestContext(estimate, base, options.used_information, lambda: pieces(options.observed_by[1]))
    tests = tuple(model_test(kind, context) for kind in options.used_tests)
    return tests, main_test(base, tests, options)


def main_test(base: ChiSquare, tests: tuple[ModelTest, ...], options: PipelineOptions) -> ChiSquare:
    """Return the chi-square that is printed: n F, but Browne's residual test where n F is no chi-square (ULS)."""
    if options.spec.test is TestKind.BROWNE_RESIDUAL_NT and tests[0].kind is TestKind.BROWNE_RESIDUAL_NT:
        return ChiSquare(tests[0].statistic, base.df, tests[0].pvalue)
    return base


def _never_proper(table: ParameterTable) -> ModelError:
    """Return the error for a model whose implied covariance matrix is not positive definite at any start."""
    suspects = [row.key for row in table.rows if row.op == "~~" and row.lhs == row.rhs and _not_positive(row.value)]
    blame = f" Fixed at 0 or below: {', '.join(suspects)}." if suspects else " Look at the fixed values."
    return ModelError(
        f"The values that the model fixes leave no proper covariance matrix of the observed variables.{blame}",
        remedy="Free these parameters or fix them at values that a population can have; two indicators of one factor "
        "cannot both be without error.",
        code="improper-fixed-values",
    )


def _not_positive(value: float | None) -> bool:
    return value is not None and value <= 0


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
