"""Results per respondent, put back in the order and under the labels of the data that were given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """The respondents behind a fit.

    Args:
        values: (n, p) answers of the used rows, group after group, in the order of the model's variables; NaN where
            an answer is missing.
        row_index: (n,) positions of the used rows in the data that were given.
        index: Labels of all rows that were given.
    """

    values: NDArray[np.float64]
    row_index: NDArray[np.intp]
    index: pd.Index

    def by_group(self, sizes: Sequence[int]) -> tuple[NDArray[np.float64], ...]:
        """Return the answers of each group.

        Args:
            sizes: Rows of each group, in order.
        """
        return tuple(np.split(self.values, np.cumsum(sizes)[:-1]))

    def align(self, results: NDArray[np.float64], columns: Sequence[str]) -> pd.DataFrame:
        """Return (n, k) results of the used rows with one row per row that was given; NaN for rows not used."""
        full = np.full((len(self.index), len(columns)), np.nan)
        full[self.row_index] = results
        return pd.DataFrame(full, index=self.index, columns=list(columns))
