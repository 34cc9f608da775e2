"""Scenarios and rankings of levers as data frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pandas as pd

from trustsem.effects.scenario_records import ChangeRow, LeverRow, Span, StepRow

_PARTS = {"value": "", "se": "_se", "lower": "_lower", "upper": "_upper"}


def changes_frame(rows: Sequence[ChangeRow]) -> pd.DataFrame:
    """Return one row per construct and group.

    Columns: construct, role, units, units_se, units_lower, units_upper, the same of sd and points, mean_score, note,
    group, group_label.
    """
    return _frame(rows, ChangeRow)


def steps_frame(rows: Sequence[StepRow]) -> pd.DataFrame:
    """Return one row per lever, construct that it moves, and group.

    Columns: lever, construct, amount, units, sd, points, mean_score, basis, group, group_label.
    """
    return _frame(rows, StepRow)


def levers_frame(rows: Sequence[LeverRow]) -> pd.DataFrame:
    """Return one row per lever and group.

    Columns: lever, kind, acts_on, importance, importance_se, importance_lower, importance_upper, mean_score, headroom,
    the same four of gain and gain_headroom, group, group_label.
    """
    return _frame(rows, LeverRow)


def _frame(rows: Sequence[object], kind: type) -> pd.DataFrame:
    columns: dict[str, list[object]] = {}
    for field in fields(kind):
        values = [getattr(row, field.name) for row in rows]
        if field.type != Span.__name__:
            columns[field.name] = values
            continue
        for part, ending in _PARTS.items():
            columns[f"{field.name}{ending}"] = [getattr(value, part) for value in values]
    return pd.DataFrame(columns)
