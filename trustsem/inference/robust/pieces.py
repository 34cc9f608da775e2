"""Bread, meat and traces of robust corrections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.objective import Point
from trustsem.inference.information import ObservedInformation, allowed_directions

FloatArray = NDArray[np.float64]


class H1Information(Enum):
    """Where the information of the saturated model is evaluated: at the implied or at the sample moments."""

    STRUCTURED = "structured"
    UNSTRUCTURED = "unstructured"


@dataclass(frozen=True, slots=True)
class Traces:
    """What the scaling of a chi-square needs.

    Args:
        ugamma: tr(U Gamma), U = V - V D (D' V D)^-1 D' V (Satorra & Bentler 1994, eq. 16.12).
        ugamma_squared: tr((U Gamma)^2).
    """

    ugamma: float
    ugamma_squared: float


class RobustPieces(Protocol):
    """Unit matrices (per respondent) of one fit, in the directions that its constraints leave open.

    With D the Jacobian of the moments, V the weight of the moments (h1 information) and Gamma their covariance:
    """

    def bread(self, *, observed: bool) -> FloatArray:
        """Return the information of the parameters: the observed one, by the exact Hessian or by h1, or D' V D."""
        ...

    def moment_bread(self, *, observed: bool) -> FloatArray:
        """Return D' V D, V the expected or the observed h1 information: no second derivatives of the moments."""
        ...

    def score_meat(self) -> FloatArray:
        """Return the mean product of casewise scores (first-order information)."""
        ...

    def gamma_meat(self, *, observed: bool = False) -> FloatArray:
        """Return D' V Gamma V D, V the expected or the observed h1 information."""
        ...

    def trace_h1(self, *, observed: bool) -> float:
        """Return tr(A^-1 B) of the saturated model at the sample moments (Yuan & Bentler 2000).

        With complete rows observed and expected information are the same there.
        """
        ...

    def ugamma_trace(self, *, observed: bool) -> float:
        """Return tr(U Gamma), V the expected or the observed h1 information."""
        ...

    def traces(self, *, observed: bool) -> Traces:
        """Return tr(U Gamma) and tr((U Gamma)^2)."""
        ...


@dataclass(frozen=True, eq=False)
class PiecesAtEstimate:
    """What pieces of maximum likelihood share.

    Args:
        estimate: End of the optimisation.
        h1: Where the information of the saturated model is evaluated.
        observed_by: What the observed information of the parameters is.
    """

    estimate: Estimate
    h1: H1Information
    observed_by: ObservedInformation = ObservedInformation.HESSIAN

    @cached_property
    def point(self) -> Point:
        """The objective expanded at the estimate."""
        return self.estimate.objective.expand(self.estimate.x)

    @cached_property
    def directions(self) -> FloatArray:
        """K (n_free, d)."""
        return open_directions(self.estimate)


def open_directions(estimate: Estimate) -> FloatArray:
    """Return K (n_free, d): directions of the free rows that equality constraints and active relations leave open."""
    matrix = estimate.objective.layout.reduction.matrix
    if len(estimate.active.relations):
        return matrix @ allowed_directions(estimate.active.jacobian)
    return matrix


def unit_information(estimate: Estimate, *, observed: bool) -> FloatArray:
    """Return the Hessian of F/2, exact or expected, in the open directions."""
    point = estimate.objective.expand(estimate.x)
    unit = point.hessian() if observed else point.information()
    if len(estimate.active.relations):
        basis = allowed_directions(estimate.active.jacobian)
        return basis.T @ unit @ basis
    return unit


def trace_of_quotient(bread: FloatArray, meat: FloatArray) -> float:
    """Return tr(bread^-1 meat).

    Raises:
        numpy.linalg.LinAlgError: the bread is singular.
    """
    return float(np.trace(np.linalg.solve(bread, meat))) if len(bread) else 0.0
