"""The same model on the same data under other options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trustsem.pipeline import FittedModel, fit_table
from trustsem.spec import build_table, with_auxiliary

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


def refitted(fit: Fit, spec: Mapping[str, Any], pipeline: Mapping[str, Any] | None = None) -> FittedModel:
    """Fit the model of a fit to its moments once more.

    Args:
        fit: The fit.
        spec: What changes in its `SpecOptions`.
        pipeline: What changes in its `PipelineOptions`.

    Raises:
        TrustSemError: the other options cannot be had.
    """
    ordinal = fit.fitted.table.ordinal
    ordered = () if ordinal is None else tuple(ordinal.levels.items())
    options = replace(fit.options.spec, **{"group_labels": fit.group_labels, "ordered": ordered, **spec})
    table = with_auxiliary(build_table(fit.model.syntax, options), fit.options.data.auxiliary)
    return fit_table(table, fit.data.moments, replace(fit.options.pipeline, **(pipeline or {})))
