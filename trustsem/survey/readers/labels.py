"""Value labels of SPSS and Stata files: the label is the answer, the code only stands for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import list_some

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A frame with labels in the place of codes, and what there is to say about it."""

    frame: pd.DataFrame
    findings: tuple[Finding, ...]


def apply_labels(frame: pd.DataFrame, labels: Mapping[str, Mapping[object, str]]) -> Labelled:
    """Return the frame with every labelled code replaced by its label.

    Codes without a label, or with a blank one, stay as they are.

    Args:
        frame: Codes as stored in the file, NaN for system missing.
        labels: For each labelled column, code -> label.
    """
    import pandas as pd

    replaced: dict[str, pd.Series] = {}
    partly: list[str] = []
    merged: list[str] = []
    for name, of_column in labels.items():
        texts = {code: text for code, text in of_column.items() if text.strip()}
        if name not in frame.columns:
            continue
        codes = frame[name].to_list()
        used = {code for code in codes if not _is_empty(code)}
        if used.isdisjoint(texts):
            continue
        replaced[name] = pd.Series([texts.get(code, code) for code in codes], index=frame.index, dtype=object)
        if not used <= texts.keys():
            partly.append(name)
        if _shares_a_label(used, texts):
            merged.append(name)
    return Labelled(frame.assign(**replaced), (*_partly_finding(partly), *_merged_finding(merged)))


def _is_empty(code: object) -> bool:
    # NaN alone differs from itself; a blank text is the empty cell of a text variable.
    return code is None or code == "" or code != code


def _shares_a_label(used: set[object], texts: Mapping[object, str]) -> bool:
    counts = Counter(text for code, text in texts.items() if code in used)
    return any(count > 1 for count in counts.values())


def _partly_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = (
        f"Some codes have a value label and others have none in {count_of(len(names), 'column')}: {list_some(names)}."
    )
    remedy = "Labelled codes were read as their labels, the others as numbers; the codebook must know both."
    return (Finding("partly-labelled", Severity.INFO, text, remedy=remedy),)


def _merged_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = f"Codes that share a value label became one answer in {count_of(len(names), 'column')}: {list_some(names)}."
    remedy = "If the codes mean different things, give them different labels in the file."
    return (Finding("shared-labels", Severity.WARNING, text, remedy=remedy),)
