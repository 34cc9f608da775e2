"""Items and scales of the main model: statistics, reliability, validity, exploration."""

from __future__ import annotations

from dataclasses import replace

from trustsem.errors import UsageError
from trustsem.fitting import Fit
from trustsem.fitting.exploration import Exploration, explore
from trustsem.fitting.item_analysis import ItemAnalysis, items_of_fit, sets_of_fit, treatment_of_fit
from trustsem.fitting.reliability import Reliability
from trustsem.fitting.validity import Validity
from trustsem.study.parts.context import Context


def items(context: Context) -> ItemAnalysis | None:
    """Describe the items of the rows that the fit used; None for a model of observed variables alone."""
    return items_of_fit(context.main, context.survey) if sets_of_fit(context.main, context.survey) else None


def reliability(context: Context) -> Reliability | None:
    """Return alpha, omega, composite reliability and average variance extracted."""
    return context.main.reliability() if _has_factors(context.main) else None


def validity(context: Context) -> Validity | None:
    """Return what tells the constructs apart; None for one construct."""
    return context.main.validity() if _has_factors(context.main) else None


def exploration(context: Context) -> Exploration | None:
    """Explore the factors of the items beside those of the model.

    Raises:
        UsageError: several groups.
    """
    fit = context.main
    sets = sets_of_fit(fit, context.survey)
    if not sets:
        return None
    if fit.group_labels:
        raise UsageError(
            "Several groups: their items are not explored together, differences of means would show as factors.",
            remedy="ts.explore(rows of one group) does it for each.",
            code="groups",
        )
    assert fit.data.row_index is not None
    used = replace(context.survey, frame=context.survey.frame.iloc[fit.data.row_index], findings=())
    ordinal = fit.fitted.table.ordinal is not None
    return explore(used, sets, ordered=ordinal, missing=treatment_of_fit(fit), seed=context.spec.seed)


def _has_factors(fit: Fit) -> bool:
    return bool(fit.fitted.table.variables.latent)
