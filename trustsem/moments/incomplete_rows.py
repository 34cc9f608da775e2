"""Moments of incomplete rows: those of the saturated model, or of pairs of variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.moments.cases import Cases
from trustsem.moments.em import EMStatus, em_findings, em_moments
from trustsem.moments.sample import SampleGroup, SampleMoments
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]


def em_sample(
    cases: Sequence[Cases], names: Sequence[str], labels: Sequence[str] = ()
) -> tuple[SampleMoments, tuple[Finding, ...]]:
    """Return the maximum likelihood moments of incomplete rows, with what a reader must know of them.

    Args:
        cases: Respondents of each group; every row has an answer.
        names: The p variables.
        labels: Names of the groups.

    Raises:
        DataError: a variable that nobody in a group answered, or moments that have no maximum likelihood.
    """
    groups, findings = [], []
    for group, label in zip(cases, labels or ("",) * len(cases), strict=True):
        _require_answers(group, names, label)
        result = em_moments(group.patterns)
        found = em_findings(result, group.patterns, names)
        if result.status is EMStatus.SINGULAR:
            raise _singular(found, group, label)
        findings.extend(finding.in_group(label) for finding in found)
        sample = SampleGroup(tuple(names), result.cov, result.mean, len(group.values), group, label)
        groups.append(replace(sample, saturated=result))
    return SampleMoments(tuple(groups)), tuple(findings)


def pairwise_sample(
    cases: Sequence[Cases], names: Sequence[str], labels: Sequence[str] = ()
) -> tuple[SampleMoments, tuple[Finding, ...]]:
    """Return means of each variable's answers, and covariances of the rows that answered both of a pair.

    Covariances are about the means of the pair's common rows, divisor their number less 1, taken to the divisor n of
    the whole group.

    Raises:
        DataError: a pair that nobody answered together, or a covariance matrix that is not positive definite.
    """
    groups = []
    for group, label in zip(cases, labels or ("",) * len(cases), strict=True):
        _require_answers(group, names, label)
        mean, cov = _pairwise(group.values, names, label)
        groups.append(SampleGroup(tuple(names), cov, mean, len(group.values), None, label))
    finding = Finding(
        "pairwise-covariances",
        Severity.WARNING,
        "Covariances come from different rows for different pairs of items. Standard errors and chi-square are those "
        f"of {sum(len(group.values) for group in cases)} complete rows and too optimistic.",
        remedy='missing="fiml" uses the same answers and gives standard errors that are right.',
    )
    return SampleMoments(tuple(groups)), (finding,)


def _pairwise(values: FloatArray, names: Sequence[str], label: str) -> tuple[FloatArray, FloatArray]:
    there = ~np.isnan(values)
    filled, mask = np.where(there, values, 0.0), there.astype(np.float64)
    mean = filled.sum(axis=0) / mask.sum(axis=0)
    centred = np.where(there, values - mean, 0.0)  # near the common means: no cancellation
    common = mask.T @ mask
    faults = [f"{names[i]} with {names[j]}" for i, j in np.argwhere(np.tril(common < 2, -1)).tolist()]
    if faults:
        where = f" in group {label}" if label else ""
        raise DataError(
            f"Pairs of items that fewer than two respondents answered together{where}: {shortened(faults)}.",
            remedy="Leave one item of each pair out.",
            code="never-answered-together",
        )
    sums = centred.T @ mask  # sum of i over the rows of the pair (i, j)
    cov = (centred.T @ centred - sums * sums.T / common) / (common - 1)
    n = len(values)
    return mean, cov * ((n - 1) / n)


def _require_answers(group: Cases, names: Sequence[str], label: str) -> None:
    where = f" in group {label}" if label else ""
    n_missing = np.isnan(group.values).sum(axis=0)
    empty = [names[k] for k in np.flatnonzero(n_missing == len(group.values)).tolist()]
    if empty:
        raise DataError(
            f"Nobody{where} answered: {', '.join(empty)}.", remedy="Leave these items out.", code="item-without-answers"
        )
    spread = np.nanmax(group.values, axis=0) - np.nanmin(group.values, axis=0)
    constant = [names[k] for k in np.flatnonzero(spread == 0).tolist()]
    if constant:
        raise DataError(
            f"No variance{where} in: {', '.join(constant)}.",
            remedy="Leave constant items out of the model; check whether a recode made them constant.",
            code="constant-item",
        )


def _singular(findings: Sequence[Finding], group: Cases, label: str) -> DataError:
    n_rows, n_items = group.values.shape
    if n_rows <= n_items:
        where = f" in group {label}" if label else ""
        return DataError(
            f"{n_rows} usable respondents{where} for {n_items} observed variables: the covariance matrix is singular.",
            remedy="More respondents than variables are needed in each group: use fewer items, or join groups.",
            code="too-few-rows",
        )
    finding = next((found for found in findings if found.code == "em-singular"), None)
    message = finding.message if finding else "The covariance matrix of the incomplete data is singular."
    return DataError(
        f"Group {label}: {message}" if label else message,
        remedy=finding.remedy if finding else "Use fewer items.",
        code="singular-moments",
    )
