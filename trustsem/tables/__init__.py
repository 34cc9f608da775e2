"""Results as tables: data frames with fixed columns, and plain text for terminals."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trustsem.tables.effects import effect_differences_frame, effects_frame, loops_frame
    from trustsem.tables.estimates import estimates_frame, standardized_frame, vcov_frame
    from trustsem.tables.group_fit import group_fit_frame, parameter_differences_frame, tests_frame
    from trustsem.tables.influence import dfbetas_frame, influence_frame
    from trustsem.tables.modification import modification_frame
    from trustsem.tables.residuals import GroupedResiduals, Residuals, residuals_record
    from trustsem.tables.scores import factor_score_quality_frame, factor_scores_frame
    from trustsem.tables.text import render_table

# Imported when first used: plain text needs no pandas, and `trustsem --help` must not wait for it.
_HOMES = {
    "GroupedResiduals": "trustsem.tables.residuals",
    "Residuals": "trustsem.tables.residuals",
    "dfbetas_frame": "trustsem.tables.influence",
    "effect_differences_frame": "trustsem.tables.effects",
    "effects_frame": "trustsem.tables.effects",
    "estimates_frame": "trustsem.tables.estimates",
    "factor_score_quality_frame": "trustsem.tables.scores",
    "factor_scores_frame": "trustsem.tables.scores",
    "group_fit_frame": "trustsem.tables.group_fit",
    "influence_frame": "trustsem.tables.influence",
    "loops_frame": "trustsem.tables.effects",
    "modification_frame": "trustsem.tables.modification",
    "parameter_differences_frame": "trustsem.tables.group_fit",
    "render_table": "trustsem.tables.text",
    "residuals_record": "trustsem.tables.residuals",
    "standardized_frame": "trustsem.tables.estimates",
    "tests_frame": "trustsem.tables.group_fit",
    "vcov_frame": "trustsem.tables.estimates",
}

__all__ = [
    "GroupedResiduals",
    "Residuals",
    "dfbetas_frame",
    "effect_differences_frame",
    "effects_frame",
    "estimates_frame",
    "factor_score_quality_frame",
    "factor_scores_frame",
    "group_fit_frame",
    "influence_frame",
    "loops_frame",
    "modification_frame",
    "parameter_differences_frame",
    "render_table",
    "residuals_record",
    "standardized_frame",
    "tests_frame",
    "vcov_frame",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trustsem.tables' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
