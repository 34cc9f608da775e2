"""What an estimator needs of a discrepancy function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import Implied, MomentDerivatives
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Slope:
    """First derivatives of F with respect to the implied moments of one group."""

    sigma: FloatArray  # (p, p) symmetric G: dF = sum(G * dSigma)
    mean: FloatArray  # (p,): dF = mean @ dmu; zeros without mean structure


@dataclass(frozen=True, eq=False, slots=True)
class Curvature:
    """Weights of the expected (Gauss-Newton) Hessian of F/2: tr(W dSigma W dSigma)/2 + dmu' W_m dmu."""

    sigma: FloatArray  # (p, p) W
    mean: FloatArray | None  # (p, p) W_m; None without mean structure


@dataclass(frozen=True, eq=False, slots=True)
class Discrepancy:
    """A discrepancy function F with its derivatives; all on the scale of F, not F/2 (numerical-conventions.md).

    Args:
        name: The name users give.
        value: F of one group; infinite where it is not defined (implied matrix not positive definite).
        slope: dF/d(moments) of one group.
        curvature: Weights of the expected Hessian of F/2.
        hessian_core: The part of the exact Hessian of F/2 that comes from first derivatives of the moments.
    """

    name: str
    value: Callable[[SampleGroup, Implied, bool], float]
    slope: Callable[[SampleGroup, Implied, bool], Slope]
    curvature: Callable[[SampleGroup, Implied, bool], Curvature]
    hessian_core: Callable[[SampleGroup, Implied, MomentDerivatives, bool], FloatArray]
