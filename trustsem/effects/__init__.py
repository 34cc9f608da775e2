"""Standardised solution, R-squared, defined parameters, effects, their contrasts and uncertainty, loops."""

from trustsem.effects.contrasts import group_pairs, pairs_over_groups, path_pairs
from trustsem.effects.decomposition import EffectRow, Effects, decompose_effects
from trustsem.effects.defined import defined_parameters
from trustsem.effects.delta import DeltaResult, delta_method
from trustsem.effects.evaluation import EffectKey, EffectKind
from trustsem.effects.functions import (
    ParameterFunctions,
    effect_functions,
    effect_ratios,
    moved,
    r_squared_functions,
)
from trustsem.effects.graph import structural_paths
from trustsem.effects.influence import CaseFit, CaseInfluence, case_fit, case_influence
from trustsem.effects.latent import LatentCorrelation, latent_correlations_with_errors
from trustsem.effects.loops import Loop, LoopReport, find_loops
from trustsem.effects.rsquared import dependent_names, r_squared
from trustsem.effects.scores import CaseScores, ScoreMethod, ScoreWeights, score_cases, score_method, score_weights
from trustsem.effects.second_order import SecondOrder, second_order_delta
from trustsem.effects.standardized import Standardization, standardized_solution, standardizing_factors

__all__ = [
    "CaseFit",
    "CaseInfluence",
    "CaseScores",
    "DeltaResult",
    "EffectKey",
    "EffectKind",
    "EffectRow",
    "Effects",
    "LatentCorrelation",
    "Loop",
    "LoopReport",
    "ParameterFunctions",
    "ScoreMethod",
    "ScoreWeights",
    "SecondOrder",
    "Standardization",
    "case_fit",
    "case_influence",
    "decompose_effects",
    "defined_parameters",
    "delta_method",
    "dependent_names",
    "effect_functions",
    "effect_ratios",
    "find_loops",
    "group_pairs",
    "latent_correlations_with_errors",
    "moved",
    "pairs_over_groups",
    "path_pairs",
    "r_squared",
    "r_squared_functions",
    "score_cases",
    "score_method",
    "score_weights",
    "second_order_delta",
    "standardized_solution",
    "standardizing_factors",
    "structural_paths",
]
