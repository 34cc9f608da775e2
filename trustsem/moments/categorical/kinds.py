"""The pairs sorted by kind: both variables ordinal, one of them, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.margins import Margins
from trustsem.moments.categorical.pair_scores import PairKind
from trustsem.moments.categorical.polyserial import PearsonPairs, PolyserialPairs
from trustsem.moments.categorical.rectangles import RectanglePairs
from trustsem.moments.categorical.tables import TablePairs, count_tables, fill_empty_cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Entries (pairs x respondents) of one batch: what fits the cache where the same rows are gone over many times ...
_SMALL_BATCH = 1 << 16
_LARGE_BATCH = 1 << 20  # ... and where they are gone over once


@dataclass(frozen=True, eq=False)
class KindOfPairs:
    """All pairs of one kind.

    Args:
        pairs: (P,) their positions in the order of the layout.
        kind: Their likelihoods.
        batch_size: Pairs that are worked on together.
        filled: (F,) pairs to whose tables something was added, positions in the order of the layout.
    """

    pairs: IntArray
    kind: PairKind
    batch_size: int
    filled: IntArray


def sort_pairs(
    data: CategoricalInput, margins: Margins, *, zero_cells: tuple[float, float], keep_margins: bool
) -> list[KindOfPairs]:
    """Return the kinds that occur.

    Args:
        data: Checked input.
        margins: First stage.
        zero_cells: Added to empty cells of 2 x 2 and of larger tables; without covariates only, which leave no tables.
        keep_margins: See `fill_empty_cells`.
    """
    layout = data.layout
    is_ordinal = np.array(data.n_levels, dtype=np.intp) > 0
    n_ordinal = is_ordinal[layout.row].astype(np.intp) + is_ordinal[layout.column]
    codes = np.full((layout.n_variables, data.n_obs), -1, dtype=np.intp)
    codes[layout.ordinal] = data.codes
    both, one, none = (np.flatnonzero(n_ordinal == count) for count in (2, 1, 0))
    kinds = []
    if len(both) and layout.n_covariates:
        kinds.append(_rectangles(data, margins, codes, both))
    elif len(both):
        kinds.append(_tables(data, margins, codes, both, zero_cells, keep_margins=keep_margins))
    if len(one):
        kinds.append(_polyserial(data, margins, codes, one, is_ordinal))
    if len(none):
        pearson = PearsonPairs(margins, data.observed, data.row_weights, layout.row[none], layout.column[none])
        kinds.append(_kind(data, none, pearson, _SMALL_BATCH))
    return kinds


def _kind(
    data: CategoricalInput, pairs: IntArray, kind: PairKind, entries: int, filled: IntArray | None = None
) -> KindOfPairs:
    none = np.zeros(0, dtype=np.intp)
    return KindOfPairs(pairs, kind, max(1, entries // data.n_obs), none if filled is None else filled)


def _rectangles(data: CategoricalInput, margins: Margins, codes: IntArray, pairs: IntArray) -> KindOfPairs:
    row, column = data.layout.row[pairs], data.layout.column[pairs]
    return _kind(data, pairs, RectanglePairs(margins, codes, data.row_weights, row, column), _SMALL_BATCH)


def _tables(
    data: CategoricalInput,
    margins: Margins,
    codes: IntArray,
    pairs: IntArray,
    zero_cells: tuple[float, float],
    *,
    keep_margins: bool,
) -> KindOfPairs:
    row, column = data.layout.row[pairs], data.layout.column[pairs]
    n_levels = np.array(data.n_levels, dtype=np.intp)
    counts = count_tables(codes, data.row_weights, int(n_levels.max()))[row, :, column, :]
    shape = np.stack([n_levels[row], n_levels[column]], axis=1)
    adjusted, changed = fill_empty_cells(counts, shape, zero_cells, keep_margins=keep_margins)
    return _kind(data, pairs, TablePairs(margins, codes, counts, adjusted, row, column), _LARGE_BATCH, pairs[changed])


def _polyserial(
    data: CategoricalInput, margins: Margins, codes: IntArray, pairs: IntArray, is_ordinal: NDArray[np.bool_]
) -> KindOfPairs:
    row, column = data.layout.row[pairs], data.layout.column[pairs]
    ordinal, continuous = np.where(is_ordinal[row], row, column), np.where(is_ordinal[row], column, row)
    kind = PolyserialPairs(margins, codes, data.observed, data.row_weights, ordinal, continuous)
    return _kind(data, pairs, kind, _SMALL_BATCH)
