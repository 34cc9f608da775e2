"""Root mean square error of approximation with its interval and tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from trustsem.distributions import noncentral_cdf
from trustsem.inference.chisquares import ModelTest, TestKind
from trustsem.inference.measures.context import FitContext, MeasureSet, Noncentral, undefined
from trustsem.inference.noncentral import noncentrality_limit

CI_LEVEL = 0.90
CLOSE = 0.05
NOT_CLOSE = 0.08
_CONSTANTS = {"rmsea_ci_level": CI_LEVEL, "rmsea_close_h0": CLOSE, "rmsea_notclose_h0": NOT_CLOSE}
_NAMES = ("rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
_TESTS = ("rmsea_pvalue", "rmsea_notclose_pvalue")
_NO_DF = "no degrees of freedom: the model is saturated"


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Noncentrality n F0: its estimate, its limits, and the probability of the statistic under one."""

    excess: float
    limit: Callable[[float], float]
    tail: Callable[[float], float]


def rmsea_measures(context: FitContext) -> MeasureSet:
    """Return RMSEA, its 90 % interval and the p-values of close fit and of not close fit.

    RMSEA = sqrt(max((chi2 - df) / (n df), 0)) sqrt(G) (Steiger & Lind 1980; Steiger 1998 for G groups); close fit:
    Browne & Cudeck (1993); not close fit: MacCallum, Browne & Sugawara (1996).
    """
    test = context.test
    plain = _of_noncentral(Noncentral(test.statistic, test.df))
    part = _measures(context, plain, "")
    return MeasureSet({**part.values, **_CONSTANTS}, part.reasons)


def scaled_rmsea_measures(context: FitContext) -> MeasureSet:
    """Return RMSEA from the scaled chi-square (suffix _scaled) and its robust form (suffix _robust).

    Scaled: population value of the scaled statistic, not of RMSEA. Robust: sqrt((T - c df) / (n df)) (Li & Bentler
    2006; Brosseau-Liard, Savalei & Li 2012; Savalei 2018), which estimates the RMSEA of the population.
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    parts = []
    if context.scaled is not None:
        parts.append(("_scaled", _of_scaled(context.scaled, context.test.df)))
    if context.robust is not None:
        parts.append(("_robust", _of_noncentral(context.robust)))
    for suffix, misfit in parts:
        part = _measures(context, misfit, suffix)
        values.update(part.values)
        reasons.update(part.reasons)
    if context.robust_reason is not None:
        names = (*(f"{name}_robust" for name in _NAMES), *(f"{name}_robust" for name in _TESTS))
        part = undefined(names, context.robust_reason)
        values.update(part.values)
        reasons.update(part.reasons)
    return MeasureSet(values, reasons)


def _of_noncentral(base: Noncentral) -> _Misfit:
    statistic, df, spread = base.as_chi_square, base.df, base.spread
    return _Misfit(
        base.excess,
        lambda probability: spread * noncentrality_limit(statistic, df, probability),
        lambda noncentrality: noncentral_cdf(statistic, df, noncentrality / spread),
    )


def _of_scaled(test: ModelTest, df: int) -> _Misfit:
    """Return the noncentrality of a scaled statistic.

    Shifted statistics are chi-squares as they are. Of a mean-scaled T / c the distribution is approximated by that of
    a chi-square with c df degrees of freedom, divided by c: its limits are those of T, as lavaan computes them.
    """
    if test.kind is TestKind.SCALED_SHIFTED or test.correction is None:
        return _of_noncentral(Noncentral(test.statistic, df))
    c = test.correction
    statistic = test.statistic * (test.scaling_factor or 1.0)  # T itself
    return _Misfit(
        (statistic - c * df) / c,
        lambda probability: noncentrality_limit(statistic, c * df, probability) / c,
        lambda noncentrality: noncentral_cdf(statistic, c * df, c * noncentrality),
    )


def _measures(context: FitContext, misfit: _Misfit, suffix: str) -> MeasureSet:
    df, n, groups = context.test.df, context.n_effective, context.n_groups
    names = {name: f"{name}{suffix}" for name in _NAMES}
    tests = {name: f"{name}{suffix}" for name in _TESTS}
    if df == 0:
        zero = dict.fromkeys(names.values(), 0.0)
        return MeasureSet({**zero, **dict.fromkeys(tests.values())}, dict.fromkeys(tests.values(), _NO_DF))
    if not math.isfinite(misfit.excess):
        reason = "the chi-square cannot be computed"
        every = (*names.values(), *tests.values())
        return MeasureSet(dict.fromkeys(every), dict.fromkeys(every, reason))

    def scale(noncentrality: float) -> float:
        return math.sqrt(max(noncentrality, 0.0) / (n * df)) * math.sqrt(groups)

    def tail(h0: float) -> float:
        return misfit.tail(n * df * h0**2 / groups)

    return MeasureSet(
        {
            names["rmsea"]: scale(misfit.excess),
            names["rmsea_ci_lower"]: scale(misfit.limit((1 + CI_LEVEL) / 2)),
            names["rmsea_ci_upper"]: scale(misfit.limit((1 - CI_LEVEL) / 2)),
            tests["rmsea_pvalue"]: 1 - tail(CLOSE),
            tests["rmsea_notclose_pvalue"]: tail(NOT_CLOSE),
        }
    )
