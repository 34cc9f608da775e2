"""Effects, their contrasts and differences between groups, and loops as data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects import EffectKey, Effects

Values = Mapping[str, NDArray[np.float64]]
Pairs = Sequence[tuple[int, int]]


def effects_frame(
    keys: Sequence[EffectKey], est: Values, std_all: Values, labels: Sequence[str] = ("",)
) -> pd.DataFrame:
    """Return one row per effect and group.

    Columns: x, y, effect, path, est and its intervals, std_all and its intervals, group, group_label.

    Args:
        keys: Effects of all groups.
        est: `est` and columns of its intervals.
        std_all: `std_all` and columns of its intervals.
        labels: Names of the groups.
    """
    return pd.DataFrame(
        {
            "x": [key.x for key in keys],
            "y": [key.y for key in keys],
            "effect": [key.kind.value for key in keys],
            "path": [_way(key) for key in keys],
            **est,
            **std_all,
            "group": [key.group for key in keys],
            "group_label": [labels[key.group - 1] for key in keys],
        }
    )


def path_contrasts_frame(
    keys: Sequence[EffectKey], pairs: Pairs, difference: Values, std_difference: Values, labels: Sequence[str]
) -> pd.DataFrame:
    """Return one row per pair of specific indirect effects: the first less the second.

    Columns: x, y, path, other_path, est, est_other, difference and its intervals, std_difference and its intervals,
    group, group_label.
    """
    first, second = [keys[i] for i, _ in pairs], [keys[j] for _, j in pairs]
    return pd.DataFrame(
        {
            "x": [key.x for key in first],
            "y": [key.y for key in first],
            "path": [_way(key) for key in first],
            "other_path": [_way(key) for key in second],
            **difference,
            **std_difference,
            "group": [key.group for key in first],
            "group_label": [labels[key.group - 1] for key in first],
        }
    )


def effect_differences_frame(
    keys: Sequence[EffectKey], pairs: Pairs, difference: Values, std_difference: Values, labels: Sequence[str]
) -> pd.DataFrame:
    """Return one row per effect and pair of groups: the later group less the earlier one.

    Columns: x, y, effect, path, group, group_label, reference, reference_label, est, est_reference, difference and its
    intervals, std_difference and its intervals.
    """
    later, earlier = [keys[i] for i, _ in pairs], [keys[j] for _, j in pairs]
    return pd.DataFrame(
        {
            "x": [key.x for key in later],
            "y": [key.y for key in later],
            "effect": [key.kind.value for key in later],
            "path": [_way(key) for key in later],
            "group": [key.group for key in later],
            "group_label": [labels[key.group - 1] for key in later],
            "reference": [key.group for key in earlier],
            "reference_label": [labels[key.group - 1] for key in earlier],
            **difference,
            **std_difference,
        }
    )


def _way(key: EffectKey) -> str:
    return " -> ".join(key.path)


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
