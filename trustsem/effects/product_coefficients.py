"""Standardised coefficients of products: parts and outcome in standard deviations, not the product itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.effects.delta import delta_method
from trustsem.effects.moderation import Interaction, interactions_of
from trustsem.effects.variances import Variances, model_variances
from trustsem.estimate import Estimate
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProductCoefficient:
    """The path from a product to an outcome.

    Args:
        row: Position of the path in the parameter table.
        term: The product.
        est: Unstandardised coefficient.
        std: With both parts and the outcome in standard deviations.
        std_se: Its delta-method standard error.
    """

    row: int
    term: Interaction
    est: float
    std: float
    std_se: float


def product_coefficients(
    table: ParameterTable, estimate: Estimate, covariance: FloatArray | None
) -> tuple[ProductCoefficient, ...]:
    """Return every path from a product whose parts are variables of the model.

    std = b sd(x) sd(w) / sd(y) (Wen, Marsh & Hau 2010, eq. 5): the usual value, b sd(xw) / sd(y), changes with the
    covariance and the shape of x and w.

    Args:
        table: Parameter table.
        estimate: A fitted model.
        covariance: (n_free, n_free) covariance of the estimates, or None.
    """
    layout = estimate.objective.layout
    terms = {term.name: term for term in interactions_of(table)}
    known = set(layout.groups[0].names)
    rows = [
        (index, terms[row.rhs])
        for index, row in enumerate(table.rows)
        if row.op == "~" and row.rhs in terms and set(terms[row.rhs].parts) <= known
    ]
    if not rows:
        return ()
    moments = estimate.objective.implied(estimate.x)
    by_group = [
        model_variances(group, implied, layout.n_free) for group, implied in zip(layout.groups, moments, strict=True)
    ]
    raw, values = np.zeros(len(rows)), np.zeros(len(rows))
    gradients = np.zeros((len(rows), layout.n_free))
    for k, (index, term) in enumerate(rows):
        row, free = table.rows[index], table.free_index[index]
        names = layout.groups[row.group - 1].names
        raw[k] = moments[row.group - 1].paths[names.index(row.lhs), names.index(row.rhs)]
        factor, slope = _scale(by_group[row.group - 1], [names.index(name) for name in (*term.parts, row.lhs)])
        values[k], gradients[k] = raw[k] * factor, raw[k] * factor * slope
        if free >= 0:
            gradients[k, free] += factor
    result = delta_method(values, gradients, covariance)
    return tuple(
        ProductCoefficient(index, term, *map(float, numbers))
        for (index, term), *numbers in zip(rows, raw, result.values, result.standard_errors, strict=True)
    )


def _scale(variances: Variances, places: list[int]) -> tuple[float, FloatArray]:
    """Return sd(x) sd(w) / sd(y) and the derivative of its logarithm."""
    total = variances.total[places]
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = variances.total_jacobian[places] / total[:, None]
        factor = np.sqrt(total[0] * total[1] / total[2])
    return float(factor), 0.5 * (logs[0] + logs[1] - logs[2])
