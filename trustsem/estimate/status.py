"""How an optimiser ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class OptimStatus(Enum):
    """Why the iteration ended; only CONVERGED is a minimum."""

    CONVERGED = "converged"
    MAX_ITERATIONS = "max-iterations"
    STALLED = "stalled"
    BAD_START = "bad-start"


@dataclass(frozen=True, eq=False, slots=True)
class Optimum:
    """End of one optimiser run.

    Args:
        x: (n_parameters,) independent parameters.
        value: F/2 there.
        iterations: Steps taken.
        status: Why it ended.
        decrement: g' H^-1 g at the end, or the largest scaled gradient where that is not defined.
        method: Name of the optimiser and its start.
    """

    x: FloatArray
    value: float
    iterations: int
    status: OptimStatus
    decrement: float
    method: str
