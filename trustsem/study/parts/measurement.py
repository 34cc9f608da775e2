"""Loadings and explained shares of variance with intervals."""

from __future__ import annotations

from trustsem.study.parts.context import Context, Frames


def measurement(context: Context) -> Frames | None:
    """Return the loadings, unstandardised beside standardised with intervals, and R-squared; None without any."""
    fit = context.main
    loadings = fit.estimates.loc[fit.estimates["op"] == "=~", ["lhs", "rhs", "group", "est", "se", "pvalue"]]
    standardized = fit.standardized()
    std = standardized.loc[standardized["op"] == "=~", ["lhs", "rhs", "group", "est_std", "ci_lower", "ci_upper"]]
    frame = loadings.merge(std, on=["lhs", "rhs", "group"]).rename(
        columns={"est_std": "std_all", "ci_lower": "std_ci_lower", "ci_upper": "std_ci_upper"}
    )
    shares = fit.r_squared_intervals()
    if frame.empty and shares.empty:
        return None
    return Frames({"loadings": frame, "r_squared": shares})
