"""Read Stata files (.dta): labels for labelled codes, extended missing values kept as .a to .z."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def read_stata(path: Path, options: ReadOptions) -> Parsed:
    """Read a Stata file.

    Extended missing values become the text ".a" to ".z" even where they carry a label: the letter is Stata's own
    name for the reason, and no answer can be mistaken for it. The plain "." is NaN.

    Args:
        path: An existing file.
        options: `encoding` is used.

    Raises:
        DataError: "broken-file", "wrong-encoding", "duplicate-columns".
    """
    codes, meta, header = call_pyreadstat("read_dta", path, options, label="a Stata data file")
    names = dict(zip(meta.column_names, header.names, strict=True))
    letters = {names[name]: found for name, found in (meta.missing_user_values or {}).items()}
    dotted = _dot_letters(codes, list(letters))
    labels = {
        names[name]: _of_codes(of_column, letters.get(names[name], ()))
        for name, of_column in meta.variable_value_labels.items()
    }
    labelled = apply_labels(dotted, labels)
    frame, settled = settle_columns(labelled.frame, path)
    findings = (*header.findings, *_letters_finding(dotted, list(letters)), *labelled.findings, *settled)
    return Parsed(frame, stored_encoding(meta, options), findings)


def _of_codes(labels: Mapping[Any, str], letters: Iterable[str]) -> dict[object, str]:
    """Return the labels of answers, with each letter as its own label."""
    answers = {code: text for code, text in labels.items() if not isinstance(code, str)}
    return {**answers, **{f".{letter}": f".{letter}" for letter in letters}}


def _dot_letters(codes: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    import pandas as pd

    dotted = {
        name: pd.Series([f".{cell}" if isinstance(cell, str) else cell for cell in codes[name].to_list()], dtype=object)
        for name in names
    }
    return codes.assign(**dotted)


def _letters_finding(dotted: pd.DataFrame, names: list[str]) -> tuple[Finding, ...]:
    count = sum(isinstance(cell, str) for name in names for cell in dotted[name].to_list())
    if not count:
        return ()
    return (
        Finding(
            "user-missing-kept",
            Severity.WARNING,
            f"Extended missing values stand in {count_of(count, 'cell')} of {count_of(len(names), 'column')}; "
            f"they were kept as the text .a to .z: {list_some(names)}.",
            remedy="Declare these letters as missing in the codebook.",
        ),
    )
