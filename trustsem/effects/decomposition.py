"""Direct, indirect and total effects of one variable on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.graph import reachable, structural_graph, structural_paths
from trustsem.effects.loops import LoopReport, find_loops, path_product
from trustsem.effects.variances import model_variances
from trustsem.errors import EffectError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout, Implied

FloatArray = NDArray[np.float64]


class EffectKind(Enum):
    """Parts of a total effect."""

    DIRECT = "direct"
    SPECIFIC = "specific indirect"
    TOTAL_INDIRECT = "total indirect"
    LOOP = "through the loop"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect.

    Args:
        x: Where it starts.
        y: Where it ends.
        kind: Which part of the total effect.
        path: Variables along the way; only for direct and specific effects.
        est: Unstandardised value: change in y, in its units, per unit of x.
        se: Delta-method standard error; NaN where it cannot be computed.
        std_all: With both variables standardised.
        std_se: Standard error of it.
        group: Counted from 1.
        gradient: (n_free,) derivative of `est`, for differences between effects.
        std_gradient: (n_free,) derivative of `std_all`.
    """

    x: str
    y: str
    kind: EffectKind
    path: tuple[str, ...]
    est: float
    se: float
    std_all: float
    std_se: float
    group: int
    gradient: FloatArray = field(repr=False, compare=False)
    std_gradient: FloatArray = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of all pairs that were asked for, and the loops behind them (one report per group)."""

    rows: tuple[EffectRow, ...]
    loops: tuple[LoopReport, ...]


def decompose_effects(
    estimate: Estimate,
    covariance: FloatArray | None,
    pairs: Sequence[tuple[str, str]],
    through: Sequence[str] = (),
) -> Effects:
    """Decompose the effects of pairs (x, y).

    Specific indirect effects run along simple paths; total effects are (I - B)^-1 - I, total indirect effects
    (I - B)^-1 - I - B (Bollen 1987, eqs. 5-7); what the simple paths do not add up to runs through a loop.

    Args:
        estimate: A fitted model.
        covariance: (n_free, n_free) covariance of the estimates, or None.
        pairs: Names (x, y).
        through: Only specific effects whose path contains all of these, with their sum as total indirect effect.

    Groups may have different paths: a pair is left out where it has none, as long as one group has some.

    Raises:
        EffectError: no path from x to y in any group, or a loop that does not settle.
    """
    layout = estimate.objective.layout
    rows: list[EffectRow] = []
    reports = []
    apart = [pair for pair in pairs if not any(structural_paths(group, *pair) for group in layout.groups)]
    if apart:
        raise _no_path(*apart[0])
    for number, (group, implied) in enumerate(zip(layout.groups, estimate.objective.implied(estimate.x)), start=1):
        report = find_loops(group, implied, layout.n_free, covariance)
        reports.append(report)
        where = f" in group {number}" if len(layout.groups) > 1 else ""
        for x, y in pairs:
            _require_stable(report, x, y, group, where)
            if structural_paths(group, x, y):
                rows.extend(_of_pair(group, implied, layout.n_free, covariance, x, y, tuple(through), number))
    return Effects(tuple(rows), tuple(reports))


def _no_path(x: str, y: str) -> EffectError:
    return EffectError(
        f"No path leads from {x} to {y}.", remedy="Check the direction: effects run along ~ and =~.", code="no-path"
    )


def _require_stable(report: LoopReport, x: str, y: str, group: GroupLayout, where: str) -> None:
    if report.stable:
        return
    graph = structural_graph(group)
    names = group.names
    downstream = reachable(graph, names.index(x)) | {names.index(x)}
    touched = [loop for loop in report.loops if {names.index(m) for m in loop.members} <= downstream]
    if touched:
        loop = max(touched, key=lambda item: abs(item.gain))
        raise EffectError(
            f"Effects of {x} on {y} run through a loop that does not settle{where}: {' -> '.join(loop.members)} has "
            f"gain {loop.gain:.3f}, stability index {report.stability_index:.3f} (must be below 1).",
            remedy="Total and indirect effects do not exist for this solution; look at the loop's arrows one by one, "
            "and at whether each has its own instrument.",
            code="unstable-loop",
        )


def _of_pair(
    group: GroupLayout,
    implied: Implied,
    n_free: int,
    covariance: FloatArray | None,
    x: str,
    y: str,
    through: tuple[str, ...],
    number: int,
) -> list[EffectRow]:
    paths = structural_paths(group, x, y)
    chosen = [path for path in paths if set(through) <= set(path[1:-1])]
    if not chosen:
        raise EffectError(
            f"No path from {x} to {y} runs through {', '.join(through)}.",
            remedy=f"Paths: {'; '.join(' -> '.join(path) for path in paths[:5])}.",
            code="no-path",
        )
    position = {name: index for index, name in enumerate(group.names)}
    parts: list[tuple[EffectKind, tuple[str, ...], float, FloatArray]] = []
    for path in sorted(chosen, key=len):
        value, gradient = path_product(group, implied, tuple(position[name] for name in path), n_free)
        kind = EffectKind.DIRECT if len(path) == 2 else EffectKind.SPECIFIC
        parts.append((kind, path, value, gradient))
    indirect = [part for part in parts if part[0] is EffectKind.SPECIFIC]
    sum_value = sum((part[2] for part in indirect), 0.0)
    sum_gradient = sum((part[3] for part in indirect), np.zeros(n_free))
    if through:
        parts.append((EffectKind.TOTAL_INDIRECT, (), sum_value, sum_gradient))
    else:
        parts.extend(_totals(group, implied, n_free, position[x], position[y], sum_value, sum_gradient, bool(indirect)))
    return _rows(parts, group, implied, n_free, covariance, x, y, number)


def _totals(
    group: GroupLayout,
    implied: Implied,
    n_free: int,
    x: int,
    y: int,
    sum_value: float,
    sum_gradient: FloatArray,
    has_indirect: bool,
) -> list[tuple[EffectKind, tuple[str, ...], float, FloatArray]]:
    cells = group.path_cells
    inverse = implied.inverse
    total = float(inverse[y, x]) - (1.0 if x == y else 0.0)
    gradient = np.zeros(n_free)
    gradient[cells.parameter] = inverse[y, cells.row] * inverse[cells.column, x]
    direct_gradient = np.zeros(n_free)
    own = (cells.row == y) & (cells.column == x)
    direct_gradient[cells.parameter[own]] = 1.0
    indirect, indirect_gradient = total - float(implied.paths[y, x]), gradient - direct_gradient
    looped, looped_gradient = indirect - sum_value, indirect_gradient - sum_gradient
    parts = []
    if np.abs(looped_gradient).max(initial=0.0) > 1e-9 or abs(looped) > 1e-9:
        parts.append((EffectKind.LOOP, (), looped, looped_gradient))
        has_indirect = True
    if has_indirect:
        parts.append((EffectKind.TOTAL_INDIRECT, (), indirect, indirect_gradient))
    parts.append((EffectKind.TOTAL, (), total, gradient))
    return parts


def _rows(
    parts: Sequence[tuple[EffectKind, tuple[str, ...], float, FloatArray]],
    group: GroupLayout,
    implied: Implied,
    n_free: int,
    covariance: FloatArray | None,
    x: str,
    y: str,
    number: int,
) -> list[EffectRow]:
    variances = model_variances(group, implied, n_free)
    i, j = group.names.index(x), group.names.index(y)
    values = np.array([part[2] for part in parts])
    gradients = np.array([part[3] for part in parts])
    raw = delta_method(values, gradients, covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.sqrt(variances.total[i] / variances.total[j])
        slope = 0.5 * (
            variances.total_jacobian[i] / variances.total[i] - variances.total_jacobian[j] / variances.total[j]
        )
    std = delta_method(values * factor, factor * (gradients + values[:, None] * slope), covariance)
    return [
        EffectRow(
            x,
            y,
            kind,
            path,
            float(raw.values[k]),
            float(raw.standard_errors[k]),
            float(std.values[k]),
            float(std.standard_errors[k]),
            number,
            raw.jacobian[k],
            std.jacobian[k],
        )
        for k, (kind, path, _, _) in enumerate(parts)
    ]
