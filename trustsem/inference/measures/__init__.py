"""Fit measures: one file per family, one line here."""

from trustsem.inference.measures.absolute import absolute_measures
from trustsem.inference.measures.context import FitContext, Measure, MeasureSet, Noncentral, OrdinalGroup
from trustsem.inference.measures.counts import count_measures, scaled_count_measures
from trustsem.inference.measures.gfi import gfi_measures, robust_gfi_measures
from trustsem.inference.measures.incremental import incremental_measures, scaled_incremental_measures
from trustsem.inference.measures.information import information_measures
from trustsem.inference.measures.rmsea import rmsea_measures, scaled_rmsea_measures
from trustsem.inference.measures.srmr import residual_measures

MEASURES: tuple[Measure, ...] = (
    count_measures,
    scaled_count_measures,
    incremental_measures,
    scaled_incremental_measures,
    information_measures,
    rmsea_measures,
    scaled_rmsea_measures,
    residual_measures,
    gfi_measures,
    robust_gfi_measures,
    absolute_measures,
)


def fit_measures(context: FitContext) -> MeasureSet:
    """Compute every registered fit measure.

    Returns:
        Values by lavaan's names with underscores; None where undefined, with the reason beside it.
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for measure in MEASURES:
        part = measure(context)
        values.update(part.values)
        reasons.update(part.reasons)
    return MeasureSet(values, reasons)


__all__ = ["MEASURES", "FitContext", "Measure", "MeasureSet", "Noncentral", "OrdinalGroup", "fit_measures"]
