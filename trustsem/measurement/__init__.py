"""Measurement across groups: invariance levels, released constraints, what unequal items do, latent means."""

from trustsem.measurement.bias import ItemBias, ScaleBias, item_bias, scale_bias, unequal_items
from trustsem.measurement.comparison import Comparison, compare_levels, index_of
from trustsem.measurement.group_means import Interval, MeanDifference, latent_mean_differences
from trustsem.measurement.ladder import Attempt, Ladder, Release, Status, Step, climb
from trustsem.measurement.levels import LEVELS, Kind, Level, levels_of_items, read_levels
from trustsem.measurement.model import EqualModel, GroupedModel
from trustsem.measurement.release import ReleaseTest, holm, release_tests, untested_markers
from trustsem.measurement.rules import Decision, DecisionRules, Rule, Verdict

__all__ = [
    "LEVELS",
    "Attempt",
    "Comparison",
    "Decision",
    "DecisionRules",
    "EqualModel",
    "GroupedModel",
    "Interval",
    "ItemBias",
    "Kind",
    "Ladder",
    "Level",
    "MeanDifference",
    "Release",
    "ReleaseTest",
    "Rule",
    "ScaleBias",
    "Status",
    "Step",
    "Verdict",
    "climb",
    "compare_levels",
    "holm",
    "index_of",
    "item_bias",
    "latent_mean_differences",
    "levels_of_items",
    "read_levels",
    "release_tests",
    "scale_bias",
    "unequal_items",
    "untested_markers",
]
