"""Scales as data frames: coefficients, pairs of constructs, items, answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from trustsem.measurement import Coefficient, ConstructPair, FactorReliability

COEFFICIENT_COLUMNS = (
    "factor", "group", "group_label", "coefficient", "est", "se", "ci_lower", "ci_upper", "interval", "n_items",
    "n_obs", "reason",
)  # fmt: skip


def number(value: float | None) -> float:
    """Return NaN for what is absent: a frame's column of numbers stays one."""
    return math.nan if value is None else value


def coefficient_cells(coefficient: Coefficient) -> dict[str, float | str | None]:
    """Return a coefficient as cells of a row."""
    return {
        "est": number(coefficient.value),
        "se": number(coefficient.se),
        "ci_lower": number(coefficient.lower),
        "ci_upper": number(coefficient.upper),
        "interval": coefficient.interval,
    }


def reliability_frame(reliabilities: Iterable[FactorReliability], labels: Sequence[str]) -> pd.DataFrame:
    """Return one row per factor, group and coefficient; `reason` says why a number or an interval is absent."""
    rows = [
        {
            "factor": item.factor,
            "group": item.group,
            "group_label": labels[item.group - 1],
            "coefficient": name,
            **coefficient_cells(coefficient),
            "n_items": len(item.items),
            "n_obs": item.n_obs if coefficient.n_obs is None else coefficient.n_obs,
            "reason": coefficient.reason,
        }
        for item in reliabilities
        for name, coefficient in item.coefficients.items()
    ]
    return pd.DataFrame(rows, columns=list(COEFFICIENT_COLUMNS))


PAIR_COLUMNS = (
    "first", "second", "group", "group_label", "correlation", "se", "ci_lower", "ci_upper", "upper_size", "verdict",
    "htmt", "htmt2", "htmt_verdict", "fornell_larcker", "reason",
)  # fmt: skip


def pairs_frame(pairs: Iterable[ConstructPair], labels: Sequence[str]) -> pd.DataFrame:
    """Return one row per pair of constructs and group."""
    rows = [
        {
            "first": pair.first,
            "second": pair.second,
            "group": pair.group,
            "group_label": labels[pair.group - 1],
            "correlation": number(pair.correlation.value),
            "se": number(pair.correlation.se),
            "ci_lower": number(pair.correlation.lower),
            "ci_upper": number(pair.correlation.upper),
            "upper_size": number(pair.upper_size),
            "verdict": None if pair.verdict is None else pair.verdict.value,
            "htmt": number(pair.htmt.value),
            "htmt2": number(pair.htmt2.value),
            "htmt_verdict": None if pair.htmt_verdict is None else pair.htmt_verdict.value,
            "fornell_larcker": pair.fornell_larcker,
            "reason": pair_reason(pair),
        }
        for pair in pairs
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def pair_reason(pair: ConstructPair) -> str | None:
    """Return why numbers of a pair are absent; None where all are there."""
    reasons = dict.fromkeys(part.reason for part in (pair.correlation, pair.htmt, pair.htmt2) if part.reason)
    return "; ".join(reasons) or None


EXTRACTED_COLUMNS = ("factor", "group", "group_label", "ave", "root_ave", "largest_correlation", "with", "reason")


def extracted_frame(
    extracted: Mapping[tuple[str, int], Coefficient], pairs: Sequence[ConstructPair], labels: Sequence[str]
) -> pd.DataFrame:
    """Return one row per factor and group: extracted variance beside its largest correlation, by size."""
    rows = []
    for (factor, group), ave in extracted.items():
        near = _nearest(factor, group, pairs)
        rows.append(
            {
                "factor": factor,
                "group": group,
                "group_label": labels[group - 1],
                "ave": number(ave.value),
                "root_ave": math.nan if ave.value is None else math.sqrt(ave.value),
                "largest_correlation": math.nan if near is None else number(near.correlation.value),
                "with": None if near is None else near.second if near.first == factor else near.first,
                "reason": ave.reason if ave.value is None else None,
            }
        )
    return pd.DataFrame(rows, columns=list(EXTRACTED_COLUMNS))


def _nearest(factor: str, group: int, pairs: Sequence[ConstructPair]) -> ConstructPair | None:
    own = [pair for pair in pairs if pair.group == group and factor in (pair.first, pair.second)]
    return max(own, key=lambda pair: abs(pair.correlation.value or 0.0), default=None)
