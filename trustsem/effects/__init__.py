"""Standardised solution, R-squared, defined parameters, indirect and total effects, loops."""

from trustsem.effects.decomposition import EffectKind, EffectRow, Effects, decompose_effects
from trustsem.effects.defined import defined_parameters
from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.graph import structural_paths
from trustsem.effects.influence import CaseFit, CaseInfluence, case_fit, case_influence
from trustsem.effects.latent import LatentCorrelation, latent_correlations_with_errors
from trustsem.effects.loops import Loop, LoopReport, find_loops
from trustsem.effects.rsquared import r_squared
from trustsem.effects.scores import ScoreMethod, ScoreWeights, score_method, score_weights
from trustsem.effects.standardized import Standardization, standardized_solution, standardizing_factors

__all__ = [
    "CaseFit",
    "CaseInfluence",
    "DeltaResult",
    "EffectKind",
    "EffectRow",
    "Effects",
    "LatentCorrelation",
    "Loop",
    "LoopReport",
    "ScoreMethod",
    "ScoreWeights",
    "Standardization",
    "case_fit",
    "case_influence",
    "decompose_effects",
    "defined_parameters",
    "delta_method",
    "find_loops",
    "latent_correlations_with_errors",
    "r_squared",
    "score_method",
    "score_weights",
    "standardized_solution",
    "standardizing_factors",
    "structural_paths",
]
