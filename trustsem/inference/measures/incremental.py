"""Measures that compare the model with the baseline model."""

from __future__ import annotations

from trustsem.inference.measures.context import FitContext, MeasureSet, undefined

_NAMES = ("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni")
_ROBUST = ("cfi", "tli", "nnfi", "rni")
_NO_MISFIT = "the baseline model has no misfit to compare with"


def incremental_measures(context: FitContext) -> MeasureSet:
    """Return CFI, TLI (NNFI), RFI, NFI, PNFI, IFI and RNI.

    Source: Bentler (1990), eqs. 6-10 (CFI, RNI); Tucker & Lewis (1973); Bentler & Bonett (1980) (NFI, NNFI);
    Bollen (1986, 1989) (RFI, IFI); James, Mulaik & Brett (1982) (PNFI).
    """
    test, baseline = context.test, context.baseline
    return _indices(test.statistic, test.df, baseline.statistic, baseline.df, "")


def scaled_incremental_measures(context: FitContext) -> MeasureSet:
    """Return the same indices from scaled chi-squares (suffix _scaled), and from corrected ones (suffix _robust).

    Robust CFI and TLI: (T - c df) of model and baseline in place of T - df (Brosseau-Liard & Savalei 2014, eqs. 10,
    11); with missing data from complete-data statistics of the saturated moments (Zhang & Savalei 2023).
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    test, baseline = context.scaled, context.baseline_scaled
    if test is not None and baseline is not None:
        part = _indices(test.statistic, test.df, baseline.statistic, baseline.df, "_scaled")
        values.update(part.values)
        reasons.update(part.reasons)
        if baseline.df != int(baseline.df):
            # NFI and RFI compare chi-squares, which with different fractional df are not comparable
            odd = "model and baseline have different fractional degrees of freedom"
            for name in ("rfi_scaled", "nfi_scaled"):
                values[name], reasons[name] = None, odd
    if context.robust is not None and context.baseline_robust is not None:
        part = _robust(context)
        values.update(part.values)
        reasons.update(part.reasons)
    elif context.robust_reason is not None:
        part = undefined(tuple(f"{name}_robust" for name in _ROBUST), context.robust_reason)
        values.update(part.values)
        reasons.update(part.reasons)
    return MeasureSet(values, reasons)


def _indices(chi: float, df: float, null: float, null_df: float, suffix: str) -> MeasureSet:
    names = tuple(f"{name}{suffix}" for name in _NAMES)
    if null_df == 0 or not null > 0:
        return undefined(names, _NO_MISFIT)
    values: dict[str, float | None] = {
        "cfi": _cfi(chi - df, null - null_df),
        "nfi": (null - chi) / null,
        "pnfi": df / null_df * (null - chi) / null,
        "ifi": _ratio(null - chi, null - df),
        "rni": _ratio((null - null_df) - (chi - df), null - null_df),
    }
    reasons = {}
    if df == 0:
        # lavaan's convention: a saturated model has TLI 1
        values.update(tli=1.0, nnfi=1.0, rfi=1.0)
    else:
        null_ratio, ratio = null / null_df, chi / df
        values.update(
            tli=_ratio(null_ratio - ratio, null_ratio - 1),
            nnfi=_ratio(null_ratio - ratio, null_ratio - 1),
            rfi=(null_ratio - ratio) / null_ratio,
        )
    if df > null_df:
        for name in ("nfi", "rfi"):
            values[name], reasons[f"{name}{suffix}"] = None, "the baseline model has fewer degrees of freedom"
    for name, value in values.items():
        if value is None and f"{name}{suffix}" not in reasons:
            reasons[f"{name}{suffix}"] = "the baseline model fits as well as its degrees of freedom"
    return MeasureSet({f"{name}{suffix}": values[name] for name in _NAMES}, reasons)


def _robust(context: FitContext) -> MeasureSet:
    assert context.robust is not None
    assert context.baseline_robust is not None
    misfit, worst = context.robust.excess, context.baseline_robust.excess
    df, null_df = context.robust.df, context.baseline_robust.df
    names = tuple(f"{name}_robust" for name in _ROBUST)
    if null_df == 0 or not worst > 0:
        return undefined(names, _NO_MISFIT)
    tli = 1.0 if df == 0 else 1 - misfit * null_df / (df * worst)
    values: dict[str, float | None] = {
        "cfi_robust": _cfi(misfit, worst),
        "tli_robust": tli,
        "nnfi_robust": tli,
        "rni_robust": 1 - misfit / worst,
    }
    return MeasureSet(values)


def _cfi(misfit: float, worst: float) -> float:
    misfit = max(misfit, 0.0)
    worst = max(misfit, worst, 0.0)
    return 1.0 if worst == 0 else 1 - misfit / worst


def _ratio(numerator: float, denominator: float) -> float | None:
    return None if denominator == 0 else numerator / denominator
