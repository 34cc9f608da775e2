"""Items and their scales as data frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from trustsem.measurement import ScaleStatistics
from trustsem.tables.scales import coefficient_cells, number

if TYPE_CHECKING:
    from trustsem.survey import ItemDescription

SCALE_COLUMNS = (
    "scale", "group", "n_items", "n_obs", "alpha", "ci_lower", "ci_upper", "alpha_ordinal", "mean_correlation",
    "reason",
)  # fmt: skip
ITEM_COLUMNS = (
    "scale", "group", "item", "reverse", "n", "n_missing", "mean", "sd", "skewness", "floor", "ceiling", "item_rest",
    "alpha_without",
)  # fmt: skip
ANSWER_COLUMNS = ("scale", "group", "item", "score", "label", "count", "share")


def scales_frame(scales: Iterable[tuple[str, str, ScaleStatistics]]) -> pd.DataFrame:
    """Return one row per scale and group."""
    rows = []
    for name, group, scale in scales:
        cells = coefficient_cells(scale.alpha)
        ordinal = scale.alpha_ordinal
        missing = ordinal is not None and ordinal.value is None  # that it has no interval is no news
        reasons = [scale.alpha.reason, ordinal.reason if ordinal is not None and missing else None]
        rows.append(
            {
                "scale": name,
                "group": group,
                "n_items": len(scale.item_rest),
                "n_obs": scale.n_obs,
                "alpha": cells["est"],
                "ci_lower": cells["ci_lower"],
                "ci_upper": cells["ci_upper"],
                "alpha_ordinal": number(None if ordinal is None else ordinal.value),
                "mean_correlation": number(scale.mean_correlation),
                "reason": "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None,
            }
        )
    return pd.DataFrame(rows, columns=list(SCALE_COLUMNS))


def items_frame(scales: Iterable[tuple[str, str, Sequence[ItemDescription], ScaleStatistics]]) -> pd.DataFrame:
    """Return one row per item of a scale and group; `reverse`: asked from the other pole and turned in scoring."""
    rows = [
        {
            "scale": name,
            "group": group,
            "item": item.name,
            "reverse": item.reverse,
            "n": item.n,
            "n_missing": item.n_missing,
            **{key: number(getattr(item, key)) for key in ("mean", "sd", "skewness", "floor", "ceiling")},
            "item_rest": rest,
            "alpha_without": without,
        }
        for name, group, items, scale in scales
        for item, rest, without in zip(items, scale.item_rest.tolist(), scale.alpha_without.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(ITEM_COLUMNS))


def answers_frame(scales: Iterable[tuple[str, str, Sequence[ItemDescription]]]) -> pd.DataFrame:
    """Return one row per category of an item; none for columns that are no answer scale."""
    rows = [
        {
            "scale": name,
            "group": group,
            "item": item.name,
            "score": answer.point,
            "label": answer.label,
            "count": answer.count,
            "share": answer.share,
        }
        for name, group, items in scales
        for item in items
        for answer in item.distribution
    ]
    return pd.DataFrame(rows, columns=list(ANSWER_COLUMNS))
