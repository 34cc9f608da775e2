"""What fit measures are computed from, by kind of data and estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trustsem.discrepancy import MomentWeight, NormalWeight
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective
from trustsem.identification.counting import count_ordinal_moments
from trustsem.implied import ModelLayout
from trustsem.inference import Baseline, ChiSquare, FitContext, LogLikelihood, Noncentral
from trustsem.inference.browne import browne_residual_statistic, residual_statistic
from trustsem.inference.chisquares import ModelTest, TestKind
from trustsem.inference.robust import H1Information
from trustsem.inference.robust.corrected import corrected_misfit
from trustsem.inference.robust.ordinal import corrected_ordinal_misfit
from trustsem.inference.saturated import first_order_information, moment_information
from trustsem.moments.incomplete import Curvature
from trustsem.pipeline.baseline import BaselineFit
from trustsem.pipeline.options import PipelineOptions
from trustsem.pipeline.ordinal import ordinal_groups
from trustsem.spec.table import ParameterTable


def fit_context(
    table: ParameterTable,
    estimate: Estimate,
    options: PipelineOptions,
    base: ChiSquare,
    tests: tuple[ModelTest, ...],
    logl: LogLikelihood,
    baseline: BaselineFit,
) -> FitContext:
    """Gather what the measures of one fit need."""
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
        _n_of_indices(estimate),
        _minimum(estimate),
        table.meanstructure,
        _all_moments(layout),
        _gfi_statistic(estimate, base, table, options),
        tuple(group.exogenous for group in layout.groups),
        _gfi_weights(estimate, options),
        is_likelihood=options.discrepancy.is_likelihood,
        is_incomplete=options.full_information,
        ordinal=ordinal_groups(estimate),
    )
    if options.full_information:
        context = _with_corrected(context, estimate, baseline, robust=scaled is not None)
    if scaled is None:
        return context
    baseline_scaled = baseline.test(scaled.kind)
    if options.full_information:
        return replace(context, scaled=scaled, baseline_scaled=baseline_scaled)
    if table.ordinal is not None:
        context = replace(context, scaled=scaled, baseline_scaled=baseline_scaled)
        return _with_ordinal_correction(context, estimate, baseline, table, scaled)
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
    if isinstance(objective, CategoricalObjective):
        return ()
    if options.h1 is H1Information.STRUCTURED:
        return _own_weights(estimate)
    means = objective.layout.meanstructure
    return tuple(NormalWeight(s.inverse, s.inverse if means else None) for s in objective.moments.groups)


def _own_weights(estimate: Estimate) -> tuple[NormalWeight | MomentWeight, ...]:
    return tuple(group.expansion.weight for group in estimate.objective.expand(estimate.x).groups)


def _n_of_indices(estimate: Estimate) -> float:
    """Return what indices divide by: what multiplies F; with ordinal data n minus the number of groups (lavaan)."""
    moments = estimate.objective.moments
    if isinstance(estimate.objective, CategoricalObjective):
        return moments.mass - len(moments.groups)
    return moments.n_effective


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


def _with_ordinal_correction(
    context: FitContext, estimate: Estimate, baseline: BaselineFit, table: ParameterTable, scaled: ModelTest
) -> FitContext:
    """Add what robust indices of ordinal data are built on, where they are defined."""
    if scaled.kind is TestKind.MEAN_VAR_ADJUSTED:
        return context
    reason = no_robust_indices(table)
    if reason is None:
        try:
            model = corrected_ordinal_misfit(estimate, context.test.df)
            null = corrected_ordinal_misfit(baseline.estimate, baseline.base.df)
        except np.linalg.LinAlgError:
            reason = "the polychoric correlations are not positive definite"
        else:
            return replace(
                context,
                robust=Noncentral(model.statistic, context.test.df, model.correction, model.correction),
                baseline_robust=Noncentral(null.statistic, baseline.base.df, null.correction, null.correction),
            )
    return replace(context, robust_reason=reason)


def no_robust_indices(table: ParameterTable) -> str | None:
    """Return why robust RMSEA and CFI are not defined for a model of ordinal items; None where they are.

    They compare correlations of latent responses (Savalei 2021): all items must be ordinal, without covariates, and
    thresholds free.
    """
    assert table.ordinal is not None
    if set(table.variables.observed) - set(table.ordinal.levels):
        return "they need ordinal items only, without continuous variables or covariates"
    thresholds = [k for k, row in enumerate(table.free_rows) if row.op == "|"]
    if table.constraints.matrix[:, thresholds].any():
        return "thresholds are constrained, and correlations alone do not show that misfit"
    return None


def _gfi_statistic(estimate: Estimate, base: ChiSquare, table: ParameterTable, options: PipelineOptions) -> float:
    """Return the chi-square behind the population GFI.

    Browne's residual statistic at the implied moments; of two-stage moments with their own information there. lavaan
    takes the likelihood ratio with nonlinear equalities and with incomplete rows; the scale is the same.
    """
    if table.equalities or options.full_information or table.ordinal is not None:
        return base.statistic
    if all(sample.saturated is None for sample in estimate.objective.moments.groups):
        return browne_residual_statistic(estimate)
    weights = []
    for sample, implied in zip(estimate.objective.moments.groups, estimate.objective.implied(estimate.x), strict=True):
        assert sample.cases is not None
        kind = Curvature.EXPECTED if options.expected_gamma else Curvature.OBSERVED
        weight = moment_information(sample.cases.patterns, implied.sigma, implied.mu, kind)
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


def _all_moments(layout: ModelLayout) -> int:
    """Return the number of sample moments, those of exogenous variables included."""
    if any(group.ordinal is not None for group in layout.groups):
        return sum(count_ordinal_moments(group.ordinal) for group in layout.groups if group.ordinal is not None)
    sizes = [group.n_observed for group in layout.groups]
    return sum(p * (p + 1) // 2 + (p if layout.meanstructure else 0) for p in sizes)
