"""MIIV-2SLS of a group: every equation of the model estimated by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.miiv.equations import ObservedEquation, observed_equations
from trustsem.effects.miiv.two_stage import FirstStage, TwoStage, first_stage, two_stage_least_squares
from trustsem.implied import GroupLayout

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EquationEstimate:
    """One equation by its instruments.

    Args:
        outcome: Dependent variable.
        predictors: Predictors with free coefficients.
        instruments: Observed variables that the model implies to be valid.
        result: None where they do not determine the coefficients.
        strength: Of the instruments that are no regressors; None where no regressor is endogenous, or none is left.
        endogenous: Predictors that are not their own instruments, in the order of `strength.partial_r2`.
        reason: Why there is no result; "" where there is one.
    """

    outcome: str
    predictors: tuple[str, ...]
    instruments: tuple[str, ...]
    result: TwoStage | None
    strength: FirstStage | None
    endogenous: tuple[str, ...]
    reason: str

    def coefficient(self, predictor: str) -> tuple[float, float] | None:
        """Return estimate and standard error of a predictor's coefficient."""
        if self.result is None:
            return None
        k = self.predictors.index(predictor)
        return float(self.result.coefficients[k]), float(np.sqrt(self.result.covariance[k, k]))


def miiv_estimates(layout: GroupLayout, cov: FloatArray, n_obs: int) -> tuple[EquationEstimate, ...]:
    """Estimate every equation of a group with a free coefficient (Bollen 1996, 2019).

    Args:
        layout: Matrices of the group; only which cells are free, fixed or zero is used.
        cov: (p, p) sample covariance matrix of the observed variables, divisor n.
        n_obs: Respondents.

    Raises:
        UsageError: a latent variable has no scaling indicator.
    """
    return tuple(_estimate(layout, cov, n_obs, equation) for equation in observed_equations(layout))


def _estimate(layout: GroupLayout, cov: FloatArray, n_obs: int, equation: ObservedEquation) -> EquationEstimate:
    names, valid = layout.names, equation.instruments
    own = [_own_instrument(row, valid) for row in equation.regressors]
    included = [k for k in own if k is not None]
    excluded = [k for k in valid if k not in included]
    endogenous = [i for i, k in enumerate(own) if k is None]
    result = two_stage_least_squares(cov, n_obs, equation.response, equation.regressors, valid)
    strength = first_stage(cov, n_obs, equation.regressors[endogenous], included, excluded) if endogenous else None
    predictors = tuple(names[j] for j in equation.predictors)
    return EquationEstimate(
        names[equation.outcome],
        predictors,
        tuple(names[k] for k in valid),
        result,
        strength,
        tuple(predictors[i] for i in endogenous),
        "" if result is not None else _reason(len(valid), len(predictors)),
    )


def _own_instrument(weights: FloatArray, valid: tuple[int, ...]) -> int | None:
    """Return the position of a regressor that is one observed variable and a valid instrument; else None."""
    used = np.flatnonzero(weights)
    return int(used[0]) if len(used) == 1 and int(used[0]) in valid else None


def _reason(n_instruments: int, n_coefficients: int) -> str:
    if n_instruments < n_coefficients:
        return f"{n_instruments} instruments for {n_coefficients} coefficients"
    return "the instruments do not tell the coefficients apart, or are collinear"
