"""Levels of measurement invariance, released parameters, unequal items and latent means as data frames."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from trustsem.measurement import (
    Attempt,
    Comparison,
    Interval,
    ItemBias,
    Ladder,
    MeanDifference,
    ScaleBias,
    Step,
    index_of,
)
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import deciding_test
from trustsem.tables.estimates import row_values

_LEVEL_COLUMNS = (
    "level", "released", "status", "n_parameters", "df", "chisq", "pvalue", "cfi", "rmsea", "srmr", "against",
    "chisq_diff", "df_diff", "pvalue_diff", "delta_cfi", "delta_rmsea", "delta_srmr", "decided_by", "method", "reason",
)  # fmt: skip
_RELEASED_COLUMNS = ("level", "parameter", "kind", "why", "statistic", "df", "pvalue", "pvalue_holm", "n_candidates")
_TEST_COLUMNS = ("level", "parameter", "statistic", "df", "pvalue", "pvalue_holm")


def levels_frame(ladder: Ladder) -> pd.DataFrame:
    """Return one row per fit of a level: as it is, then with one exception more each time.

    Columns: level, released (parameters that are not equal), status (of this fit: a level that holds after exceptions
    has rejected fits before), n_parameters, df, chisq and pvalue (of the test that the fit is judged by, scaled where
    it is), cfi, rmsea and srmr (robust where the fits have them), against, chisq_diff, df_diff, pvalue_diff,
    delta_cfi, delta_rmsea, delta_srmr, decided_by (criteria that reject), method (of the difference test), reason.
    """
    rows = [row for step in ladder.steps for row in _level_rows(step)]
    return pd.DataFrame(rows, columns=list(_LEVEL_COLUMNS))


def _level_rows(step: Step) -> Iterator[dict[str, Any]]:
    if not step.attempts:
        yield {"level": step.level.name, "status": step.status.value, "reason": step.reason}
    for number, attempt in enumerate(step.attempts):
        is_last = number == len(step.attempts) - 1
        yield {
            "level": step.level.name,
            "released": ", ".join(attempt.model.released),
            "status": step.status.value if is_last else "rejected",
            "reason": step.reason if is_last else None,
            **fit_columns(attempt.fitted),
            **_comparison_columns(attempt.comparison),
        }


def fit_columns(fitted: FittedModel) -> dict[str, Any]:
    """Return size, test and indices of a fit."""
    test, values = deciding_test(fitted), fitted.measures.values
    return {
        "n_parameters": fitted.table.n_parameters,
        "df": test.df,
        "chisq": test.statistic,
        "pvalue": test.pvalue,
        "cfi": index_of(fitted, "cfi"),
        "rmsea": index_of(fitted, "rmsea"),
        "srmr": values.get("srmr"),
    }


def _comparison_columns(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return {}
    test = comparison.test
    return {
        "against": comparison.against,
        "chisq_diff": None if test is None else test.statistic,
        "df_diff": None if test is None else test.df,
        "pvalue_diff": comparison.pvalue,
        "method": None if test is None else test.method.value,
        **{f"delta_{name}": value for name, value in comparison.changes.items()},
        "decided_by": ", ".join(comparison.decision.decided_by),
    }


def released_frame(ladder: Ladder) -> pd.DataFrame:
    """Return one row per parameter that was set free, with its value in every group.

    Columns: level, parameter, kind (name in group_equal), why ("score test", or "follows its item": of an item that
    was released before), statistic, df, pvalue, pvalue_holm, n_candidates, and est_GROUP for each group, from the last
    fit of that level; a marker is fixed in the first group.
    """
    labels = ladder.steps[0].final.fitted.table.group_labels
    rows: dict[str, dict[str, Any]] = {}
    for step in ladder.steps:
        values = _values(step.final) if step.attempts and step.final.model.released else {}
        for row in _released_rows(step):
            own = {f"est_{label}": values.get((row["parameter"], k)) for k, label in enumerate(labels, start=1)}
            rows.setdefault(row["parameter"], {**row, **own})
    return pd.DataFrame(list(rows.values()), columns=[*_RELEASED_COLUMNS, *(f"est_{label}" for label in labels)])


def _released_rows(step: Step) -> Iterator[dict[str, Any]]:
    chosen = {release.test.written: release for release in step.releases}
    for name in step.final.model.released if step.attempts else ():
        release = chosen.get(name)
        if release is None:
            yield {"level": step.level.name, "parameter": name, "kind": _kind(name), "why": "follows its item"}
            continue
        yield {
            "level": step.level.name,
            "parameter": name,
            "kind": release.test.kind,
            "why": "score test",
            "statistic": release.test.statistic,
            "df": release.test.df,
            "pvalue": release.test.pvalue,
            "pvalue_holm": release.adjusted,
            "n_candidates": release.n_candidates,
        }


def _kind(written: str) -> str:
    if "|" in written:
        return "thresholds"
    return "intercepts" if written.endswith("~1") else "residuals" if "~~" in written else "loadings"


def _values(attempt: Attempt) -> dict[tuple[str, int], float]:
    table = attempt.fitted.table
    values = row_values(attempt.fitted).values
    return {(row.written, row.group): float(value) for row, value in zip(table.rows, values, strict=False)}


def structural_frame(ladder: Ladder) -> pd.DataFrame:
    """Return the score test of each equality of the structural levels that were rejected, and its values by group.

    Columns: level, parameter, statistic, df, pvalue, pvalue_holm, and est_GROUP where the parameter is free.
    """
    from trustsem.measurement import holm
    from trustsem.measurement.ladder import base_for

    rows = []
    labels = ladder.steps[0].final.fitted.table.group_labels
    for step in ladder.steps:
        base = base_for(ladder.steps, step.level.needs) if step.tests else None
        values = {} if base is None else _values(base.final)
        for test, adjusted in zip(step.tests, holm([t.pvalue for t in step.tests]), strict=True):
            own = {f"est_{label}": values.get((test.written, k)) for k, label in enumerate(labels, start=1)}
            numbers = (step.level.name, test.written, test.statistic, test.df, test.pvalue, adjusted)
            rows.append({**dict(zip(_TEST_COLUMNS, numbers, strict=True)), **own})
    return pd.DataFrame(rows, columns=[*_TEST_COLUMNS, *(f"est_{label}" for label in labels)])


def means_frame(differences: tuple[MeanDifference, ...]) -> pd.DataFrame:
    """Return latent mean differences: factor, group, reference, est, se, pvalue, limits, and d with its limits.

    est is in points of the factor's marker; d in pooled standard deviations of the factor.
    """
    columns = ["factor", "group", "reference", *_INTERVAL, "d", "d_se", "d_ci_lower", "d_ci_upper"]
    rows = []
    for one in differences:
        d = one.standardized
        rows.append(
            {
                "factor": one.factor,
                "group": one.group,
                "reference": one.reference,
                **_interval(one.difference),
                "d": d.value,
                "d_se": d.se,
                "d_ci_lower": d.lower,
                "d_ci_upper": d.upper,
            }
        )
    return pd.DataFrame(rows, columns=columns)


_INTERVAL = ("est", "se", "pvalue", "ci_lower", "ci_upper")


def _interval(interval: Interval) -> dict[str, float | None]:
    numbers = (interval.value, interval.se, interval.pvalue, interval.lower, interval.upper)
    return dict(zip(_INTERVAL, numbers, strict=True))


def items_frame(biases: tuple[ItemBias, ...]) -> pd.DataFrame:
    """Return unequal items: item, group, reference, dmacs, dmacs_signed, points with se, p-value and limits."""
    columns = ["item", "group", "reference", "dmacs", "dmacs_signed", "points", *_INTERVAL[1:]]
    rows = []
    for one in biases:
        numbers = _interval(one.points)
        rows.append(
            {
                "item": one.item,
                "group": one.group,
                "reference": one.reference,
                "dmacs": one.dmacs,
                "dmacs_signed": one.dmacs_signed,
                "points": numbers.pop("est"),
                **numbers,
            }
        )
    return pd.DataFrame(rows, columns=columns)


def scales_frame(biases: tuple[ScaleBias, ...]) -> pd.DataFrame:
    """Return what differences of mean scores are made of.

    Columns: factor, group, reference, n_items, unequal (items), observed, bias and construct, each with _se,
    _ci_lower and _ci_upper; observed = bias + construct, in points of the mean score. bias is 0 without a standard
    error where all items are equal.
    """
    parts = ("observed", "bias", "construct")
    numbers = [f"{part}{end}" for part in parts for end in ("", "_se", "_ci_lower", "_ci_upper")]
    rows = []
    for one in biases:
        row: dict[str, Any] = {
            "factor": one.factor,
            "group": one.group,
            "reference": one.reference,
            "n_items": one.n_items,
            "unequal": ", ".join(one.unequal),
        }
        for part in parts:
            interval: Interval = getattr(one, part)
            is_exact = not one.unequal and part == "bias"
            values = (interval.value, interval.se, interval.lower, interval.upper)
            if is_exact:
                values = (0.0, math.nan, 0.0, 0.0)
            row.update(dict(zip([f"{part}{e}" for e in ("", "_se", "_ci_lower", "_ci_upper")], values, strict=True)))
        rows.append(row)
    return pd.DataFrame(rows, columns=["factor", "group", "reference", "n_items", "unequal", *numbers])
