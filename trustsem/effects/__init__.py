"""Standardised solution, R-squared, defined parameters, indirect and total effects, loops."""

from trustsem.effects.decomposition import EffectKind, EffectRow, Effects, decompose_effects
from trustsem.effects.defined import defined_parameters
from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.graph import structural_paths
from trustsem.effects.latent import LatentCorrelation, latent_correlations_with_errors
from trustsem.effects.loops import Loop, LoopReport, find_loops
from trustsem.effects.rsquared import r_squared
from trustsem.effects.standardized import Standardization, standardized_solution, standardizing_factors

__all__ = [
    "DeltaResult",
    "EffectKind",
    "EffectRow",
    "Effects",
    "LatentCorrelation",
    "Loop",
    "LoopReport",
    "Standardization",
    "decompose_effects",
    "defined_parameters",
    "delta_method",
    "find_loops",
    "latent_correlations_with_errors",
    "r_squared",
    "standardized_solution",
    "standardizing_factors",
    "structural_paths",
]
