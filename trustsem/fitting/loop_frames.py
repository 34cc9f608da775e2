"""A loop analysis as data frames and JSON-ready values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsem.distributions import Z95
from trustsem.fitting.serialise import plain, records
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.loop_analysis import JudgedLoop, LoopAnalysis
    from trustsem.fitting.loop_evidence import JudgedArrow

SCHEMA = "trustsem.loops/1"


def arrows_frame(analysis: LoopAnalysis) -> pd.DataFrame:
    """Return one row per arrow of every loop.

    Columns: loop, predictor, outcome, est, se, ci_lower, ci_upper, std_all, expected_sign, instruments, partial_r2,
    first_stage_f, wald_f, est_free, se_free, est_zero, se_zero, est_miiv, se_miiv, miiv_f, sargan, sargan_df,
    sargan_pvalue, verdict, group, group_label.
    """
    labels = group_names(analysis.fit.fitted.table)
    rows = [
        {
            "loop": loop.name,
            **_arrow_row(item),
            "verdict": loop.judgement.verdict.value,
            "group": loop.evidence.group,
            "group_label": labels[loop.evidence.group - 1],
        }
        for loop in analysis.loops
        for item in loop.evidence.arrows
    ]
    return pd.DataFrame(rows)


def _arrow_row(item: JudgedArrow) -> dict[str, Any]:
    arrow = item.arrow
    est_miiv, se_miiv = (math.nan, math.nan) if item.miiv is None else item.miiv
    return {
        "predictor": arrow.predictor,
        "outcome": arrow.outcome,
        "est": arrow.est,
        "se": arrow.se,
        "ci_lower": item.ci_lower,
        "ci_upper": item.ci_upper,
        "std_all": arrow.std_all,
        "expected_sign": _number(item.expected_sign),
        "instruments": ", ".join(arrow.instruments),
        "partial_r2": _number(arrow.partial_r2),
        "first_stage_f": _number(arrow.f),
        "wald_f": _number(arrow.wald_f),
        "est_free": item.free[0],
        "se_free": item.free[1],
        "est_zero": item.zero[0],
        "se_zero": item.zero[1],
        "est_miiv": est_miiv,
        "se_miiv": se_miiv,
        "miiv_f": _number(item.miiv_f),
        "sargan": _number(item.sargan),
        "sargan_df": _number(item.sargan_df),
        "sargan_pvalue": _number(item.sargan_pvalue),
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def equilibrium_frame(analysis: LoopAnalysis) -> pd.DataFrame:
    """Return total effects of members, and of what enters a loop, on its members.

    Intervals are those of the draws that settle; share_stable says how many do.
    """
    labels = group_names(analysis.fit.fitted.table)
    rows = [
        {
            "loop": loop.name,
            "x": effect.x,
            "y": effect.y,
            "est": effect.est,
            "se": effect.interval.se,
            "ci_lower": effect.interval.lower,
            "ci_upper": effect.interval.upper,
            "share_stable": _number(loop.evidence.settled_share),
            "group": loop.evidence.group,
            "group_label": labels[loop.evidence.group - 1],
        }
        for loop in analysis.loops
        for effect in loop.evidence.effects
    ]
    return pd.DataFrame(rows)


def loops_to_dict(analysis: LoopAnalysis) -> dict[str, Any]:
    """Return everything an analysis says, with null for what is absent."""
    arrows, effects = records(analysis.frame), records(analysis.equilibrium)
    return {
        "schema": SCHEMA,
        "n_obs": analysis.fit.n_obs,
        "n_draws": analysis.n_draws,
        "seed": analysis.seed,
        "loops": [_loop_record(loop, arrows, effects) for loop in analysis.loops],
        "findings": [finding.to_dict() for finding in analysis.findings],
    }


def _loop_record(loop: JudgedLoop, arrows: list[dict[str, Any]], effects: list[dict[str, Any]]) -> dict[str, Any]:
    evidence, judgement, variants = loop.evidence, loop.judgement, loop.evidence.variants
    basis, own = evidence.basis, (loop.name, evidence.group)
    return {
        "loop": loop.name,
        "members": list(basis.members),
        "group": evidence.group,
        "verdict": judgement.verdict.value,
        "direction": judgement.direction or None,
        "reasons": list(judgement.reasons),
        "notes": list(judgement.notes),
        "gain": _interval_record(basis.gain, evidence.gain_se, evidence.gain_draws),
        "stability_index": _interval_record(basis.stability_index, evidence.stability_se, evidence.stability_draws),
        "stable": basis.is_stable,
        "unstable_share": plain(evidence.unstable_share),
        "disturbance_covariance": {
            "free_in_the_model": variants.is_free,
            "correlation": plain(basis.disturbance_correlation),
            "chisq_diff": plain(variants.chisq_diff),
            "df_diff": variants.df_diff,
            "pvalue": plain(variants.pvalue),
        },
        "arrows": [row for row in arrows if (row["loop"], row["group"]) == own],
        "equilibrium": [row for row in effects if (row["loop"], row["group"]) == own],
    }


def _interval_record(value: float, se: float, drawn: Any) -> dict[str, Any]:
    numbers = {
        "est": value,
        "se": se,
        "ci_lower": value - Z95 * se,
        "ci_upper": value + Z95 * se,
        "draws_se": drawn.se,
        "draws_ci_lower": drawn.lower,
        "draws_ci_upper": drawn.upper,
    }
    return {name: plain(number) for name, number in numbers.items()}
