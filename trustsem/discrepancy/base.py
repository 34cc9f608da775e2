"""What an estimator needs of a discrepancy function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.weights import MomentWeight, NormalWeight
from trustsem.implied import Implied, MomentDerivatives
from trustsem.moments import SampleGroup

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Expansion:
    """F of one group around a point, in terms of the implied moments.

    Args:
        sigma_slope: (p, p) symmetric G: dF = sum(G * dSigma) + mean_slope @ dmu.
        mean_slope: (p,); zeros without mean structure.
        weight: V of the expected (Gauss-Newton) Hessian of F/2: dsigma' V dsigma.
    """

    sigma_slope: FloatArray
    mean_slope: FloatArray
    weight: NormalWeight | MomentWeight


@dataclass(frozen=True, eq=False, slots=True)
class Discrepancy:
    """A discrepancy function F with its derivatives; all on the scale of F, not F/2 (numerical-conventions.md).

    Args:
        name: The name users give.
        value: F of one group; infinite where it is not defined (implied matrix not positive definite).
        expand: Slopes and weights of one group.
        hessian_core: The part of the exact Hessian of F/2 that comes from first derivatives of the moments.
        is_likelihood: Whether F is 2/n times a difference of normal log-likelihoods.
        unbiased: Whether S is analysed with divisor n - 1.
    """

    name: str
    value: Callable[[SampleGroup, Implied, bool], float]
    expand: Callable[[SampleGroup, Implied, bool], Expansion]
    hessian_core: Callable[[SampleGroup, Implied, Expansion, MomentDerivatives], FloatArray]
    is_likelihood: bool = True
    unbiased: bool = False
