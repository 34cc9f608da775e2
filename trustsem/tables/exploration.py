"""Explored factors as data frames."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.measurement import Match, ParallelAnalysis, SamplingAdequacy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

ITEM_COLUMNS = (
    "item", "construct", "own_loading", "largest_loading", "largest_on", "elsewhere", "communality", "msa",
)  # fmt: skip


def loadings_frame(values: FloatArray, rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Return a matrix with its names."""
    return pd.DataFrame(values, index=list(rows), columns=list(columns))


def eigenvalues_frame(parallel: ParallelAnalysis) -> pd.DataFrame:
    """Return one row per component."""
    counted = np.arange(1, len(parallel.observed) + 1)
    return pd.DataFrame(
        {
            "component": counted,
            "observed": parallel.observed,
            "random_mean": parallel.mean,
            "random_limit": parallel.limit,
            "kept": counted <= parallel.n_factors,
        }
    )


def items_frame(
    names: Sequence[str],
    constructs: Sequence[str],
    assignment: FloatArray,
    loadings: FloatArray,
    communalities: FloatArray,
    match: Match | None,
    away: IntArray,
    adequacy: SamplingAdequacy | None,
) -> pd.DataFrame:
    """Return one row per item; `elsewhere` names the factor of its largest loading where that is not its construct's.

    Args:
        names: The p items.
        constructs: The k constructs.
        assignment: (p, k) membership.
        loadings: (p, m).
        communalities: (p,).
        match: Which factor stands for which construct.
        away: (p,) factor of the largest loading where it is another one's, else -1.
        adequacy: Measures of sampling adequacy.
    """
    rows = []
    for item, name in enumerate(names):
        own = np.flatnonzero(assignment[item] > 0).tolist()
        factors = [] if match is None else [int(match.factor_of[k]) for k in own if match.factor_of[k] >= 0]
        largest = int(np.abs(loadings[item]).argmax())
        rows.append(
            {
                "item": name,
                "construct": ", ".join(constructs[k] for k in own) or None,
                "own_loading": max((float(loadings[item, f]) for f in factors), key=abs, default=math.nan),
                "largest_loading": float(loadings[item, largest]),
                "largest_on": f"F{largest + 1}",
                "elsewhere": f"F{away[item] + 1}" if away[item] >= 0 else None,
                "communality": float(communalities[item]),
                "msa": math.nan if adequacy is None else float(adequacy.of_item[item]),
            }
        )
    return pd.DataFrame(rows, columns=list(ITEM_COLUMNS))


def congruence_frame(match: Match | None, constructs: Sequence[str], factors: Sequence[str]) -> pd.DataFrame:
    """Return one row per construct; no row where nothing assigns the items."""
    columns = ["construct", "factor", *factors]
    if match is None:
        return pd.DataFrame([], columns=columns)
    rows = [
        [name, factors[place] if place >= 0 else None, *values]
        for name, place, values in zip(constructs, match.factor_of.tolist(), match.congruence.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=columns)
