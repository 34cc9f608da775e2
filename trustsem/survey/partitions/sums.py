"""Sums of the rows of parts, group by group, with an account of the rows that are not among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from trustsem.errors import DataError
from trustsem.moments import MomentSum, PartialMoments, partial_moments
from trustsem.moments.linalg import one_blas_thread
from trustsem.records import Finding
from trustsem.survey.frames import MANY_GROUPS, group_name
from trustsem.survey.partitions.blocks import Block, read_block
from trustsem.survey.partitions.chunks import TablePart
from trustsem.survey.partitions.codes import NOTHING_YET, AnswerCounts, add_counts, count_answers
from trustsem.survey.partitions.formats import FORMATS
from trustsem.survey.partitions.parts import FilePart
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.plain import read_plain
from trustsem.survey.scored import LogEntry

ALL_ROWS = ""  # label of the only group where there are none


@dataclass(slots=True)
class Sums:
    """What is known of the rows that were read so far.

    Args:
        n_rows: Rows that were read.
        n_incomplete: Rows left out because something is missing.
        n_weightless: Complete rows left out because their weight is zero.
        missing: For each variable, its missing cells in the rows that were left out.
        moments: Sums of the rows that are used, by group in order of appearance.
        text_groups: Whether groups came as text, which may be numbers, (True), as numbers (False), or both.
        answers: Counts of the answers to each variable in the rows that are used; none with a codebook.
        log: Cells by what the codebook did: variable, action, rule, kind of missing.
        findings: By code, variable and sentence.
    """

    n_rows: int = 0
    n_incomplete: int = 0
    n_weightless: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    moments: dict[str, MomentSum] = field(default_factory=dict)
    text_groups: set[bool] = field(default_factory=set)
    answers: dict[str, AnswerCounts] = field(default_factory=dict)
    log: dict[LogEntry, int] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)

    def add(self, part: Sums) -> None:
        """Take in the sums of the next part; parts come in their order, whoever summed them and when."""
        self.n_rows += part.n_rows
        self.n_incomplete += part.n_incomplete
        self.n_weightless += part.n_weightless
        self.text_groups |= part.text_groups
        for name, count in part.missing.items():
            self.missing[name] = self.missing.get(name, 0) + count
        for label, moments in part.moments.items():
            self.moments.setdefault(label, MomentSum()).add(moments.total())
        for name, counts in part.answers.items():
            self.answers[name] = add_counts(self.answers.get(name, NOTHING_YET), counts)
        for entry, count in part.log.items():
            self.log[entry] = self.log.get(entry, 0) + count
        self.findings.update(part.findings)

    def entries(self) -> tuple[LogEntry, ...]:
        """Return what the codebook did, over all parts."""
        return tuple(replace(entry, count=count) for entry, count in self.log.items())


def sum_part(part: FilePart | TablePart, wanted: Wanted, columns: tuple[str, ...]) -> Sums:
    """Return the sums of one part.

    Args:
        part: A row group, a text file, or a frame.
        wanted: What is summed.
        columns: All columns of the data.

    Raises:
        DataError, CodebookError: the part cannot be used.
    """
    sums, sources = Sums(), tuple(dict.fromkeys(wanted.sources(columns).values()))
    if isinstance(part, TablePart):
        chunks = part.chunks(sources, wanted.chunk_rows)
    else:
        chunks = FORMATS[part.format].chunks(part, sources, wanted)
    with one_blas_thread():  # sums must not depend on the number of cores
        for chunk in chunks:
            _add_block(sums, read_block(chunk, wanted, columns), wanted, chunk.place)
    return sums


def _add_block(sums: Sums, block: Block, wanted: Wanted, place: str) -> None:
    is_missing = np.isnan(block.values)
    unused = np.asarray(is_missing.any(axis=1))
    lacks_group = None if block.groups is None else block.groups.codes < 0
    if lacks_group is not None:
        unused |= lacks_group
    sums.n_rows += len(unused)
    sums.n_incomplete += int(unused.sum())
    counts = dict(zip(wanted.names, is_missing[unused].sum(axis=0).tolist(), strict=True))
    if lacks_group is not None and wanted.group is not None:
        counts[wanted.group] = int(lacks_group.sum())
    for name, count in counts.items():
        sums.missing[name] = sums.missing.get(name, 0) + count
    used = np.logical_not(unused)
    if block.weights is not None:
        sums.n_weightless += int((used & (block.weights == 0)).sum())
        used &= block.weights > 0
    if not used.all():
        block = block.rows(used)
    _add_rows(sums, block, place)
    if wanted.codebook is None:
        for name, column in zip(wanted.names, block.values.T, strict=True):
            before = sums.answers.get(name, NOTHING_YET)
            if before.counts is not None:
                sums.answers[name] = add_counts(before, count_answers(column))
    for entry in block.log:
        sums.log[replace(entry, count=0)] = sums.log.get(replace(entry, count=0), 0) + entry.count
    sums.findings.update(dict.fromkeys(block.findings))


def _add_rows(sums: Sums, block: Block, place: str) -> None:
    """Add rows to the sums of their groups."""
    if block.groups is None:
        sums.moments.setdefault(ALL_ROWS, MomentSum()).add(partial_moments(block.values, block.weights))
        return
    require_few_groups([*sums.moments, *(label for label in block.groups.labels if label not in sums.moments)], place)
    sums.text_groups.add(block.groups.is_text)
    for number, label in enumerate(block.groups.labels):
        members = block.rows(block.groups.codes == number)
        sums.moments.setdefault(label, MomentSum()).add(partial_moments(members.values, members.weights))


def require_few_groups(labels: list[str], place: str) -> None:
    """Refuse a column whose values are no groups.

    Raises:
        DataError: "too-many-groups".
    """
    if len(labels) > MANY_GROUPS:
        raise DataError(
            f"{place}: the column of the groups has more than {MANY_GROUPS} different values: no grouping of "
            "respondents.",
            remedy="Name a column with a few categories.",
            code="too-many-groups",
        )


def group_totals(sums: Sums) -> dict[str, PartialMoments]:
    """Return the moments of each group; labels that are numbers throughout are read as numbers: 1, 1.0 and " 1".

    Raises:
        DataError: groups that are numbers in one part and text in another.
    """
    if len(sums.text_groups) > 1:
        raise DataError(
            "The groups are numbers in some parts and text in others.",
            remedy="Write the column of the groups with one type in all parts.",
            code="mixed-groups",
        )
    label_of: Callable[[str], str] = str
    if sums.text_groups == {True}:
        labels = list(sums.moments)
        plain = read_plain(pd.Series(labels, dtype=object), "")
        label_of = dict(zip(labels, map(group_name, plain.values.tolist()), strict=True)).__getitem__
    totals: dict[str, MomentSum] = {}
    for label, moments in sums.moments.items():
        totals.setdefault(label_of(label), MomentSum()).add(moments.total())
    return {label: moments.total() for label, moments in totals.items()}
