"""Run the optimisers in turn until one reaches a minimum, and say which did."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import ML, Discrepancy
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.constrained import ActiveConstraints, minimise_constrained, satisfies
from trustsem.estimate.markers import switched_marker_start
from trustsem.estimate.objective import Objective
from trustsem.estimate.quasi_newton import minimise_by_quasi_newton
from trustsem.estimate.scoring import ScoringOptions, minimise_by_scoring
from trustsem.estimate.start import plain_start_values, start_values
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.implied import ModelLayout
from trustsem.moments import SampleMoments
from trustsem.records import Finding, Severity
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_Run = tuple[str, Callable[[Objective, FloatArray], Optimum], Callable[[], FloatArray | None]]

__all__ = ["Estimate", "OptimStatus", "Optimum", "estimate_parameters"]


@dataclass(frozen=True, eq=False, slots=True)
class Estimate:
    """Where the optimiser ended: parameters and how it got there, nothing else.

    Args:
        theta: (n_free,) values of the free rows of the table, in its order.
        x: (n_parameters,) the independent ones among them.
        objective: The function that was minimised.
        value: F/2 at theta.
        optimum: The run that gave theta.
        attempts: All runs, in order.
        findings: Fallbacks and failures.
        active: Relations that hold with equality at theta, with their Jacobian.
    """

    theta: FloatArray
    x: FloatArray
    objective: Objective
    value: float
    optimum: Optimum
    attempts: tuple[Optimum, ...]
    findings: tuple[Finding, ...]
    active: ActiveConstraints

    @property
    def converged(self) -> bool:
        """Whether a minimum was reached."""
        return self.optimum.status is OptimStatus.CONVERGED

    @property
    def iterations(self) -> int:
        """Steps over all attempts."""
        return sum(attempt.iterations for attempt in self.attempts)


def estimate_parameters(
    table: ParameterTable, layout: ModelLayout, moments: SampleMoments, discrepancy: Discrepancy
) -> Estimate:
    """Minimise the discrepancy: scoring first, then plain start values, then quasi-Newton, polished by scoring.

    Args:
        table: Parameter table, for start values.
        layout: Its matrices.
        moments: Sample moments in the table's order of variables.
        discrepancy: The function to minimise.
    """
    objective = objective_for(discrepancy, layout, moments)
    if discrepancy.name == "FIML":
        return _from_saturated(table, objective)
    return _estimate(table, objective)


def _from_saturated(table: ParameterTable, objective: Objective) -> Estimate:
    """Fit incomplete rows from the solution that the saturated moments have: a few exact Newton steps away."""
    layout, moments = objective.layout, objective.moments
    near = _estimate(table, Objective(ML, layout, moments))
    if not near.converged or near.active.relations:
        return _estimate(table, objective)
    newton = ScoringOptions(newton_below=math.inf)
    run = replace(minimise_by_scoring(objective, near.x, newton), method="Newton from the fit to saturated moments")
    if run.status is not OptimStatus.CONVERGED or (table.relations and not satisfies(objective, table, run.x)):
        return _estimate(table, objective, earlier=(run,))
    theta = layout.reduction.expand(run.x)
    attempts = (*near.attempts, run)
    return Estimate(theta, run.x, objective, run.value, run, attempts, tuple(_findings(run, [run], "")), near.active)


def _estimate(table: ParameterTable, objective: Objective, earlier: tuple[Optimum, ...] = ()) -> Estimate:
    layout, moments = objective.layout, objective.moments
    starts = {
        "own start values": lambda: start_values(table, layout, moments),
        "plain start values": lambda: plain_start_values(layout, moments),
        "two-stage start values": lambda: start_values(table, layout, moments, instruments=True),
    }
    runs: list[_Run] = [
        *((f"Fisher scoring from {name}", minimise_by_scoring, start) for name, start in starts.items()),
        ("Fisher scoring through stronger markers", minimise_by_scoring, lambda: _through_markers(objective, table)),
        *((f"quasi-Newton from {name}, then Fisher scoring", _polished, start) for name, start in starts.items()),
    ]
    attempts: list[Optimum] = list(earlier)
    for method, minimise, start in runs:
        x = start()
        if x is None:
            continue
        attempts.append(replace(minimise(objective, x), method=method))
        if attempts[-1].status is OptimStatus.CONVERGED:
            break
    best = min(attempts, key=lambda run: (run.status is not OptimStatus.CONVERGED, run.value))
    active = ActiveConstraints(np.zeros((0, len(best.x))), ())
    if table.relations and not satisfies(objective, table, best.x):
        attempts.clear()
        best, active = _constrained(objective, table, (best.x, *(start() for start in starts.values())), attempts)
    theta = layout.reduction.expand(best.x)
    steepest = "" if best.status is OptimStatus.CONVERGED else _steepest(objective, table, best.x)
    findings = (*_findings(best, attempts, steepest), *_edges(active))
    return Estimate(theta, best.x, objective, best.value, best, tuple(attempts), findings, active)


def _through_markers(objective: Objective, table: ParameterTable) -> FloatArray | None:
    theta = switched_marker_start(table, objective.moments, objective.discrepancy)
    return None if theta is None else theta[objective.layout.reduction.kept]


def _constrained(
    objective: Objective, table: ParameterTable, starts: tuple[FloatArray, ...], attempts: list[Optimum]
) -> tuple[Optimum, ActiveConstraints]:
    """Run the constrained minimiser from each start until one converges; attempts are appended."""
    results = []
    for number, start in enumerate(starts, start=1):
        if not math.isfinite(objective.value(start)):
            continue
        result = minimise_constrained(objective, table, start)
        run = replace(result.optimum, method=f"constrained minimisation from start {number}")
        attempts.append(run)
        results.append((run, result.active))
        if run.status is OptimStatus.CONVERGED:
            break
    return min(results, key=lambda pair: (pair[0].status is not OptimStatus.CONVERGED, pair[0].value))


def _edges(active: ActiveConstraints) -> list[Finding]:
    """Say which inequalities hold with equality: the solution would leave the allowed region without them."""
    return [
        Finding(
            "constraint-active",
            Severity.WARNING,
            f"The solution lies on the edge of {relation.text} ({relation.where}): without it, the estimate would "
            "cross. Standard errors treat it as an equality; the distribution of the test is only approximate.",
            remedy="Fit once without the constraint and see how far the estimate goes.",
            parameter=relation.text,
        )
        for relation in active.relations
        if not relation.is_equality
    ]


def _polished(objective: Objective, start: FloatArray) -> Optimum:
    rough = minimise_by_quasi_newton(objective, start)
    return minimise_by_scoring(objective, rough.x) if math.isfinite(rough.value) else rough


def _steepest(objective: Objective, table: ParameterTable, x: FloatArray, top: int = 3) -> str:
    """Return the parameters along which F still falls most, in units of their standard errors."""
    try:
        point = objective.expand(x)
    except np.linalg.LinAlgError:
        return "cannot be computed: the implied covariance matrix is singular there"
    curvature = np.diag(point.information())
    slope = np.abs(point.gradient()) / np.sqrt(np.where(curvature > 0, curvature, 1.0))
    kept = objective.layout.reduction.kept
    order = np.argsort(-slope)[:top]
    return ", ".join(f"{table.free_rows[kept[k]].key} ({slope[k]:.1e})" for k in order)


def _findings(best: Optimum, attempts: list[Optimum], steepest: str) -> list[Finding]:
    failed = [run for run in attempts if run.status is not OptimStatus.CONVERGED]
    if not failed:
        return []
    tried = "; ".join(f"{run.method}: {run.status.value} after {run.iterations} steps" for run in failed)
    if best.status is OptimStatus.CONVERGED:
        sentence = f"The first run did not converge ({tried}); {best.method} did."
        return [Finding("optimiser-fallback", Severity.INFO, sentence)]
    return [
        Finding(
            "not-converged",
            Severity.ERROR,
            f"No run reached a minimum: {tried}. Estimates are where the best one stopped; do not interpret them. The "
            f"fit still improves along {steepest} (slope per standard error).",
            remedy="Parameters that run away say that the data hold no such factor or path: check that each factor has "
            "a scale and items that belong together, simplify the model, or give start() values.",
        )
    ]
