"""Read .csv, .tsv and .txt: every cell stays the text that stands in the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import Parsed, ReadOptions, raise_collected
from trustsem.survey.readers.decimals import convert_decimal_commas
from trustsem.survey.readers.delimiter import find_delimiter
from trustsem.survey.readers.encoding import decode_bytes
from trustsem.survey.readers.header import Header, name_unnamed, read_header
from trustsem.survey.readers.records import Records, parse_records
from trustsem.survey.readers.textfile import load_text_bytes

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_CHARACTERS = 1 << 16


def read_delimited(path: Path, options: ReadOptions, *, expected: str | None) -> Parsed:
    """Read a text file with one record per line.

    One parser, Python's strict one, both checks and reads: pandas pads short rows and renames columns silently.

    Args:
        path: An existing file.
        options: `encoding` is used.
        expected: Delimiter that the suffix promises; None when it promises none.

    Raises:
        DataError: Everything that `docs/data-files.md` lists for text files.
    """
    data = load_text_bytes(path)
    decoded = decode_bytes(data, path, options.encoding)
    dialect = find_delimiter(whole_lines(decoded.text), path, expected)
    records = parse_records(data, decoded.encoding, dialect, path)
    header = read_header(records.header, path)
    raise_collected(path, [*header.faults, *records.faults])
    findings = [*decoded.findings, *dialect.findings, *blank_line_finding(records.blank_lines), *header.findings]
    frame, unnamed = _build_frame(records, header, path)
    findings.extend(unnamed)
    if dialect.delimiter == ";":
        frame, commas = convert_decimal_commas(frame)
        findings.extend(commas)
    return Parsed(frame, decoded.encoding, tuple(findings), records.lines)


def whole_lines(text: str) -> str:
    """Return the beginning of the text without its last, cut-off line."""
    sample = text[:SAMPLE_CHARACTERS]
    if len(sample) == len(text):
        return sample
    end = max(sample.rfind("\n"), sample.rfind("\r")) + 1
    return sample[:end] if end else sample


def _build_frame(records: Records, header: Header, path: Path) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    import numpy as np
    import pandas as pd

    cells = np.empty((len(records.rows), len(header.names)), dtype=object)
    if records.rows:
        cells[:] = records.rows
    is_empty = [not any(cell.strip() for cell in cells[:, i]) for i in header.unnamed]
    empty, findings = name_unnamed(header, is_empty, path)
    keep = [i for i in range(len(header.names)) if i not in empty]
    frame = pd.DataFrame(cells[:, keep], columns=[header.names[i] for i in keep], dtype=str)
    return frame, findings


def blank_line_finding(count: int) -> tuple[Finding, ...]:
    """Return what to know of lines that hold nothing."""
    if not count:
        return ()
    text = f"{count_of(count, 'line')} without any cell passed over; no row was lost."
    return (Finding("blank-lines", Severity.INFO, text),)
