"""Covariance matrix of the estimates from the information matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.moments.linalg import invert
from trustsem.records import Finding, Severity

FloatArray = NDArray[np.float64]

_SINGULAR = 1e-10  # relative size at which the smallest eigenvalue is rounding


class InformationKind(Enum):
    """Which information matrix is the bread of standard errors."""

    EXPECTED = "expected"
    OBSERVED = "observed"
    FIRST_ORDER = "first_order"


class ObservedInformation(Enum):
    """How observed information is computed.

    HESSIAN: the exact Hessian of F/2. H1: D' V D with V the observed information of the saturated model at the implied
    moments, which leaves the second derivatives of the moments out; where the model holds both tend to the same.
    """

    HESSIAN = "hessian"
    H1 = "h1"


@dataclass(frozen=True, eq=False, slots=True)
class ParameterCovariance:
    """Sampling covariance of the free rows; None where the information matrix cannot be inverted.

    Args:
        matrix: (n_free, n_free) covariance of theta, or None.
        condition: 1-norm condition number of the information matrix scaled to a unit diagonal.
        findings: Why there are no standard errors.
    """

    matrix: FloatArray | None
    condition: float
    findings: tuple[Finding, ...]

    @property
    def standard_errors(self) -> FloatArray | None:
        """(n_free,) standard errors, or None."""
        return None if self.matrix is None else np.sqrt(np.maximum(np.diag(self.matrix), 0.0))


def invert_information(estimate: Estimate, unit: FloatArray) -> ParameterCovariance:
    """Invert a unit information matrix at the estimate.

    Args:
        estimate: End of the optimisation.
        unit: (d, d) information per respondent in the directions that constraints and active relations leave open
            (Aitchison & Silvey 1958).
    """
    objective = estimate.objective
    if not len(unit):
        return ParameterCovariance(np.zeros((objective.layout.n_free, objective.layout.n_free)), 1.0, ())
    diagonal = np.diag(unit)
    if not np.isfinite(unit).all() or diagonal.min() <= 0:
        return ParameterCovariance(None, np.inf, (no_standard_errors("it has no positive diagonal"),))
    scale = np.sqrt(diagonal)
    scaled = unit / np.outer(scale, scale)
    try:
        inverse = invert(scaled)
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(scaled)[0])
        reason = "it is singular" if smallest > -_SINGULAR else "it is not positive definite: not a minimum"
        return ParameterCovariance(None, np.inf, (no_standard_errors(reason),))
    condition = float(np.abs(scaled).sum(axis=0).max() * np.abs(inverse).sum(axis=0).max())
    if condition > 1 / _SINGULAR:
        return ParameterCovariance(None, condition, (no_standard_errors("it is singular"),))
    inverse = inverse / np.outer(scale, scale) / estimate.objective.moments.n_effective
    if len(estimate.active.relations):
        basis = allowed_directions(estimate.active.jacobian)
        inverse = basis @ inverse @ basis.T
    return ParameterCovariance(objective.layout.reduction.expand_matrix(inverse), condition, ())


def allowed_directions(jacobian: FloatArray) -> FloatArray:
    """Return an orthonormal basis of the null space of the active relations."""
    _, values, vectors = np.linalg.svd(jacobian)
    rank = int(np.sum(values > 1e-10 * max(float(values[0]), 1e-300)))
    return vectors[rank:].T


def no_standard_errors(reason: str) -> Finding:
    """Return the finding of an information matrix that cannot be inverted."""
    return Finding(
        "no-standard-errors",
        Severity.ERROR,
        f"Standard errors cannot be computed: the information matrix cannot be inverted ({reason}).",
        remedy="Some parameters cannot be told apart at this solution: simplify the model or fix one of them.",
    )
