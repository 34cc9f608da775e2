"""Root mean square error of approximation with its interval and tests."""

from __future__ import annotations

import math

from trustsem.distributions import noncentral_cdf
from trustsem.inference.measures.context import FitContext, MeasureSet
from trustsem.inference.noncentral import noncentrality_limit

CI_LEVEL = 0.90
CLOSE = 0.05
NOT_CLOSE = 0.08
_CONSTANTS = {"rmsea_ci_level": CI_LEVEL, "rmsea_close_h0": CLOSE, "rmsea_notclose_h0": NOT_CLOSE}
_NO_DF = "no degrees of freedom: the model is saturated"


def rmsea_measures(context: FitContext) -> MeasureSet:
    """Return RMSEA, its 90 % interval and the p-values of close fit and of not close fit.

    RMSEA = sqrt(max((chi2 - df) / (n df), 0)) sqrt(G) (Steiger & Lind 1980; Steiger 1998 for G groups); close fit:
    Browne & Cudeck (1993); not close fit: MacCallum, Browne & Sugawara (1996).
    """
    chi, df, n, groups = context.test.statistic, context.test.df, context.n_effective, context.n_groups
    if df == 0:
        values = dict.fromkeys(("rmsea", "rmsea_ci_lower", "rmsea_ci_upper"), 0.0)
        tests = ("rmsea_pvalue", "rmsea_notclose_pvalue")
        return MeasureSet({**values, **dict.fromkeys(tests), **_CONSTANTS}, dict.fromkeys(tests, _NO_DF))

    def scale(noncentrality: float) -> float:
        return math.sqrt(max(noncentrality, 0.0) / (n * df)) * math.sqrt(groups)

    def tail(h0: float) -> float:
        return noncentral_cdf(chi, df, n * df * h0**2 / groups)

    values = {
        "rmsea": scale(chi - df),
        "rmsea_ci_lower": scale(noncentrality_limit(chi, df, (1 + CI_LEVEL) / 2)),
        "rmsea_ci_upper": scale(noncentrality_limit(chi, df, (1 - CI_LEVEL) / 2)),
        "rmsea_pvalue": 1 - tail(CLOSE),
        "rmsea_notclose_pvalue": tail(NOT_CLOSE),
    }
    return MeasureSet({**values, **_CONSTANTS})
