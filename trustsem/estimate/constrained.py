"""Minimisation under nonlinear equalities, inequalities and bounds: SLSQP to find the active set, Newton to finish."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.objective import Objective
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.spec.relations import RelationValues, evaluate_relations
from trustsem.spec.table import ParameterTable, Relation

FloatArray = NDArray[np.float64]

_ACTIVE = 1e-6  # an inequality that is this near its edge, in units of its gradient, may be active
_FEASIBLE = 1e-8
_WALL = 1e10
_ROUNDING = 1e-14
_TOLERANCE = 1e-13  # as in scoring: F/2 would drop by half of it
_MAX_NEWTON = 50
_STEP = 1e-5  # of the central differences that give second derivatives of the relations


@dataclass(frozen=True, eq=False, slots=True)
class ActiveConstraints:
    """Relations that hold with equality at a solution: their Jacobian (k, n_parameters) and the relations."""

    jacobian: FloatArray
    relations: tuple[Relation, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ConstrainedOptimum:
    """End of a constrained run."""

    optimum: Optimum
    active: ActiveConstraints


@dataclass(frozen=True, eq=False, slots=True)
class _Problem:
    objective: Objective
    table: ParameterTable

    def values(self, relations: Sequence[Relation], x: FloatArray) -> RelationValues:
        """Evaluate relations with their Jacobian in the independent parameters."""
        reduction = self.objective.layout.reduction
        result = evaluate_relations(relations, self.table, reduction.expand(x))
        jacobian = result.jacobian if reduction.is_identity else result.jacobian @ reduction.matrix
        return RelationValues(result.values, jacobian)


def satisfies(objective: Objective, table: ParameterTable, x: FloatArray) -> bool:
    """Return whether a point keeps all relations, none of them on its edge."""
    if table.equalities:
        return False
    values = _Problem(objective, table).values(table.inequalities, x).values
    return bool((values > 0).all())


def minimise_constrained(objective: Objective, table: ParameterTable, start: FloatArray) -> ConstrainedOptimum:
    """Minimise F/2 under the relations of the table.

    Sequential least squares (Kraft 1988, SciPy's SLSQP) finds which inequalities are active; Newton steps on the
    Karush-Kuhn-Tucker equations (Nocedal & Wright 2006, eq. 18.6) then bring the point to the accuracy of an
    unconstrained fit. Multipliers of the wrong sign release their inequality, violated ones join.
    """
    problem = _Problem(objective, table)
    rough, iterations = _slsqp(problem, start)
    inequalities = table.inequalities
    edge = problem.values(inequalities, rough)
    norms = np.maximum(np.linalg.norm(edge.jacobian, axis=1), 1e-12)
    chosen = {k for k, value in enumerate(edge.values / norms) if value < _ACTIVE}
    x, status = rough, OptimStatus.STALLED
    for _ in range(2 * len(inequalities) + 2):
        active = [*table.equalities, *(inequalities[k] for k in sorted(chosen))]
        x, multipliers, converged, steps = _newton(problem, active, rough)
        iterations += steps
        if not converged:
            break
        wrong = {k for k, value in zip(sorted(chosen), multipliers[len(table.equalities) :], strict=True) if value < 0}
        violated = {k for k, value in enumerate(problem.values(inequalities, x).values) if value < -_FEASIBLE} - chosen
        if not wrong and not violated:
            status = OptimStatus.CONVERGED
            break
        chosen = (chosen - wrong) | violated
    active = [*table.equalities, *(inequalities[k] for k in sorted(chosen))]
    x = np.where(np.abs(x) < _ROUNDING, 0.0, x)  # a variance on its bound is 0, not 1e-19 of either sign
    value = objective.value(x)
    optimum = Optimum(x, value, iterations, status, math.nan, "constrained")
    return ConstrainedOptimum(optimum, ActiveConstraints(problem.values(active, x).jacobian, tuple(active)))


def _slsqp(problem: _Problem, start: FloatArray) -> tuple[FloatArray, int]:
    from scipy.optimize import minimize  # 0.1 s to import, needed in few fits

    objective, table = problem.objective, problem.table
    curvature = np.diag(objective.information(start))
    scale = 1 / np.sqrt(np.where(curvature > 0, curvature, 1.0))

    def value_and_gradient(z: FloatArray) -> tuple[float, FloatArray]:
        value = objective.value(z * scale)
        if not math.isfinite(value):
            return _WALL, np.zeros_like(z)
        return value, objective.gradient(z * scale) * scale

    constraints = [
        {
            "type": kind,
            "fun": lambda z, relations=relations: problem.values(relations, z * scale).values,
            "jac": lambda z, relations=relations: problem.values(relations, z * scale).jacobian * scale,
        }
        for kind, relations in (("eq", table.equalities), ("ineq", table.inequalities))
        if relations
    ]
    result = minimize(
        value_and_gradient,
        start / scale,
        jac=True,
        method="SLSQP",
        constraints=constraints,
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return result.x * scale, int(result.nit)


def _newton(
    problem: _Problem, active: Sequence[Relation], start: FloatArray
) -> tuple[FloatArray, FloatArray, bool, int]:
    """Solve the Karush-Kuhn-Tucker equations of the active relations from a point near the solution."""
    objective, x = problem.objective, start.copy()
    multipliers = np.zeros(len(active))
    for step in range(1, _MAX_NEWTON + 1):
        try:
            point = objective.expand(x)
        except np.linalg.LinAlgError:
            return start, multipliers, False, step
        values = problem.values(active, x)
        hessian = point.hessian() - _curvature(problem, active, x, multipliers)
        move, multipliers = _kkt_step(hessian, point.gradient(), values)
        size = float(move @ point.information() @ move)
        length = 1.0
        while not math.isfinite(objective.value(x + length * move)) and length > 1e-4:
            length /= 2
        x = x + length * move
        gap = float(np.abs(problem.values(active, x).values).max(initial=0.0))
        if size < _TOLERANCE and gap < _FEASIBLE:
            return x, multipliers, True, step
    return x, multipliers, False, _MAX_NEWTON


def _kkt_step(hessian: FloatArray, gradient: FloatArray, values: RelationValues) -> tuple[FloatArray, FloatArray]:
    k, q = values.jacobian.shape[0], len(gradient)
    system = np.zeros((q + k, q + k))
    system[:q, :q] = hessian
    system[:q, q:] = -values.jacobian.T
    system[q:, :q] = values.jacobian
    right = np.concatenate([-gradient, -values.values])
    solution = np.asarray(np.linalg.lstsq(system, right, rcond=None)[0], dtype=np.float64)
    return solution[:q], solution[q:]


def _curvature(problem: _Problem, active: Sequence[Relation], x: FloatArray, multipliers: FloatArray) -> FloatArray:
    """Return sum_k multiplier_k * (second derivatives of relation k), from differences of the exact Jacobian."""
    result = np.zeros((len(x), len(x)))
    if not multipliers.any():
        return result
    involved = np.flatnonzero(np.abs(problem.values(active, x).jacobian).max(axis=0) > 0)
    for index in involved:
        step = np.zeros_like(x)
        step[index] = _STEP * max(1.0, abs(x[index]))
        ahead, behind = problem.values(active, x + step).jacobian, problem.values(active, x - step).jacobian
        result[index] = multipliers @ (ahead - behind) / (2 * step[index])
    return (result + result.T) / 2
