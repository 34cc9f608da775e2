"""Decimal commas in files that separate cells by semicolons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of
from trustsem.survey.readers.contract import list_some

if TYPE_CHECKING:
    import pandas as pd

_COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+\s*")
_POINT_NUMBER = re.compile(r"\s*[-+]?\d+\.\d+\s*")
_COMMA_LIST = re.compile(r"\s*\d+(,\s*\d+){2,}\s*")
# 1,234 may be one and a bit or twelve hundred: three digits after a comma alone decide nothing.
_MAYBE_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2},\d{3}\s*")


def convert_decimal_commas(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the frame with decimal commas turned to points in the columns where they can be nothing else.

    A column is left as it is, with a finding, when it also holds decimal points, lists such as several ticked
    options, or only numbers that could have a thousands separator.
    """
    converted: dict[str, list[str]] = {}
    doubtful: list[str] = []
    for name in frame.columns:
        cells: list[str] = frame[name].tolist()
        numbers = [cell for cell in cells if "," in cell and _COMMA_NUMBER.fullmatch(cell)]
        if not numbers:
            continue
        if _is_doubtful(cells, numbers):
            doubtful.append(str(name))
        else:
            converted[str(name)] = [_to_point(cell) for cell in cells]
    result = frame.assign(**converted) if converted else frame
    return result, (*_converted_finding(list(converted)), *_doubtful_finding(doubtful))


def _is_doubtful(cells: list[str], numbers: list[str]) -> bool:
    if all(_MAYBE_THOUSANDS.fullmatch(cell) for cell in numbers):
        return True
    return any(_POINT_NUMBER.fullmatch(cell) or _COMMA_LIST.fullmatch(cell) for cell in cells)


def _to_point(cell: str) -> str:
    return cell.replace(",", ".") if "," in cell and _COMMA_NUMBER.fullmatch(cell) else cell


def _converted_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = f"Decimal commas were read as decimal points in {count_of(len(names), 'column')}: {list_some(names)}."
    remedy = "If these columns list several ticked options (1,3), separate the options by another character."
    return (Finding("decimal-comma", Severity.WARNING, text, remedy=remedy),)


def _doubtful_finding(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    text = f"Commas in numbers were left in {count_of(len(names), 'column')}, as they may not be decimal commas: "
    remedy = "Write decimal points and no thousands separators."
    return (Finding("ambiguous-comma", Severity.WARNING, text + f"{list_some(names)}.", remedy=remedy),)
