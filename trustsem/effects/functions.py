"""Functions of the parameters that get intervals of every kind: their values, derivatives and values in draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.draws import effect_draws
from trustsem.effects.evaluation import EffectKey, EffectValues, evaluate_effects
from trustsem.effects.rsquared import r_squared_draws, r_squared_values
from trustsem.estimate import Estimate
from trustsem.resample import BootstrapDraws
from trustsem.resample.batch import Stack

FloatArray = NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True, eq=False, slots=True)
class ParameterFunctions:
    """k functions of the free parameters.

    Args:
        values: (k,) at the estimates.
        jacobian_at: (k, n_free) derivatives at any values of the free rows that keep the constraints.
        in_draws: (B, k) values in draws; NaN where a draw has none.
    """

    values: FloatArray
    jacobian_at: Callable[[FloatArray], FloatArray]
    in_draws: Callable[[BootstrapDraws], FloatArray]

    def differences(self, pairs: Pairs) -> ParameterFunctions:
        """Return the first less the second function of each pair."""
        first, second = _sides(pairs)

        def less(values: FloatArray, axis: int) -> FloatArray:
            return values.take(first, axis) - values.take(second, axis)

        return ParameterFunctions(
            less(self.values, 0),
            lambda theta: less(self.jacobian_at(theta), 0),
            lambda draws: less(self.in_draws(draws), 1),
        )

    def joined(self, other: ParameterFunctions) -> ParameterFunctions:
        """Return these functions and then the others."""
        return ParameterFunctions(
            np.concatenate([self.values, other.values]),
            lambda theta: np.vstack([self.jacobian_at(theta), other.jacobian_at(theta)]),
            lambda draws: np.hstack([self.in_draws(draws), other.in_draws(draws)]),
        )


def _sides(pairs: Pairs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.array(pairs, dtype=np.intp).reshape(len(pairs), 2).T
    return first, second


def moved(estimate: Estimate, theta: FloatArray) -> Estimate:
    """Return an estimate at other values of the free rows, which must keep its linear constraints."""
    return replace(estimate, theta=theta, x=theta[estimate.objective.layout.reduction.kept])


def effect_functions(
    estimate: Estimate, keys: Sequence[EffectKey], *, standardized: bool = False
) -> ParameterFunctions:
    """Return effects as functions of the parameters."""
    layout, values_at = estimate.objective.layout, _effects_at(estimate, keys)
    names = layout.groups[0].names
    here = values_at(estimate.theta)

    def in_draws(draws: BootstrapDraws) -> FloatArray:
        def effects(_: FloatArray, stacks: Sequence[Stack]) -> FloatArray:
            found = effect_draws(keys, names, stacks)
            return found.std_all if standardized else found.est

        return draws.compute(effects)

    if standardized:
        return ParameterFunctions(here.std_all, lambda theta: values_at(theta).std_jacobian, in_draws)
    return ParameterFunctions(here.est, lambda theta: values_at(theta).jacobian, in_draws)


def effect_ratios(estimate: Estimate, pairs: Sequence[tuple[EffectKey, EffectKey]]) -> ParameterFunctions:
    """Return quotients of effects, NaN where the denominator is 0."""
    keys = [key for pair in pairs for key in pair]
    layout, values_at = estimate.objective.layout, _effects_at(estimate, keys)
    names = layout.groups[0].names

    def quotient(values: FloatArray) -> FloatArray:
        top, bottom = values[..., ::2], values[..., 1::2]
        return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom != 0)

    def jacobian_at(theta: FloatArray) -> FloatArray:
        at = values_at(theta)
        bottom = np.where(at.est[1::2] != 0, at.est[1::2], np.nan)[:, None]
        return (at.jacobian[::2] - quotient(at.est)[:, None] * at.jacobian[1::2]) / bottom

    return ParameterFunctions(
        quotient(values_at(estimate.theta).est),
        jacobian_at,
        lambda draws: draws.compute(lambda _, stacks: quotient(effect_draws(keys, names, stacks).est)),
    )


def _effects_at(estimate: Estimate, keys: Sequence[EffectKey]) -> Callable[[FloatArray], EffectValues]:
    objective = estimate.objective

    def values_at(theta: FloatArray) -> EffectValues:
        return evaluate_effects(keys, objective.layout, objective.implied(moved(estimate, theta).x))

    return values_at


def r_squared_functions(estimate: Estimate) -> ParameterFunctions:
    """Return the explained shares of variance, in the order of `r_squared` group after group."""
    return ParameterFunctions(
        r_squared_values(estimate).values,
        lambda theta: r_squared_values(moved(estimate, theta)).jacobian,
        lambda draws: draws.compute(lambda _, stacks: r_squared_draws(estimate, stacks)),
    )
