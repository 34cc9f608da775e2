"""What a reader of a fit with products must know: standardised coefficients, standard errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustsem.effects.product_coefficients import ProductCoefficient, product_coefficients
from trustsem.effects.standardized import Standardization, standardizing_factors
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import FittedModel
from trustsem.records import Finding, Severity
from trustsem.spec.variables import product_parts
from trustsem.suggestions import shortened
from trustsem.tables.groups import group_names

_NORMAL_THEORY = (ErrorKind.STANDARD, ErrorKind.FIRST_ORDER)
_NOTABLE = 0.005  # standardised values that agree to two decimals need no word


def product_findings(fitted: FittedModel) -> tuple[Finding, ...]:
    """Return findings about the products of a fit; none where there are none."""
    if not fitted.estimate.converged:
        return ()
    return (*_not_normal(fitted), *_at_zero(fitted), *_standardized(fitted))


def _not_normal(fitted: FittedModel) -> Iterator[Finding]:
    names = [product.name for product in fitted.table.products]
    if names and fitted.options.used_errors in _NORMAL_THEORY:
        yield Finding(
            "products-not-normal",
            Severity.WARNING,
            f"Products ({shortened(names)}) are not normal even where their factors are, but standard errors and "
            "chi-square are those of normal variables.",
            remedy="Use estimator=MLR, or bootstrap intervals.",
        )


def _at_zero(fitted: FittedModel) -> Iterator[Finding]:
    names = [name for name in fitted.table.variables.observed if product_parts(name) is not None]
    outside = sorted({part for name in names for part in product_parts(name) or () if not _reaches_zero(fitted, part)})
    if names:
        beyond = f" Nobody has {shortened(outside)} of 0." if outside else ""
        yield Finding(
            "effects-at-zero",
            Severity.WARNING if outside else Severity.INFO,
            f"With a product in the model ({shortened(names)}) an arrow of one part, and every effect along it, is "
            f"that where the other part is 0.{beyond}",
            remedy="Take effects at values of the moderator: fit.conditional_effects(), --moderator.",
        )


def _reaches_zero(fitted: FittedModel, name: str) -> bool:
    """Return whether 0 lies within the answers of a variable; of one whose answers are not there, nobody knows."""
    observed = fitted.table.variables.observed
    cases = [sample.cases for sample in fitted.moments.groups]
    values = [part.values[:, observed.index(name)] for part in cases if part is not None and name in observed]
    if not values:
        return True
    every = np.concatenate(values)
    return bool(np.nanmin(every) <= 0 <= np.nanmax(every))


def _standardized(fitted: FittedModel) -> Iterator[Finding]:
    table = fitted.table
    found = product_coefficients(table, fitted.estimate, None)
    factors = standardizing_factors(table, fitted.estimate, [table.rows[c.row] for c in found], Standardization.ALL)
    apart = [
        _both(table.rows[c.row].written, c, c.est * factor, group_names(table)[table.rows[c.row].group - 1])
        for c, factor in zip(found, factors, strict=True)
        if not abs(c.est * factor - c.std) < _NOTABLE
    ]
    if apart:
        yield Finding(
            "standardized-product",
            Severity.WARNING,
            "std_all of a product is in standard deviations of the product, which says little. With both parts and the "
            f"outcome in standard deviations (Wen, Marsh & Hau 2010): {shortened(apart, 6)}.",
            remedy="Report these (fit.products()), or effects at values of the moderator.",
        )


def _both(written: str, coefficient: ProductCoefficient, std_all: float, label: str) -> str:
    where = f" in {label}" if label else ""
    return f"{written}{where} {coefficient.std:.3f} (std_all {std_all:.3f})"
