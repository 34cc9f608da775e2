"""Covariates of the respondents whose rows the main model is fitted to."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

from trustsem.instruments.codebook import Covariate, CovariateKind
from trustsem.study.parts.context import Context, Frames

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 12  # more are units rather than kinds of respondents: their names may tell who answered


def covariates(context: Context) -> Frames | None:
    """Return n, missing answers, mean and standard deviation of numbers, and counts of categories.

    Counts below the study's smallest group are left empty, and so is the next smallest where one alone is: it could
    be computed from the rest.
    """
    import pandas as pd

    codebook, rows = context.survey.codebook, context.main.data.row_index
    if codebook is None or rows is None:
        return None
    frame = context.survey.frame.iloc[rows]
    kinds = (CovariateKind.NUMERIC, CovariateKind.ORDINAL, CovariateKind.NOMINAL)
    known = [covariate for covariate in codebook.covariates if covariate.kind in kinds and covariate.name in frame]
    numbers = [_numbers(covariate, frame) for covariate in known]
    counts = [row for covariate in known for row in _counts(covariate, frame, context.spec.smallest_group)]
    return Frames({"covariates": pd.DataFrame(numbers), "categories": pd.DataFrame(counts)}) if known else None


def _numbers(covariate: Covariate, frame: pd.DataFrame) -> dict[str, Any]:
    is_number = covariate.kind is not CovariateKind.NOMINAL
    values: list[Any] = frame[covariate.name].dropna().tolist()
    return {
        "covariate": covariate.name,
        "label_en": covariate.label.text("en"),
        "label_zh": covariate.label.text("zh"),
        "kind": covariate.kind.value,
        "n": len(values),
        "n_missing": len(frame) - len(values),
        "mean": statistics.fmean(values) if is_number and values else None,
        "sd": statistics.stdev(values) if is_number and len(values) > 1 else None,
        "n_categories": None if is_number else len(set(values)),
    }


def _counts(covariate: Covariate, frame: pd.DataFrame, least: int) -> list[dict[str, Any]]:
    if covariate.kind is not CovariateKind.NOMINAL:
        return []
    counts = dict(sorted(Counter(str(value) for value in frame[covariate.name].dropna()).items()))
    if len(counts) > MOST_CATEGORIES:
        return []
    hidden = _hidden(counts, least)
    total = sum(counts.values())
    labels = {category.value: category.label for category in covariate.categories}
    return [
        {
            "covariate": covariate.name,
            "category": value,
            "label_en": labels[value].text("en") if value in labels else value,
            "label_zh": labels[value].text("zh") if value in labels else value,
            "count": None if value in hidden else n,
            "share": None if value in hidden else n / total,
        }
        for value, n in counts.items()
    ]


def _hidden(counts: dict[str, int], least: int) -> set[str]:
    small = {value for value, n in counts.items() if n < least}
    if len(small) == 1 and len(counts) > 1:
        small.add(min((value for value in counts if value not in small), key=lambda value: counts[value]))
    return small
