"""Multiple imputation: drawing completed data sets, and pooling what was estimated in each."""

from trustsem.imputation.augmentation import ImputationDraws, draw_imputations
from trustsem.imputation.measures import PREFERENCE, pooled_measures
from trustsem.imputation.model_tests import ImputedModel, ModelTests, model_tests
from trustsem.imputation.pooled_tests import (
    PooledTest,
    chi_square_d2,
    likelihood_ratio_d3,
    stacked_d4,
    wald_d1,
)
from trustsem.imputation.reflection import align_factors
from trustsem.imputation.rubin import PooledScalars, pool_covariances, pool_scalars

__all__ = [
    "PREFERENCE",
    "ImputationDraws",
    "ImputedModel",
    "ModelTests",
    "PooledScalars",
    "PooledTest",
    "align_factors",
    "chi_square_d2",
    "draw_imputations",
    "likelihood_ratio_d3",
    "model_tests",
    "pool_covariances",
    "pool_scalars",
    "pooled_measures",
    "stacked_d4",
    "wald_d1",
]
