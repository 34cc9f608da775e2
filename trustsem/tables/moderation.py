"""Conditional effects, indices of moderated mediation and regions of significance as data frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.distributions import Z95, normal_tails
from trustsem.effects.johnson_neyman import EffectLine, Interval
from trustsem.effects.product_coefficients import product_coefficients
from trustsem.effects.standardized import Standardization, standardizing_factors
from trustsem.pipeline import FittedModel
from trustsem.tables.groups import group_names

FloatArray = NDArray[np.float64]


def conditional_frame(
    levels: Sequence[str], values: Sequence[float], keys: pd.DataFrame, found: tuple[FloatArray, FloatArray]
) -> pd.DataFrame:
    """Return one row per effect and level of the moderator.

    Args:
        levels: What each level is called.
        values: The moderator there.
        keys: Columns effect, path, group, group_label.
        found: Effects and their standard errors.

    Returns:
        Columns level, at, effect, path, est, se, z, pvalue, ci_lower, ci_upper, group, group_label.
    """
    frame = index_frame(keys, found)
    frame.insert(0, "level", list(levels))
    frame.insert(1, "at", np.asarray(values, dtype=float))
    return frame


def index_frame(keys: pd.DataFrame, found: tuple[FloatArray, FloatArray]) -> pd.DataFrame:
    """Return values with z, p-value and 95 % limits; columns effect, path, est, ..., group, group_label."""
    estimate, se = found
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / se
    return pd.DataFrame(
        {
            "effect": keys["effect"],
            "path": keys["path"],
            "est": estimate,
            "se": se,
            "z": z,
            "pvalue": normal_tails(z),
            "ci_lower": estimate - Z95 * se,
            "ci_upper": estimate + Z95 * se,
            "group": keys["group"],
            "group_label": keys["group_label"],
        }
    )


def regions_frame(regions: Sequence[tuple[Interval, str, float, int]], labels: Sequence[str]) -> pd.DataFrame:
    """Return one row per region: lower, upper, sign, share, group, group_label."""
    columns = ["lower", "upper", "sign", "share", "group", "group_label"]
    rows = [
        (region.lower, region.upper, sign, share, number, labels[number - 1]) for region, sign, share, number in regions
    ]
    return pd.DataFrame(rows, columns=columns)


def curve_frame(
    curves: Sequence[tuple[int, FloatArray, EffectLine]], critical: float, labels: Sequence[str]
) -> pd.DataFrame:
    """Return effects along the moderator with their bands: at, est, se, ci_lower, ci_upper, group, group_label."""
    parts = []
    for number, values, line in curves:
        estimate, errors = line.at(values), line.errors(values)
        parts.append(
            pd.DataFrame(
                {
                    "at": values,
                    "est": estimate,
                    "se": errors,
                    "ci_lower": estimate - critical * errors,
                    "ci_upper": estimate + critical * errors,
                    "group": number,
                    "group_label": labels[number - 1],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def products_frame(fitted: FittedModel) -> pd.DataFrame:
    """Return one row per path from a product.

    Columns y, product, kind ("matched", "all", or "observed" for a column of the data), centred, n_columns, est, se,
    std_product, std_se, std_all, group, group_label.
    """
    table, errors = fitted.table, fitted.covariance.standard_errors
    latent, labels = {product.name: product for product in table.products}, group_names(table)
    found = product_coefficients(table, fitted.estimate, fitted.covariance.matrix)
    rows = [table.rows[coefficient.row] for coefficient in found]
    free = [int(table.free_index[coefficient.row]) for coefficient in found]
    made = [latent.get(row.rhs) for row in rows]
    est = np.array([coefficient.est for coefficient in found])
    return pd.DataFrame(
        {
            "y": [row.lhs for row in rows],
            "product": [row.rhs for row in rows],
            "kind": ["observed" if product is None else product.kind.value for product in made],
            "centred": [coefficient.term.centred for coefficient in found],
            "n_columns": [1 if product is None else len(product.columns) for product in made],
            "est": est,
            "se": [float("nan") if errors is None or index < 0 else errors[index] for index in free],
            "std_product": [coefficient.std for coefficient in found],
            "std_se": [coefficient.std_se for coefficient in found],
            "std_all": est * standardizing_factors(table, fitted.estimate, rows, Standardization.ALL),
            "group": [row.group for row in rows],
            "group_label": [labels[row.group - 1] for row in rows],
        }
    )
