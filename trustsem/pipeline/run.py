"""One fit from a parameter table and moments to estimates, standard errors, tests and fit measures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from trustsem.discrepancy import DISCREPANCIES, Discrepancy, MomentWeight, NormalWeight
from trustsem.errors import IdentificationError, ModelError
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
    Noncentral,
    ParameterCovariance,
    chi_square,
    fit_measures,
    log_likelihood,
)
from trustsem.inference.browne import browne_residual_statistic, residual_statistic
from trustsem.inference.chisquares import ModelTest, TestContext, TestKind, model_test
from trustsem.inference.robust import H1Information, RobustPieces, robust_pieces
from trustsem.inference.robust.corrected import corrected_misfit
from trustsem.inference.saturated import first_order_information, moment_information
from trustsem.inference.standard_errors import ErrorContext, ErrorKind, covariance_of_estimates
from trustsem.moments import SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline.baseline import BaselineFit
from trustsem.pipeline.estimators import ESTIMATORS, EstimatorSpec
from trustsem.pipeline.prepare import prepare_moments
from trustsem.records import Finding
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import shortened


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Choices that change numbers; what is None follows the estimator.

    Args:
        estimator: Name in `ESTIMATORS`.
        likelihood: Divisor of S and multiplier of F.
        information: Bread of standard errors.
        errors: Standard errors.
        tests: Tests of the model.
        h1: Where the saturated model's information is evaluated.
        full_information: Whether the likelihood is that of each row's own answers.
        robust_gamma: Whether two-stage moments have a covariance that holds for any distribution.
    """

    estimator: str = "ML"
    likelihood: Likelihood = Likelihood.NORMAL
    information: InformationKind | None = None
    errors: ErrorKind | None = None
    tests: tuple[TestKind, ...] = ()
    h1: H1Information = H1Information.STRUCTURED
    full_information: bool = False
    robust_gamma: bool = False

    @property
    def spec(self) -> EstimatorSpec:
        """What the estimator's name stands for."""
        return ESTIMATORS[self.estimator]

    @property
    def discrepancy(self) -> Discrepancy:
        """The function that is minimised."""
        return DISCREPANCIES["FIML" if self.full_information else self.spec.discrepancy]

    @property
    def used_errors(self) -> ErrorKind:
        """Standard errors of the fit."""
        return self.errors or self.spec.errors

    @property
    def used_tests(self) -> tuple[TestKind, ...]:
        """Tests of the fit."""
        return self.tests or (self.spec.test,)

    @property
    def used_information(self) -> InformationKind:
        """Bread of the fit's standard errors; observed for sandwiches of scores, as in lavaan."""
        if self.information is not None:
            return self.information
        if self.used_errors is ErrorKind.ROBUST_HUBER_WHITE or set(self.used_tests) & _FROM_SCORES:
            return InformationKind.OBSERVED
        return self.spec.information


Pieces = Callable[[], RobustPieces]

_FROM_SCORES = {TestKind.YUAN_BENTLER, TestKind.YUAN_BENTLER_MPLUS}


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
        return robust_pieces(self.estimate, self.options.h1)


def fit_table(table: ParameterTable, moments: SampleMoments, options: PipelineOptions) -> FittedModel:
    """Fit a model: identification, estimation, standard errors, tests, fit measures, admissibility.

    Args:
        table: Parameter table.
        moments: Sample moments with divisor n, holding at least the table's observed variables.
        options: Estimator, likelihood, standard errors, tests.

    Raises:
        IdentificationError: the parameters cannot be told apart; they are named.
        DataError: moments that no model can be fitted to.
    """
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
    pieces = cache(lambda: robust_pieces(estimate, options.h1))
    covariance = covariance_of_estimates(options.used_errors, _error_context(estimate, options, pieces))
    baseline = BaselineFit(table, prepared, options)
    tests, base = _tests(estimate, report.df, options, pieces)
    logl = log_likelihood(estimate)
    context = _fit_context(table, estimate, options, base, tests, logl, baseline)
    admissibility = check_admissibility(estimate)
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


def _error_context(estimate: Estimate, options: PipelineOptions, pieces: Pieces) -> ErrorContext:
    return ErrorContext(
        estimate,
        options.used_information,
        pieces,
        lambda: robust_pieces(estimate, options.h1, normal_theory=True),
        naive=options.spec.discrepancy == "ULS",
    )


def _tests(
    estimate: Estimate, df: int, options: PipelineOptions, pieces: Pieces
) -> tuple[tuple[ModelTest, ...], ChiSquare]:
    """Return all tests, and the chi-square that fit indices are built on."""
    base = chi_square(estimate, df)
    context = TestContext(estimate, base, options.used_information, pieces)
    tests = tuple(model_test(kind, context) for kind in options.used_tests)
    return tests, main_test(base, tests, options)


def main_test(base: ChiSquare, tests: tuple[ModelTest, ...], options: PipelineOptions) -> ChiSquare:
    """Return the chi-square that is printed: n F, but Browne's residual test where n F is no chi-square (ULS)."""
    if options.spec.test is TestKind.BROWNE_RESIDUAL_NT and tests[0].kind is TestKind.BROWNE_RESIDUAL_NT:
        return ChiSquare(tests[0].statistic, base.df, tests[0].pvalue)
    return base


def _fit_context(
    table: ParameterTable,
    estimate: Estimate,
    options: PipelineOptions,
    base: ChiSquare,
    tests: tuple[ModelTest, ...],
    logl: LogLikelihood,
    baseline: BaselineFit,
) -> FitContext:
    moments, layout = estimate.objective.moments, estimate.objective.layout
    scaled = next((test for test in tests if test.kind.is_scaled), None)
    context = FitContext(
        base,
        baseline.main,
        logl,
        moments,
        estimate.objective.implied(estimate.x),
        table.n_parameters,
        table.n_free,
        moments.n_effective,
        _minimum(estimate),
        table.meanstructure,
        _all_moments(layout),
        _gfi_statistic(estimate, base, table, options),
        tuple(group.exogenous for group in layout.groups),
        _gfi_weights(estimate, options),
        is_likelihood=options.discrepancy.is_likelihood,
        is_incomplete=options.full_information,
    )
    if options.full_information:
        context = _with_corrected(context, estimate, baseline, robust=scaled is not None)
    if scaled is None:
        return context
    baseline_scaled = baseline.test(scaled.kind)
    if options.full_information:
        return replace(context, scaled=scaled, baseline_scaled=baseline_scaled)
    return replace(
        context,
        scaled=scaled,
        baseline_scaled=baseline_scaled,
        robust=noncentral_of(scaled, base),
        baseline_robust=noncentral_of(baseline_scaled, baseline.base),
    )


def _gfi_weights(estimate: Estimate, options: PipelineOptions) -> tuple[NormalWeight | MomentWeight, ...]:
    """Return the estimator's weights; those at the sample moments where h1 information is unstructured."""
    objective = estimate.objective
    if options.h1 is H1Information.STRUCTURED:
        return _own_weights(estimate)
    means = objective.layout.meanstructure
    return tuple(NormalWeight(s.inverse, s.inverse if means else None) for s in objective.moments.groups)


def _own_weights(estimate: Estimate) -> tuple[NormalWeight | MomentWeight, ...]:
    return tuple(group.expansion.weight for group in estimate.objective.expand(estimate.x).groups)


def _minimum(estimate: Estimate) -> float:
    """Return what is printed as fmin: F/2; in least squares n F / 2 is the chi-square, whatever its n is (lavaan)."""
    moments = estimate.objective.moments
    if estimate.objective.discrepancy.is_likelihood:
        return estimate.value
    return estimate.value * moments.n_effective / moments.n_obs


def _with_corrected(context: FitContext, estimate: Estimate, baseline: BaselineFit, *, robust: bool) -> FitContext:
    """Add what robust indices of incomplete rows are built on; nothing where information matrices are singular."""
    try:
        model = corrected_misfit(estimate, context.test.df, robust=robust)
        null = corrected_misfit(baseline.estimate, baseline.base.df, robust=robust)
    except np.linalg.LinAlgError:
        return context
    return replace(
        context,
        robust=Noncentral(model.statistic, context.test.df, model.correction, model.correction),
        baseline_robust=Noncentral(null.statistic, baseline.base.df, null.correction, null.correction),
    )


def _gfi_statistic(estimate: Estimate, base: ChiSquare, table: ParameterTable, options: PipelineOptions) -> float:
    """Return the chi-square behind the population GFI.

    Browne's residual statistic at the implied moments; of two-stage moments with their own information there. lavaan
    takes the likelihood ratio with nonlinear equalities and with incomplete rows; the scale is the same.
    """
    if table.equalities or options.full_information:
        return base.statistic
    if all(sample.saturated is None for sample in estimate.objective.moments.groups):
        return browne_residual_statistic(estimate)
    weights = []
    for sample, implied in zip(estimate.objective.moments.groups, estimate.objective.implied(estimate.x), strict=True):
        assert sample.cases is not None
        weight = moment_information(sample.cases.patterns, implied.sigma, implied.mu)
        if options.robust_gamma:
            first_order = first_order_information(
                sample.cases.patterns, sample.cases.values, implied.sigma, implied.mu, weights=sample.cases.weights
            )
            weight = weight @ np.linalg.solve(first_order, weight)
        weights.append(MomentWeight(weight, meanstructure=True))
    return residual_statistic(estimate, weights)


def noncentral_of(test: ModelTest, base: ChiSquare | Baseline) -> Noncentral | None:
    """Return what robust RMSEA and CFI are built on; None for tests that they are not defined for."""
    if test.kind is TestKind.MEAN_VAR_ADJUSTED or test.correction is None or test.scaling_factor is None:
        return None
    if not test.scaling_factor > 0:
        return None
    return Noncentral(base.statistic, base.df, test.correction, test.scaling_factor)


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
