"""Where each moment of ordinal and continuous variables stands in the vector of moments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class MomentLayout:
    """Order of the moments of one group: thresholds and means, slopes, variances, covariances.

    Args:
        n_levels: Levels of each of the p variables; 0 for continuous ones.
        n_covariates: Exogenous variables k on which the moments are conditioned.
    """

    n_levels: tuple[int, ...]
    n_covariates: int = 0

    @property
    def n_variables(self) -> int:
        """The p variables."""
        return len(self.n_levels)

    @cached_property
    def threshold_of(self) -> IntArray:
        """(T, 2) for each moment of the first block its variable and its level from 0, -1 for a mean."""
        entries = [
            (variable, level)
            for variable, count in enumerate(self.n_levels)
            for level in (range(count - 1) if count else (-1,))
        ]
        return np.array(entries, dtype=np.intp).reshape(-1, 2)

    @cached_property
    def ordinal(self) -> IntArray:
        """Positions of the ordinal variables."""
        return np.flatnonzero(np.array(self.n_levels, dtype=np.intp) > 0)

    @cached_property
    def continuous(self) -> IntArray:
        """Positions of the continuous variables."""
        return np.flatnonzero(np.array(self.n_levels, dtype=np.intp) == 0)

    @property
    def thresholds(self) -> slice:
        """First block: thresholds of ordinal variables and means of continuous ones, variable by variable."""
        return slice(0, len(self.threshold_of))

    @property
    def slopes(self) -> slice:
        """Second block: slopes, variable by variable, within a variable covariate by covariate."""
        start = self.thresholds.stop
        return slice(start, start + self.n_variables * self.n_covariates)

    @property
    def variances(self) -> slice:
        """Third block: variances of the continuous variables."""
        return slice(self.slopes.stop, self.slopes.stop + len(self.continuous))

    @property
    def pairs(self) -> slice:
        """Fourth block: covariances (i, j), i > j, column by column of the lower triangle."""
        start = self.variances.stop
        return slice(start, start + self.n_variables * (self.n_variables - 1) // 2)

    @property
    def n_univariate(self) -> int:
        """Moments of single variables: all but the covariances."""
        return self.variances.stop

    @property
    def n_moments(self) -> int:
        """Length M of the vector."""
        return self.pairs.stop

    @cached_property
    def row(self) -> IntArray:
        """(p (p - 1) / 2,) the variable i of each pair (i, j)."""
        return np.triu_indices(self.n_variables, 1)[1]

    @cached_property
    def column(self) -> IntArray:
        """(p (p - 1) / 2,) the variable j of each pair (i, j), j < i."""
        return np.triu_indices(self.n_variables, 1)[0]

    @property
    def n_thresholds(self) -> int:
        """Places for the first block of one variable: the largest number of thresholds, 1 for a mean."""
        return max([count - 1 if count else 1 for count in self.n_levels], default=1)

    @cached_property
    def places(self) -> IntArray:
        """(p, n_thresholds + k + 1) positions of each variable's own moments: first block, slopes, variance.

        Places that a variable does not need point behind the univariate moments.
        """
        p, k, width = self.n_variables, self.n_covariates, self.n_thresholds
        places = np.full((p, width + k + 1), self.n_univariate, dtype=np.intp)
        variable, level = self.threshold_of.T
        places[variable, np.maximum(level, 0)] = np.arange(len(variable))
        places[:, width : width + k] = self.slopes.start + np.arange(p * k).reshape(p, k)
        places[self.continuous, -1] = self.variances.start + np.arange(len(self.continuous))
        return places
