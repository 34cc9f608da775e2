"""Populations with known parameters, answers on scales of points, missing answers, and what models make of them."""

from trustsem.simulate.likert import AnswerScale, count_categories, cut_responses, store_answers
from trustsem.simulate.missing import ANSWERED, BROKEN_OFF, REFUSED, SKIPPED, MissingPlan, draw_missing
from trustsem.simulate.population import Population
from trustsem.simulate.pseudo_true import PseudoTruth, pseudo_true_parameters
from trustsem.simulate.replicate import replicate
from trustsem.simulate.scored import ScoredMoments, scored_moments

__all__ = [
    "ANSWERED",
    "BROKEN_OFF",
    "REFUSED",
    "SKIPPED",
    "AnswerScale",
    "MissingPlan",
    "Population",
    "PseudoTruth",
    "ScoredMoments",
    "count_categories",
    "cut_responses",
    "draw_missing",
    "pseudo_true_parameters",
    "replicate",
    "scored_moments",
    "store_answers",
]
