"""Moments of ordinal data: thresholds, polychoric and polyserial correlations, their asymptotic covariance."""

from trustsem.moments.categorical.data import CategoricalInput
from trustsem.moments.categorical.layout import MomentLayout
from trustsem.moments.categorical.moments import CategoricalMoments, categorical_moments

__all__ = ["CategoricalInput", "CategoricalMoments", "MomentLayout", "categorical_moments"]
