"""Factor scores, and how good they are, as data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustsem.effects import ScoreMethod, ScoreWeights, score_weights
from trustsem.pipeline import FittedModel
from trustsem.tables.cases import Cases


def factor_scores_frame(fitted: FittedModel, cases: Cases, method: ScoreMethod, *, se: bool) -> pd.DataFrame:
    """Return one row per row of the data and one column per factor.

    Args:
        fitted: A fitted model.
        cases: The respondents.
        method: REGRESSION or BARTLETT.
        se: Append a column `<factor>_se` per factor; with complete data it holds one value for all respondents.
    """
    weights = _weights(fitted, method)
    scores, columns = weights.apply(cases.values), list(weights.latent)
    if se:
        scores = np.hstack([scores, np.tile(weights.se, (len(scores), 1))])
        columns += [f"{name}_se" for name in weights.latent]
    return cases.align(scores, columns)


def factor_score_quality_frame(fitted: FittedModel, method: ScoreMethod) -> pd.DataFrame:
    """Return one row per factor: factor, se, reliability, determinacy, note (why there is no score)."""
    weights = _weights(fitted, method)
    undetermined = np.isnan(weights.se)
    return pd.DataFrame(
        {
            "factor": weights.latent,
            "se": weights.se,
            "reliability": weights.reliability,
            "determinacy": weights.determinacy,
            "note": np.where(undetermined, "its indicators do not determine it: use the regression method", ""),
        }
    )


def _weights(fitted: FittedModel, method: ScoreMethod) -> ScoreWeights:
    return score_weights(fitted.estimate, method, fitted.table.variables.indicators)
