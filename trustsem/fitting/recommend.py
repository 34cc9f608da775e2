"""Which estimator suits the answers at hand: categories, distribution, missing answers, number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.fitting.data_options import Missing
from trustsem.fitting.inputs import ModelInput, load_data, read_model
from trustsem.fitting.words import word
from trustsem.moments import SampleMoments
from trustsem.records import Finding, Severity
from trustsem.spec import LibraryModel, TrustModel
from trustsem.spec.products import latent_products
from trustsem.spec.variables import classify_variables
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey, analysis_arrays, read_survey
from trustsem.survey.describe import skewness

FEW = 4  # categories up to which answers must not be taken for numbers (Rhemtulla, Brosseau-Liard & Savalei 2012)
MOST = 7  # more different whole-number answers are no answer scale but a number, such as an age
SKEWED = 1.0  # |skewness| from which five to seven categories are taken as ordinal
PILED = 0.5  # share of the lowest or highest answer from which they are
LOST = 0.05  # share of rows with a missing answer from which leaving them out matters (Schafer 1999)
SMALL = 200  # rows below which weights and test of WLSMV are shaky (Forero, Maydeu-Olivares & Gallardo-Pujol 2009)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to fit by, and why.

    Args:
        estimator: "WLSMV" or "MLR"; "ML" where a treatment of missing answers that was decided needs it.
        ordered: Items to analyse as ordinal; empty: none.
        missing: "listwise", "pairwise" or "fiml", or what was decided.
        reasons: One sentence each.
        is_all: Whether every item that was looked at is ordinal.
    """

    estimator: str
    ordered: tuple[str, ...]
    missing: str
    reasons: tuple[str, ...]
    is_all: bool = False

    def options(self) -> dict[str, Any]:
        """Return the options of `ts.fit` that follow it."""
        return {"estimator": self.estimator, "ordered": self.is_all or self.ordered or False, "missing": self.missing}

    def command_text(self) -> str:
        """Return the same as options of the command line; `all` where every item is ordinal."""
        names = "all" if self.is_all else ",".join(self.ordered)
        ordered = f" --ordered {names}" if self.ordered else ""
        missing = "" if self.missing == "listwise" else f" --missing {self.missing}"
        return f"--estimator {self.estimator}{ordered}{missing}"

    def finding(self) -> Finding:
        """Return it as a finding that a fit or a description carries."""
        return Finding(
            "estimator-recommended",
            Severity.INFO,
            f"Recommended: estimator {self.estimator}, {self._scale()}, missing={self.missing}. "
            f"{' '.join(self.reasons)}",
            remedy="Name an estimator to use another one; docs/estimators.md says what each stands for.",
        )

    def _scale(self) -> str:
        if self.is_all:
            return "all items ordinal"
        return f"ordinal items {shortened(self.ordered, 6)}" if self.ordered else "answers as numbers"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {**asdict(self), "ordered": list(self.ordered), "reasons": list(self.reasons)}


def recommend_estimator(
    data: pd.DataFrame | Survey | str | PathLike[str],
    model: str | PathLike[str] | TrustModel | LibraryModel | None = None,
    *,
    items: Sequence[str] | None = None,
    ordered: str | Sequence[str] | bool | None = None,
    missing: str | Missing | None = None,
) -> Recommendation:
    """Recommend an estimator for answers.

    Two to four categories are analysed as ordinal (WLSMV). Five to seven are where one of the items is skewed or piles
    up at an end; otherwise robust maximum likelihood (MLR) does as well (Rhemtulla, Brosseau-Liard & Savalei 2012,
    Psychological Methods 17, 354-373). Where many rows have a missing answer, and with few rows, MLR is preferred as
    long as no item has fewer than five categories: it uses incomplete rows under weaker assumptions.

    Args:
        data: DataFrame, Survey or path of a survey file.
        model: Model whose items are looked at; None: `items`, or all items of the survey.
        items: Columns to look at, without a model.
        ordered: What is decided already: True or names for ordinal items, False for none; None leaves it open. A
            model that is meant for ordinal answers decides for them.
        missing: Treatment of missing answers that is decided already; None leaves it open.

    Raises:
        DataError, CodebookError, ModelError: data or model cannot be used.
        UsageError: both a model and items were given, or no item is left.

    Example:
        >>> import trustsem as ts
        >>> advice = ts.recommend_estimator(ts.samples_dir() / "hints7_twin.csv", "hints7_communication_trust")
        >>> advice.estimator, len(advice.ordered)
        ('WLSMV', 13)
    """
    if model is not None and items is not None:
        raise UsageError("Both a model and items were given.", remedy="Give one of them.", code="data-twice")
    if model is None:
        read = read_survey(data if isinstance(data, str) else Path(data)) if isinstance(data, (str, PathLike)) else data
        return recommend_for(_frame(read), items, decided=_decided(ordered, missing))
    source = read_model(model)
    loaded = load_data(data, source)
    if isinstance(loaded, SampleMoments):
        raise UsageError("Moments do not tell categories.", remedy="Give the answers.", code="no-raw-data")
    return recommend_for_model(loaded, source, ordered=ordered, missing=missing)


def recommend_for_model(
    data: pd.DataFrame | Survey,
    source: ModelInput,
    *,
    ordered: str | Sequence[str] | bool | None = None,
    missing: str | Missing | None = None,
) -> Recommendation:
    """Recommend an estimator for the outcomes and indicators of a model; arguments as in `recommend_estimator`."""
    variables = classify_variables(source.syntax.parameters)
    products = latent_products(source.syntax)
    endogenous = [name for name in variables.observed if name not in (*variables.exogenous, *products)]
    if products and ordered is None:
        ordered = False  # products of factors need answers that are taken as numbers
    if ordered is None and source.library is not None and source.library.ordered:
        ordered = True
    predictors = [name for name in variables.exogenous if name not in products]
    return recommend_for(data, endogenous, predictors, _decided(ordered, missing))


@dataclass(frozen=True, slots=True)
class Decided:
    """What a recommendation must keep to.

    Args:
        ordered: Ordinal items by name, True for all outcomes and indicators, False for none; None: open.
        missing: Treatment of missing answers; None: open.
    """

    ordered: tuple[str, ...] | bool | None = None
    missing: Missing | None = None

    @property
    def needs_numbers(self) -> bool:
        """Whether something decided is for answers that are taken as numbers."""
        return self.ordered is False or (self.missing is not None and self.missing.needs_means)


def _decided(ordered: str | Sequence[str] | bool | None, missing: str | Missing | None) -> Decided:
    if ordered is None or isinstance(ordered, bool):
        names: tuple[str, ...] | bool | None = ordered
    else:
        names = (ordered,) if isinstance(ordered, str) else tuple(ordered)
    return Decided(names, Missing.of(word(missing)) if missing is not None else None)


def _frame(data: object) -> pd.DataFrame | Survey:
    if not isinstance(data, (pd.DataFrame, Survey)):
        raise UsageError(
            f"Data must be a DataFrame, a Survey or the path of a file, not {type(data).__name__}.", code="data-type"
        )
    return data


def recommend_for(
    data: pd.DataFrame | Survey,
    items: Sequence[str] | None,
    predictors: Sequence[str] = (),
    decided: Decided | None = None,
) -> Recommendation:
    """Recommend an estimator for these items; all of a survey's, or all columns of numbers, where they are None.

    Args:
        data: Answers.
        items: Outcomes and indicators.
        predictors: Observed predictors: rows without them count as incomplete, their categories do not matter.
        decided: What the recommendation must keep to.

    Raises:
        UsageError: there is no item.
        DataError, ModelError: a column is not there, or is no column of numbers.
    """
    names = tuple(items) if items is not None else _all_items(data)
    if not names:
        raise UsageError("There is no item to look at.", remedy="Name columns of numbers.", code="no-items")
    arrays = analysis_arrays(data, [*names, *predictors], complete=False)
    if not len(arrays.values):
        raise DataError("There is no row with an answer.", code="no-complete-rows")
    facts = [_facts(name, arrays.values[:, k]) for k, name in enumerate(names)]
    n_complete = int((~np.isnan(arrays.values).any(axis=1)).sum())
    return _recommend(facts, _Rows(n_complete, arrays.n_total), decided or Decided())


def _all_items(data: pd.DataFrame | Survey) -> tuple[str, ...]:
    if isinstance(data, Survey):
        return tuple(data.items)
    return tuple(str(name) for name in data.columns if pd.api.types.is_numeric_dtype(data[name].dtype))


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    n_categories: int  # 0: a number, not an answer scale
    is_uneven: bool


def _facts(name: str, values: np.ndarray) -> _Item:
    present = values[~np.isnan(values)]
    scores, counts = np.unique(present, return_counts=True)
    if not 2 <= len(scores) <= MOST or (scores != np.round(scores)).any():
        return _Item(name, 0, False)
    skew = skewness(present) or 0.0
    piled = max(counts[0], counts[-1]) / counts.sum() > PILED
    return _Item(name, len(scores), bool(abs(skew) > SKEWED or piled))


@dataclass(frozen=True, slots=True)
class _Rows:
    n_complete: int
    n_total: int

    @property
    def are_lost(self) -> bool:
        return self.n_total - self.n_complete > LOST * self.n_total

    @property
    def suit_polychorics(self) -> bool:
        return not self.are_lost and self.n_complete >= SMALL

    @property
    def gaps(self) -> str:
        return f"{self.n_total - self.n_complete:,} of {self.n_total:,} rows lack an answer."


def _recommend(items: Sequence[_Item], rows: _Rows, decided: Decided) -> Recommendation:
    scales = [item for item in items if item.n_categories]
    few = [item.name for item in scales if item.n_categories <= FEW]
    uneven = [item.name for item in scales if item.n_categories > FEW and item.is_uneven]
    ordered = tuple(item.name for item in scales)
    if isinstance(decided.ordered, tuple):
        ordered = decided.ordered
    elif decided.ordered is True:
        ordered = tuple(item.name for item in items)
    if decided.ordered or (not decided.needs_numbers and (few or (uneven and rows.suit_polychorics))):
        missing = decided.missing or (Missing.PAIRWISE if rows.are_lost else Missing.LISTWISE)
        return Recommendation(
            "WLSMV", ordered, missing.value, _why_ordinal(few, uneven, rows, missing), len(ordered) == len(items)
        )
    missing = decided.missing or (Missing.FIML if rows.are_lost else Missing.LISTWISE)
    # corrections of two-stage and pairwise moments are those of ML by its own name
    estimator = "ML" if missing.is_two_stage or missing is Missing.PAIRWISE else "MLR"
    return Recommendation(estimator, (), missing.value, _why_numbers(bool(scales), few, uneven, rows, missing))


def _why_ordinal(few: Sequence[str], uneven: Sequence[str], rows: _Rows, missing: Missing) -> tuple[str, ...]:
    reasons = []
    if few:
        reasons.append(f"Two to {FEW} categories are no numbers: {_items(few)}.")
    elif uneven:
        reasons.append(f"Skewed beyond {SKEWED:g}, or more than half of the answers at one end: {_items(uneven)}.")
    else:
        reasons.append("Ordinal as asked for; with these answers robust maximum likelihood does as well.")
    if missing is Missing.PAIRWISE:
        reasons.append(
            f"{rows.gaps} Each pair of items uses the rows that have both: right if answers are missing completely at "
            "random."
        )
    if rows.n_complete < SMALL:
        reasons.append(f"With {count_of(rows.n_complete, 'complete row')}, compare with estimator ULSMV.")
    return tuple(reasons)


def _why_numbers(
    has_scales: bool, few: Sequence[str], uneven: Sequence[str], rows: _Rows, missing: Missing
) -> tuple[str, ...]:
    reasons = []
    if few:
        reasons.append(f"Answers as numbers as asked for, although two to {FEW} categories are none: {_items(few)}.")
    elif uneven:
        reasons.append(f"Uneven answers: {_items(uneven)}; compare with estimator WLSMV.")
    elif has_scales:
        reasons.append(f"{FEW + 1} categories or more without strong skew: robust maximum likelihood does as well.")
    else:
        reasons.append("The answers are numbers, not categories.")
    if missing.is_fiml:
        reasons.append(f"{rows.gaps} Full information uses them, right if answers are missing at random.")
    if uneven and rows.n_complete < SMALL:
        reasons.append(f"{count_of(rows.n_complete, 'complete row')}: few for polychoric correlations.")
    return tuple(reasons)


def _items(names: Sequence[str]) -> str:
    return f"{count_of(len(names), 'item')} ({shortened(names, 4)})"
