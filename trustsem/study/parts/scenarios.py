"""What-if questions of a study, and levers by what they have to give."""

from __future__ import annotations

from trustsem.errors import TrustSemError
from trustsem.fitting import Fit
from trustsem.fitting.lever_ranking import LeverRanking
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


def last_outcome(fit: Fit) -> str | None:
    """Return the last outcome of the model's paths that is a latent variable, else the last of all."""
    outcomes = list(dict.fromkeys(fit.estimates.loc[fit.estimates["op"] == "~", "lhs"]))
    latent = [name for name in outcomes if name in fit.fitted.table.variables.latent]
    return (latent or outcomes or [None])[-1]
