"""Find the character that separates the cells of a text file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from trustsem.errors import DataError
from trustsem.records import Finding, Severity

NAMES: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SAMPLE_RECORDS = 50
# A delimiter is believed when this share of the first records has as many fields as the header.
_STEADY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file separates its cells.

    Args:
        delimiter: One of the keys of `NAMES`.
        has_hint_line: The first line is Excel's `sep=;` and no part of the table.
        findings: What a reader of the results must know about it.
    """

    delimiter: str
    has_hint_line: bool
    findings: tuple[Finding, ...] = ()


def find_delimiter(sample: str, path: Path, expected: str | None) -> Dialect:
    """Return the delimiter that splits the first records into the same number of fields as the header.

    Args:
        sample: The beginning of the file, whole lines.
        path: The file, for messages.
        expected: Delimiter that the suffix promises; None when it promises nothing.

    Raises:
        DataError: "no-delimiter" when the cells seem to be separated by blanks.
    """
    # Not str.splitlines, which also ends lines at characters that may stand inside a cell.
    lines = list(io.StringIO(sample, newline=""))
    first = lines[0].strip() if lines else ""
    if len(first) == 5 and first.lower().startswith("sep=") and first[4] in NAMES:
        return Dialect(first[4], has_hint_line=True, findings=_findings(first[4], expected))
    widths = {delimiter: _field_counts(lines, delimiter) for delimiter in NAMES}
    split = {key: counts for key, counts in widths.items() if counts and counts[0] > 1}
    if not split:
        _refuse_blanks(lines, path)
        return Dialect(expected or ",", has_hint_line=False)
    steady = {key: counts for key, counts in split.items() if _steadiness(counts) >= _STEADY_SHARE}
    candidates = steady or split
    # The suffix's own delimiter wins over a better-looking one as long as it is steady.
    best = expected if expected in steady else max(candidates, key=lambda key: candidates[key][0])
    return Dialect(best, has_hint_line=False, findings=_findings(best, expected))


def _field_counts(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_RECORDS) if row]
    except csv.Error:
        # An over-long cell under this delimiter; the parser proper reports it when no other fits.
        return []


def _steadiness(counts: list[int]) -> float:
    return counts.count(counts[0]) / len(counts)


def _refuse_blanks(lines: list[str], path: Path) -> None:
    counts = [len(line.split()) for line in lines[:_SAMPLE_RECORDS] if line.strip() and '"' not in line]
    if len(counts) < 2 or counts[0] < 3:
        return
    width, times = Counter(counts).most_common(1)[0]
    if width == counts[0] and times == len(counts):
        raise DataError(
            f"The cells of {path} seem to be separated by blanks ({width} in each of the first {times} lines).",
            code="no-delimiter",
            remedy=f"Separate them by one of: {', '.join(NAMES.values())}.",
        )


def _findings(delimiter: str, expected: str | None) -> tuple[Finding, ...]:
    if delimiter == expected:
        return ()
    return (
        Finding(
            "delimiter-detected",
            Severity.INFO,
            f"The cells are separated by the character '{NAMES[delimiter]}'.",
        ),
    )
