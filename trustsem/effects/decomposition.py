"""Direct, indirect and total effects of one variable on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.evaluation import EffectKey, EffectKind, EffectValues, evaluate_effects
from trustsem.effects.graph import reachable, structural_graph, structural_paths
from trustsem.effects.loops import LoopReport, find_loops
from trustsem.errors import EffectError
from trustsem.estimate import Estimate
from trustsem.implied import GroupLayout

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EffectRow(EffectKey):
    """One effect with its standard errors.

    Args:
        est: Unstandardised value: change in y, in its units, per unit of x.
        se: Delta-method standard error; NaN where it cannot be computed.
        std_all: With both variables standardised.
        std_se: Standard error of it.
        gradient: (n_free,) derivative of `est`, for differences between effects.
        std_gradient: (n_free,) derivative of `std_all`.
    """

    est: float
    se: float
    std_all: float
    std_se: float
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
    keys: list[EffectKey] = []
    reports = []
    apart = [pair for pair in pairs if not any(structural_paths(group, *pair) for group in layout.groups)]
    if apart:
        raise _no_path(*apart[0])
    matrices = estimate.objective.implied(estimate.x)
    for number, (group, implied) in enumerate(zip(layout.groups, matrices, strict=True), start=1):
        report = find_loops(group, implied, layout.n_free, covariance)
        reports.append(report)
        where = f" in group {number}" if len(layout.groups) > 1 else ""
        for x, y in pairs:
            _require_stable(report, x, y, group, where)
            paths = structural_paths(group, x, y)
            if paths:
                keys.extend(_keys_of_pair(paths, x, y, tuple(through), number))
    values = evaluate_effects(keys, layout, matrices)
    kept = _kept(keys, values)
    return Effects(_rows([keys[k] for k in kept], values, kept, covariance), tuple(reports))


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


def _keys_of_pair(
    paths: Sequence[tuple[str, ...]], x: str, y: str, through: tuple[str, ...], number: int
) -> list[EffectKey]:
    """Return the effects of a pair in one group; the part of a loop always, to be dropped where it is nothing."""
    chosen = [path for path in paths if set(through) <= set(path[1:-1])]
    if not chosen:
        raise EffectError(
            f"No path from {x} to {y} runs through {', '.join(through)}.",
            remedy=f"Paths: {'; '.join(' -> '.join(path) for path in paths[:5])}.",
            code="no-path",
        )
    keys = []
    for path in sorted(chosen, key=len):
        kind = EffectKind.DIRECT if len(path) == 2 else EffectKind.SPECIFIC
        keys.append(EffectKey(x, y, kind, path, (path,), number))
    indirect = tuple(key.path for key in keys if key.kind is EffectKind.SPECIFIC)
    if through:
        return [*keys, EffectKey(x, y, EffectKind.TOTAL_INDIRECT, (), indirect, number)]
    return [
        *keys,
        EffectKey(x, y, EffectKind.LOOP, (), indirect, number),
        EffectKey(x, y, EffectKind.TOTAL_INDIRECT, (), (), number),
        EffectKey(x, y, EffectKind.TOTAL, (), (), number),
    ]


def _kept(keys: Sequence[EffectKey], values: EffectValues) -> list[int]:
    """Return which effects there are: without loops' parts that are nothing, and sums of no indirect effect."""
    mediated = {(key.x, key.y, key.group) for key in keys if key.kind is EffectKind.SPECIFIC}
    kept = []
    for k, key in enumerate(keys):
        if key.kind is EffectKind.LOOP and _matters(values, k):
            mediated.add((key.x, key.y, key.group))
        elif key.kind is EffectKind.LOOP:
            continue
        if key.kind is not EffectKind.TOTAL_INDIRECT or (key.x, key.y, key.group) in mediated:
            kept.append(k)
    return kept


def _matters(values: EffectValues, k: int) -> bool:
    return bool(np.abs(values.jacobian[k]).max(initial=0.0) > 1e-9 or abs(values.est[k]) > 1e-9)


def _rows(
    keys: Sequence[EffectKey], values: EffectValues, kept: Sequence[int], covariance: FloatArray | None
) -> tuple[EffectRow, ...]:
    raw = delta_method(values.est[kept], values.jacobian[kept], covariance)
    std = delta_method(values.std_all[kept], values.std_jacobian[kept], covariance)
    return tuple(
        EffectRow(
            key.x,
            key.y,
            key.kind,
            key.path,
            key.ways,
            key.group,
            float(raw.values[k]),
            float(raw.standard_errors[k]),
            float(std.values[k]),
            float(std.standard_errors[k]),
            raw.jacobian[k],
            std.jacobian[k],
        )
        for k, key in enumerate(keys)
    )
