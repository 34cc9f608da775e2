"""Recognise what a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from trustsem.errors import DataError
from trustsem.survey.readers.contract import Reader

HEAD_BYTES = 512
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of content: how people call it and what to do when it comes under another name."""

    label: str
    remedy: str


KINDS: dict[str, Kind] = {
    "excel": Kind("an Excel workbook", "Rename it to end in .xlsx."),
    "xlsb": Kind("a binary Excel workbook (.xlsb)", "Open it in Excel or LibreOffice and save it as .xlsx."),
    "xls": Kind("an Excel 97-2003 workbook (.xls)", "Open it in Excel or LibreOffice and save it as .xlsx."),
    "locked": Kind("a password-protected workbook", "Open it, remove the password, and save it as .xlsx or .csv."),
    "ods": Kind("an OpenDocument file", "Open it in LibreOffice and save it as .xlsx or .csv."),
    "zip": Kind("a zip archive", "Unpack it and name the survey file inside."),
    "gzip": Kind("a gzip-compressed file", "Rename it to end in .csv.gz, or unpack it."),
    "archive": Kind("a compressed archive", "Unpack it and name the survey file inside."),
    "parquet": Kind("a Parquet file", "Rename it to end in .parquet."),
    "spss": Kind("an SPSS data file", "Rename it to end in .sav."),
    "stata": Kind("a Stata data file", "Rename it to end in .dta."),
    "sas": Kind("a SAS data set", "Export it as .sav, .dta or .csv."),
    "pdf": Kind("a PDF document", "Export the survey as a table, e.g. .csv."),
    "html": Kind("a web page", "It may be a login or error page saved in place of the data: download the file again."),
    "json": Kind("JSON text", "Export the survey as a table, e.g. .csv."),
    "sqlite": Kind("an SQLite database", "Export the table as .csv."),
    "rds": Kind("an R data file", "Write it from R with write.csv(..., row.names = FALSE)."),
}

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"$FL2", "spss"),
    (b"$FL3", "spss"),
    (b"<stata_dta>", "stata"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"%PDF-", "pdf"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"RDX2\n", "rds"),
    (b"RDX3\n", "rds"),
)
_SAS_MARK = bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf"
# Stata before release 13 has no word at its start: release, byte order, file type, one unused zero.
_OLD_STATA = frozenset(range(104, 116))


def identify_content(path: Path) -> str | None:
    """Return the key in `KINDS` of what the file holds, or None when no signature is known (as for plain text)."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _identify_zip(path)
    if head.startswith(_OLE):
        return _identify_ole(path)
    if head.startswith(_SAS_MARK):
        return "sas"
    if len(head) > 3 and head[0] in _OLD_STATA and head[1] in (1, 2) and head[2] == 1 and head[3] == 0:
        return "stata"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "json" if start.startswith((b'{"', b"[{")) else None


def check_content(path: Path, reader: Reader) -> None:
    """Refuse a file whose content contradicts its suffix.

    Raises:
        DataError: "password-protected", "wrong-suffix" or "broken-file".
    """
    kind = identify_content(path)
    if kind == reader.content or (kind is None and reader.content == "text"):
        return
    if kind == "locked":
        raise DataError(f"{path} is protected by a password.", code="password-protected", remedy=KINDS[kind].remedy)
    if kind is not None:
        raise DataError(
            f"{path} is named like {reader.label}, but its content is {KINDS[kind].label}.",
            code="wrong-suffix",
            remedy=KINDS[kind].remedy,
        )
    raise DataError(
        f"{path} is named like {reader.label}, but it does not begin like one.",
        code="broken-file",
        remedy="Export or copy the file again; if it is plain text, rename it to end in .csv.",
    )


def _identify_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and b"opendocument" in archive.read("mimetype"):
                return "ods"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        # A cut-off workbook has no directory at its end; its reader says that it is broken.
        return "excel" if path.suffix.lower() in {".xlsx", ".xlsm"} else "zip"
    if "xl/workbook.bin" in names:
        return "xlsb"
    return "excel" if "xl/workbook.xml" in names else "zip"


def _identify_ole(path: Path) -> str:
    # An encrypted workbook is an OLE container with a stream of this name; an .xls file is one without it.
    return "locked" if "EncryptedPackage".encode("utf-16-le") in path.read_bytes() else "xls"
