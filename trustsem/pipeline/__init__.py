"""Arrays in, estimate and inference out: one call for every use of a fit."""

from trustsem.pipeline.estimators import ESTIMATORS, EstimatorSpec
from trustsem.pipeline.options import PipelineOptions
from trustsem.pipeline.prepare import prepare_moments
from trustsem.pipeline.run import FittedModel, fit_table, parameter_covariance

__all__ = [
    "ESTIMATORS",
    "EstimatorSpec",
    "FittedModel",
    "PipelineOptions",
    "fit_table",
    "parameter_covariance",
    "prepare_moments",
]
