"""Effects and loops as data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustsem.distributions import Z95, normal_tails
from trustsem.effects import Effects


def effects_frame(effects: Effects) -> pd.DataFrame:
    """Return one row per effect: x, y, effect, path, est, se, z, pvalue, ci_lower, ci_upper, std_all, std_se, group."""
    frame = pd.DataFrame(
        {
            "x": [row.x for row in effects.rows],
            "y": [row.y for row in effects.rows],
            "effect": [row.kind.value for row in effects.rows],
            "path": [" -> ".join(row.path) for row in effects.rows],
            "est": [row.est for row in effects.rows],
            "se": [row.se for row in effects.rows],
        }
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["z"] = frame["est"] / frame["se"]
    frame["pvalue"] = normal_tails(frame["z"].to_numpy(dtype=float))
    frame["ci_lower"] = frame["est"] - Z95 * frame["se"]
    frame["ci_upper"] = frame["est"] + Z95 * frame["se"]
    frame["std_all"] = [row.std_all for row in effects.rows]
    frame["std_se"] = [row.std_se for row in effects.rows]
    frame["group"] = [row.group for row in effects.rows]
    return frame


def loops_frame(effects: Effects) -> pd.DataFrame:
    """Return one row per loop: loop, gain, se, ci_lower, ci_upper, stability_index, stable, group."""
    rows = []
    for group, report in enumerate(effects.loops, start=1):
        for loop in report.loops:
            rows.append(
                {
                    "loop": " -> ".join((*loop.members, loop.members[0])),
                    "gain": loop.gain,
                    "se": loop.se,
                    "ci_lower": loop.gain - Z95 * loop.se,
                    "ci_upper": loop.gain + Z95 * loop.se,
                    "stability_index": report.stability_index,
                    "stable": report.stable,
                    "group": group,
                }
            )
    columns = ["loop", "gain", "se", "ci_lower", "ci_upper", "stability_index", "stable", "group"]
    return pd.DataFrame(rows, columns=columns)
