"""Minimisation under nonlinear equalities, inequalities and bounds: SLSQP to find the active set, Newton to finish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate.objective import Objective
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.spec.relations import RelationValues, evaluate_relations
from trustsem.spec.table import ParameterTable, Relation

FloatArray = NDArray[np.float64]

_ACTIVE = 1e-6  # an inequality that is this near its edge, in the metric of `_Problem.scaled`, may be active
_FEASIBLE = 1e-8  # in the same metric
_WALL = 1e10
_ROUNDING = 1e-14  # of a parameter, in units of its curvature
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
class _Metric:
    scale: FloatArray  # (n_parameters,) what one unit of each parameter is
    sizes: Mapping[Relation, float]  # what one unit of each relation is


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

    def metric(self, x: FloatArray) -> _Metric:
        """Return units in which parameters and relations are comparable, whatever the units of the items are."""
        curvature = np.diag(self.objective.information(x))
        scale = 1 / np.sqrt(np.where(curvature > 0, curvature, 1.0))
        relations = self.table.relations
        found = self.values(relations, x)
        sizes = np.maximum(np.linalg.norm(found.jacobian * scale, axis=1), np.abs(found.values))
        sizes = np.where((sizes > 0) & np.isfinite(sizes), sizes, 1.0)
        return _Metric(scale, dict(zip(relations, sizes.tolist(), strict=True)))

    def scaled(self, relations: Sequence[Relation], x: FloatArray, metric: _Metric) -> RelationValues:
        """Evaluate relations in a metric, with their Jacobian with respect to the parameters in it."""
        found = self.values(relations, x)
        sizes = np.array([metric.sizes[relation] for relation in relations], dtype=float)
        return RelationValues(found.values / sizes, found.jacobian * metric.scale / sizes[:, None])


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
    metric = problem.metric(rough)
    edge = problem.scaled(inequalities, rough, metric).values
    chosen = {k for k, value in enumerate(edge) if value < _ACTIVE}
    x, status = rough, OptimStatus.STALLED
    for _ in range(2 * len(inequalities) + 2):
        active = [*table.equalities, *(inequalities[k] for k in sorted(chosen))]
        x, multipliers, converged, steps = _newton(problem, active, rough, metric)
        iterations += steps
        if not converged:
            break
        wrong = {k for k, value in zip(sorted(chosen), multipliers[len(table.equalities) :], strict=True) if value < 0}
        values = problem.scaled(inequalities, x, metric).values
        violated = {k for k, value in enumerate(values) if value < -_FEASIBLE} - chosen
        if not wrong and not violated:
            status = OptimStatus.CONVERGED
            break
        chosen = (chosen - wrong) | violated
    active = [*table.equalities, *(inequalities[k] for k in sorted(chosen))]
    x = np.where(np.abs(x) < _ROUNDING * metric.scale, 0.0, x)  # a variance on its bound is 0, not 1e-19 of either sign
    value = objective.value(x)
    optimum = Optimum(x, value, iterations, status, math.nan, "constrained")
    return ConstrainedOptimum(optimum, ActiveConstraints(problem.values(active, x).jacobian, tuple(active)))


def _slsqp(problem: _Problem, start: FloatArray) -> tuple[FloatArray, int]:
    from scipy.optimize import minimize  # 0.1 s to import, needed in few fits

    objective, table = problem.objective, problem.table
    metric = problem.metric(start)
    scale = metric.scale

    def value_and_gradient(z: FloatArray) -> tuple[float, FloatArray]:
        value = objective.value(z * scale)
        if not math.isfinite(value):
            return _WALL, np.zeros_like(z)
        return value, objective.gradient(z * scale) * scale

    constraints = [
        {
            "type": kind,
            "fun": lambda z, relations=relations: problem.scaled(relations, z * scale, metric).values,
            "jac": lambda z, relations=relations: problem.scaled(relations, z * scale, metric).jacobian,
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
    problem: _Problem, active: Sequence[Relation], start: FloatArray, metric: _Metric
) -> tuple[FloatArray, FloatArray, bool, int]:
    """Solve the Karush-Kuhn-Tucker equations of the active relations from a point near the solution."""
    objective, x = problem.objective, start.copy()
    multipliers = np.zeros(len(active))
    for step in range(1, _MAX_NEWTON + 1):
        try:
            point = objective.expand(x)
        except np.linalg.LinAlgError:
            return start, multipliers, False, step
        values = problem.scaled(active, x, metric)
        scale = metric.scale
        hessian = point.hessian() * np.outer(scale, scale) - _curvature(problem, active, x, multipliers, metric)
        move, multipliers = _kkt_step(hessian, point.gradient() * scale, values)
        move *= scale
        size = float(move @ point.information() @ move)
        length = 1.0
        while not math.isfinite(objective.value(x + length * move)) and length > 1e-4:
            length /= 2
        x = x + length * move
        gap = float(np.abs(problem.scaled(active, x, metric).values).max(initial=0.0))
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


def _curvature(
    problem: _Problem, active: Sequence[Relation], x: FloatArray, multipliers: FloatArray, metric: _Metric
) -> FloatArray:
    """Return sum_k multiplier_k * (second derivatives of relation k), from differences of the exact Jacobian."""
    result = np.zeros((len(x), len(x)))
    if not multipliers.any():
        return result
    involved = np.flatnonzero(np.abs(problem.scaled(active, x, metric).jacobian).max(axis=0) > 0)
    for index in involved:
        unit, step = metric.scale[index], np.zeros_like(x)
        step[index] = _STEP * max(unit, abs(x[index]))
        ahead = problem.scaled(active, x + step, metric).jacobian
        behind = problem.scaled(active, x - step, metric).jacobian
        result[index] = multipliers @ (ahead - behind) / (2 * step[index] / unit)
    return (result + result.T) / 2
