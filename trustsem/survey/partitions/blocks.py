"""From the cells of a chunk to the numbers that are summed, with an account of what was done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from trustsem.errors import CodebookError, DataError
from trustsem.instruments import Covariate, Item
from trustsem.records import Finding
from trustsem.suggestions import count_of
from trustsem.survey.columns import score_covariate, score_item
from trustsem.survey.frames import column_of, group_name, holds_text
from trustsem.survey.numeric import to_numbers
from trustsem.survey.partitions.chunks import Chunk
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.plain import MISSING_TOKENS, read_plain
from trustsem.survey.scored import LogEntry


@dataclass(frozen=True, slots=True, eq=False)
class GroupCodes:
    """The group of each row.

    Args:
        codes: (n,) positions in the labels; -1: missing.
        labels: Groups of these rows, in order of appearance.
        is_text: Whether the labels are cells of a text column as they stand, which may be numbers all the same.
    """

    codes: np.ndarray
    labels: tuple[str, ...]
    is_text: bool


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The numbers of a chunk.

    Args:
        values: (n, p), NaN is missing.
        groups: The group of each row; None for one group.
        weights: (n,) sampling weights; None: all rows count alike.
        log: What the codebook did.
        findings: What was converted.
    """

    values: np.ndarray
    groups: GroupCodes | None
    weights: np.ndarray | None
    log: tuple[LogEntry, ...]
    findings: tuple[Finding, ...]

    def rows(self, keep: np.ndarray) -> Block:
        """Return the block with the rows that a mask keeps."""
        return replace(
            self,
            values=np.asfortranarray(self.values[keep]),
            groups=None if self.groups is None else replace(self.groups, codes=self.groups.codes[keep]),
            weights=None if self.weights is None else self.weights[keep],
        )


@dataclass(slots=True)
class _Work:
    """What has been gathered while the columns of a chunk are worked through."""

    log: list[LogEntry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)  # code of the error, and what is wrong


def read_block(chunk: Chunk, wanted: Wanted, columns: Sequence[str]) -> Block:
    """Return the numbers of a chunk.

    Args:
        chunk: Rows with the columns that are wanted.
        wanted: What they are for.
        columns: All columns of the data, which tell a product from a column with a colon in its name.

    Raises:
        CodebookError: answers that the codebook does not know.
        DataError: text or infinite values in an item, weights that are none.
    """
    work, known = _Work(findings=list(chunk.findings)), wanted.scored(columns)
    cells = {name: _cells(chunk, name, wanted, known, work) for name in wanted.variables(columns)}
    groups = None
    if wanted.group is not None:
        is_scored = wanted.group in known or not chunk.is_raw
        groups = _groups(
            cells[wanted.group] if is_scored else column_of(chunk.frame, wanted.group), is_scored=is_scored
        )
    summed = [name for name in cells if name != wanted.group or name in wanted.names]
    numbers = {name: _numbers(cells[name], name, work) for name in summed}
    weights = None if wanted.weights is None else _weights(numbers[wanted.weights], wanted.weights, work)
    values = _values(wanted, numbers, work, len(chunk.frame))
    if work.misfits or work.faults:
        raise _unusable(chunk, wanted, work)
    return Block(values, groups, weights, tuple(work.log), tuple(work.findings))


def _cells(chunk: Chunk, name: str, wanted: Wanted, known: Mapping[str, Item | Covariate], work: _Work) -> pd.Series:
    """Return a column as the codebook scores it; without one, with missing cells and digits recognised."""
    variable = known.get(name)
    if variable is None or wanted.codebook is None:
        column = column_of(chunk.frame, name)
        return read_plain(column, name).values if chunk.is_raw else column
    column = column_of(chunk.frame, variable.column)
    if isinstance(variable, Item):
        scored = score_item(column, variable, wanted.codebook)
    else:
        scored = score_covariate(column, variable, wanted.codebook)
    work.log += scored.log
    work.misfits += [fault.text(chunk.lines) for fault in scored.faults]
    return pd.Series(scored.values, index=column.index)


def _numbers(cells: pd.Series, name: str, work: _Work) -> np.ndarray:
    numeric = to_numbers(cells, name)
    work.findings += [numeric.finding] if numeric.finding else []
    work.faults += [("text-column", numeric.fault)] if numeric.fault else []
    infinite = int(np.isinf(numeric.values).sum())
    work.faults += [("infinite-values", f"{name}: {infinite} infinite")] if infinite else []
    return numeric.values


def _values(wanted: Wanted, numbers: Mapping[str, np.ndarray], work: _Work, n_rows: int) -> np.ndarray:
    values = np.empty((n_rows, len(wanted.names)), order="F")  # sums, extremes and gaps are sought by column
    if work.faults:
        return values
    for position, name in enumerate(wanted.names):
        first, *others = [name] if name in numbers else name.split(":")
        values[:, position] = numbers[first]
        for factor in others:
            values[:, position] *= numbers[factor]
    return values


def _weights(weights: np.ndarray, name: str, work: _Work) -> np.ndarray:
    missing, negative = int(np.isnan(weights).sum()), int((weights < 0).sum())
    for count, what in ((missing, "missing"), (negative, "negative")):
        if count:
            verb = "is" if count == 1 else "are"
            work.faults.append(("bad-weights", f"{name}: {count_of(count, 'weight')} {verb} {what}"))
    return weights


def _groups(cells: pd.Series, *, is_scored: bool) -> GroupCodes:
    """Return the group of each row. Cells of a text file stay as they stand: only all parts tell whether 01 is 1."""
    is_text = not is_scored and holds_text(cells)
    codes, distinct = pd.factorize(cells)
    texts = [cell.strip() if is_text and isinstance(cell, str) else cell for cell in distinct.tolist()]
    labels = [None if is_text and text in MISSING_TOKENS else group_name(text) for text in texts]
    unique = tuple(dict.fromkeys(label for label in labels if label is not None))
    position = {label: number for number, label in enumerate(unique)}
    table = np.array([*(-1 if label is None else position[label] for label in labels), -1], dtype=np.intp)
    return GroupCodes(table[codes], unique, is_text)


def _unusable(chunk: Chunk, wanted: Wanted, work: _Work) -> DataError | CodebookError:
    if work.misfits:
        assert wanted.codebook is not None
        return CodebookError(
            f"{chunk.place}: the answers do not fit codebook '{wanted.codebook.id}'.",
            remedy="Use the codebook of these files, or declare codes of missing answers under [[missing]].",
            code="codebook-misfit",
            faults=work.misfits,
        )
    remedies = [_REMEDIES[code] for code in dict.fromkeys(code for code, _ in work.faults)]
    return DataError(
        f"{chunk.place}: columns that cannot be used.",
        remedy=" ".join(remedies),
        code=work.faults[0][0],
        faults=[fault for _, fault in work.faults],
    )


_REMEDIES = {
    "text-column": "Give a codebook that says what the answers mean, or turn them into numbers first (a decimal comma "
    "into a point).",
    "infinite-values": "Make infinite cells missing.",
    "bad-weights": "Sampling weights are positive numbers: correct them, or leave these rows out.",
}
