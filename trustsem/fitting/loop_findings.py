"""Findings on feedback loops that need nothing but the fit: loops that do not settle, rest on little, or cancel."""

from __future__ import annotations

from trustsem.effects.loop_arrows import LoopArrow, LoopBasis, loop_bases
from trustsem.effects.miiv import WEAK_F
from trustsem.pipeline import FittedModel
from trustsem.records import Finding, Severity
from trustsem.spec.table import group_key
from trustsem.tables.groups import in_group


def group_loops(fitted: FittedModel) -> tuple[tuple[LoopBasis, ...], ...]:
    """Return the loops of every group with what their arrows rest on."""
    estimate = fitted.estimate
    layout = estimate.objective.layout
    return tuple(
        loop_bases(group, implied, layout.n_free, fitted.covariance.matrix, sample.n_obs)
        for group, implied, sample in zip(
            layout.groups, estimate.objective.implied(estimate.x), fitted.moments.groups, strict=True
        )
    )


def loop_findings(fitted: FittedModel) -> tuple[Finding, ...]:
    """Return what a reader of a fit must know of its loops; `Fit.loop_analysis` looks at more."""
    findings: list[Finding] = []
    for group, loops in enumerate(group_loops(fitted), start=1):
        findings.extend(_unstable(fitted, group, loops))
        if fitted.covariance.matrix is None:
            continue
        arrows = {(a.outcome, a.predictor): a for loop in loops for a in loop.arrows if a.is_weak}
        findings.extend(_weak_instrument(fitted, group, arrow) for arrow in arrows.values())
        findings.extend(_cancels(fitted, group, loop) for loop in loops if loop.cancels)
    return tuple(findings)


def loop_name(members: tuple[str, ...]) -> str:
    """Return a loop as a reader knows it."""
    return " <-> ".join(members) if len(members) == 2 else " -> ".join((*members, members[0]))


def weakness(arrow: LoopArrow) -> str:
    """Return what an arrow with weak instruments rests on, for a sentence."""
    if not arrow.instruments:
        return f"{arrow.outcome} ~ {arrow.predictor} has no instrument and is identified through covariances alone"
    return (
        f"{arrow.outcome} ~ {arrow.predictor} is identified through {', '.join(arrow.instruments)} "
        f"(first-stage F {arrow.strength:.1f}, below {WEAK_F:.0f})"
    )


def cancellation(loop: LoopBasis) -> str:
    """Return how the arrows of a loop and its disturbances cancel, for a sentence."""
    arrows = " and ".join(f"{arrow.std_all:.2f}" for arrow in loop.arrows)
    return (
        f"standardised arrows of {arrows} stand against a disturbance correlation of {loop.disturbance_correlation:.2f}"
    )


def _unstable(fitted: FittedModel, group: int, loops: tuple[LoopBasis, ...]) -> list[Finding]:
    unstable = [loop for loop in loops if not loop.is_stable]
    if not unstable:
        return []
    worst = max(unstable, key=lambda loop: abs(loop.gain))
    return [
        Finding(
            "unstable-loop",
            Severity.ERROR,
            f"The loop {' -> '.join((*worst.members, worst.members[0]))} does not settle"
            f"{in_group(fitted.table, group)}: gain "
            f"{worst.gain:.3f}, stability index {worst.stability_index:.3f} (must be below 1). Total and "
            "indirect effects do not exist.",
            remedy="Look at the instruments of both arrows; report the recursive variant beside it.",
            parameter=" <-> ".join(worst.members),
        )
    ]


def _weak_instrument(fitted: FittedModel, group: int, arrow: LoopArrow) -> Finding:
    return Finding(
        "weak-instrument",
        Severity.WARNING,
        f"In the loop{in_group(fitted.table, group)}, {weakness(arrow)}: too weak to tell the direction. The arrows of "
        "the loop and their standard errors are not to be trusted.",
        remedy=f"Find a predictor of {arrow.predictor} that is none of {arrow.outcome}, or report the recursive model.",
        parameter=group_key(f"{arrow.outcome}~{arrow.predictor}", group),
    )


def _cancels(fitted: FittedModel, group: int, loop: LoopBasis) -> Finding:
    return Finding(
        "implausible-loop",
        Severity.WARNING,
        f"In the loop {loop_name(loop.members)}{in_group(fitted.table, group)}, {cancellation(loop)}: they cancel each "
        "other, which fits as well as much smaller arrows would where instruments are weak.",
        remedy="Look at fit.loop_analysis() (trustsem loops); report the variant with the covariance fixed at zero.",
        parameter=" <-> ".join(loop.members),
    )
