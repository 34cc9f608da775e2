"""Measures that compare the model with the baseline model."""

from __future__ import annotations

from trustsem.inference.measures.context import FitContext, MeasureSet, undefined

_NAMES = ("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni")


def incremental_measures(context: FitContext) -> MeasureSet:
    """Return CFI, TLI (NNFI), RFI, NFI, PNFI, IFI and RNI.

    Source: Bentler (1990), eqs. 6-10 (CFI, RNI); Tucker & Lewis (1973); Bentler & Bonett (1980) (NFI, NNFI);
    Bollen (1986, 1989) (RFI, IFI); James, Mulaik & Brett (1982) (PNFI).
    """
    chi, df = context.test.statistic, context.test.df
    null, null_df = context.baseline.statistic, context.baseline.df
    if null_df == 0 or not null > 0:
        return undefined(_NAMES, "the baseline model has no misfit to compare with")
    values: dict[str, float | None] = {
        "cfi": _cfi(chi, df, null, null_df),
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
    for name, value in values.items():
        if value is None:
            reasons[name] = "the baseline model fits as well as its degrees of freedom"
    return MeasureSet({name: values[name] for name in _NAMES}, reasons)


def _cfi(chi: float, df: int, null: float, null_df: int) -> float:
    misfit = max(chi - df, 0.0)
    worst = max(chi - df, null - null_df, 0.0)
    return 1.0 if worst == 0 else 1 - misfit / worst


def _ratio(numerator: float, denominator: float) -> float | None:
    return None if denominator == 0 else numerator / denominator
