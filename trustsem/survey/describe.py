"""Describe items, covariates and rows in numbers; always in the scored direction, higher is more of the construct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.instruments import Covariate, CovariateKind, Item
from trustsem.survey.frames import column_of, columns_of
from trustsem.survey.scored import Survey

_MOST_POINTS = 12  # a numeric column with more distinct values is no answer scale


@dataclass(frozen=True, slots=True)
class AnswerShare:
    """One point of the scored scale: how many answered so."""

    point: float
    label: str | None
    count: int
    share: float  # of the answered ones


@dataclass(frozen=True, slots=True)
class ItemDescription:
    """One item in the scored direction.

    Args:
        name: Item.
        construct: What it measures; None without a codebook.
        reverse: Whether the question was reversed in scoring; labels are those of the answers as given.
        n: Answers.
        n_missing: Missing ones.
        missing: Counts by kind of missing, largest first.
        distribution: The scale's points from low to high; empty for columns that are no answer scale.
        mean: Mean score; None without answers, like all that follow when undefined.
        sd: Standard deviation, divisor n - 1.
        skewness: Adjusted Fisher-Pearson coefficient G1.
        kurtosis: Excess kurtosis G2, 0 for a normal variable.
        floor: Share of answers at the lowest point.
        ceiling: Share of answers at the highest point.
    """

    name: str
    construct: str | None
    reverse: bool
    n: int
    n_missing: int
    missing: tuple[tuple[str, int], ...]
    distribution: tuple[AnswerShare, ...]
    mean: float | None
    sd: float | None
    skewness: float | None
    kurtosis: float | None
    floor: float | None
    ceiling: float | None


@dataclass(frozen=True, slots=True)
class CovariateDescription:
    """One covariate: moments for numbers, counts of categories for nominal ones, neither for identifiers."""

    name: str
    kind: str
    n: int
    n_missing: int
    missing: tuple[tuple[str, int], ...]
    n_distinct: int
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    categories: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RowDescription:
    """The respondents, counted over the items.

    Args:
        n_rows: Respondents.
        n_items: Items.
        n_complete: Respondents who answered every item.
        by_missing: (number of missing answers, respondents) for each number that occurs.
        n_patterns: Distinct patterns of answered and missing items.
    """

    n_rows: int
    n_items: int
    n_complete: int
    by_missing: tuple[tuple[int, int], ...]
    n_patterns: int


def describe_survey(survey: Survey) -> tuple[ItemDescription, ...]:
    """Return a description of every item of a survey, in the scored direction."""
    items = {item.name: item for item in survey.codebook.items} if survey.codebook else {}
    reasons = survey.missing_reasons
    return tuple(
        describe_item(column_of(survey.frame, name), name, items.get(name), reasons.get(name, {}))
        for name in survey.items
    )


def describe_covariates(survey: Survey) -> tuple[CovariateDescription, ...]:
    """Return a description of the codebook's covariates that are in the survey; empty without a codebook."""
    if survey.codebook is None:
        return ()
    reasons = survey.missing_reasons
    return tuple(
        _describe_covariate(column_of(survey.frame, covariate.name), covariate, reasons.get(covariate.name, {}))
        for covariate in survey.codebook.covariates
        if covariate.name in survey.frame.columns
    )


def describe_rows(survey: Survey) -> RowDescription:
    """Return how complete the respondents' answers to the items are."""
    is_missing = columns_of(survey.frame, survey.items).isna().to_numpy()
    numbers, counts = np.unique(is_missing.sum(axis=1), return_counts=True)
    return RowDescription(
        n_rows=is_missing.shape[0],
        n_items=is_missing.shape[1],
        n_complete=int((~is_missing.any(axis=1)).sum()),
        by_missing=tuple(zip(numbers.tolist(), counts.tolist(), strict=True)),
        n_patterns=len(np.unique(is_missing, axis=0)),
    )


def skewness(values: np.ndarray) -> float | None:
    """Return the adjusted skewness G1; None with fewer than 3 values or no variance.

    Source: Joanes & Gill (1998), The Statistician 47(1), G1: g1 * sqrt(n (n - 1)) / (n - 2).
    """
    n = values.size
    deviations = values - values.mean() if n else values
    m2 = (deviations**2).mean() if n else 0.0
    if n < 3 or m2 == 0:
        return None
    return float((deviations**3).mean() / m2**1.5 * np.sqrt(n * (n - 1)) / (n - 2))


def excess_kurtosis(values: np.ndarray) -> float | None:
    """Return the adjusted excess kurtosis G2; None with fewer than 4 values or no variance.

    Source: Joanes & Gill (1998), The Statistician 47(1), G2: (n - 1) / ((n - 2)(n - 3)) * ((n + 1) g2 + 6).
    """
    n = values.size
    deviations = values - values.mean() if n else values
    m2 = (deviations**2).mean() if n else 0.0
    if n < 4 or m2 == 0:
        return None
    g2 = (deviations**4).mean() / m2**2 - 3
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6))


def describe_item(column: pd.Series, name: str, item: Item | None, reasons: Mapping[str, int]) -> ItemDescription:
    """Return the description of one item.

    Args:
        column: Scores.
        name: Item.
        item: What the codebook says of it; None without one.
        reasons: Missing cells by kind.
    """
    scores = column.to_numpy(dtype=np.float64, na_value=np.nan)
    present = scores[np.isfinite(scores)]
    distribution = _distribution(present, item)
    n = present.size
    return ItemDescription(
        name=name,
        construct=item.construct if item else None,
        reverse=item.reverse if item else False,
        n=n,
        n_missing=scores.size - n,
        missing=_ranked(reasons),
        distribution=distribution,
        mean=float(present.mean()) if n else None,
        sd=float(present.std(ddof=1)) if n > 1 else None,
        skewness=skewness(present),
        kurtosis=excess_kurtosis(present),
        floor=distribution[0].share if distribution and n else None,
        ceiling=distribution[-1].share if distribution and n else None,
    )


def _distribution(present: np.ndarray, item: Item | None) -> tuple[AnswerShare, ...]:
    points = sorted(item.score(point) for point in item.scale.points) if item else np.unique(present).tolist()
    if item is None and len(points) > _MOST_POINTS:
        return ()
    counts = [int((present == point).sum()) for point in points]
    labels = [item.scale.label(item.answer(point)) if item else None for point in points]
    n = max(present.size, 1)
    return tuple(AnswerShare(p, label, c, c / n) for p, label, c in zip(points, labels, counts, strict=True))


def _describe_covariate(column: pd.Series, covariate: Covariate, reasons: Mapping[str, int]) -> CovariateDescription:
    present = column.dropna()
    numbers = present.to_numpy(dtype=np.float64) if pd.api.types.is_numeric_dtype(column.dtype) else np.empty(0)
    # Identifiers are never listed: they may single out a respondent.
    counts = present.value_counts() if covariate.kind is CovariateKind.NOMINAL else pd.Series(dtype=int)
    return CovariateDescription(
        name=covariate.name,
        kind=covariate.kind.value,
        n=len(present),
        n_missing=len(column) - len(present),
        missing=_ranked(reasons),
        n_distinct=int(present.nunique()),
        mean=float(numbers.mean()) if numbers.size else None,
        sd=float(numbers.std(ddof=1)) if numbers.size > 1 else None,
        minimum=float(numbers.min()) if numbers.size else None,
        maximum=float(numbers.max()) if numbers.size else None,
        categories=tuple((str(value), int(count)) for value, count in counts.items()),
    )


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: -pair[1]))
