"""Factor scores, and how good they are, as data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustsem.effects import ScoreMethod, score_cases, score_weights
from trustsem.pipeline import FittedModel
from trustsem.tables.cases import Cases
from trustsem.tables.groups import group_names, model_variables


def factor_scores_frame(fitted: FittedModel, cases: Cases, method: ScoreMethod, *, se: bool) -> pd.DataFrame:
    """Return one row per row of the data and one column per factor.

    A row's scores use the answers that it has; auxiliary variables are not used.

    Args:
        fitted: A fitted model.
        cases: The respondents.
        method: REGRESSION or BARTLETT.
        se: Append a column `<factor>_se` per factor; with complete data it holds one value for all of a group.
    """
    columns = model_variables(fitted.table)
    indicators = fitted.table.variables.indicators
    groups = cases.by_group([sample.n_obs for sample in fitted.moments.groups])
    results = [
        score_cases(fitted.estimate, method, indicators, values, group=number, columns=columns)
        for number, values in enumerate(groups)
    ]
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
