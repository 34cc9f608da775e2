"""Columns of product factors: indicators centred, multiplied, and centred again (Lin, Wen, Marsh & Lin 2010)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import DataError, UsageError
from trustsem.moments import Cases
from trustsem.records import Finding, Severity
from trustsem.spec.table import LatentProduct, ProductColumn
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey

FloatArray = NDArray[np.float64]


def columns_to_read(
    data: pd.DataFrame | Survey, names: Sequence[str], products: Sequence[LatentProduct]
) -> tuple[str, ...]:
    """Return the variables that come from the data: all but the columns of product factors.

    Raises:
        DataError: the data have a column of the name that a product gets.
    """
    made = {column.name for product in products for column in product.columns}
    frame = data.frame if isinstance(data, Survey) else data
    there = [name for name in sorted(made) if name in frame.columns] if isinstance(frame, pd.DataFrame) else []
    if there:
        raise DataError(
            f"The data have columns with the names of products that the program makes: {shortened(there)}.",
            remedy="Rename these columns; or write the product factor with them yourself: fg =~ ..., y ~ f + g + fg.",
            code="duplicate-columns",
        )
    return tuple(name for name in names if name not in made)


def require_rows_for(products: Sequence[str]) -> None:
    """Refuse product factors, given by name, where moments are all there is.

    Raises:
        UsageError: naming them.
    """
    if products:
        raise UsageError(
            f"{', '.join(products)}: products of indicators are made of the respondents' "
            "answers, which moments do not hold.",
            remedy="Give data; or moments with the product columns, and a model with a factor of them.",
            code="no-raw-data",
        )


def with_products(
    groups: Sequence[Cases], given: Sequence[str], names: Sequence[str], products: Sequence[LatentProduct]
) -> tuple[tuple[Cases, ...], tuple[Finding, ...]]:
    """Return the rows of each group with the columns of product factors.

    Each group is centred at its own means, weighted with the sampling weights: residuals of products are then
    uncorrelated with those of the indicators in every group, as the model has it. A row without one of the two answers
    has no product; means are those of the rows that have an answer.

    Args:
        groups: Rows with the variables `given`.
        given: Variables that were read.
        names: All variables of the model, in its order.
        products: Product factors.
    """
    if not products:
        return tuple(groups), ()
    columns = [column for product in products for column in product.columns]
    position = {name: index for index, name in enumerate(given)}
    made = []
    for cases in groups:
        values = {name: cases.values[:, index] for name, index in position.items()}
        values |= {column.name: _product(column, values, cases.weight_of_row) for column in columns}
        made.append(Cases(np.column_stack([values[name] for name in names]), cases.weights, cases.clusters))
    return tuple(made), tuple(_incomplete(made, names, columns))


def _product(column: ProductColumn, values: dict[str, FloatArray], weights: FloatArray) -> FloatArray:
    left, right = _centred(values[column.left], weights), _centred(values[column.right], weights)
    return _centred(left * right, weights)


def _centred(values: FloatArray, weights: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    total = weights[known].sum()
    return values - (weights[known] @ values[known] / total if total > 0 else 0.0)


def _incomplete(groups: Sequence[Cases], names: Sequence[str], columns: Sequence[ProductColumn]) -> list[Finding]:
    places = [list(names).index(column.name) for column in columns]
    lacking = sum(int(np.isnan(cases.values[:, places]).any(axis=1).sum()) for cases in groups)
    if not lacking:
        return []
    total = sum(len(cases.values) for cases in groups)
    return [
        Finding(
            "products-incomplete",
            Severity.WARNING,
            f"{lacking} of {count_of(total, 'row')} lack a product of indicators because an answer is missing. "
            "Products are treated as variables of their own with missing values, and indicators are centred at the "
            "means of the answers that there are: unbiased where answers are missing completely at random, not in "
            "general.",
            remedy="Compare with the complete rows (missing=listwise), or impute first (trustsem.impute).",
        )
    ]
