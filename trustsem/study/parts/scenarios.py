"""What-if questions of a study, and levers by what they have to give."""

from __future__ import annotations

from trustsem.errors import TrustSemError
from trustsem.fitting.lever_ranking import LeverRanking, last_outcome
from trustsem.study.parts.context import Context, Several


def scenarios(context: Context) -> Several | None:
    """Return every scenario that the study asks for."""
    results = {}
    for question in context.spec.scenarios:
        try:
            results[question.name] = context.main.scenario(question.levers)
        except TrustSemError as error:
            context.skip(f"scenario {question.name}", error)
    return Several(results) if results else None


def levers(context: Context) -> LeverRanking | None:
    """Rank levers for the outcome that the study names, or the model's last one; None for a model without paths."""
    outcome = context.spec.outcome or last_outcome(context.main)
    if outcome is None:
        return None
    # points need the ends of the answer scales, which a codebook knows
    return context.main.levers(outcome, step="+0.5sd" if context.survey.codebook is None else "+5points")
