"""Incomplete rows by what was answered in them: one pattern for all rows with the same answered items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

_CHUNK_BYTES = 16 * 2**20  # per array of one chunk; a handful of them live at the same time


@dataclass(frozen=True, eq=False, slots=True)
class MissingPatterns:
    """First and second moments of each missing-data pattern: all that a normal likelihood needs of the data.

    Patterns with more rows come first. Unobserved entries of means and scatters are 0.

    Args:
        observed: (m, p) whether the variable was answered.
        counts: (m,) rows of the pattern; sums of their weights when cases are weighted.
        means: (m, p) weighted means of the pattern's rows, item units.
        scatters: (s, p (p + 1) / 2) covariances within the first s patterns, divisor `counts`, lower triangle column
            by column; patterns of a single row have none.
        of_row: (n_rows,) pattern of each row.
    """

    observed: BoolArray
    counts: FloatArray
    means: FloatArray
    scatters: FloatArray
    of_row: IntArray

    def __post_init__(self) -> None:
        for array in (self.observed, self.counts, self.means, self.scatters, self.of_row):
            array.setflags(write=False)

    @property
    def n_obs(self) -> float:
        """Sum of the weights; the number of rows without weights."""
        return float(self.counts.sum())

    @property
    def n_rows(self) -> int:
        """Rows with at least one answer."""
        return len(self.of_row)

    @property
    def n_patterns(self) -> int:
        """Number of patterns m."""
        return len(self.observed)

    @property
    def n_variables(self) -> int:
        """Number of variables p."""
        return self.observed.shape[1]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.observed.all())

    @property
    def coverage(self) -> FloatArray:
        """(p, p) share of cases with both variables answered, by weight."""
        masks = self.observed.astype(np.float64)
        return (masks * self.counts[:, None]).T @ masks / self.n_obs

    @property
    def never_together(self) -> tuple[tuple[int, int], ...]:
        """Pairs of variables (i > j) that no case answered both of: their covariance is not identified."""
        row, column = np.nonzero(np.tril(self.coverage, -1) + np.triu(np.ones((self.n_variables,) * 2)) == 0)
        return tuple(zip(row.tolist(), column.tolist(), strict=True))


def missing_patterns(values: FloatArray, weights: FloatArray | None = None) -> MissingPatterns:
    """Sort rows into missing-data patterns.

    Args:
        values: (n, p), NaN where an answer is missing; no row and no column may be missing altogether.
        weights: (n,) case weights, at least 0, that sum to n; None for equal weights.

    Raises:
        ValueError: rows without any answer, variables without any answer, infinite values, or weights that do not fit.

    Example:
        >>> patterns = missing_patterns(np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0]]))
        >>> patterns.counts, patterns.means[0]
        (array([2., 1.]), array([3., 3.]))
    """
    values = np.asarray(values, dtype=np.float64)
    observed = ~np.isnan(values)
    weights = _checked_weights(values, observed, weights)
    order, starts, masks = _sorted_by_pattern(observed)
    of_row = np.empty(len(values), dtype=np.intp)
    n_rows = np.diff(np.append(starts, len(values)))
    of_row[order] = np.repeat(np.arange(len(starts)), n_rows)
    counts = np.add.reduceat(weights[order], starts)
    filled = np.where(observed, values, 0.0)
    totals = np.add.reduceat((filled * weights[:, None])[order], starts)
    means = np.divide(totals, counts[:, None], out=np.zeros_like(totals), where=counts[:, None] > 0)
    centred = np.where(observed, values - means[of_row], 0.0)[order]
    shares = np.divide(weights, counts[of_row], out=np.zeros_like(weights), where=counts[of_row] > 0)[order]
    n_repeated = int(np.count_nonzero(n_rows > 1))
    return MissingPatterns(masks, counts, means, _scatters(centred, shares, starts, n_rows, n_repeated), of_row)


def available_moments(patterns: MissingPatterns) -> tuple[FloatArray, FloatArray]:
    """Return (p,) means and (p,) variances, divisor n, of each variable's own answers.

    They are also the maximum likelihood estimates of the independence model, whose likelihood is a product over
    variables.
    """
    masks, diagonal = patterns.observed, vech_diagonal(patterns.n_variables)
    cases = patterns.counts @ masks
    mean = patterns.counts @ patterns.means / cases
    gaps = np.where(masks, patterns.means - mean, 0.0)
    squares = patterns.counts @ gaps**2
    if len(patterns.scatters):
        squares += patterns.counts[: len(patterns.scatters)] @ patterns.scatters[:, diagonal]
    return mean, squares / cases


@lru_cache(maxsize=32)
def vech_cells(n_variables: int) -> tuple[IntArray, IntArray]:
    """Return row and column of each element of vech: the lower triangle, column by column; read-only arrays."""
    column, row = np.triu_indices(n_variables)
    row.flags.writeable = column.flags.writeable = False
    return row, column


@lru_cache(maxsize=32)
def vech_lookup(n_variables: int) -> IntArray:
    """Return (p, p) positions in vech of each cell; a read-only array."""
    row, column = vech_cells(n_variables)
    lookup = np.empty((n_variables, n_variables), dtype=np.intp)
    lookup[row, column] = lookup[column, row] = np.arange(len(row))
    lookup.flags.writeable = False
    return lookup


def vech_diagonal(n_variables: int) -> IntArray:
    """Return the positions of the variances in vech."""
    return np.diagonal(vech_lookup(n_variables))


def chunks(n_items: int, floats_each: int) -> Iterator[slice]:
    """Cut a range into slices whose arrays stay small, whatever the number of patterns or rows."""
    size = max(1, _CHUNK_BYTES // (8 * max(1, floats_each)))
    for start in range(0, n_items, size):
        yield slice(start, min(start + size, n_items))


def _checked_weights(values: FloatArray, observed: BoolArray, weights: FloatArray | None) -> FloatArray:
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values have shape {values.shape}: a table with rows and columns is needed")
    if np.isinf(values).any():
        raise ValueError("values hold infinite numbers")
    empty_rows, empty_columns = int(np.sum(~observed.any(axis=1))), np.flatnonzero(~observed.any(axis=0))
    if empty_rows:
        raise ValueError(f"{empty_rows} row(s) without any answer: leave them out before patterns are formed")
    if len(empty_columns):
        raise ValueError(f"variables without any answer, at positions {empty_columns.tolist()}: leave them out")
    if weights is None:
        return np.ones(len(values))
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(values),) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"weights must be {len(values)} finite numbers of at least 0")
    if not (weights @ observed > 0).all():
        raise ValueError("the weights leave no case with an answer to some variable")
    return weights


def _sorted_by_pattern(observed: BoolArray) -> tuple[IntArray, IntArray, BoolArray]:
    """Return the order of rows that puts patterns together, where each starts, and the masks; frequent ones first."""
    packed = np.packbits(observed, axis=1)
    keys = np.ascontiguousarray(packed).view([("", np.void, packed.shape[1])]).ravel()
    _, first, inverse, n_rows = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), dtype=np.intp)
    by_frequency = np.lexsort((first, -n_rows))  # ties in order of appearance
    rank[by_frequency] = np.arange(len(first))
    order = np.argsort(rank[inverse.ravel()], kind="stable")
    starts = np.concatenate([[0], np.cumsum(n_rows[by_frequency])[:-1]]).astype(np.intp)
    return order, starts, observed[first[by_frequency]]


def _scatters(
    centred: FloatArray, shares: FloatArray, starts: IntArray, n_rows: IntArray, n_repeated: int
) -> FloatArray:
    """Return the covariances within patterns: large patterns by a product each, the others by sums of row products."""
    p = centred.shape[1]
    row, column = vech_cells(p)
    result = np.empty((n_repeated, len(row)))
    n_large = int(np.count_nonzero(n_rows[:n_repeated] > len(row)))  # at most n / p* of them: a short loop
    for k in range(n_large):
        rows = slice(starts[k], starts[k] + n_rows[k])
        result[k] = ((centred[rows] * shares[rows, None]).T @ centred[rows])[row, column]
    size = int(n_rows[n_large]) * len(row) if n_large < n_repeated else 1
    for part in chunks(n_repeated - n_large, size):
        first, last = n_large + part.start, n_large + part.stop
        rows = slice(starts[first], starts[last - 1] + n_rows[last - 1])
        products = centred[rows][:, row] * centred[rows][:, column] * shares[rows, None]
        result[first:last] = np.add.reduceat(products, starts[first:last] - starts[first])
    return result
