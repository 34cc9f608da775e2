"""Effects, their differences between groups, and loops as data frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsem.distributions import Z95, normal_tails
from trustsem.effects import EffectContrast, Effects


def effects_frame(effects: Effects, labels: Sequence[str] = ("",)) -> pd.DataFrame:
    """Return one row per effect and group.

    Columns: x, y, effect, path, est, se, z, pvalue, ci_lower, ci_upper, std_all, std_se, group, group_label.

    Args:
        effects: Effects of all groups.
        labels: Names of the groups.
    """
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
    _add_inference(frame, "est")
    frame["std_all"] = [row.std_all for row in effects.rows]
    frame["std_se"] = [row.std_se for row in effects.rows]
    frame["group"] = [row.group for row in effects.rows]
    frame["group_label"] = [labels[row.group - 1] for row in effects.rows]
    return frame


def effect_differences_frame(contrasts: Sequence[EffectContrast], labels: Sequence[str]) -> pd.DataFrame:
    """Return one row per effect and pair of groups: the later group less the earlier one.

    Columns: x, y, effect, path, group, group_label, reference, reference_label, est, est_reference, difference, se, z,
    pvalue, ci_lower, ci_upper, std_difference, std_se.
    """
    frame = pd.DataFrame(
        {
            "x": [item.later.x for item in contrasts],
            "y": [item.later.y for item in contrasts],
            "effect": [item.later.kind.value for item in contrasts],
            "path": [" -> ".join(item.later.path) for item in contrasts],
            "group": [item.later.group for item in contrasts],
            "group_label": [labels[item.later.group - 1] for item in contrasts],
            "reference": [item.earlier.group for item in contrasts],
            "reference_label": [labels[item.earlier.group - 1] for item in contrasts],
            "est": [item.later.est for item in contrasts],
            "est_reference": [item.earlier.est for item in contrasts],
            "difference": [item.difference for item in contrasts],
            "se": [item.se for item in contrasts],
        }
    )
    _add_inference(frame, "difference")
    frame["std_difference"] = [item.std_difference for item in contrasts]
    frame["std_se"] = [item.std_se for item in contrasts]
    return frame


def _add_inference(frame: pd.DataFrame, value: str) -> None:
    """Append z, p-value and 95 % limits of a column whose standard errors are in `se`."""
    estimate, se = frame[value].to_numpy(dtype=float), frame["se"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / se
    frame["z"] = z
    frame["pvalue"] = normal_tails(z)
    frame["ci_lower"] = estimate - Z95 * se
    frame["ci_upper"] = estimate + Z95 * se


def loops_frame(effects: Effects, labels: Sequence[str] = ("",)) -> pd.DataFrame:
    """Return one row per loop and group.

    Columns: loop, gain, se, ci_lower, ci_upper, stability_index, stable, group, group_label.
    """
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
                    "group_label": labels[group - 1],
                }
            )
    columns = ["loop", "gain", "se", "ci_lower", "ci_upper", "stability_index", "stable", "group", "group_label"]
    return pd.DataFrame(rows, columns=columns)
