"""What a reader of correlations of ordinal items must know."""

from __future__ import annotations

from collections.abc import Sequence

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


def moment_findings(
    names: Sequence[str], layout: MomentLayout, pairs: SecondStage, cov: FloatArray
) -> tuple[Finding, ...]:
    """Return findings on filled cells, correlations at the limit or without a maximum, and the whole matrix."""
    named = _Named(names, layout)
    findings = []
    if pairs.filled.any():
        findings.append(_filled_cells(named, pairs.filled))
    if not pairs.converged.all():
        findings.append(_no_maximum(named, ~pairs.converged))
    if pairs.at_limit.any():
        findings.append(_at_limit(named, pairs.at_limit))
    if pairs.flat.any():
        findings.append(_flat(named, pairs.flat))
    nearly = (np.abs(pairs.rho) > _STRONG) & ~pairs.at_limit & ~pairs.flat
    if nearly.any():
        findings.append(_nearly_one(named, nearly))
    smallest = float(np.linalg.eigvalsh(_correlations(cov))[0])
    if smallest <= 0:
        findings.append(_not_positive_definite(smallest))
    return tuple(findings)


class _Named:
    """Pairs by the names of their variables."""

    def __init__(self, names: Sequence[str], layout: MomentLayout) -> None:
        self._names, self._layout = names, layout

    def list(self, which: BoolArray) -> str:
        """Return the first pairs, and how many more there are."""
        index = np.flatnonzero(which).tolist()
        layout, names = self._layout, self._names
        shown = [f"{names[layout.column[pair]]} and {names[layout.row[pair]]}" for pair in index[:_N_NAMED]]
        more = f" and {len(index) - _N_NAMED} more" if len(index) > _N_NAMED else ""
        return "; ".join(shown) + more


def _filled_cells(named: _Named, which: BoolArray) -> Finding:
    return Finding(
        code="empty-cells-filled",
        severity=Severity.INFO,
        message=f"{int(which.sum())} two-way table(s) have an empty cell, to which a small count was added: "
        f"{named.list(which)}.",
        remedy="Look at the items; zero_cells says what is added.",
    )


def _no_maximum(named: _Named, which: BoolArray) -> Finding:
    return Finding(
        code="correlation-not-converged",
        severity=Severity.ERROR,
        message=f"The likelihood of {int(which.sum())} correlation(s) has no maximum that was found: "
        f"{named.list(which)}.",
        remedy="Join rare levels of these items, or leave one of the two out.",
    )


def _at_limit(named: _Named, which: BoolArray) -> Finding:
    return Finding(
        code="correlation-at-limit",
        severity=Severity.WARNING,
        message=f"{int(which.sum())} correlation(s) would be 1 or -1 and were set to {LIMIT} in size: "
        f"{named.list(which)}.",
        remedy="Leave one of the two items out, or join levels; their standard errors mean nothing.",
    )


def _flat(named: _Named, which: BoolArray) -> Finding:
    return Finding(
        code="correlation-without-maximum",
        severity=Severity.WARNING,
        message=f"The likelihood of {int(which.sum())} correlation(s) rises towards 1 or -1 without a maximum, as two "
        f"levels never meet: {named.list(which)}. Their values say little.",
        remedy="Join rare levels of these items, or have something added to empty cells (zero_cells).",
    )


def _nearly_one(named: _Named, which: BoolArray) -> Finding:
    return Finding(
        code="correlation-near-one",
        severity=Severity.WARNING,
        message=f"{int(which.sum())} correlation(s) are larger than {_STRONG} in size: {named.list(which)}.",
        remedy="The items say the same: leave one of the two out.",
    )


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
