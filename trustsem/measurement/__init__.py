"""Measurement: reliability, validity, exploration; across groups invariance, what unequal items do, latent means."""

from trustsem.measurement.alpha import NOT_FOR_POLYCHORICS, alpha_coefficient, cronbach_alpha, feldt_limits
from trustsem.measurement.bias import ItemBias, ScaleBias, item_bias, scale_bias, unequal_items
from trustsem.measurement.coefficient import Coefficient
from trustsem.measurement.comparison import Comparison, compare_levels, index_of
from trustsem.measurement.congruence import Match, elsewhere, match_factors, tucker_congruence
from trustsem.measurement.factorability import SamplingAdequacy, Sphericity, sampling_adequacy, sphericity
from trustsem.measurement.group_means import Interval, MeanDifference, latent_mean_differences
from trustsem.measurement.items import ScaleStatistics, scale_statistics, undefined_scale
from trustsem.measurement.ladder import Attempt, Ladder, Release, Status, Step, climb
from trustsem.measurement.levels import LEVELS, Kind, Level, levels_of_items, read_levels
from trustsem.measurement.model import EqualModel, GroupedModel
from trustsem.measurement.parallel import ParallelAnalysis, parallel_analysis
from trustsem.measurement.release import ReleaseTest, holm, release_tests, untested_markers
from trustsem.measurement.reliability import FactorReliability, ScoredAnswers, factor_reliabilities
from trustsem.measurement.rules import Decision, DecisionRules, Rule, Verdict
from trustsem.measurement.validity import ConstructPair, Distinct, construct_pairs

__all__ = [
    "LEVELS",
    "NOT_FOR_POLYCHORICS",
    "Attempt",
    "Coefficient",
    "Comparison",
    "ConstructPair",
    "Decision",
    "DecisionRules",
    "Distinct",
    "EqualModel",
    "FactorReliability",
    "GroupedModel",
    "Interval",
    "ItemBias",
    "Kind",
    "Ladder",
    "Level",
    "Match",
    "MeanDifference",
    "ParallelAnalysis",
    "Release",
    "ReleaseTest",
    "Rule",
    "SamplingAdequacy",
    "ScaleBias",
    "ScaleStatistics",
    "ScoredAnswers",
    "Sphericity",
    "Status",
    "Step",
    "Verdict",
    "alpha_coefficient",
    "climb",
    "compare_levels",
    "construct_pairs",
    "cronbach_alpha",
    "elsewhere",
    "factor_reliabilities",
    "feldt_limits",
    "holm",
    "index_of",
    "item_bias",
    "latent_mean_differences",
    "levels_of_items",
    "match_factors",
    "parallel_analysis",
    "read_levels",
    "release_tests",
    "sampling_adequacy",
    "scale_bias",
    "scale_statistics",
    "sphericity",
    "tucker_congruence",
    "undefined_scale",
    "unequal_items",
    "untested_markers",
]
