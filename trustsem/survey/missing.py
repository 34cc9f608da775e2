"""Which answers are missing together: coverage, patterns, and Little's test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.moments.em import EMStatus, em_moments
from trustsem.moments.linalg import blas_threads_for
from trustsem.moments.mcar import MCARTest, little_mcar_test
from trustsem.moments.patterns import MissingPatterns, missing_patterns
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened
from trustsem.survey.frames import column_of
from trustsem.survey.numeric import to_numbers
from trustsem.survey.scored import Survey
from trustsem.survey.selection import require_columns, require_unique

_MOST_GROUPS = 50
_SMALL_PATTERN = 5.0  # rows per pattern below which d^2 is no chi-square


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One pattern: rows that lack exactly these items."""

    missing: tuple[str, ...]
    n_rows: int
    share: float  # of the rows with any answer


@dataclass(frozen=True, slots=True)
class CoveredPair:
    """How many rows have both items of a pair."""

    first: str
    second: str
    n_rows: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class MissingDescription:
    """Missing answers of one group of rows.

    Args:
        group: Label; "" for all rows.
        items: Items that are looked at.
        n_rows: Rows of the group.
        n_empty: Rows without any answer to these items; nothing below counts them.
        n_complete: Rows with all answers.
        n_missing: Missing answers.
        patterns: Every pattern, the most frequent first; complete rows are one of them.
        coverage: (p, p) share of rows with both items.
        pairs: Pairs of items with the lowest coverage first, incomplete ones only.
        never_together: Pairs that nobody answered both of.
        little: Little's test of missing completely at random; None where it is not defined.
        no_test: Why there is no test; None where there is one.
        findings: What a reader must know.
    """

    group: str
    items: tuple[str, ...]
    n_rows: int
    n_empty: int
    n_complete: int
    n_missing: int
    patterns: tuple[PatternRow, ...]
    coverage: np.ndarray
    pairs: tuple[CoveredPair, ...]
    never_together: tuple[tuple[str, str], ...]
    little: MCARTest | None
    no_test: str | None
    findings: tuple[Finding, ...]

    @property
    def n_used(self) -> int:
        """Rows with an answer."""
        return self.n_rows - self.n_empty


def describe_missing(
    data: pd.DataFrame | Survey, items: Sequence[str] | None = None, group: str | None = None
) -> tuple[MissingDescription, ...]:
    """Describe which answers are missing, over all rows or group by group.

    Args:
        data: Survey, or data frame of numbers.
        items: Items or constructs of the codebook; a survey's items when None, of a data frame the numeric columns.
        group: Column that splits the rows; rows without a group are left out and said.

    Raises:
        ModelError: items that the data do not have.
        DataError: text columns, no rows, or no item.
        UsageError: a column with too many groups.

    Example:
        >>> frame = pd.DataFrame({"x": [1.0, 2, 3, None], "y": [2.0, None, 1, 4], "z": [1.0, 2, 4, 3]})
        >>> (result,) = describe_missing(frame)
        >>> result.n_complete, [pattern.missing for pattern in result.patterns]
        (2, [(), ('y',), ('x',)])
    """
    frame = data.frame if isinstance(data, Survey) else data
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(
            f"Data must be a DataFrame or a Survey, not {type(data).__name__}.",
            remedy="Read a file with trustsem.read_survey first.",
            code="data-type",
        )
    require_unique(frame)
    names = _chosen_items(data, frame, items, group)
    values = _values(frame, names)
    with blas_threads_for(len(names)):
        return tuple(_describe(values[rows], names, label, findings) for label, rows, findings in _split(frame, group))


def _chosen_items(
    data: pd.DataFrame | Survey, frame: pd.DataFrame, items: Sequence[str] | None, group: str | None
) -> tuple[str, ...]:
    if items is None:
        survey_items = data.items if isinstance(data, Survey) else frame.select_dtypes("number").columns
        names = tuple(str(name) for name in survey_items if str(name) != group)
    else:
        names = tuple(dict.fromkeys(name for item in items for name in _expanded(data, frame, item)))
    if not names:
        raise DataError("There is no item to describe.", remedy="Name numeric columns.", code="no-numeric-column")
    require_columns(frame, names, () if group is None else (group,))
    return names


def _expanded(data: pd.DataFrame | Survey, frame: pd.DataFrame, item: str) -> list[str]:
    """Return an item, or the items of a construct."""
    if item in frame.columns or not isinstance(data, Survey) or data.codebook is None:
        return [item]
    return [one.name for one in data.codebook.items if one.construct == item and one.name in frame.columns] or [item]


def _values(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    columns = [to_numbers(column_of(frame, name), name) for name in names]
    faults = [column.fault for column in columns if column.fault]
    if faults:
        raise DataError(
            "Some columns are not numeric.",
            faults=faults,
            remedy="Name numeric items, or read the file with a codebook.",
            code="text-column",
        )
    if not len(frame):
        raise DataError("The data have no rows.", remedy="Check how they were read or selected.", code="no-rows")
    return np.column_stack([column.values for column in columns])


def _split(frame: pd.DataFrame, group: str | None) -> list[tuple[str, np.ndarray, list[Finding]]]:
    if group is None:
        return [("", np.arange(len(frame)), [])]
    codes, labels = pd.factorize(column_of(frame, group).to_numpy())
    if len(labels) > _MOST_GROUPS or not len(labels):
        raise UsageError(
            f"The column '{group}' has {len(labels)} different values: no grouping of respondents.",
            remedy="Name a column with a few categories.",
            code="too-many-groups",
        )
    without = int((codes < 0).sum())
    findings = []
    if without:
        message = f"{count_of(without, 'row')} without a value of '{group}' are left out."
        findings.append(Finding("rows-without-group", Severity.WARNING, message))
    named = [f"{label:g}" if isinstance(label, float) else str(label) for label in labels]
    return [(name, np.flatnonzero(codes == k), findings if k == 0 else []) for k, name in enumerate(named)]


def _describe(values: np.ndarray, names: tuple[str, ...], label: str, findings: list[Finding]) -> MissingDescription:
    empty = np.isnan(values).all(axis=1)
    used = values[~empty]
    answered = ~np.isnan(used)
    little, reason, cautions = _little(used, names)
    coverage = answered.T.astype(np.float64) @ answered / max(len(used), 1)
    pairs = _pairs(coverage, len(used), names)
    never = tuple((pair.first, pair.second) for pair in pairs if pair.n_rows == 0)
    return MissingDescription(
        group=label,
        items=names,
        n_rows=len(values),
        n_empty=int(empty.sum()),
        n_complete=int(answered.all(axis=1).sum()),
        n_missing=int((~answered).sum()),
        patterns=_patterns(answered, names),
        coverage=coverage,
        pairs=pairs,
        never_together=never,
        little=little,
        no_test=reason,
        findings=(*findings, *_never_findings(never, label), *cautions),
    )


def _patterns(answered: np.ndarray, names: Sequence[str]) -> tuple[PatternRow, ...]:
    masks, first, counts = np.unique(answered, axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts)).tolist()  # ties in order of appearance
    return tuple(
        PatternRow(
            tuple(name for name, there in zip(names, masks[k], strict=True) if not there),
            int(counts[k]),
            float(counts[k] / len(answered)),
        )
        for k in order
    )


def _pairs(coverage: np.ndarray, n_used: int, names: Sequence[str]) -> tuple[CoveredPair, ...]:
    row, column = np.tril_indices(len(names), -1)
    cells = zip(coverage[row, column].tolist(), column.tolist(), row.tolist(), strict=True)
    return tuple(
        CoveredPair(names[first], names[second], round(share * n_used), share)
        for share, first, second in sorted(cells, key=lambda cell: cell[0])
        if share < 1
    )


def _little(values: np.ndarray, names: Sequence[str]) -> tuple[MCARTest | None, str | None, list[Finding]]:
    """Return Little's test, or why there is none, with its cautions."""
    if not len(values):
        return None, "no row has an answer", []
    if not np.isnan(values).any():
        return None, "nothing is missing", []
    constant = [name for name, column in zip(names, values.T, strict=True) if _is_constant(column)]
    if constant:
        return None, f"these items are empty or the same for everybody: {shortened(constant)}", []
    patterns = missing_patterns(values)
    moments = em_moments(patterns)
    if moments.status is EMStatus.SINGULAR:
        return None, "the covariance matrix is singular: too few rows, or items that repeat others", []
    test = little_mcar_test(patterns, moments)
    if not math.isfinite(test.statistic):
        return None, f"means and covariances did not converge in {moments.iterations} steps", []
    if test.pvalue is None:
        return None, "a single pattern of missing answers has nothing to compare", []
    return test, None, [_caution(test, patterns)]


def _is_constant(column: np.ndarray) -> bool:
    present = column[~np.isnan(column)]
    return present.size == 0 or float(np.ptp(present)) == 0.0


def _caution(test: MCARTest, patterns: MissingPatterns) -> Finding:
    assert test.pvalue is not None
    per_pattern = patterns.n_rows / patterns.n_patterns
    if per_pattern < _SMALL_PATTERN:
        return Finding(
            "mcar-small-patterns",
            Severity.WARNING,
            f"Little's test rests on {patterns.n_patterns} patterns of {per_pattern:.1f} rows on average: its p-value "
            "is rough with patterns this small, and it finds little.",
            remedy="Test fewer items at a time; decide by what is known of why answers are missing.",
        )
    if test.pvalue < 0.05:
        return Finding(
            "mcar-rejected",
            Severity.INFO,
            "Little's test speaks against missing completely at random: leaving out incomplete rows may bias results.",
            remedy='Use missing="fiml" or imputation, with variables that tell who did not answer. Both assume missing '
            "at random, which no test can show.",
        )
    return Finding(
        "mcar-not-rejected",
        Severity.INFO,
        "Little's test compares means between patterns only. That it does not reject is no proof of missing at random.",
        remedy='missing="fiml" uses all answers and needs the weaker assumption.',
    )


def _never_findings(never: Sequence[tuple[str, str]], label: str) -> list[Finding]:
    if not never:
        return []
    where = f" in group {label}" if label else ""
    return [
        Finding(
            "never-answered-together",
            Severity.WARNING,
            f"Nobody{where} answered both items of {count_of(len(never), 'pair')}: "
            f"{shortened((f'{first} with {second}' for first, second in never), 6)}.",
            remedy="Their covariance cannot be estimated without a model: leave one item of each pair out.",
        )
    ]
