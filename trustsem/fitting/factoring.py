"""Exploratory factors through factor_analyzer: extraction and rotation of a correlation matrix."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError, UsageError
from trustsem.suggestions import count_of

FloatArray = NDArray[np.float64]


class Extraction(Enum):
    """How factors are extracted."""

    MINRES = "minres"
    ML = "ml"


class Rotation(Enum):
    """How they are turned; OBLIMIN (gamma 0: quartimin) and PROMAX (power 4) let them correlate."""

    OBLIMIN = "oblimin"
    PROMAX = "promax"
    VARIMAX = "varimax"
    NONE = "none"


_PRECISE = {"tol": 1e-8, "max_iter": 1000}  # its own 1e-5 leaves loadings off in the fourth decimal
_AT_BOUND = 0.0051  # unique variance is kept at .005 and more: what ends there wants to be below 0


@dataclass(frozen=True, eq=False, slots=True)
class ExploredFactors:
    """Factors of p items.

    Args:
        loadings: (p, m) pattern of the rotated factors.
        correlations: (m, m) of the factors.
        communalities: (p,) share of each item's variance that the factors explain.
        at_bound: (p,) whether the unique variance of an item ended at its lower bound.
        warnings: What factor_analyzer said.
    """

    loadings: FloatArray
    correlations: FloatArray
    communalities: FloatArray
    at_bound: NDArray[np.bool_]
    warnings: tuple[str, ...]


def most_factors(n_items: int) -> int:
    """Return how many factors n items can have: degrees of freedom ((p - m)^2 - p - m) / 2 of at least 0."""
    m = 0
    while (n_items - m - 1) ** 2 >= n_items + m + 1 and m + 1 < n_items:
        m += 1
    return m


def explore_factors(
    correlation: FloatArray, n_factors: int, extraction: Extraction, rotation: Rotation
) -> ExploredFactors:
    """Extract factors of a correlation matrix, and rotate them.

    Correlations of the factors are taken from the rotation itself, P = (A'A)^-1 of loadings L = L0 A: they belong to
    the columns in whatever order these stand.

    Args:
        correlation: (p, p).
        n_factors: At least 1.
        extraction: MINRES or ML.
        rotation: Applied to two factors or more.

    Raises:
        UsageError: more factors than the items can tell.
        DataError: factor_analyzer cannot extract them.
    """
    _require_possible(len(correlation), n_factors)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        unrotated = _extract(correlation, n_factors, extraction)
        loadings = unrotated if n_factors == 1 or rotation is Rotation.NONE else _rotate(unrotated, rotation)
    turn = np.linalg.lstsq(unrotated, loadings, rcond=None)[0]
    inverse = np.linalg.inv(turn)
    communalities = (unrotated**2).sum(axis=1)
    said = dict.fromkeys(str(found.message) for found in caught if not issubclass(found.category, FutureWarning))
    at_bound = 1 - communalities < _AT_BOUND
    return ExploredFactors(loadings, inverse @ inverse.T, communalities, at_bound, tuple(said))


def _require_possible(n_items: int, n_factors: int) -> None:
    most = most_factors(n_items)
    if n_factors <= most:
        return
    message = f"{n_items} items cannot tell a factor: three are needed at least."
    if most:
        message = f"{n_items} items can tell {count_of(most, 'factor')} at most, not {n_factors}."
    raise UsageError(message, remedy="Ask for fewer factors, or name more items.", code="too-many-factors")


def _extract(correlation: FloatArray, n_factors: int, extraction: Extraction) -> FloatArray:
    from factor_analyzer import FactorAnalyzer

    # no rotation: its own order of rotated factors leaves their correlations behind
    unrotated: Any = None  # annotated there as text, documented as text or None
    analyzer = FactorAnalyzer(n_factors=n_factors, rotation=unrotated, method=extraction.value, is_corr_matrix=True)
    try:
        analyzer.fit(correlation)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise DataError(
            f"factor_analyzer cannot extract {n_factors} factors: {error}",
            remedy="Ask for fewer factors, leave out items that repeat others, or use method minres.",
            code="extraction-failed",
        ) from None
    return np.asarray(analyzer.loadings_, dtype=np.float64)


def _rotate(loadings: FloatArray, rotation: Rotation) -> FloatArray:
    from factor_analyzer import Rotator

    return np.asarray(Rotator(method=rotation.value, **_PRECISE).fit_transform(loadings), dtype=np.float64)
