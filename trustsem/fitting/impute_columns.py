"""Which columns and rows an imputation uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.instruments import CovariateKind
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey
from trustsem.survey.frames import column_of, group_name, missing_in
from trustsem.survey.numeric import to_numbers
from trustsem.survey.selection import require_columns, require_unique


def chosen_columns(
    data: pd.DataFrame | Survey,
    frame: pd.DataFrame,
    columns: Sequence[str] | None,
    group: str | None,
    findings: list[Finding],
) -> list[str]:
    require_unique(frame)
    if isinstance(columns, str):
        columns = [columns]
    if columns is not None:
        names = list(dict.fromkeys(str(name) for name in columns))
        require_columns(frame, names, () if group is None else (group,))
        if group in names:
            raise UsageError(f"'{group}' is the column of the groups and cannot be imputed.", code="imputation-options")
        return names
    names = [name for name in _default_columns(data, frame) if name != group]
    if not names:
        raise DataError("The data have no numeric column to impute.", code="no-numeric-column")
    rest = [str(name) for name in frame.columns if str(name) not in (*names, group)]
    with_gaps = [name for name in rest if missing_in(column_of(frame, name)).any()]
    if with_gaps:
        findings.append(
            Finding(
                "columns-not-imputed",
                Severity.INFO,
                f"{count_of(len(with_gaps), 'column')} with missing answers stay as they are: {shortened(with_gaps)}.",
                remedy="Name them in columns; categories need to be turned into 0/1 columns first.",
            )
        )
    return names


def _default_columns(data: pd.DataFrame | Survey, frame: pd.DataFrame) -> list[str]:
    """Return numeric columns; of a survey with a codebook the items and those covariates that are quantities."""
    if not isinstance(data, Survey) or data.codebook is None:
        return [str(name) for name in frame.select_dtypes("number").columns]
    quantities = {CovariateKind.NUMERIC, CovariateKind.ORDINAL}
    named = [covariate.name for covariate in data.codebook.covariates if covariate.kind in quantities]
    return [*data.items, *(name for name in named if name in frame.columns)]


def column_matrix(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    numeric = [to_numbers(column_of(frame, name), name) for name in names]
    faults = [column.fault for column in numeric if column.fault]
    infinite = [name for name, column in zip(names, numeric, strict=True) if np.isinf(column.values).any()]
    if faults or infinite:
        raise DataError(
            "Some columns cannot be imputed.",
            faults=[*faults, *(f"{name}: infinite values" for name in infinite)],
            remedy="Turn them into numbers, or leave them out of columns.",
            code="text-column",
        )
    return np.column_stack([column.values for column in numeric])


def varying_columns(values: np.ndarray, names: list[str], findings: list[Finding]) -> tuple[list[str], np.ndarray]:
    """Leave out columns that are constant and complete; a constant or empty one with gaps cannot be imputed."""
    answered = ~np.isnan(values)
    lowest = np.where(answered, values, np.inf).min(axis=0)
    highest = np.where(answered, values, -np.inf).max(axis=0)
    constant = highest <= lowest
    broken = [name for k, name in enumerate(names) if constant[k] and not answered[:, k].all()]
    if broken:
        raise DataError(
            f"Nothing can be drawn for columns without answers or with one answer only: {shortened(broken)}.",
            remedy="Leave them out of columns.",
            code="constant-column",
        )
    if constant.any():
        out = [name for k, name in enumerate(names) if constant[k]]
        message = f"{shortened(out)}: the same for everybody, and not used to impute."
        findings.append(Finding("constant-column", Severity.INFO, message))
    return [name for k, name in enumerate(names) if not constant[k]], values[:, ~constant]


def row_groups(frame: pd.DataFrame, group: str | None, findings: list[Finding]) -> list[tuple[str, np.ndarray]]:
    if group is None:
        return [("", np.arange(len(frame)))]
    require_columns(frame, (), (group,))
    column = column_of(frame, group)
    codes, labels = pd.factorize(column.to_numpy())
    without = int((codes < 0).sum())
    if without:
        message = f"{count_of(without, 'row')} without a group ('{group}') stay incomplete."
        findings.append(Finding("rows-not-imputed", Severity.WARNING, message))
    return [(group_name(label), np.flatnonzero(codes == number)) for number, label in enumerate(labels)]
