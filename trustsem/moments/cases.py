"""The respondents of one group: answers, weights, clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.patterns import MissingPatterns, missing_patterns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Cases:
    """Rows behind the moments of one group.

    Args:
        values: (n, p) answers in item units; NaN where an answer is missing.
        weights: (n,) sampling weights, normalised; None: all rows count alike.
        clusters: (n,) cluster of each row, counted from 0 over all groups; None: rows are independent.
    """

    values: FloatArray
    weights: FloatArray | None = None
    clusters: IntArray | None = None

    def __post_init__(self) -> None:
        for array in (self.weights, self.clusters):
            if array is not None and array.shape != (len(self.values),):
                raise ValueError("weights and clusters need one entry per row")

    def select(self, index: IntArray) -> Cases:
        """Return the same rows with these columns, in this order."""
        return Cases(self.values[:, index], self.weights, self.clusters)

    @cached_property
    def patterns(self) -> MissingPatterns:
        """The rows sorted by which answers are missing."""
        return missing_patterns(self.values, self.weights)

    @property
    def weight_of_row(self) -> FloatArray:
        """(n,) weights; ones without sampling weights."""
        return np.ones(len(self.values)) if self.weights is None else self.weights
