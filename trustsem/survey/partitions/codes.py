"""Counts of the answers to items of few whole numbers, from which codes of missing answers are told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WIDEST = 20_000  # different whole numbers that are counted; codes such as 9999 lie within
_GLANCE = 64  # rows that usually show at once that a column is no item of whole numbers


@dataclass(frozen=True, slots=True, eq=False)
class AnswerCounts:
    """How often each whole number occurs in a column.

    Args:
        lowest: The number that the first count belongs to.
        counts: Rows with lowest, lowest + 1, ...; None: the column holds other numbers, or too many different ones.
    """

    lowest: int
    counts: np.ndarray | None

    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers that occur, ascending, and how often; nothing where they were not counted."""
        if self.counts is None:
            return np.empty(0), np.empty(0, dtype=np.intp)
        there = np.flatnonzero(self.counts)
        return (there + self.lowest).astype(np.float64), self.counts[there]


NOTHING_YET = AnswerCounts(0, np.zeros(0, dtype=np.intp))
_NO_COUNTS = AnswerCounts(0, None)


def count_answers(column: np.ndarray) -> AnswerCounts:
    """Return the counts of a column without NaN."""
    if not column.size:
        return NOTHING_YET
    glance = column[:_GLANCE]
    if (glance != np.rint(glance)).any():
        return _NO_COUNTS
    low, high = float(column.min()), float(column.max())
    if high - low >= _WIDEST or max(-low, high) > _WIDEST or (column != np.rint(column)).any():
        return _NO_COUNTS
    return AnswerCounts(int(low), np.bincount((column - low).astype(np.intp)))


def add_counts(first: AnswerCounts, second: AnswerCounts) -> AnswerCounts:
    """Return the counts of the rows of both."""
    if first.counts is None or second.counts is None:
        return _NO_COUNTS
    if not first.counts.size or not second.counts.size:
        return first if first.counts.size else second
    low = min(first.lowest, second.lowest)
    high = max(part.lowest + len(part.counts) for part in (first, second) if part.counts is not None)
    counts = np.zeros(high - low, dtype=np.intp)
    for part in (first, second):
        assert part.counts is not None
        start = part.lowest - low
        counts[start : start + len(part.counts)] += part.counts
    return AnswerCounts(low, counts)
