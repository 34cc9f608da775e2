"""Whether two constructs are told apart: HTMT, Fornell-Larcker, the interval of their correlation; by fixed rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects import latent_correlations_with_errors
from trustsem.measurement.blocks import Block, factor_blocks
from trustsem.measurement.coefficient import Coefficient
from trustsem.measurement.group_means import Interval
from trustsem.measurement.reliability import NO_ERRORS
from trustsem.pipeline import FittedModel
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

STRICT, LIBERAL = 0.85, 0.90  # Kline (2011) and Gold, Malhotra & Segars (2001), as Henseler et al. (2015) take them

_FIXED = "the model fixes the correlation"


class Distinct(Enum):
    """What a number says of two constructs."""

    DISTINCT = "distinct"  # below .85
    DOUBTFUL = "doubtful"  # from .85, below .90
    NOT_DISTINCT = "not distinct"  # .90 or more

    @classmethod
    def of(cls, size: float | None) -> Distinct | None:
        """Return the verdict on an HTMT, or on the upper limit of a correlation; None where there is none."""
        if size is None:
            return None
        if size < STRICT:
            return cls.DISTINCT
        return cls.DOUBTFUL if size < LIBERAL else cls.NOT_DISTINCT


@dataclass(frozen=True, slots=True)
class ConstructPair:
    """Two constructs of one group.

    Args:
        first: Latent variable.
        second: Another one.
        group: Number of the group, from 1.
        correlation: Of the two in the model, with its interval.
        upper_size: Upper limit of the size of the correlation; None without an interval.
        htmt: Ratio of correlations between and within (Henseler, Ringle & Sarstedt 2015).
        htmt2: The same by geometric means (Roemer, Schuberth & Henseler 2021).
        fornell_larcker: Whether both extracted variances exceed the squared correlation; None where one is undefined or
            the correlation fixed.
    """

    first: str
    second: str
    group: int
    correlation: Coefficient
    upper_size: float | None
    htmt: Coefficient
    htmt2: Coefficient
    fornell_larcker: bool | None

    @property
    def verdict(self) -> Distinct | None:
        """By the upper limit of the correlation in the model: CI_CFA(cut) of Ronkko & Cho (2022)."""
        return Distinct.of(self.upper_size)

    @property
    def htmt_verdict(self) -> Distinct | None:
        """By HTMT."""
        return Distinct.of(self.htmt.value)


Extracted = Mapping[tuple[str, int], Coefficient]  # average variance extracted by factor and number of the group


def construct_pairs(fitted: FittedModel, extracted: Extracted) -> tuple[ConstructPair, ...]:
    """Return every pair of latent variables of every group; a factor and what measures it are no pair.

    Args:
        fitted: A converged fit.
        extracted: Average variances extracted.
    """
    layouts = fitted.estimate.objective.layout.groups
    blocks = {(block.factor, block.group): block for block in factor_blocks(fitted.table, layouts)}
    measured = {frozenset((row.lhs, row.rhs)) for row in fitted.table.rows if row.op == "=~"}
    has_errors, pairs = fitted.covariance.matrix is not None, []
    for found in latent_correlations_with_errors(fitted.estimate, fitted.covariance.matrix):
        one, other = blocks[found.second, found.group], blocks[found.first, found.group]
        if frozenset((one.factor, other.factor)) in measured:
            continue
        interval = Interval(found.value, found.se)
        is_fixed = has_errors and not math.isfinite(found.se)
        ratios = _ratios(fitted, one, other)
        both = extracted[one.factor, found.group].value, extracted[other.factor, found.group].value
        pairs.append(
            ConstructPair(
                one.factor,
                other.factor,
                found.group,
                Coefficient.with_delta(interval, _FIXED if is_fixed else NO_ERRORS),
                _upper_size(interval),
                *ratios,
                None if is_fixed else _is_larger(both, found.value),
            )
        )
    return tuple(pairs)


def _upper_size(interval: Interval) -> float | None:
    return abs(interval.value) + Z95 * interval.se if math.isfinite(interval.se) else None


def _is_larger(extracted: tuple[float | None, float | None], correlation: float) -> bool | None:
    first, second = extracted
    return None if first is None or second is None else min(first, second) > correlation**2


def _ratios(fitted: FittedModel, one: Block, other: Block) -> tuple[Coefficient, Coefficient]:
    for block in (one, other):
        if len(block.items) < 2:
            undefined = Coefficient.undefined(f"{block.factor} has fewer than two items")
            return undefined, undefined
    shared = [name for name in one.names if name in other.names]
    if shared:
        undefined = Coefficient.undefined(f"both load on {shortened(shared, 4)}")
        return undefined, undefined
    cov = fitted.moments.groups[one.group - 1].cov
    sd = np.sqrt(np.diag(cov))
    correlation = cov / np.outer(sd, sd)
    none = "the items of one construct do not correlate"
    made = [kind(correlation, one.items, other.items) for kind in (htmt, htmt2)]
    values = [Coefficient(value) if value is not None else Coefficient.undefined(none) for value in made]
    return values[0], values[1]


def htmt(correlation: FloatArray, first: IntArray, second: IntArray) -> float | None:
    """Return the heterotrait-monotrait ratio of correlations, of their sizes (Henseler, Ringle & Sarstedt 2015, eq. 6).

    Mean size of the correlations between the items of both constructs over the geometric mean of the mean sizes within
    each; sizes as Ringle et al. (2023) propose, so that items scored the other way round do not cancel out.

    Args:
        correlation: (p, p) correlations of items.
        first: Items of one construct, at least two.
        second: Items of the other.

    Example:
        >>> r = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
        >>> r[0, 1] = r[1, 0] = r[2, 3] = r[3, 2] = 0.6
        >>> round(htmt(r, np.array([0, 1]), np.array([2, 3])), 3)
        0.5
    """
    return _ratio(*(part.mean() for part in _parts(correlation, first, second)))


def htmt2(correlation: FloatArray, first: IntArray, second: IntArray) -> float | None:
    """Return the ratio with geometric means throughout (Roemer, Schuberth & Henseler 2021, eq. 3).

    It needs no equal loadings. A correlation of 0 between the constructs makes it 0, one within a construct undefined.
    """
    parts = _parts(correlation, first, second)
    means = [float(np.exp(np.log(part).mean())) if (part > 0).all() else 0.0 for part in parts]
    return _ratio(*means)


def _parts(correlation: FloatArray, first: IntArray, second: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    sizes = np.abs(correlation)

    def within(items: IntArray) -> FloatArray:
        return sizes[np.ix_(items, items)][np.tril_indices(len(items), -1)]

    return sizes[np.ix_(first, second)].ravel(), within(first), within(second)


def _ratio(between: float, first: float, second: float) -> float | None:
    return float(between / math.sqrt(first * second)) if first > 0 and second > 0 else None
