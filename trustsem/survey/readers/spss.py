"""Read SPSS files (.sav, .zsav): labels for labelled codes, user-missing answers kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import Parsed, ReadOptions, list_some
from trustsem.survey.readers.labels import apply_labels
from trustsem.survey.readers.readstat import call_pyreadstat, stored_encoding
from trustsem.survey.readers.typed import settle_columns

if TYPE_CHECKING:
    import pandas as pd


def read_spss(path: Path, options: ReadOptions) -> Parsed:
    """Read an SPSS file.

    Codes of public .sav files can be alphabetical, so labels are what is returned. Answers that the file declares
    missing keep their label or code: a codebook tells "refused" from "not asked", an empty cell cannot.

    Args:
        path: An existing file.
        options: `encoding` is used.

    Raises:
        DataError: "broken-file", "wrong-encoding", "duplicate-columns".
    """
    codes, meta, header = call_pyreadstat("read_sav", path, options, label="an SPSS data file")
    names = dict(zip(meta.column_names, header.names, strict=True))
    labels = {names[name]: of_column for name, of_column in meta.variable_value_labels.items()}
    ranges = {names[name]: of_column for name, of_column in meta.missing_ranges.items()}
    labelled = apply_labels(codes, labels)
    frame, settled = settle_columns(labelled.frame, path)
    findings = (*header.findings, *_user_missing_finding(codes, ranges), *labelled.findings, *settled)
    return Parsed(frame, stored_encoding(meta, options), findings)


def _user_missing_finding(
    codes: pd.DataFrame, ranges: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[Finding, ...]:
    counts = {name: _count_in_ranges(codes[name].to_list(), of_column) for name, of_column in ranges.items()}
    names = [name for name, count in counts.items() if count]
    if not names:
        return ()
    return (
        Finding(
            "user-missing-kept",
            Severity.WARNING,
            f"Answers that the file declares missing stand in {count_of(sum(counts.values()), 'cell')} "
            f"of {count_of(len(names), 'column')}; they were kept with their label or code: {list_some(names)}.",
            remedy="Declare these labels and codes as missing in the codebook.",
        ),
    )


def _count_in_ranges(cells: Sequence[Any], ranges: Sequence[Mapping[str, Any]]) -> int:
    # A range of text is a single value; comparing NaN with limits is false, as it should be.
    exact = {limits["lo"] for limits in ranges if isinstance(limits["lo"], str)}
    spans = [(limits["lo"], limits["hi"]) for limits in ranges if not isinstance(limits["lo"], str)]
    return sum(
        cell in exact if isinstance(cell, str) else any(low <= cell <= high for low, high in spans) for cell in cells
    )
