"""Moments against parameters."""

from __future__ import annotations

from trustsem.implied import ModelLayout
from trustsem.implied.layout import OrdinalLayout
from trustsem.spec.table import ParameterTable


def count_moments(layout: ModelLayout) -> int:
    """Return how many sample moments the model explains; moments of fixed exogenous variables are not counted."""
    total = 0
    for group in layout.groups:
        if group.ordinal is not None:
            total += count_ordinal_moments(group.ordinal)
            continue
        p, n_x = group.n_observed, len(group.exogenous)
        total += p * (p + 1) // 2 - n_x * (n_x + 1) // 2
        if layout.meanstructure:
            total += p - n_x
    return total


def count_ordinal_moments(ordinal: OrdinalLayout) -> int:
    """Return how many statistics ordinal data have: thresholds, means, slopes, variances, correlations."""
    p, continuous = ordinal.n_endogenous, int((~ordinal.is_ordinal).sum())
    return len(ordinal.threshold_variable) + 2 * continuous + p * len(ordinal.conditional) + p * (p - 1) // 2


def degrees_of_freedom(table: ParameterTable, layout: ModelLayout) -> int:
    """Return moments minus independent parameters; negative where there are too many parameters."""
    return count_moments(layout) - table.n_parameters
