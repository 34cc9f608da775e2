"""Factors that point the other way in some data sets: turned round before anything is averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trustsem.pipeline import FittedModel

_SAME = 1e-7  # F/2 of a solution and of its mirror image


@dataclass(frozen=True, eq=False, slots=True)
class AlignedFits:
    """Fits whose factors point the same way.

    Args:
        fits: In the order given.
        turned: Factors that were turned round somewhere.
        opposed: Factors that point the other way somewhere and cannot be turned: averages over them mean nothing.
    """

    fits: tuple[FittedModel, ...]
    turned: tuple[str, ...]
    opposed: tuple[str, ...]


def align_factors(fits: Sequence[FittedModel]) -> AlignedFits:
    """Turn factors round whose loadings have the opposite sign of those in the first data set.

    With latent variances fixed to 1 the sign of a factor is arbitrary, and averaging a solution with its mirror image
    would cancel both. A factor is turned only where that leaves the fit as it is.
    """
    aligned, turned, opposed = [fits[0]], set(), set()
    for fit in fits[1:]:
        names = _opposite(fits[0], fit)
        mirrored = _mirrored(fit, names) if names else None
        aligned.append(mirrored or fit)
        (opposed if mirrored is None else turned).update(names)
    return AlignedFits(tuple(aligned), tuple(sorted(turned)), tuple(sorted(opposed)))


def _opposite(first: FittedModel, fit: FittedModel) -> set[str]:
    products: dict[str, float] = {}
    for row, one, other in zip(fit.table.free_rows, first.estimate.theta, fit.estimate.theta, strict=True):
        if row.op == "=~":
            products[row.lhs] = products.get(row.lhs, 0.0) + float(one * other)
    marked = {row.lhs for row in fit.table.rows if row.op == "=~" and row.value}  # a marker holds the direction
    return {name for name, product in products.items() if product < 0 and name not in marked}


def _mirrored(fit: FittedModel, names: set[str]) -> FittedModel | None:
    """Return the fit with these factors turned round; None where that is no solution of the model."""
    if fit.table.relations:
        return None
    signs = np.array([_sign(row.lhs, names) * _sign(row.rhs, names) for row in fit.table.free_rows])
    estimate, matrix = fit.estimate, fit.covariance.matrix
    reduction = estimate.objective.layout.reduction
    theta = signs * estimate.theta
    x = theta[reduction.kept]
    if not np.allclose(reduction.expand(x), theta) or abs(estimate.objective.value(x) - estimate.value) > _SAME:
        return None
    covariance = replace(fit.covariance, matrix=None if matrix is None else signs[:, None] * matrix * signs)
    return replace(fit, estimate=replace(estimate, theta=theta, x=x), covariance=covariance)


def _sign(name: str, turned: set[str]) -> float:
    return -1.0 if name in turned else 1.0
