"""Arrays in, estimate and inference out: one call for every use of a fit."""

from trustsem.pipeline.run import FittedModel, PipelineOptions, fit_table, prepare_moments

__all__ = ["FittedModel", "PipelineOptions", "fit_table", "prepare_moments"]
