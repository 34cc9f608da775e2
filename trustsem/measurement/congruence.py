"""Explored factors beside the constructs that a model assigns items to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """Which explored factor stands for which construct.

    Args:
        congruence: (n_constructs, n_factors) Tucker's coefficients, signs as the factors have them.
        factor_of: (n_constructs,) column of the factor of each construct; -1 where there are too few factors.
    """

    congruence: FloatArray
    factor_of: IntArray


def tucker_congruence(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the congruence of every column of the one with every column of the other: sum ab / sqrt(sum a^2 sum b^2).

    Args:
        first: (p, k) loadings.
        second: (p, m) loadings.

    Source: Tucker (1951); .85 to .94 is fair, .95 and more equal (Lorenzo-Seva & ten Berge 2006).
    """
    size = np.sqrt((first**2).sum(axis=0))[:, None] * np.sqrt((second**2).sum(axis=0))[None, :]
    return np.divide(first.T @ second, size, out=np.full(size.shape, np.nan), where=size > 0)


def match_factors(loadings: FloatArray, assignment: FloatArray) -> Match:
    """Pair constructs with factors so that the sizes of their congruences add up to most.

    Args:
        loadings: (p, m) pattern of the explored factors.
        assignment: (p, k) 1 where the model has the item measure the construct, else 0.
    """
    from scipy.optimize import linear_sum_assignment

    congruence = tucker_congruence(assignment, loadings)
    rows, columns = linear_sum_assignment(-np.nan_to_num(np.abs(congruence)))
    factor_of = np.full(assignment.shape[1], -1, dtype=np.intp)
    factor_of[rows] = columns
    return Match(congruence, factor_of)


def elsewhere(loadings: FloatArray, assignment: FloatArray, match: Match) -> IntArray:
    """Return, for each item, the factor of its largest loading where that is none of its constructs'; else -1.

    Items without a construct, and those of constructs without a factor of their own, have no place to be away from.
    """
    largest = np.abs(loadings).argmax(axis=1)
    result = np.full(len(loadings), -1, dtype=np.intp)
    for item, factor in enumerate(largest):
        own = match.factor_of[assignment[item] > 0]
        if len(own) and (own >= 0).all() and factor not in own:
            result[item] = factor
    return result
