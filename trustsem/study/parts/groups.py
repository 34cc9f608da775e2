"""How paths and indirect effects differ between the groups of the main model."""

from __future__ import annotations

from trustsem.study.parts.context import Context, Frames


def group_paths(context: Context) -> Frames | None:
    """Return the differences of paths between groups; None for one group or without paths."""
    if not context.main.group_labels or "~" not in context.main.estimates["op"].tolist():
        return None
    return Frames({"differences": context.main.parameter_differences("~")})


def group_effects(context: Context) -> Frames | None:
    """Return the differences of total indirect effects between groups; None for one group or without mediation."""
    if not context.main.group_labels or context.effects.empty:
        return None
    found = context.main.group_differences()
    return Frames({"differences": found.loc[found["effect"] == "total indirect"].reset_index(drop=True)})
