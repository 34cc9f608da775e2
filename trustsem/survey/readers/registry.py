"""The table of readers and the one function that uses it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from trustsem.errors import DataError, UsageError
from trustsem.suggestions import count_of
from trustsem.survey.readers.content import KINDS, check_content, identify_content
from trustsem.survey.readers.contract import Reader, ReadOptions
from trustsem.survey.readers.delimited import read_delimited
from trustsem.survey.readers.excel import read_excel
from trustsem.survey.readers.location import hash_file, locate_file
from trustsem.survey.readers.parquet import read_parquet
from trustsem.survey.readers.spss import read_spss
from trustsem.survey.readers.stata import read_stata
from trustsem.survey.source import DataSource, RawTable

_ENCODING = frozenset({"encoding"})
_CSV = Reader("csv", "a text file", "text", partial(read_delimited, expected=","), _ENCODING)
_TSV = Reader("tsv", "a text file", "text", partial(read_delimited, expected="\t"), _ENCODING)
_TXT = Reader("txt", "a text file", "text", partial(read_delimited, expected=None), _ENCODING)
_EXCEL = Reader("xlsx", "an Excel workbook", "excel", read_excel, frozenset({"sheet"}))
_PARQUET = Reader("parquet", "a Parquet file", "parquet", read_parquet)
_STATA = Reader("dta", "a Stata data file", "stata", read_stata, _ENCODING)
_SPSS = Reader("sav", "an SPSS data file", "spss", read_spss, _ENCODING)


def _compressed(reader: Reader) -> Reader:
    return Reader(reader.format, "a gzip-compressed text file", "gzip", reader.read, reader.options)


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".csv": _CSV,
        ".tsv": _TSV,
        ".tab": _TSV,
        ".txt": _TXT,
        ".csv.gz": _compressed(_CSV),
        ".tsv.gz": _compressed(_TSV),
        ".txt.gz": _compressed(_TXT),
        ".xlsx": _EXCEL,
        ".xlsm": _EXCEL,
        ".parquet": _PARQUET,
        ".pq": _PARQUET,
        ".dta": _STATA,
        ".sav": _SPSS,
        ".zsav": _SPSS,
    }
)


def read_raw(path: str | os.PathLike[str], *, sheet: str | int | None = None, encoding: str | None = None) -> RawTable:
    """Read a survey file as it is, before any codebook.

    Text files give text cells exactly as written, "" for an empty one. Typed formats give numbers, value labels as
    text, and NaN for an empty cell.

    Args:
        path: A file whose suffix is in `READERS`.
        sheet: Excel only: name or number (from 1) of the sheet; the first visible one unless given.
        encoding: Text, SPSS and Stata files only: the text encoding; detected unless given.

    Raises:
        DataError: The file cannot be used; `docs/data-files.md` lists the codes.
        UsageError: An option that this format does not have.
    """
    found = locate_file(path)
    reader = find_reader(found)
    options = ReadOptions(sheet=sheet, encoding=encoding)
    _check_options(found, reader, options)
    check_content(found, reader)
    parsed = reader.read(found, options)
    n_rows, n_columns = parsed.frame.shape
    if n_rows == 0 or n_columns == 0:
        raise DataError(
            f"{found} has {count_of(n_columns, 'column')} and {count_of(n_rows, 'row')}: there is no respondent in it.",
            code="no-rows",
            remedy="Export the survey with its answers.",
        )
    source = DataSource(os.fspath(path), reader.format, hash_file(found), n_rows, n_columns, parsed.encoding)
    return RawTable(parsed.frame, source, parsed.findings, parsed.lines)


def find_reader(path: Path) -> Reader:
    """Return the reader that the suffix of a file stands for.

    Raises:
        DataError: "unknown-suffix".
    """
    name = path.name.lower()
    # Two-part suffixes come first: ".csv.gz" must not be looked up as ".gz".
    for suffix in sorted(READERS, key=len, reverse=True):
        if name.endswith(suffix) and len(name) > len(suffix):
            return READERS[suffix]
    raise _unknown_suffix(path)


def _unknown_suffix(path: Path) -> DataError:
    named = f"the suffix '{path.suffix}'" if path.suffix else "no suffix"
    kind = identify_content(path)
    if kind is not None:
        hint = f"By its content it is {KINDS[kind].label}. {KINDS[kind].remedy} "
    else:
        near = difflib.get_close_matches(path.suffix.lower(), READERS, n=1, cutoff=0.7)
        hint = f"Did you mean '{near[0]}'? " if near else ""
    return DataError(
        f"{path} has {named}, for which there is no reader.",
        code="unknown-suffix",
        remedy=f"{hint}Allowed: {', '.join(READERS)}.",
    )


def _check_options(path: Path, reader: Reader, options: ReadOptions) -> None:
    given = {"sheet": options.sheet, "encoding": options.encoding}
    refused = [name for name, value in given.items() if value is not None and name not in reader.options]
    if refused:
        raise UsageError(
            f"{path} is {reader.label}, which takes no option {' or '.join(refused)}.",
            code="option-not-for-format",
            remedy=f"Leave out {' and '.join(f'--{name}' for name in refused)}.",
        )
