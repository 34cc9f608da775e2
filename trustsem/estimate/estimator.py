"""Run the optimisers in turn until one reaches a minimum, and say which did."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import Discrepancy
from trustsem.estimate.objective import Objective
from trustsem.estimate.quasi_newton import minimise_by_quasi_newton
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.estimate.start import plain_start_values, start_values
from trustsem.estimate.status import OptimStatus, Optimum
from trustsem.implied import ModelLayout
from trustsem.moments import SampleMoments
from trustsem.records import Finding, Severity
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

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
    """

    theta: FloatArray
    x: FloatArray
    objective: Objective
    value: float
    optimum: Optimum
    attempts: tuple[Optimum, ...]
    findings: tuple[Finding, ...]

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
    objective = Objective(discrepancy, layout, moments)
    starts = {
        "own start values": lambda: start_values(table, layout, moments),
        "plain start values": lambda: plain_start_values(layout, moments),
    }
    runs = [
        *((f"Fisher scoring from {name}", minimise_by_scoring, start) for name, start in starts.items()),
        *((f"quasi-Newton from {name}, then Fisher scoring", _polished, start) for name, start in starts.items()),
    ]
    attempts: list[Optimum] = []
    for method, minimise, start in runs:
        attempts.append(replace(minimise(objective, start()), method=method))
        if attempts[-1].status is OptimStatus.CONVERGED:
            break
    best = min(attempts, key=lambda run: (run.status is not OptimStatus.CONVERGED, run.value))
    theta = layout.reduction.expand(best.x)
    return Estimate(theta, best.x, objective, best.value, best, tuple(attempts), tuple(_findings(best, attempts)))


def _polished(objective: Objective, start: FloatArray) -> Optimum:
    rough = minimise_by_quasi_newton(objective, start)
    return minimise_by_scoring(objective, rough.x) if math.isfinite(rough.value) else rough


def _findings(best: Optimum, attempts: list[Optimum]) -> list[Finding]:
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
            f"No run reached a minimum: {tried}. Estimates are where the best one stopped; do not interpret them.",
            remedy="Check that each factor has a scale and enough items, simplify the model, or give start() values.",
        )
    ]
