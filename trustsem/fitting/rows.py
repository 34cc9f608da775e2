"""The rows of a data set by group, with their clusters and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.fitting.data_options import DataOptions, Missing, WeightsNormalization
from trustsem.moments import Cases
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened, suggest
from trustsem.survey import AnalysisArrays, Survey
from trustsem.survey.findings import zero_weights_finding
from trustsem.survey.frames import MANY_GROUPS, column_of, group_name, missing_in

_FEW_CLUSTERS = 30  # below it cluster-robust standard errors are too small (Cameron & Miller 2015)


@dataclass(frozen=True, eq=False, slots=True)
class GroupedRows:
    """Used rows by group.

    Args:
        cases: Respondents of each group.
        members: For each group, positions of its rows among the used ones.
        findings: What a reader must know of groups, clusters and weights.
    """

    cases: tuple[Cases, ...]
    members: tuple[np.ndarray, ...]
    findings: tuple[Finding, ...]


def group_labels(data: pd.DataFrame | Survey, options: DataOptions) -> tuple[str, ...]:
    """Return the labels of the groups: in the order of `group_label`, or of their appearance in the data.

    Raises:
        DataError: no such column, one group only, or so many that the column is none of groups.
        UsageError: a group_label that no row has.
    """
    if options.group is None:
        return ()
    frame = data.frame if isinstance(data, Survey) else data
    if options.group not in frame.columns:
        hint = suggest(options.group, [str(name) for name in frame.columns])
        raise DataError(
            f"The data have no column '{options.group}' for the groups.{hint}",
            remedy="Name the column that says which group a row belongs to.",
            code="unknown-variable",
        )
    column = column_of(frame, options.group)
    there = column.to_numpy()[~missing_in(column)]
    found = tuple(dict.fromkeys(group_name(value) for value in pd.unique(there)))
    if options.group_label:
        return _chosen(options, found)
    if len(found) < 2:
        raise DataError(
            f"The column '{options.group}' has {count_of(len(found), 'group')}: at least two are needed.",
            remedy="Leave group out, or name a column that splits the sample.",
            code="one-group",
        )
    if len(found) > MANY_GROUPS:
        raise DataError(
            f"The column '{options.group}' has {len(found)} different values: no grouping of respondents.",
            remedy="Name a column with a few categories; for many units, use cluster.",
            code="too-many-groups",
        )
    return found


def _chosen(options: DataOptions, found: Sequence[str]) -> tuple[str, ...]:
    unknown = [label for label in options.group_label if label not in found]
    if unknown:
        raise UsageError(
            f"group_label names groups that the column '{options.group}' does not have: {shortened(unknown)}."
            f"{suggest(unknown[0], found)}",
            remedy=f"Groups: {shortened(found, 12)}.",
            code="unknown-group",
        )
    if len(set(options.group_label)) < 2 or len(set(options.group_label)) < len(options.group_label):
        raise UsageError("group_label needs at least two different groups.", code="one-group")
    return options.group_label


def required_columns(options: DataOptions) -> tuple[str, ...]:
    """Return the columns besides the model's variables that a used row must have."""
    return tuple(name for name in (options.group, options.cluster, options.weights) if name is not None)


def grouped_rows(arrays: AnalysisArrays, options: DataOptions, labels: Sequence[str]) -> GroupedRows:
    """Split the used rows into groups, with clusters counted over all of them and weights normalised.

    Args:
        arrays: Used rows, with the columns of `required_columns`.
        options: Roles of the columns.
        labels: Groups, in order; empty for one group.

    Raises:
        DataError: an empty group, weights that are none, or fewer than two clusters.
    """
    findings: list[Finding] = []
    of_row = _group_of_row(arrays.required, options, labels, len(arrays.values), findings)
    weights = _weights(arrays.required, options, findings)
    if weights is not None:
        of_row = np.where(weights > 0, of_row, -1)
    clusters = _clusters(arrays.required, options, of_row, labels, findings)
    members = tuple(np.flatnonzero(of_row == number) for number in range(max(1, len(labels))))
    _require_members(members, labels, options)
    _require_clusters(clusters, members, labels, options)
    if weights is not None:
        weights = _normalised(weights, members, options.normalization)
    cases = tuple(
        Cases(
            arrays.values if len(rows) == len(arrays.values) else arrays.values[rows],
            None if weights is None else weights[rows],
            None if clusters is None else clusters[rows],
        )
        for rows in members
    )
    return GroupedRows(cases, members, tuple(findings))


def _group_of_row(
    required: Mapping[str, np.ndarray],
    options: DataOptions,
    labels: Sequence[str],
    n_rows: int,
    findings: list[Finding],
) -> np.ndarray:
    """Return the number of each row's group; -1 for rows of groups that were not chosen."""
    if options.group is None:
        return np.zeros(n_rows, dtype=np.intp)
    codes, values = pd.factorize(required[options.group])
    number = {label: position for position, label in enumerate(labels)}
    table = np.array([number.get(group_name(value), -1) for value in values], dtype=np.intp)
    of_row = table[codes]
    left_out = int(np.count_nonzero(of_row < 0))
    if left_out:
        findings.append(
            Finding(
                "groups-left-out",
                Severity.INFO,
                f"{left_out} of {count_of(n_rows, 'row')} belong to groups that group_label does not name, and are "
                "not used.",
            )
        )
    return of_row


def _require_members(members: Sequence[np.ndarray], labels: Sequence[str], options: DataOptions) -> None:
    small = [f"{label}: {count_of(len(rows), 'row')}" for label, rows in zip(labels, members, strict=False)]
    faults = [text for text, rows in zip(small, members, strict=False) if len(rows) < 2]
    is_listwise = options.missing is Missing.LISTWISE
    if faults:
        raise DataError(
            "Some groups have fewer than two usable rows.",
            faults=faults,
            remedy="Leave these groups out with group_label, or join them with others."
            + (' If answers are missing there, missing="fiml" uses incomplete rows.' if is_listwise else ""),
            code="group-too-small",
        )


def _require_clusters(
    clusters: np.ndarray | None, members: Sequence[np.ndarray], labels: Sequence[str], options: DataOptions
) -> None:
    """Refuse a group that is one cluster: what clusters have in common cannot be told from the group then."""
    if clusters is None:
        return
    single = [label for label, rows in zip(labels, members, strict=False) if len(np.unique(clusters[rows])) < 2]
    if single:
        raise DataError(
            f"The column '{options.cluster}' has one cluster in group {', '.join(single)}: each group needs two at "
            "least.",
            remedy="Leave cluster out, or leave these groups out with group_label.",
            code="one-cluster",
        )


def _weights(required: Mapping[str, np.ndarray], options: DataOptions, findings: list[Finding]) -> np.ndarray | None:
    if options.weights is None:
        return None
    raw = np.asarray(pd.to_numeric(pd.Series(required[options.weights]), errors="coerce"), dtype=np.float64)
    faults = []
    for what, wrong in (
        ("no finite numbers", ~np.isfinite(raw)),
        ("negative", np.nan_to_num(raw) < 0),
    ):
        if wrong.any():
            faults.append(f"{count_of(int(wrong.sum()), 'weight')} {'is' if wrong.sum() == 1 else 'are'} {what}")
    if not faults and not (raw > 0).any():
        faults.append("all weights are zero")
    if faults:
        raise DataError(
            f"The column '{options.weights}' cannot be used as sampling weights.",
            faults=faults,
            remedy="Sampling weights are positive numbers: correct them, or leave these rows out.",
            code="bad-weights",
        )
    zero = int(np.count_nonzero(raw == 0))
    if zero:
        findings.append(zero_weights_finding(zero))
    if np.ptp(raw[raw > 0]) == 0:
        findings.append(
            Finding(
                "equal-weights",
                Severity.INFO,
                f"All sampling weights in '{options.weights}' are equal: estimates are those without weights.",
            )
        )
    return raw


def _normalised(weights: np.ndarray, members: Sequence[np.ndarray], how: WeightsNormalization) -> np.ndarray:
    """Return weights that sum to the number of used rows, of each group or over all."""
    result = weights.copy()
    if how is WeightsNormalization.NONE:
        return result
    if how is WeightsNormalization.TOTAL:
        used = np.concatenate(members)
        result[used] *= len(used) / weights[used].sum()
        return result
    for rows in members:
        result[rows] *= len(rows) / weights[rows].sum()
    return result


def _clusters(
    required: Mapping[str, np.ndarray],
    options: DataOptions,
    of_row: np.ndarray,
    labels: Sequence[str],
    findings: list[Finding],
) -> np.ndarray | None:
    if options.cluster is None:
        return None
    codes = np.full(len(of_row), -1, dtype=np.intp)
    used = of_row >= 0
    codes[used], values = pd.factorize(required[options.cluster][used])
    n_clusters = len(values)
    if n_clusters < 2:
        raise DataError(
            f"The column '{options.cluster}' has {count_of(n_clusters, 'cluster')}: at least two are needed.",
            remedy="Leave cluster out, or name the column that says who belongs together.",
            code="one-cluster",
        )
    if n_clusters < _FEW_CLUSTERS:
        findings.append(
            Finding(
                "few-clusters",
                Severity.WARNING,
                f"{n_clusters} clusters: cluster-robust standard errors and tests are meant for many clusters, and "
                "are too optimistic with few.",
                remedy="Read intervals as too narrow and p-values as too small; 50 clusters or more are safe.",
            )
        )
    if n_clusters == np.count_nonzero(used):
        findings.append(
            Finding(
                "clusters-of-one",
                Severity.WARNING,
                f"Every row has a cluster of its own in '{options.cluster}': nothing is clustered.",
                remedy="Name the column that says who belongs together, not the one that identifies a respondent.",
            )
        )
    if labels:
        crossing = len(np.unique(np.column_stack([codes[used], of_row[used]]), axis=0)) - n_clusters
        if crossing:
            findings.append(_crossing(crossing))
    return codes


def _crossing(number: int) -> Finding:
    return Finding(
        "clusters-cross-groups",
        Severity.WARNING,
        f"{count_of(number, 'cluster')} {'has' if number == 1 else 'have'} respondents in more than one group: groups "
        "are then not independent. Standard errors take the dependence into account; the chi-square test does so only "
        "within groups.",
        remedy="Where whole clusters can be assigned to one group, do so.",
    )
