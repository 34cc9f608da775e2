"""From sums to moments: what keeps them from being used, and what a reader must know of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustsem.errors import DataError
from trustsem.moments import PartialMoments, SampleGroup
from trustsem.records import Finding
from trustsem.suggestions import count_of
from trustsem.survey.findings import zero_weights_finding
from trustsem.survey.partitions.record import SurveyMoments
from trustsem.survey.partitions.sums import Sums, group_totals
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.plain import code_findings, codes_among
from trustsem.survey.scored import LogAction
from trustsem.survey.selection import loss_finding, nothing_left


def moments_of(
    sums: Sums, wanted: Wanted, columns: tuple[str, ...], n_parts: int, place: str, source: Mapping[str, Any] | None
) -> SurveyMoments:
    """Return the moments that the sums of all parts make.

    Args:
        sums: Of all parts.
        wanted: What was summed.
        columns: All columns of the data.
        n_parts: Parts that were read.
        place: What was read, for messages.
        source: Files, for the record.

    Raises:
        DataError: no rows, none that is complete, a group of one row, or a column that is the same for all.
    """
    dropped_by = {name: count for name, count in sums.missing.items() if count}
    if sums.n_rows == sums.n_incomplete:
        raise nothing_left(sums.n_rows, dropped_by, complete=True, place=place)
    totals = group_totals(sums)
    _require_groups(totals, wanted, place)
    _require_variance(totals, wanted, place)
    book = wanted.codebook
    return SurveyMoments(
        groups=tuple(
            SampleGroup(wanted.names, part.covariance, part.mean, part.n_obs, label=label)
            for label, part in totals.items()
        ),
        n_rows=sums.n_rows,
        n_parts=n_parts,
        dropped_by=dropped_by,
        group=wanted.group,
        weights=wanted.weights,
        codebook=None if book is None else book.id,
        columns=columns,
        source=None if source is None else {**source, "codebook": None if book is None else book.id},
        log=sums.entries(),
        findings=(*sums.findings, *_findings(sums, dropped_by)),
    )


def _require_groups(totals: Mapping[str, PartialMoments], wanted: Wanted, place: str) -> None:
    small = [
        f"{label or 'all rows'}: {count_of(part.n_obs, 'row')}" for label, part in totals.items() if part.n_obs < 2
    ]
    if small and wanted.group is None:
        raise DataError(
            f"{place}: {small[0].partition(': ')[2]} of data can be used; at least two are needed.",
            remedy="Look at the missing answers and the weights.",
            code="too-few-rows",
        )
    if small:
        raise DataError(
            f"{place}: some groups of column '{wanted.group}' have fewer than two usable rows.",
            faults=small,
            remedy="Leave these rows out of the files, or join the groups with others.",
            code="group-too-small",
        )
    if wanted.group is not None and len(totals) < 2:
        raise DataError(
            f"{place}: the column '{wanted.group}' has {count_of(len(totals), 'group')}: at least two are needed.",
            remedy="Leave group out, or name a column that splits the sample.",
            code="one-group",
        )


def _require_variance(totals: Mapping[str, PartialMoments], wanted: Wanted, place: str) -> None:
    faults = [
        f"{name}: all {part.n_obs:,} answers are the same" + (f" in group {label}." if wanted.group else ".")
        for label, part in totals.items()
        for name, low, high in zip(wanted.names, part.lowest, part.highest, strict=True)
        if low == high
    ]
    if faults:
        raise DataError(
            f"{place}: columns that cannot be analysed.",
            remedy="Leave them out, or correct the data.",
            code="unusable-items",
            faults=faults,
        )


def _findings(sums: Sums, dropped_by: Mapping[str, int]) -> list[Finding]:
    findings = []
    if sums.n_incomplete:
        reasons: dict[str, int] = {}
        for entry in sums.entries():
            if entry.action is LogAction.MISSING and entry.reason is not None and entry.count:
                reasons[entry.reason] = reasons.get(entry.reason, 0) + entry.count
        findings.append(loss_finding(sums.n_rows, sums.n_incomplete, dropped_by, reasons, complete=True))
    if sums.n_weightless:
        findings.append(zero_weights_finding(sums.n_weightless))
    codes = {name: codes_among(*counts.distinct()) for name, counts in sums.answers.items()}
    return [*findings, *code_findings(codes)]
