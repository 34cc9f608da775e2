"""Refits of a model with a given correlation between the residuals of a mediator and an outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.decomposition import EffectRow, decompose_effects
from trustsem.effects.evaluation import EffectKind
from trustsem.errors import TrustSemError
from trustsem.estimate import OptimStatus
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.implied import GroupLayout, Implied, build_layout
from trustsem.pipeline import FittedModel, parameter_covariance
from trustsem.spec.table import Origin, OriginKind, ParameterTable, Row

FloatArray = NDArray[np.float64]

_ORIGIN = Origin(OriginKind.DEFAULT, rule="sensitivity")
_FLAT = 1e-3  # of the effects on both sides: a curve is as near to 0 as that where it crosses, a jump is not
_TOLERANCE = 1e-8  # of a root, in units of rho; eigenvalues of correlation matrices: as in admissibility


@dataclass(frozen=True, eq=False, slots=True)
class SensitivityPoint:
    """A refit.

    Args:
        rho: Correlation of the residuals.
        effect: The indirect effect there; None where the refit did not converge.
        chisq: n F of the refit; NaN without one.
        admissible: No negative variance, no improper matrix of residuals.
        x: (n_parameters,) where the next refit can start.
    """

    rho: float
    effect: EffectRow | None
    chisq: float
    admissible: bool
    x: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class SensitivityModel:
    """A fitted model of one group whose residuals of mediator and outcome are given any correlation.

    With e_m and e_y of variance 1, cov(e_m, e_y) = rho and free factors s_m, s_y, the residuals s_m e_m and s_y e_y
    have correlation rho, whatever their variances are: the model of Imai, Keele & Yamamoto (2010, sec. 5), fitted
    without a nonlinear constraint. rho = 0 is the model as it was.

    Args:
        fitted: The fit; its residuals of m and y do not covary.
        x: Where the indirect effect starts.
        m: The mediator.
        y: The outcome.
    """

    fitted: FittedModel
    x: str
    m: str
    y: str

    def start(self) -> FloatArray:
        """Return the parameters of the fit in this parameterisation."""
        estimate, table = self.fitted.estimate, self.fitted.table
        theta = estimate.theta.copy()
        for index, row in enumerate(table.free_rows):
            if _is_variance(row, self.m) or _is_variance(row, self.y):
                theta[index] = math.sqrt(max(theta[index], 0.0))
        return theta[estimate.objective.layout.reduction.kept]

    def at(self, rho: float, start: FloatArray) -> SensitivityPoint:
        """Refit with a correlation of the residuals, from parameters nearby."""
        fitted = self.fitted
        table = self._table(rho)
        layout = build_layout(table, fitted.moments)
        objective = objective_for(fitted.options.discrepancy, layout, fitted.moments)
        try:
            run = minimise_by_scoring(objective, start)
            if run.status is not OptimStatus.CONVERGED or not math.isfinite(run.value):
                return SensitivityPoint(rho, None, math.nan, False, start)
            theta = layout.reduction.expand(run.x)
            estimate = replace(fitted.estimate, theta=theta, x=run.x, objective=objective, value=run.value, optimum=run)
            covariance = parameter_covariance(estimate, fitted.options).matrix
            effects = decompose_effects(estimate, covariance, [(self.x, self.y)], (self.m,))
        except (TrustSemError, np.linalg.LinAlgError):
            return SensitivityPoint(rho, None, math.nan, False, start)
        (effect,) = (row for row in effects.rows if row.kind is EffectKind.TOTAL_INDIRECT)
        chisq = 2 * fitted.moments.n_effective * run.value
        (implied,) = objective.implied(run.x)
        return SensitivityPoint(rho, effect, chisq, self._is_admissible(layout.groups[0], implied), run.x)

    def zero_between(self, below: SensitivityPoint, above: SensitivityPoint) -> float | None:
        """Return the correlation at which the indirect effect is 0, between two at which its signs differ.

        None where it jumps over 0: from one minimum of the discrepancy to another.
        """
        from scipy.optimize import brentq  # 0.1 s to import, needed here only

        near = [below, above]

        def value(rho: float) -> float:
            point = self.at(rho, min(near, key=lambda known: abs(known.rho - rho)).x)
            if point.effect is None:
                raise ArithmeticError
            near.append(point)
            return point.effect.est

        assert below.effect is not None
        assert above.effect is not None
        try:
            zero = float(cast("float", brentq(value, below.rho, above.rho, xtol=_TOLERANCE)))
            height = max(abs(below.effect.est), abs(above.effect.est))
            return zero if abs(value(zero)) < _FLAT * height else None
        except ArithmeticError:
            return None

    def _table(self, rho: float) -> ParameterTable:
        """Return the table with the residuals of m and y made of factors of variance 1."""
        table = self.fitted.table
        factors = {name: f"residual of {name}" for name in (self.m, self.y)}
        rows, fixed = [], []
        for row in table.rows:
            source = next((factors[name] for name in factors if _is_variance(row, name)), None)
            if source is None:
                rows.append(row)
                continue
            value = None if row.value is None else math.sqrt(row.value)
            rows.append(replace(row, lhs=source, op="=~", value=value, lower=None, upper=None, label=""))
            fixed.append(Row(row.lhs, "~~", row.lhs, _ORIGIN, value=0.0))
        one, other = factors.values()
        fixed += [
            Row(one, "~~", one, _ORIGIN, value=1.0),
            Row(other, "~~", other, _ORIGIN, value=1.0),
            Row(one, "~~", other, _ORIGIN, value=rho),
        ]
        if table.meanstructure:
            fixed += [Row(name, "~1", "", _ORIGIN, value=0.0) for name in (one, other)]
        kept = [row for row in rows if not (row.op == "~~" and {row.lhs, row.rhs} == {self.m, self.y})]
        variables = replace(table.variables, latent=(*table.variables.latent, one, other))
        return replace(table, rows=(*kept, *fixed), variables=variables, definitions=())

    def _is_admissible(self, layout: GroupLayout, implied: Implied) -> bool:
        """Return whether residual variances are not negative and their covariance matrix is a proper one."""
        own = len(layout.names) - 2
        arrows, factors = implied.paths[:own, own:], implied.covariances[own:, own:]
        residual = implied.covariances[:own, :own] + arrows @ factors @ arrows.T
        variances = np.diag(residual)
        if (variances < 0).any() or (arrows.sum(axis=0) <= 0).any():
            return False
        scale = np.sqrt(np.where(variances > 0, variances, 1.0))
        return bool(np.linalg.eigvalsh(residual / np.outer(scale, scale))[0] > -_TOLERANCE)


def _is_variance(row: Row, name: str) -> bool:
    return row.op == "~~" and row.lhs == row.rhs == name
