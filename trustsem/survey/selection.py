"""From a data frame or survey to the arrays that a model needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from trustsem.errors import DataError, ModelError
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened, suggest
from trustsem.survey.frames import column_of, columns_of, missing_in
from trustsem.survey.numeric import to_numbers
from trustsem.survey.scored import Survey

_PLAIN_KINDS = frozenset("fiu")
_NOTABLE_LOSS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisArrays:
    """The rows and columns of a data set that a model uses.

    Args:
        values: (n, p) float64 in item units; free of NaN when only complete rows were asked for.
        names: The p variables; an interaction keeps its form "x1:x2".
        row_index: (n,) positions of the used rows in the frame that was given.
        n_total: Rows that were given.
        n_dropped: Rows that are not used.
        dropped_by: For each variable, its missing cells among the dropped rows (zeros left out).
        required: Further columns as they stand in the used rows: group, cluster, weights; (n,) each.
        findings: What a reader must know.
    """

    values: np.ndarray
    names: tuple[str, ...]
    row_index: np.ndarray
    n_total: int
    n_dropped: int
    dropped_by: Mapping[str, int]
    required: Mapping[str, np.ndarray]
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        if self.values.shape != (self.row_index.size, len(self.names)):
            raise ValueError("values must have one row for each used row and one column for each name")
        self.values.setflags(write=False)
        self.row_index.setflags(write=False)


def analysis_arrays(
    data: pd.DataFrame | Survey,
    names: Sequence[str],
    *,
    required: Sequence[str] = (),
    complete: bool = True,
    answered: Sequence[str] = (),
) -> AnalysisArrays:
    """Return the observed variables of a model as an array, with an account of every row that is not used.

    Args:
        data: A survey, or a data frame of numbers.
        names: Observed variables; "x1:x2" is the product of two columns.
        required: Columns of any type that a used row must have as well (group, cluster, weights).
        complete: True keeps rows without a missing answer (listwise deletion); False keeps rows with one answer at
            least, for estimators that use incomplete rows.
        answered: With incomplete rows, variables among the names that a used row must have an answer to all the same:
            exogenous variables, whose distribution is not modelled.

    Raises:
        ModelError: A variable is not in the data (code "unknown-variable").
        DataError: A column is text, holds infinite values, a name is used twice, or no row is left.

    Example:
        >>> import pandas as pd
        >>> arrays = analysis_arrays(pd.DataFrame({"x": [1.0, 2.0, None], "y": [2.0, 4.0, 5.0]}), ["x", "y", "x:y"])
        >>> arrays.values.tolist(), arrays.n_dropped
        ([[1.0, 2.0, 2.0], [2.0, 4.0, 8.0]], 1)
    """
    frame = data.frame if isinstance(data, Survey) else data
    frame = _with_text_names(frame)
    require_columns(frame, names, required)
    values, findings = _matrix(frame, names)
    _require_finite(values, names)
    is_missing = np.isnan(values)
    lacking = {name: missing_in(column_of(frame, name)) for name in required}
    unused = is_missing.any(axis=1) if complete else is_missing.all(axis=1)
    if answered and not complete:
        unused |= is_missing[:, [list(names).index(name) for name in answered]].any(axis=1)
    for absent in lacking.values():
        unused |= absent
    used = np.flatnonzero(~unused)
    dropped_by = _dropped_by(names, is_missing[unused], {name: absent[unused] for name, absent in lacking.items()})
    n_dropped = len(frame) - used.size
    if not used.size:
        raise nothing_left(len(frame), dropped_by, complete=complete)
    if n_dropped:
        findings.append(loss_finding(len(frame), n_dropped, dropped_by, _reasons(data, names), complete=complete))
    return AnalysisArrays(
        values=values[used] if n_dropped else values,
        names=tuple(names),
        row_index=used,
        n_total=len(frame),
        n_dropped=n_dropped,
        dropped_by=MappingProxyType(dropped_by),
        required=MappingProxyType({name: frame[name].to_numpy()[used] for name in required}),
        findings=tuple(findings),
    )


def _with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"Data must be a pandas DataFrame or a Survey, not {type(frame).__name__}.",
            remedy="Read the file with trustsem.read_survey, or build a DataFrame with named columns.",
            code="not-a-table",
        )
    if not all(isinstance(name, str) for name in frame.columns):
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1)  # of a MultiIndex as well
    require_unique(frame)
    return frame


def require_unique(frame: pd.DataFrame) -> None:
    """Refuse a table with two columns of one name.

    Raises:
        DataError: naming them.
    """
    if not frame.columns.is_unique:
        doubled = dict.fromkeys(frame.columns[frame.columns.duplicated()])
        raise DataError(
            f"Column names occur more than once: {shortened(doubled)}.",
            remedy="Give every column its own name.",
            code="duplicate-columns",
        )


def require_columns(frame: pd.DataFrame, names: Sequence[str], required: Sequence[str] = ()) -> None:
    """Raise a `ModelError` that lists every variable without a column, with suggestions."""
    wanted = dict.fromkeys([part for name in names for part in _parts(name, frame)] + list(required))
    unknown = [name for name in wanted if name not in frame.columns]
    if not unknown:
        return
    columns = list(frame.columns)
    first = f"'{unknown[0]}'" if len(unknown) == 1 else f"{len(unknown)} variables"
    raise ModelError(
        f"The data have no column for {first}.",
        remedy=f"Columns: {shortened(columns, 12)}.",
        code="unknown-variable",
        faults=[f"{name}: not in the data.{suggest(name, columns)}" for name in unknown],
    )


def _parts(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns behind a variable; a column that really is called "x1:x2" is one column."""
    return [name] if name in frame.columns else name.split(":")


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, list[Finding]]:
    if all(name in frame.columns for name in names):
        selected = columns_of(frame, names)
        # isinstance: dtypes of pandas' own (nullable, categorical) need the careful way.
        if all(isinstance(dtype, np.dtype) and dtype.kind in _PLAIN_KINDS for dtype in list(selected.dtypes)):
            return np.array(selected.to_numpy(dtype=np.float64), dtype=np.float64), []
    columns: dict[str, np.ndarray] = {}
    findings: list[Finding] = []
    faults: list[str] = []
    for part in dict.fromkeys(part for name in names for part in _parts(name, frame)):
        numeric = to_numbers(column_of(frame, part), part)
        columns[part] = numeric.values
        findings += [numeric.finding] if numeric.finding else []
        faults += [numeric.fault] if numeric.fault else []
    if faults:
        raise _text_error(faults)
    products = [np.prod([columns[part] for part in _parts(name, frame)], axis=0) for name in names]
    return np.column_stack(products) if products else np.empty((len(frame), 0)), findings


def _text_error(faults: list[str]) -> DataError:
    columns = "1 column of the model is" if len(faults) == 1 else f"{len(faults)} columns of the model are"
    return DataError(
        f"{columns} not numeric.",
        remedy="Read the file with a codebook that says what the answers mean, or turn them into numbers first.",
        code="text-column",
        faults=faults,
    )


def _require_finite(values: np.ndarray, names: Sequence[str]) -> None:
    infinite = np.isinf(values).sum(axis=0)
    if infinite.any():
        raise DataError(
            "The data hold infinite values.",
            remedy="Correct these cells or make them missing.",
            code="infinite-values",
            faults=[f"{name}: {count} infinite" for name, count in zip(names, infinite, strict=True) if count],
        )


def _dropped_by(names: Sequence[str], missing: np.ndarray, lacking: Mapping[str, np.ndarray]) -> dict[str, int]:
    counts = dict(zip(names, missing.sum(axis=0).tolist(), strict=True))
    counts.update({name: int(absent.sum()) for name, absent in lacking.items()})
    return {name: count for name, count in counts.items() if count}


def loss_finding(
    n_total: int, n_dropped: int, dropped_by: Mapping[str, int], reasons: Mapping[str, int], *, complete: bool
) -> Finding:
    """Return what to know of rows that are not used.

    Args:
        n_total: Rows that were given.
        n_dropped: Rows of them that are not used.
        dropped_by: Missing cells of each variable in these rows.
        reasons: Missing cells by kind; empty where kinds are not known.
        complete: Whether rows with a missing answer are not used (else: rows without any).
    """
    share = n_dropped / n_total
    rows = "row is" if n_dropped == 1 else "rows are"
    why = (
        "an answer is missing" if complete else "they have no answer at all, or no predictor, group, cluster or weight"
    )
    message = f"{n_dropped} of {n_total} {rows} not used because {why} ({share:.1%}): {_by_count(dropped_by)}."
    if reasons:
        message += f" Kinds of missing in these columns: {_by_count(reasons)}."
    return Finding(
        "listwise-deletion" if complete else "unusable-rows",
        Severity.WARNING if share > _NOTABLE_LOSS else Severity.INFO,
        message,
        "Compare the rows left out with the rows used: leaving them out assumes that answers are missing at random."
        if complete
        else None,
    )


def _reasons(data: pd.DataFrame | Survey, names: Iterable[str]) -> dict[str, int]:
    totals: dict[str, int] = {}
    if isinstance(data, Survey):
        by_variable = data.missing_reasons
        for part in dict.fromkeys(part for name in names for part in name.split(":")):
            for reason, count in by_variable.get(part, {}).items():
                totals[reason] = totals.get(reason, 0) + count
    return totals


def _by_count(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return shortened(f"{name} {count}" for name, count in ranked)


def nothing_left(n_total: int, dropped_by: Mapping[str, int], *, complete: bool, place: str | None = None) -> DataError:
    """Return the error for data without a row that can be used.

    Args:
        n_total: Rows that were given.
        dropped_by: Missing cells of each variable.
        complete: Whether rows had to be complete.
        place: The file, where its name helps.
    """
    where = f" of {place}" if place else ""
    if not n_total:
        what = f"{place} has no rows." if place else "The data have no rows."
        return DataError(what, remedy="Check how they were read or selected.", code="no-rows")
    what = "complete" if complete else "usable"
    return DataError(
        f"None of the {n_total} rows{where} is {what}.",
        remedy="Leave out the emptiest variables." if complete else "Check the columns.",
        code="no-complete-rows",
        faults=[f"{name}: {count} missing" for name, count in dropped_by.items()],
    )
