"""What indirect effects rest on: shares of totals, and confounders that would explain them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustsem.errors import TrustSemError
from trustsem.study.parts.context import Context, Frames, Several

if TYPE_CHECKING:
    import pandas as pd

MAIN = 3  # mediated paths that are looked at closely


def main_paths(
    effects: pd.DataFrame, most: int = MAIN, *, single: bool = False, one_of_several: bool = False
) -> tuple[tuple[str, ...], ...]:
    """Return the specific indirect paths that are largest in standardised size, each once over groups.

    Args:
        effects: Effects as `Fit.effects` returns them.
        most: How many at most.
        single: Only those with one mediator.
        one_of_several: Only those whose ends have another way or a direct path: others are all of the total effect.
    """
    if effects.empty:
        return ()
    specific = effects.loc[effects["effect"] == "specific indirect"]
    ordered = specific.assign(size=specific["std_all"].abs()).sort_values("size", ascending=False, kind="stable")
    paths = dict.fromkeys(tuple(path.split(" -> ")) for path in ordered["path"])
    ways = effects.loc[effects["effect"].isin(["specific indirect", "direct"])]
    several = {ends for ends, own in ways.groupby(["x", "y"]) if own["path"].nunique() > 1}
    wanted = (
        path
        for path in paths
        if (not single or len(path) == 3) and (not one_of_several or (path[0], path[-1]) in several)
    )
    return tuple(wanted)[:most]


def proportions(context: Context) -> Frames | None:
    """Return which share of the total effect runs through the mediators of the main paths."""
    import pandas as pd

    paths = main_paths(context.effects, one_of_several=True)
    if not paths:
        return None
    source = context.main if context.bootstrap is None else context.bootstrap
    kind = "delta" if context.bootstrap is None else context.spec.interval
    found = [source.proportion_mediated(path[0], path[-1], path[1:-1], kind) for path in paths]
    frame = pd.concat([part.frame for part in found], ignore_index=True)
    findings = tuple(dict.fromkeys(finding for part in found for finding in part.findings))
    return Frames({"proportions": frame}, findings, {"interval": kind})


def sensitivities(context: Context) -> Several | None:
    """Return, for the main paths with one mediator, the confounder that would bring the indirect effect to zero."""
    results = {}
    refused: dict[str, tuple[list[str], TrustSemError]] = {}  # a fit of groups, say, refuses all paths for one reason
    for x, m, y in main_paths(context.effects, single=True):
        name = f"{x} -> {m} -> {y}"
        try:
            results[name] = context.main.sensitivity(x, m, y)
        except TrustSemError as error:
            refused.setdefault(str(error), ([], error))[0].append(name)
    for names, error in refused.values():
        context.skip(f"sensitivity of {', '.join(names)}", error)
    return Several(results) if results else None
