"""Tables of effects, contrasts, differences and R-squared with the intervals that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trustsem.effects import (
    EffectKind,
    EffectRow,
    ParameterFunctions,
    dependent_names,
    effect_functions,
    group_pairs,
    path_pairs,
    r_squared_functions,
)
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.row_functions import row_functions
from trustsem.tables.effects import effect_differences_frame, effects_frame, path_contrasts_frame
from trustsem.tables.estimates import shown_rows
from trustsem.tables.group_fit import compared_parameters
from trustsem.tables.group_fit import parameter_differences_frame as differences_frame
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.intervals import Columns, IntervalMaker
    from trustsem.fitting.result import Fit

Names = str | Sequence[str] | None
Pairs = Sequence[tuple[int, int]]

OPERATORS = ("=~", "~", "~~", "~1", "|", "~*~")


def effect_table(fit: Fit, maker: IntervalMaker, rows: Sequence[EffectRow]) -> pd.DataFrame:
    """Return effects with their intervals, unstandardised and standardised."""
    raw, std = (effect_functions(fit.fitted.estimate, rows, standardized=flag) for flag in (False, True))
    est = {"est": raw.values, **maker.columns(raw)}
    return effects_frame(rows, est, {"std_all": std.values, **maker.columns(std, "std_")}, _labels(fit))


def effect_contrasts_frame(fit: Fit, maker: IntervalMaker, x: str, y: str, through: Names = None) -> pd.DataFrame:
    """Return the differences between all specific indirect effects of x on y.

    Raises:
        EffectError: fewer than two of them.
    """
    rows = [row for row in fit.decompose(x, y, through).rows if row.kind is EffectKind.SPECIFIC]
    pairs = path_pairs(rows)
    if not pairs:
        ways = "; ".join(" -> ".join(row.path) for row in rows)
        raise EffectError(
            f"There is nothing to compare: {x} has {'one indirect effect' if rows else 'no indirect effect'} on {y}"
            f"{f' ({ways})' if rows else ''}.",
            remedy="Contrasts need two indirect paths between the same two variables.",
            code="one-path",
        )
    return path_contrasts_frame(rows, pairs, *_compared(fit, maker, rows, pairs, "est_other"), _labels(fit))


def group_differences_frame(
    fit: Fit, maker: IntervalMaker, x: Names = None, y: Names = None, through: Names = None
) -> pd.DataFrame:
    """Return how effects differ between groups.

    Raises:
        UsageError: a fit of one group.
    """
    _require_groups(fit)
    rows = fit.decompose(x, y, through).rows
    pairs = group_pairs(rows)
    return effect_differences_frame(rows, pairs, *_compared(fit, maker, rows, pairs, "est_reference"), _labels(fit))


def _compared(
    fit: Fit, maker: IntervalMaker, rows: Sequence[EffectRow], pairs: Pairs, other: str
) -> tuple[Columns, Columns]:
    """Return the columns of differences of effects, unstandardised and standardised."""
    raw, std = (effect_functions(fit.fitted.estimate, rows, standardized=flag) for flag in (False, True))
    difference = _difference_columns(maker, raw, pairs, other)
    std_difference = std.differences(pairs)
    return difference, {"std_difference": std_difference.values, **maker.columns(std_difference, "std_")}


def _difference_columns(maker: IntervalMaker, functions: ParameterFunctions, pairs: Pairs, other: str) -> Columns:
    difference = functions.differences(pairs)
    return {
        "est": functions.values[[i for i, _ in pairs]],
        other: functions.values[[j for _, j in pairs]],
        "difference": difference.values,
        **maker.columns(difference),
    }


def parameter_differences_frame(fit: Fit, maker: IntervalMaker, op: Names = None) -> pd.DataFrame:
    """Return how parameters differ between groups.

    Raises:
        UsageError: a fit of one group, or another operator.
    """
    _require_groups(fit)
    wanted = (op,) if isinstance(op, str) else tuple(op or ())
    unknown = [name for name in wanted if name not in OPERATORS]
    if unknown:
        raise UsageError(
            f"No parameter has the operator {unknown[0]!r}.",
            remedy=f"Use one of: {', '.join(OPERATORS)}.",
            code="operator",
        )
    table = fit.fitted.table
    pairs = compared_parameters(table, wanted)
    place = np.cumsum(shown_rows(table)) - 1  # auxiliary variables have rows and no function
    shown = [(int(place[i]), int(place[j])) for i, j in pairs]
    return differences_frame(
        table, pairs, _difference_columns(maker, row_functions(fit.fitted), shown, "est_reference")
    )


def r_squared_frame(fit: Fit, maker: IntervalMaker) -> pd.DataFrame:
    """Return the explained shares of variance: variable, group, group_label, est and its intervals."""
    estimate, labels = fit.fitted.estimate, _labels(fit)
    functions, names = r_squared_functions(estimate), dependent_names(estimate)
    keys = [(name, group) for group, members in enumerate(names, start=1) for name in members]
    return pd.DataFrame(
        {
            "variable": [name for name, _ in keys],
            "group": [group for _, group in keys],
            "group_label": [labels[group - 1] for _, group in keys],
            "est": functions.values,
            **maker.columns(functions),
        }
    )


def rows_frame(fit: Fit, maker: IntervalMaker, *, standardized: bool = False) -> pd.DataFrame:
    """Return every parameter and definition with its intervals: lhs, op, rhs, group, label, est, intervals."""
    keys = pd.DataFrame(fit.estimates[["lhs", "op", "rhs", "group", "label"]])
    functions = row_functions(fit.fitted, standardized=standardized)
    return keys.assign(est=functions.values, **maker.columns(functions)).reset_index(drop=True)


def _require_groups(fit: Fit) -> None:
    if not fit.group_labels:
        raise UsageError(
            "The fit has one group: there are no differences between groups.",
            remedy="Fit with group=, the column that splits the sample.",
            code="one-group",
        )


def _labels(fit: Fit) -> tuple[str, ...]:
    return group_names(fit.fitted.table)
