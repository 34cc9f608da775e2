"""Covariances of items for scales and exploration: of complete rows, of incomplete ones, of ordinal answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError, UsageError
from trustsem.fitting.ordinal import MOST_CATEGORIES
from trustsem.fitting.words import word
from trustsem.moments.categorical import CategoricalInput, categorical_moments
from trustsem.moments.em import EMStatus, em_moments
from trustsem.moments.patterns import missing_patterns
from trustsem.records import Finding
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]


class ItemMissing(Enum):
    """Which rows covariances of items come from."""

    LISTWISE = "listwise"  # those that answered all items of the scale
    PAIRWISE = "pairwise"  # of ordinal items: those that answered both of a pair
    FIML = "fiml"  # all of them, by maximum likelihood


@dataclass(frozen=True, eq=False, slots=True)
class ItemMoments:
    """Covariances of a set of items.

    Args:
        cov: (k, k) covariances, or polychoric correlations; None where there are none.
        n_obs: Respondents behind them.
        reason: Why there are none.
        findings: What a reader must know.
    """

    cov: FloatArray | None
    n_obs: int
    reason: str | None = None
    findings: tuple[Finding, ...] = ()


def read_missing(missing: object, *, ordered: bool) -> ItemMissing:
    """Return the treatment of missing answers that a word means.

    Raises:
        UsageError: another word, or one that does not go with the kind of answers.
    """
    chosen = {kind.value: kind for kind in ItemMissing}.get(word(missing))
    allowed = (ItemMissing.LISTWISE, ItemMissing.PAIRWISE if ordered else ItemMissing.FIML)
    if chosen not in allowed:
        kind = "polychoric correlations" if ordered else "answers as numbers"
        raise UsageError(
            f"missing={missing!r} is not available for {kind}.",
            remedy=f"Use {' or '.join(repr(one.value) for one in allowed)}.",
            code="missing",
        )
    assert chosen is not None
    return chosen


def item_moments(values: FloatArray, names: Sequence[str], missing: ItemMissing) -> ItemMoments:
    """Return covariances of scores, divisor n - 1 (of incomplete rows by maximum likelihood).

    Args:
        values: (n, k) scores, NaN where missing.
        names: The items.
        missing: LISTWISE or FIML.
    """
    there = ~np.isnan(values)
    answered = values[there.any(axis=1)]
    complete = values[there.all(axis=1)]
    is_full = len(complete) == len(answered)
    if missing is ItemMissing.FIML and not is_full and len(answered) > 1:
        constant = _constant(answered, names)
        if constant:
            return ItemMoments(None, len(answered), f"no variance in {shortened(constant, 4)}")
        result = em_moments(missing_patterns(answered))
        if result.status is not EMStatus.CONVERGED:
            return ItemMoments(None, len(answered), "means and covariances of the incomplete rows have no maximum")
        return ItemMoments(result.cov, len(answered))
    if len(complete) < 2:
        return ItemMoments(None, len(complete), f"{len(complete)} complete rows; two are needed at least")
    return ItemMoments(np.atleast_2d(np.cov(complete, rowvar=False)), len(complete))


def polychoric_moments(values: FloatArray, names: Sequence[str], missing: ItemMissing) -> ItemMoments:
    """Return polychoric correlations of items.

    Args:
        values: (n, k) scores, NaN where missing.
        names: The items.
        missing: LISTWISE or PAIRWISE.
    """
    there = ~np.isnan(values)
    used = values[there.all(axis=1) if missing is ItemMissing.LISTWISE else there.any(axis=1)]
    if len(used) < 2 or len(names) < 2:
        return ItemMoments(None, len(used), "two items and two rows are needed at least")
    coded, levels = np.full(used.shape, np.nan), []
    for column in range(used.shape[1]):
        answered = ~np.isnan(used[:, column])
        scores, codes = np.unique(used[answered, column], return_inverse=True)
        coded[answered, column] = codes
        levels.append(len(scores))
    outside = [name for name, n_levels in zip(names, levels, strict=True) if not 2 <= n_levels <= MOST_CATEGORIES]
    if outside:
        return ItemMoments(None, len(used), f"no scale of 2 to {MOST_CATEGORIES} categories: {shortened(outside, 4)}")
    try:
        moments = categorical_moments(CategoricalInput(coded, tuple(levels)), names, gamma=False, pairwise=True)
    except DataError as error:
        return ItemMoments(None, len(used), "; ".join([error.message, *error.faults]))
    return ItemMoments(moments.cov, len(used), findings=moments.findings)


def _constant(values: FloatArray, names: Sequence[str]) -> list[str]:
    there = ~np.isnan(values)
    low = np.where(there, values, np.inf).min(axis=0)
    high = np.where(there, values, -np.inf).max(axis=0)
    return [name for name, is_constant in zip(names, high <= low, strict=True) if is_constant]
