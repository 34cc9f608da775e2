"""What a model estimates from a whole population: its true parameters, or the nearest ones where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from trustsem.effects import defined_parameters
from trustsem.errors import ConvergenceError
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.pipeline import PipelineOptions, fit_table
from trustsem.records import Finding
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]

_WHOLE = 10**9  # respondents; estimates and F do not depend on it


@dataclass(frozen=True, eq=False, slots=True)
class PseudoTruth:
    """Parameters that the estimates tend to as the sample grows.

    Args:
        names: The free parameters as they are written, e.g. "f=~x2".
        values: (n_free,) their values.
        defined: Values of the definitions (`:=`), by name.
        discrepancy: F of the population, not F/2; 0 where the model is true.
        df: Degrees of freedom.
        admissible: Whether the values could be those of a population.
        findings: What the fit found.
    """

    names: tuple[str, ...]
    values: FloatArray
    defined: Mapping[str, float]
    discrepancy: float
    df: int
    admissible: bool
    findings: tuple[Finding, ...]

    @property
    def rmsea(self) -> float | None:
        """Population RMSEA, sqrt(F / df); None for a saturated model."""
        return sqrt(max(self.discrepancy, 0.0) / self.df) if self.df else None


def pseudo_true_parameters(
    table: ParameterTable,
    names: tuple[str, ...],
    cov: FloatArray,
    mean: FloatArray | None = None,
    *,
    estimator: str = "ML",
) -> PseudoTruth:
    """Fit a model to the moments of a population.

    Args:
        table: Parameter table of one group.
        names: Variables of `cov`; at least those of the model.
        cov: (p, p) population covariance matrix.
        mean: (p,) population means, for models with a mean structure.
        estimator: The discrepancy; it decides which parameters are nearest where the model is wrong.

    Raises:
        ConvergenceError: no minimum was found.
    """
    group = SampleGroup(tuple(names), np.array(cov, dtype=np.float64), mean, _WHOLE)
    fitted = fit_table(table, SampleMoments((group,)), PipelineOptions(estimator=estimator))
    if not fitted.estimate.converged:
        raise ConvergenceError(
            "The model has no minimum for the moments of this population.",
            remedy="Check that the model is identified in it: a path of 0 can leave a loop without its instrument.",
        )
    return PseudoTruth(
        names=tuple(row.written for row in table.free_rows),
        values=fitted.estimate.theta,
        defined=_defined(table, fitted.estimate.theta),
        discrepancy=2 * fitted.estimate.value,
        df=fitted.identification.df,
        admissible=fitted.admissible,
        findings=fitted.findings,
    )


def _defined(table: ParameterTable, theta: FloatArray) -> Mapping[str, float]:
    """Return the values of the definitions; the population has no sampling error, so no Jacobian is needed."""
    fixed = np.array([np.nan if row.value is None else row.value for row in table.rows])
    # Fixed and exogenous rows look up parameter 0 here; `where` never uses it.
    values = np.where(table.free_index >= 0, theta[np.maximum(table.free_index, 0)], fixed) if len(theta) else fixed
    results = defined_parameters(table, values, np.zeros((len(table), 1))).values
    return {definition.name: float(value) for definition, value in zip(table.definitions, results, strict=True)}
