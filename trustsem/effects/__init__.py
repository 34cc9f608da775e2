"""Standardised solution, R-squared, defined parameters, effects and their differences between groups, loops."""

from trustsem.effects.contrasts import EffectContrast, effect_contrasts, value_contrasts
from trustsem.effects.decomposition import EffectRow, Effects, decompose_effects
from trustsem.effects.defined import defined_parameters
from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.evaluation import EffectKey, EffectKind
from trustsem.effects.graph import structural_paths
from trustsem.effects.influence import CaseFit, CaseInfluence, case_fit, case_influence
from trustsem.effects.latent import LatentCorrelation, latent_correlations_with_errors
from trustsem.effects.loops import Loop, LoopReport, find_loops
from trustsem.effects.rsquared import r_squared
from trustsem.effects.scores import CaseScores, ScoreMethod, ScoreWeights, score_cases, score_method, score_weights
from trustsem.effects.standardized import Standardization, standardized_solution, standardizing_factors

__all__ = [
    "CaseFit",
    "CaseInfluence",
    "CaseScores",
    "DeltaResult",
    "EffectContrast",
    "EffectKey",
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
    "effect_contrasts",
    "find_loops",
    "latent_correlations_with_errors",
    "r_squared",
    "score_cases",
    "score_method",
    "score_weights",
    "standardized_solution",
    "standardizing_factors",
    "structural_paths",
    "value_contrasts",
]
