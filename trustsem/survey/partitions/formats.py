"""Formats that can be read in parts: one table, one row each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from trustsem.errors import DataError, UsageError
from trustsem.survey.partitions import row_groups, text
from trustsem.survey.partitions.chunks import Chunk, FileShape
from trustsem.survey.partitions.parts import FilePart
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.readers.content import check_content
from trustsem.survey.readers.location import locate_file
from trustsem.survey.readers.registry import find_reader


@dataclass(frozen=True, slots=True)
class PartFormat:
    """A format that can be read in parts.

    Args:
        shape: Columns and parts of a file, found without reading its rows.
        chunks: Some columns of a part, a number of rows at a time.
    """

    shape: Callable[[Path, str, str | None], FileShape]
    chunks: Callable[[FilePart, Sequence[str], Wanted], Iterator[Chunk]]


def _text_format(expected: str | None) -> PartFormat:
    return PartFormat(partial(text.text_shape, expected=expected), partial(text.text_chunks, expected=expected))


FORMATS: Mapping[str, PartFormat] = MappingProxyType(
    {
        "parquet": PartFormat(row_groups.parquet_shape, row_groups.parquet_chunks),
        "csv": _text_format(","),
        "tsv": _text_format("\t"),
        "txt": _text_format(None),
    }
)


def file_shape(path: str | os.PathLike[str], encoding: str | None) -> FileShape:
    """Return columns and parts of a file.

    Raises:
        DataError: the file cannot be read, or not in parts.
        UsageError: an encoding for a file that is no text.
    """
    found = locate_file(path)
    reader = find_reader(found)
    if reader.format not in FORMATS:
        raise DataError(
            f"{found} is {reader.label}, which cannot be read in parts.",
            remedy="Read it with trustsem.read_survey if it fits memory, or save it as Parquet or CSV.",
            code="not-in-parts",
        )
    if encoding is not None and "encoding" not in reader.options:
        raise UsageError(
            f"{found} is {reader.label}, which takes no option encoding.",
            remedy="Leave out --encoding.",
            code="option-not-for-format",
        )
    check_content(found, reader)
    return FORMATS[reader.format].shape(found, reader.format, encoding)
