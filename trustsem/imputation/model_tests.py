"""Tests of a model that was fitted to completed data sets, against the saturated model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate, estimate_parameters
from trustsem.implied import Implied, build_layout
from trustsem.imputation.pooled_tests import PooledTest, chi_square_d2, likelihood_ratio_d3, stacked_d4
from trustsem.imputation.saturated import (
    average_moments,
    pooled_conditional,
    stacked_group,
)
from trustsem.inference import Likelihood
from trustsem.inference.chisquares import ModelTest
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.pipeline import FittedModel
from trustsem.pipeline.baseline import BaselineFit

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ImputedModel:
    """One model, fitted to m completed data sets of the same rows.

    Args:
        fits: The fits, factors pointing the same way in all.
    """

    fits: tuple[FittedModel, ...]

    @property
    def first(self) -> FittedModel:
        """The fit to the first data set: what does not differ between them is taken from here."""
        return self.fits[0]

    @property
    def df(self) -> int:
        """Degrees of freedom of the model."""
        return self.first.test.df

    @property
    def is_scaled(self) -> bool:
        """Whether the fits have a scaled test."""
        return any(test.kind.is_scaled for test in self.first.tests)

    @cached_property
    def theta(self) -> FloatArray:
        """(n_free,) estimates averaged over data sets."""
        return np.mean([fit.estimate.theta for fit in self.fits], axis=0)

    @cached_property
    def average(self) -> SampleMoments:
        """Sample moments averaged over data sets."""
        return average_moments([fit.moments for fit in self.fits])

    @cached_property
    def implied(self) -> tuple[Implied, ...]:
        """Moments that the averaged estimates imply, group by group."""
        layout = build_layout(self.first.table, self.average)
        objective = replace(self.first.estimate.objective, layout=layout, moments=self.average)
        return objective.implied(self.theta[layout.reduction.kept])

    @cached_property
    def baselines(self) -> tuple[BaselineFit, ...]:
        """The independence model of each data set."""
        return tuple(BaselineFit(fit.table, fit.moments, fit.options) for fit in self.fits)


@dataclass(frozen=True, slots=True)
class ScaledPool:
    """A scaled test over completed data sets.

    Args:
        test: D2 of the scaled chi-squares.
        average: The same as a test of one fit, for fit measures: statistic k D2, corrections averaged.
    """

    test: PooledTest
    average: ModelTest


def undefined_because(model: ImputedModel, method: str) -> str | None:
    """Return why a method cannot be used for a model; None where it can."""
    if method == "D2":
        return None
    first = model.first
    if not first.options.discrepancy.is_likelihood:
        return f"the estimator {first.options.estimator} has no likelihood"
    if model.is_scaled:
        return "likelihood ratios assume normal answers, and the fit asks for a scaled test"
    if method == "D3" and first.table.equalities:
        return "averaged estimates do not meet nonlinear equality constraints"
    if method == "D4" and first.likelihood is Likelihood.WISHART:
        return "stacked data have no Wishart likelihood"
    return None


def pooled_chi_square(model: ImputedModel) -> PooledTest:
    """Return D2 of the chi-squares."""
    return chi_square_d2(np.array([fit.test.statistic for fit in model.fits]), model.df)


def pooled_scaled_test(tests: Sequence[ModelTest]) -> ScaledPool | None:
    """Return D2 of scaled chi-squares with averaged corrections; None where df differ or a statistic is undefined."""
    statistics = np.array([test.statistic for test in tests])
    if len({test.df for test in tests}) > 1 or not np.isfinite(statistics).all() or tests[0].df == 0:
        return None
    pooled = chi_square_d2(np.maximum(statistics, 0.0), tests[0].df)
    average = replace(
        tests[0],
        statistic=pooled.chi_square,
        pvalue=pooled.pvalue,
        scaling_factor=_mean_of([test.scaling_factor for test in tests]),
        shift=_mean_of([test.shift for test in tests]),
        correction=_mean_of([test.correction for test in tests]),
    )
    return ScaledPool(pooled, average)


def _mean_of(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if len(present) == len(values) else None


def pooled_likelihood_ratio(model: ImputedModel) -> PooledTest:
    """Return D3 of the model against the saturated one."""
    return _d3([fit.estimate for fit in model.fits], model.df)


def stacked_likelihood_ratio(model: ImputedModel) -> PooledTest | None:
    """Return D4 of the model against the saturated one; None where the fit to the stacked data does not converge."""
    stacked = _stacked(model)
    first = model.first
    estimate = estimate_parameters(
        first.table, build_layout(first.table, stacked), stacked, first.estimate.objective.discrepancy
    )
    if not estimate.converged:
        return None
    own = np.array([fit.test.statistic for fit in model.fits])
    return stacked_d4(own, 2 * stacked.n_obs * estimate.value, model.df)


def baseline_test(model: ImputedModel, method: str) -> PooledTest:
    """Return the independence model's test, pooled by "D2", "D3" or "D4"."""
    df = model.baselines[0].base.df
    if method == "D3":
        return _d3([baseline.estimate for baseline in model.baselines], df)
    if method == "D4":
        first = model.first
        stack = BaselineFit(first.table, _stacked(model), first.options)
        own = np.array([baseline.base.statistic for baseline in model.baselines])
        return stacked_d4(own, stack.base.statistic, df)
    return chi_square_d2(np.array([baseline.main.statistic for baseline in model.baselines]), df)


def scaled_model_test(model: ImputedModel) -> ScaledPool | None:
    """Return the model's scaled test, pooled; None where it cannot be."""
    return pooled_scaled_test([next(test for test in fit.tests if test.kind.is_scaled) for fit in model.fits])


def scaled_baseline_test(model: ImputedModel) -> ScaledPool | None:
    """Return the independence model's scaled test, pooled; None where it cannot be."""
    kind = next(test.kind for test in model.first.tests if test.kind.is_scaled)
    return pooled_scaled_test([baseline.test(kind) for baseline in model.baselines])


def _d3(estimates: Sequence[Estimate], df: int) -> PooledTest:
    x = np.mean([estimate.x for estimate in estimates], axis=0)
    own = np.array([2 * _n(estimate) * estimate.value for estimate in estimates])
    saturated = _saturated_values(estimates)
    pooled = np.array([2 * _n(estimate) * estimate.objective.value(x) for estimate in estimates]) - saturated
    return likelihood_ratio_d3(own, pooled, df)


def _n(estimate: Estimate) -> float:
    return estimate.objective.moments.n_effective


def _saturated_values(estimates: Sequence[Estimate]) -> FloatArray:
    """Return (m,) n F of each data set at the saturated parameters that are averaged over data sets."""
    layout = estimates[0].objective.layout
    pooled = [
        pooled_conditional([estimate.objective.moments.groups[g] for estimate in estimates], group.exogenous)
        for g, group in enumerate(layout.groups)
    ]
    values = []
    for estimate in estimates:
        objective = estimate.objective
        implied = []
        for g, of_model in enumerate(objective.implied(estimate.x)):
            sigma, mu = pooled[g].moments_with(objective.moments.groups[g], layout.groups[g].exogenous)
            implied.append(replace(of_model, total_cov=sigma, total_mean=mu))  # all that a discrepancy looks at
        values.append(2 * _n(estimate) * objective.value_of(tuple(implied)))
    return np.array(values)


def _stacked(model: ImputedModel) -> SampleMoments:
    return SampleMoments(tuple(stacked_group(samples) for samples in _by_group(model)))


def _by_group(model: ImputedModel) -> list[tuple[SampleGroup, ...]]:
    return list(zip(*(fit.moments.groups for fit in model.fits), strict=True))


TESTS: Mapping[str, Callable[[ImputedModel], PooledTest | None]] = {
    "D2": pooled_chi_square,
    "D3": pooled_likelihood_ratio,
    "D4": stacked_likelihood_ratio,
}


@dataclass(frozen=True, slots=True)
class ModelTests:
    """Pooled tests of a model by method; that of its scaled test; why others are undefined."""

    tests: Mapping[str, PooledTest]
    scaled: ScaledPool | None
    undefined: Mapping[str, str]


def model_tests(model: ImputedModel) -> ModelTests:
    """Compute every test that is defined."""
    tests: dict[str, PooledTest] = {}
    undefined: dict[str, str] = {}
    if model.df == 0:
        return ModelTests({}, None, dict.fromkeys(TESTS, "no degrees of freedom: the model is saturated"))
    for method, compute in TESTS.items():
        reason = undefined_because(model, method)
        test = None if reason else compute(model)
        if test is None or not math.isfinite(test.statistic):
            undefined[method] = reason or "the fit to all completed data sets together did not converge"
        else:
            tests[method] = test
    scaled = scaled_model_test(model) if model.is_scaled else None
    if model.is_scaled and scaled is None:
        undefined["D2 scaled"] = "the scaled chi-squares have different degrees of freedom, or one is undefined"
    return ModelTests(tests, scaled, undefined)
