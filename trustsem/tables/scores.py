"""Factor scores, and how good they are, as data frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsem.effects import CaseScores, ScoreMethod, score_cases, score_method, score_weights
from trustsem.errors import UsageError
from trustsem.pipeline import FittedModel
from trustsem.tables.cases import Cases
from trustsem.tables.groups import group_names, model_variables
from trustsem.tables.ordinal import modal_scores_of


def used_method(fitted: FittedModel, method: str | ScoreMethod | None) -> ScoreMethod:
    """Return the method of factor scores that a name means for a fit; of None its default.

    Of ordinal items there is one: the mode of the factors given the chosen categories.

    Raises:
        UsageError: no such method, or one that ordinal items do not have.
    """
    is_ordinal = fitted.table.ordinal is not None
    if method is None:
        return ScoreMethod.MODAL if is_ordinal else ScoreMethod.REGRESSION
    chosen = score_method(method)
    if is_ordinal and chosen is not ScoreMethod.MODAL:
        raise UsageError(
            f"{chosen.value.capitalize()} scores are sums of answers, and the categories of ordinal items are no "
            "quantities that could be summed.",
            remedy='Use method="ebm": the mode of the factors given the chosen categories.',
            code="score-method",
        )
    return chosen if is_ordinal or chosen is ScoreMethod.BARTLETT else ScoreMethod.REGRESSION


def factor_scores_frame(fitted: FittedModel, cases: Cases, method: ScoreMethod, *, se: bool) -> pd.DataFrame:
    """Return one row per row of the data and one column per factor.

    A row's scores use the answers that it has; auxiliary variables are not used.

    Args:
        fitted: A fitted model.
        cases: The respondents.
        method: REGRESSION or BARTLETT; MODAL of ordinal items.
        se: Append a column `<factor>_se` per factor; with complete data it holds one value for all of a group, of
            ordinal items one per row.
    """
    if method is ScoreMethod.MODAL:
        return _aligned(cases, modal_scores_of(fitted, cases), se=se)
    columns = model_variables(fitted.table)
    indicators = fitted.table.variables.indicators
    groups = cases.by_group([sample.n_obs for sample in fitted.moments.groups])
    results = [
        score_cases(fitted.estimate, method, indicators, values, group=number, columns=columns)
        for number, values in enumerate(groups)
    ]
    return _aligned(cases, results, se=se)


def _aligned(cases: Cases, results: Sequence[CaseScores], *, se: bool) -> pd.DataFrame:
    names = list(results[0].latent)
    scores = np.vstack([result.scores for result in results])
    if se:
        scores = np.hstack([scores, np.vstack([result.se for result in results])])
        names += [f"{name}_se" for name in names]
    return cases.align(scores, names)


def factor_score_quality_frame(fitted: FittedModel, method: ScoreMethod) -> pd.DataFrame:
    """Return one row per factor and group: factor, group, se, reliability, determinacy, note (why there is no score).

    They are those of a row that answered every item of the model.
    """
    columns = model_variables(fitted.table)
    frames = []
    for number in range(len(group_names(fitted.table))):
        weights = score_weights(
            fitted.estimate, method, fitted.table.variables.indicators, group=number, columns=columns
        )
        note = np.where(np.isnan(weights.se), "its indicators do not determine it: use the regression method", "")
        frames.append(
            pd.DataFrame(
                {
                    "factor": weights.latent,
                    "group": number + 1,
                    "se": weights.se,
                    "reliability": weights.reliability,
                    "determinacy": weights.determinacy,
                    "note": note,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
