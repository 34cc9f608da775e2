"""Imputed answers and the points of the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsem.records import Finding, Severity
from trustsem.survey import Survey


def _scales(data: pd.DataFrame | Survey, values: np.ndarray, names: Sequence[str]) -> list[tuple[float, float] | None]:
    """Return the lowest and highest point of each column's scale; None where answers are no whole numbers."""
    items = {item.name: item for item in data.codebook.items} if isinstance(data, Survey) and data.codebook else {}
    scales: list[tuple[float, float] | None] = []
    for k, name in enumerate(names):
        if name in items:
            points = [items[name].score(point) for point in items[name].scale.points]
            scales.append((min(points), max(points)))
            continue
        present = values[~np.isnan(values[:, k]), k]
        whole = bool((present == np.rint(present)).all())
        scales.append((float(present.min()), float(present.max())) if whole else None)
    return scales


def rounded_to_scale(
    data: pd.DataFrame | Survey, values: np.ndarray, completed: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    result = completed.copy()
    for k, scale in enumerate(_scales(data, values, names)):
        if scale is not None:
            gaps = np.isnan(values[:, k])
            result[:, gaps, k] = np.clip(np.rint(completed[:, gaps, k]), *scale)
    return result


def scale_findings(
    data: pd.DataFrame | Survey,
    values: np.ndarray,
    completed: np.ndarray,
    names: Sequence[str],
    imputed: np.ndarray,
    *,
    rounded: bool,
) -> list[Finding]:
    if rounded:
        return [
            Finding(
                "imputations-rounded",
                Severity.WARNING,
                "Imputed answers were rounded to points of the scale: their variances and covariances are no longer "
                "those of the answers, most for skewed items.",
                remedy="For models leave round_to_scale off.",
            )
        ]
    outside = total = 0
    for k, scale in enumerate(_scales(data, values, names)):
        drawn = completed[:, imputed[:, k], k]
        total += drawn.size
        if scale is not None:
            outside += int(((drawn < scale[0]) | (drawn > scale[1])).sum())
    if not outside:
        return []
    return [
        Finding(
            "imputed-outside-scale",
            Severity.INFO,
            f"{outside / total:.1%} of the imputed answers lie outside the scale. They stay so: cutting or rounding "
            "them would change means and covariances, which is all that models use.",
        )
    ]
