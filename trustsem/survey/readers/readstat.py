"""The common part of the SPSS and Stata readers: one call of pyreadstat, with its errors put in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.errors import DataError
from trustsem.survey.readers.contract import ReadOptions, raise_collected
from trustsem.survey.readers.header import Header, read_header
from trustsem.survey.readers.packages import import_package

if TYPE_CHECKING:
    import pandas as pd


def call_pyreadstat(function: str, path: Path, options: ReadOptions, *, label: str) -> tuple[pd.DataFrame, Any, Header]:
    """Return codes, metadata and checked header of a file, user-missing values kept.

    Args:
        function: Name of the function of pyreadstat, e.g. "read_sav".
        path: An existing file.
        options: `encoding` is used.
        label: What the file is, for messages, e.g. "an SPSS data file".

    Raises:
        DataError: "broken-file", "wrong-encoding", "duplicate-columns".
    """
    pyreadstat = import_package("pyreadstat", purpose=f"{label}s".removeprefix("an ").removeprefix("a "))
    try:
        frame, meta = getattr(pyreadstat, function)(str(path), user_missing=True, encoding=options.encoding)
    except pyreadstat.ReadstatError as error:
        raise _explain(path, label, str(error), options) from error
    except (UnicodeDecodeError, ValueError, OverflowError, OSError) as error:
        # The text of these may quote a cell, so it is not repeated.
        raise _broken(path, label, type(error).__name__) from error
    header = read_header(list(meta.column_names), path)
    raise_collected(path, header.faults)
    renamed = frame.set_axis(list(header.names), axis="columns")
    return renamed, meta, header


def stored_encoding(meta: Any, options: ReadOptions) -> str | None:
    """Return the text encoding that was used: the caller's, else the one that the file declares, if it does."""
    name = options.encoding or meta.file_encoding
    return name.lower() if name else None


def _explain(path: Path, label: str, reason: str, options: ReadOptions) -> DataError:
    if "character set" in reason or "convert string" in reason:
        named = f"the encoding '{options.encoding}'" if options.encoding else "the encoding that it declares"
        return DataError(
            f"The text in {path} cannot be read with {named}.",
            code="wrong-encoding",
            remedy="Name the encoding it was written in with --encoding (e.g. gb18030, cp1252).",
        )
    return _broken(path, label, reason)


def _broken(path: Path, label: str, reason: str) -> DataError:
    return DataError(
        f"{path} is {label} that cannot be read: {reason}.",
        code="broken-file",
        remedy="The file may be cut off or damaged: copy or export it again.",
    )
