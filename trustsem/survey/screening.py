"""Look for what makes a fit impossible or doubtful before anything is estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from trustsem.errors import DataError
from trustsem.instruments import Item
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.frames import column_of
from trustsem.survey.numeric import to_numbers
from trustsem.survey.scored import Survey
from trustsem.survey.selection import require_columns

_ONE_ANSWER_SHARE = 0.95  # an item that nearly everybody answers alike carries next to no information
_PERFECT = 1 - 1e-10  # correlation at which two columns are one
_STRAIGHT_ITEMS = 5  # fewer equal answers in a row are no sign of inattention


def screen_items(data: pd.DataFrame | Survey, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return doubts about the items of a model.

    Args:
        data: A survey, or a data frame of numbers.
        names: Items.

    Raises:
        DataError: An item is constant, missing for everybody, or holds infinite values; all of them are listed.
        ModelError: An item is not in the data (code "unknown-variable").
    """
    frame = data.frame if isinstance(data, Survey) else data
    require_columns(frame, names)
    columns = [to_numbers(column_of(frame, name), name) for name in names]
    text = [column.fault for column in columns if column.fault]
    if text:
        raise DataError(
            "Some items are not numeric.",
            remedy="Read the file with a codebook that says what the answers mean.",
            code="text-column",
            faults=text,
        )
    values = np.column_stack([column.values for column in columns])
    findings = list(screen_values(values, names))
    if isinstance(data, Survey) and data.codebook is not None:
        keys = {item.name: item for item in data.codebook.items}
        items = _of_commonest_scale([(i, keys[name]) for i, name in enumerate(names) if name in keys])
        both_ways = len({item.reverse for _, item in items}) == 2
        findings += _straightlining(_answers(values, items), both_ways=both_ways)
    else:
        findings += _straightlining(values, both_ways=False)
    return tuple(findings)


def screen_values(values: np.ndarray, names: Sequence[str]) -> tuple[Finding, ...]:
    """Return doubts about the columns of an array of items.

    Args:
        values: (n, p) float64, NaN is missing.
        names: The p items.

    Raises:
        DataError: An item is constant, missing for everybody, or holds infinite values; all of them are listed.
    """
    faults = list(_impossible(values, names))
    if faults:
        raise DataError(
            "These items cannot be analysed.",
            remedy="Leave them out of the model or correct the data.",
            code="unusable-items",
            faults=faults,
        )
    return (*_low_variance(values, names), *_few_rows(values), *_collinear(values, names))


def _impossible(values: np.ndarray, names: Sequence[str]) -> Iterator[str]:
    for column, name in zip(values.T, names, strict=True):
        present = column[~np.isnan(column)]
        infinite = int(np.isinf(present).sum())
        if not present.size:
            yield f"{name}: missing for all {column.size} respondents."
        elif infinite:
            yield f"{name}: {infinite} infinite values."
        elif (present == present[0]).all():
            yield f"{name}: all {present.size} answers are the same."


def _low_variance(values: np.ndarray, names: Sequence[str]) -> Iterator[Finding]:
    for column, name in zip(values.T, names, strict=True):
        present = column[~np.isnan(column)]
        share = np.unique(present, return_counts=True)[1].max() / present.size
        if share >= _ONE_ANSWER_SHARE:
            message = f"{share:.1%} of the answers to '{name}' are the same."
            yield Finding("near-zero-variance", Severity.WARNING, message, "Consider leaving it out.", name)


def _few_rows(values: np.ndarray) -> Iterator[Finding]:
    n_complete, n_items = int((~np.isnan(values).any(axis=1)).sum()), values.shape[1]
    if n_complete <= n_items:
        message = f"{count_of(n_complete, 'complete row')} for {n_items} items: the covariance matrix is singular."
        yield Finding("few-rows", Severity.ERROR, message, 'Use fewer items, more respondents or missing="fiml".')


def _collinear(values: np.ndarray, names: Sequence[str]) -> Iterator[Finding]:
    complete = values[~np.isnan(values).any(axis=1)]
    if complete.shape[0] <= max(2, values.shape[1]) or (np.ptp(complete, axis=0) == 0).any():
        return  # too few rows to tell, which has its own finding
    corr = np.corrcoef(complete, rowvar=False).reshape(values.shape[1], -1)
    rows, columns = np.nonzero(np.triu(np.abs(corr) > _PERFECT, k=1))
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        message = f"'{names[i]}' and '{names[j]}' are the same but for scale: their correlation is {corr[i, j]:+.0f}."
        yield Finding("duplicated-items", Severity.ERROR, message, "Leave one of them out.", f"{names[i]}, {names[j]}")
    if not rows.size and np.linalg.matrix_rank(corr, hermitian=True) < values.shape[1]:
        message = "Some items are exact sums of others: the covariance matrix is singular."
        yield Finding("linear-dependence", Severity.ERROR, message, "Leave out sum scores of other items.")


def _of_commonest_scale(items: Sequence[tuple[int, Item]]) -> list[tuple[int, Item]]:
    """Return the items that share the commonest scale: only their answers can be compared."""
    scales = [item.scale for _, item in items]
    common = max(dict.fromkeys(scales), key=scales.count, default=None)
    return [(i, item) for i, item in items if item.scale == common]


def _answers(values: np.ndarray, items: Sequence[tuple[int, Item]]) -> np.ndarray:
    """Return the answers as they were given: reversal is undone."""
    answers = np.empty((values.shape[0], len(items)))
    for k, (i, item) in enumerate(items):
        reflected = item.scale.minimum + item.scale.maximum
        answers[:, k] = reflected - values[:, i] if item.reverse else values[:, i]
    return answers


def _straightlining(answers: np.ndarray, *, both_ways: bool) -> Iterator[Finding]:
    if answers.shape[1] < _STRAIGHT_ITEMS:
        return
    with_all = answers[~np.isnan(answers).any(axis=1)]
    count = int((with_all == with_all[:, :1]).all(axis=1).sum())
    if count:
        people = "respondent gave" if count == 1 else "respondents gave"
        message = f"{count} of {len(with_all)} {people} the same answer to all {answers.shape[1]} items"
        message += ", reversed ones included." if both_ways else "; as far as known they all ask in one direction."
        yield Finding("straightlining", Severity.INFO, message, "Check whether results hold without them.")
