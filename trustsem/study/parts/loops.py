"""Feedback loops of the main model."""

from __future__ import annotations

from trustsem.fitting.loop_analysis import LoopAnalysis
from trustsem.fitting.loop_findings import group_loops
from trustsem.study.parts.context import Context

DRAWS = 2_000


def loops(context: Context) -> LoopAnalysis | None:
    """Judge the loops; None for a model without one."""
    if not context.main.converged or not any(group_loops(context.main.fitted)):
        return None
    return context.main.loop_analysis(DRAWS, seed=context.spec.seed)
