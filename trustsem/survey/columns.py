"""Score one column: an item, or a covariate by its kind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from trustsem.instruments import (
    Accept,
    Category,
    Codebook,
    Covariate,
    CovariateKind,
    Item,
    MissingIndex,
    Scale,
    canonical_cell,
    number_text,
)
from trustsem.survey.meanings import (
    Meaning,
    ScoredColumn,
    as_number,
    canonical_cells,
    column_faults,
    distinct_cells,
    label_count,
    missing_log,
    missing_meaning,
    number_log,
)
from trustsem.survey.scored import LogAction, LogEntry


def score_item(column: pd.Series, item: Item, codebook: Codebook) -> ScoredColumn:
    """Return an item's scores; every cell must be a point of its scale, a label of it or a missing code."""
    scored = _score_scale(column, item.name, item.scale, codebook)
    if not item.reverse or scored.faults:
        return scored
    low_plus_high = item.scale.minimum + item.scale.maximum
    answered = int(np.isfinite(scored.values).sum())
    entry = LogEntry(item.name, LogAction.REVERSED, answered, f"score = {number_text(low_plus_high)} - answer")
    return ScoredColumn(low_plus_high - scored.values, (*scored.log, entry), ())


def score_covariate(column: pd.Series, covariate: Covariate, codebook: Codebook) -> ScoredColumn:
    """Return a covariate as numbers or text, by its kind."""
    if covariate.kind in (CovariateKind.NUMERIC, CovariateKind.WEIGHT):
        return _score_numbers(column, covariate, codebook)
    if covariate.scale is not None:
        return _score_scale(column, covariate.name, covariate.scale, codebook)
    return _score_text(column, covariate, codebook)


def _score_scale(column: pd.Series, name: str, scale: Scale, codebook: Codebook) -> ScoredColumn:
    cells = distinct_cells(column)
    index, labels = codebook.missing_index(name), _label_index(scale)
    meanings = [missing_meaning(cell, index) or _read_point(cell, scale, labels) for cell in canonical_cells(cells)]
    table = np.array([m.value if isinstance(m.value, float) else np.nan for m in meanings], dtype=np.float64)
    n_labels = label_count(meanings, cells.counts)
    n_numbers = int(cells.counts[np.isfinite(table)].sum()) - n_labels
    rule = f"labels of scale {scale.name} ({scale.allowed()}) became points"
    log = [LogEntry(name, LogAction.LABEL_SCORED, n_labels, rule)] if n_labels else []
    log += [*number_log(name, column, n_numbers), *missing_log(name, meanings, cells.counts)]
    faults = column_faults(column, name, dict(enumerate(meanings)), cells, codebook)
    return ScoredColumn(table[cells.codes], tuple(log), tuple(faults))


def _score_numbers(column: pd.Series, covariate: Covariate, codebook: Codebook) -> ScoredColumn:
    """Read the numbers of a column at once; only cells that are no numbers are looked at one by one."""
    name, index = covariate.name, codebook.missing_index(covariate.name)
    cells = distinct_cells(column)
    table = np.array(pd.to_numeric(pd.Series(cells.originals, dtype=object), errors="coerce"), dtype=np.float64)
    table[~np.isfinite(table)] = np.nan
    declared = [number for number in map(as_number, index.exact) if number is not None]
    by_meaning = np.isnan(table) | np.isin(table, declared) | _out_of_range(table, covariate)
    special = np.flatnonzero(by_meaning)
    meanings = [_number_meaning(canonical_cell(cells.originals[i]), covariate, index) for i in special]
    table[special] = [m.value if isinstance(m.value, float) else np.nan for m in meanings]
    counts = cells.counts[special]
    n_numbers = int(cells.counts[np.isfinite(table)].sum())
    log = [*number_log(name, column, n_numbers), *missing_log(name, meanings, counts)]
    faults = column_faults(column, name, dict(zip(special.tolist(), meanings, strict=True)), cells, codebook)
    return ScoredColumn(table[cells.codes], tuple(log), tuple(faults))


def _score_text(column: pd.Series, covariate: Covariate, codebook: Codebook) -> ScoredColumn:
    name, index = covariate.name, codebook.missing_index(covariate.name)
    categories = _category_index(covariate.categories)
    cells = distinct_cells(column)
    meanings = [
        missing_meaning(cell, index) or _read_category(cell, original, covariate, categories)
        for cell, original in zip(canonical_cells(cells), cells.originals, strict=True)
    ]
    table = np.array([np.nan if m.value is None else m.value for m in meanings], dtype=object)
    n_labels = label_count(meanings, cells.counts)
    rule = "labels of categories became their values"
    log = [LogEntry(name, LogAction.LABEL_TO_VALUE, n_labels, rule)] if n_labels else []
    log += missing_log(name, meanings, cells.counts)
    faults = column_faults(column, name, dict(enumerate(meanings)), cells, codebook)
    return ScoredColumn(table[cells.codes], tuple(log), tuple(faults))


def _read_point(cell: str, scale: Scale, labels: dict[str, float]) -> Meaning:
    if cell in labels:
        return Meaning(value=labels[cell], was_label=as_number(cell) is None)
    number = as_number(cell)
    if number is None:
        return Meaning(fault=f"text that is neither a label of scale '{scale.name}' nor a missing code")
    if scale.accept is Accept.LABELS:
        return Meaning(fault=f"numbers, but scale '{scale.name}' takes labels only", code=number)
    if number not in scale.points:
        return Meaning(fault=f"codes outside {scale.allowed()}", code=number)
    return Meaning(value=number)


def _number_meaning(cell: str, covariate: Covariate, index: MissingIndex) -> Meaning:
    missing = missing_meaning(cell, index)
    if missing is not None:
        return missing
    number = as_number(cell)
    if number is None:
        return Meaning(fault="something else than a finite number")
    low, high = _bounds(covariate)
    if low <= number <= high:
        return Meaning(value=number)  # digits in a form that only the canonical form reads, e.g. full-width ones
    side = f"below the minimum {number_text(low)}" if number < low else f"above the maximum {number_text(high)}"
    return Meaning(fault=f"numbers {side}")


def _bounds(covariate: Covariate) -> tuple[float, float]:
    lowest = 0.0 if covariate.kind is CovariateKind.WEIGHT else -np.inf
    low = lowest if covariate.minimum is None else covariate.minimum
    return low, np.inf if covariate.maximum is None else covariate.maximum


def _out_of_range(values: np.ndarray, covariate: Covariate) -> np.ndarray:
    low, high = _bounds(covariate)
    return (values < low) | (values > high)


def _read_category(cell: str, original: object, covariate: Covariate, categories: dict[str, str]) -> Meaning:
    if not categories:
        # Identifiers and free categories keep their spelling; 22.0 of a typed file is the "22" of a text file.
        return Meaning(value=original.strip() if isinstance(original, str) else cell)
    if cell in categories:
        value = categories[cell]
        return Meaning(value=value, was_label=canonical_cell(value) != cell)
    return Meaning(fault=f"something else than the {len(covariate.categories)} categories")


def _label_index(scale: Scale) -> dict[str, float]:
    index: dict[str, float] = {}
    for labels in (scale.labels_en, scale.labels_zh):
        index.update({canonical_cell(label): point for point, label in zip(scale.points, labels, strict=False)})
    return index


def _category_index(categories: Iterable[Category]) -> dict[str, str]:
    index: dict[str, str] = {}
    for category in categories:
        for text in (category.label.zh, category.label.en, category.value):
            if text:
                index[canonical_cell(text)] = category.value
    return index
