"""Kinds of standard errors, by lavaan's names: one function each, one line in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.inference.information import (
    InformationKind,
    ObservedInformation,
    ParameterCovariance,
    invert_information,
    no_standard_errors,
)
from trustsem.inference.robust import RobustPieces
from trustsem.inference.robust.pieces import open_directions, unit_information

FloatArray = NDArray[np.float64]


class ErrorKind(Enum):
    """Where standard errors come from."""

    STANDARD = "standard"
    FIRST_ORDER = "first_order"
    ROBUST_SEM = "robust_sem"
    ROBUST_HUBER_WHITE = "robust_huber_white"
    NONE = "none"


@dataclass(frozen=True, eq=False, slots=True)
class ErrorContext:
    """What standard errors are computed from.

    Args:
        estimate: End of the optimisation.
        information: Which information is the bread.
        pieces: Bread and meat; called only by kinds that need them.
        observed_by: What the observed information is.
        naive: Whether the inverse of the information is no covariance of the estimates (unweighted least squares):
            standard errors are then the sandwich with the covariance of normal moments.
    """

    estimate: Estimate
    information: InformationKind
    pieces: Callable[[], RobustPieces]
    normal_pieces: Callable[[], RobustPieces]
    observed_by: ObservedInformation = ObservedInformation.HESSIAN
    naive: bool = False

    @property
    def observed(self) -> bool:
        """Whether the bread is the observed information."""
        return self.information is InformationKind.OBSERVED


def _standard(context: ErrorContext) -> ParameterCovariance:
    if context.information is InformationKind.FIRST_ORDER:
        return _first_order(context)
    if context.naive:
        pieces = context.normal_pieces()
        return _sandwich(context, pieces.bread(observed=False), pieces.gamma_meat())
    if context.observed and context.observed_by is ObservedInformation.H1:
        unit = context.pieces().bread(observed=True)
    else:
        unit = unit_information(context.estimate, observed=context.observed)
    return invert_information(context.estimate, unit)


def _first_order(context: ErrorContext) -> ParameterCovariance:
    """Return (n J)^-1, J the mean product of casewise scores (Berndt, Hall, Hall & Hausman 1974)."""
    return invert_information(context.estimate, context.pieces().score_meat())


def _robust_sem(context: ErrorContext) -> ParameterCovariance:
    """Return E^-1 D' V Gamma V D E^-1 / n with E the bread (Browne 1984, eq. 2.12; Satorra & Bentler 1994)."""
    pieces = context.pieces()
    return _sandwich(context, pieces.bread(observed=context.observed), pieces.gamma_meat(observed=context.observed))


def _robust_huber_white(context: ErrorContext) -> ParameterCovariance:
    """Return I^-1 J I^-1 / n, J the mean product of casewise scores (Huber 1967; White 1982; Yuan & Bentler 2000)."""
    pieces = context.pieces()
    return _sandwich(context, pieces.bread(observed=context.observed), pieces.score_meat())


def _none(context: ErrorContext) -> ParameterCovariance:
    del context
    return ParameterCovariance(None, 1.0, ())


STANDARD_ERRORS: Mapping[ErrorKind, Callable[[ErrorContext], ParameterCovariance]] = {
    ErrorKind.STANDARD: _standard,
    ErrorKind.FIRST_ORDER: _first_order,
    ErrorKind.ROBUST_SEM: _robust_sem,
    ErrorKind.ROBUST_HUBER_WHITE: _robust_huber_white,
    ErrorKind.NONE: _none,
}


def covariance_of_estimates(kind: ErrorKind, context: ErrorContext) -> ParameterCovariance:
    """Return the sampling covariance of the free rows; None with the reason where it cannot be computed."""
    try:
        return STANDARD_ERRORS[kind](context)
    except np.linalg.LinAlgError:
        return ParameterCovariance(None, np.inf, (no_standard_errors("the implied covariance matrix is singular"),))


def _sandwich(context: ErrorContext, bread: FloatArray, meat: FloatArray) -> ParameterCovariance:
    """Return K bread^-1 meat bread^-1 K' / n."""
    estimate = context.estimate
    base = invert_information(estimate, bread)
    if base.matrix is None or not len(bread):
        return base
    n = estimate.objective.moments.n_effective
    scale = np.sqrt(np.diag(bread))
    scaled = np.linalg.inv(bread / np.outer(scale, scale)) / np.outer(scale, scale)
    inner = scaled @ meat @ scaled / n
    directions = open_directions(estimate)
    return ParameterCovariance(directions @ inner @ directions.T, base.condition, base.findings)
