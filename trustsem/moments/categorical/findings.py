"""What a reader of correlations of ordinal items must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.categorical.layout import MomentLayout
from trustsem.moments.categorical.maximum import LIMIT
from trustsem.moments.categorical.second_stage import SecondStage
from trustsem.records import Finding, Severity

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_STRONG = 0.99  # two items that say the same
_N_NAMED = 3


@dataclass(frozen=True, slots=True)
class _PairFinding:
    """A finding on pairs of variables; {n} in the message is their number, {pairs} names the first ones."""

    code: str
    severity: Severity
    message: str
    remedy: str


_FILLED = _PairFinding(
    "empty-cells-filled",
    Severity.INFO,
    "{n} two-way table(s) have an empty cell, to which a small count was added: {pairs}.",
    "Look at the items; zero_cells says what is added.",
)
_NO_MAXIMUM = _PairFinding(
    "correlation-not-converged",
    Severity.ERROR,
    "The likelihood of {n} correlation(s) has no maximum that was found: {pairs}.",
    "Join rare levels of these items, or leave one of the two out.",
)
_AT_LIMIT = _PairFinding(
    "correlation-at-limit",
    Severity.WARNING,
    f"{{n}} correlation(s) would be 1 or -1 and were set to {LIMIT} in size: {{pairs}}.",
    "Leave one of the two items out, or join levels; their standard errors mean nothing.",
)
_FLAT = _PairFinding(
    "correlation-without-maximum",
    Severity.WARNING,
    "The likelihood of {n} correlation(s) rises towards 1 or -1 without a maximum, as two levels never meet: {pairs}. "
    "Their values say little.",
    "Join rare levels of these items, or have something added to empty cells (zero_cells).",
)
_NEARLY_ONE = _PairFinding(
    "correlation-near-one",
    Severity.WARNING,
    f"{{n}} correlation(s) are larger than {_STRONG} in size: {{pairs}}.",
    "The items say the same: leave one of the two out.",
)


def moment_findings(
    names: Sequence[str], layout: MomentLayout, pairs: SecondStage, cov: FloatArray
) -> tuple[Finding, ...]:
    """Return findings on filled cells, correlations at the limit or without a maximum, and the whole matrix."""
    concerned = (
        (_FILLED, pairs.filled),
        (_NO_MAXIMUM, ~pairs.converged),
        (_AT_LIMIT, pairs.at_limit),
        (_FLAT, pairs.flat),
        (_NEARLY_ONE, (np.abs(pairs.rho) > _STRONG) & ~pairs.at_limit & ~pairs.flat),
    )
    findings = [
        Finding(
            kind.code,
            kind.severity,
            kind.message.format(n=int(np.count_nonzero(which)), pairs=_named(which, names, layout)),
            kind.remedy,
        )
        for kind, which in concerned
        if which.any()
    ]
    smallest = float(np.linalg.eigvalsh(_correlations(cov))[0])
    if smallest <= 0:
        findings.append(_not_positive_definite(smallest))
    return tuple(findings)


def _named(which: BoolArray, names: Sequence[str], layout: MomentLayout) -> str:
    """Return the first pairs by the names of their variables, and how many more there are."""
    index = np.flatnonzero(which).tolist()
    shown = [f"{names[layout.column[pair]]} and {names[layout.row[pair]]}" for pair in index[:_N_NAMED]]
    more = f" and {len(index) - _N_NAMED} more" if len(index) > _N_NAMED else ""
    return "; ".join(shown) + more


def _not_positive_definite(smallest: float) -> Finding:
    return Finding(
        code="correlations-not-positive-definite",
        severity=Severity.WARNING,
        message="The matrix of correlations, estimated pair by pair, is not positive definite: its smallest eigenvalue "
        f"is {smallest:.3g}.",
        remedy="Diagonally weighted least squares still works; leave out repeated items, or join rare levels.",
    )


def _correlations(cov: FloatArray) -> FloatArray:
    scale = np.sqrt(np.diag(cov))
    return cov / np.outer(scale, scale)
