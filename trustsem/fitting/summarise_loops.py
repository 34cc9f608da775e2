"""A loop analysis as text: verdict first, then what it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trustsem.distributions import Z95
from trustsem.fitting.loop_verdict import Verdict
from trustsem.fitting.summary import render_findings, section
from trustsem.tables.groups import group_names
from trustsem.tables.text import format_pvalue, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.loop_analysis import JudgedLoop, LoopAnalysis
    from trustsem.fitting.loop_evidence import LoopEvidence


def summarise_loops(analysis: LoopAnalysis, *, width: int = 80) -> str:
    """Return every loop with its verdict, arrows, stability, instruments, variants and effects.

    Args:
        analysis: What `Fit.loop_analysis` returned.
        width: Characters a line may have.
    """
    labels = group_names(analysis.fit.fitted.table)
    parts = [_loop_text(loop, labels[loop.evidence.group - 1], analysis, width) for loop in analysis.loops]
    told = [finding for finding in analysis.findings if finding.code != "loop-cannot-tell"]  # the verdict says it
    findings = (*analysis.fit.findings, *told)
    return "\n\n".join([*parts, section("What to know", render_findings(findings, width))])


def _loop_text(loop: JudgedLoop, label: str, analysis: LoopAnalysis, width: int) -> str:
    evidence = loop.evidence
    title = f"Loop {loop.name}" + (f" in group {label}" if label else "")
    return "\n\n".join(
        [
            section(title, _verdict_lines(loop, width)),
            section("Arrows", _arrows(evidence, width)),
            section("Does it settle?", _stability(evidence, analysis, width)),
            section("Instruments of each arrow", _instruments(evidence, width)),
            section("Disturbance covariance", _variants(evidence, width)),
            section("MIIV-2SLS beside the fit", _second(evidence, width)),
            section("Effects at equilibrium", _effects(evidence, width)),
        ]
    )


def _verdict_lines(loop: JudgedLoop, width: int) -> str:
    judgement = loop.judgement
    told = f": {judgement.direction}" if judgement.verdict is Verdict.ONE_DIRECTION else ""
    lines = wrap_text(f"Verdict: {judgement.verdict.value}{told}", width, hanging=2)
    for reason in judgement.reasons:
        lines += wrap_text(f"- {reason}", width, hanging=2)
    return "\n".join(lines)


def _arrows(evidence: LoopEvidence, width: int) -> str:
    signs = {1: "+", -1: "-", 0: "0", None: ""}
    rows = [
        [item.name, item.arrow.est, item.arrow.se, item.ci_lower, item.ci_upper, item.arrow.std_all,
         signs[item.expected_sign]]
        for item in evidence.arrows
    ]  # fmt: skip
    return render_table(["", "est", "se", "lower", "upper", "std_all", "theory"], rows, width=width)


def _stability(evidence: LoopEvidence, analysis: LoopAnalysis, width: int) -> str:
    basis = evidence.basis
    rows = []
    for name, value, se, drawn in (
        ("gain", basis.gain, evidence.gain_se, evidence.gain_draws),
        ("stability index", basis.stability_index, evidence.stability_se, evidence.stability_draws),
    ):
        rows.append([name, value, se, value - Z95 * se, value + Z95 * se, drawn.lower, drawn.upper])
    table = render_table(["", "est", "se", "lower", "upper", "drawn lower", "drawn upper"], rows, width=width)
    notes = []
    if math.isnan(evidence.stability_se):
        notes.append("So near 0, or without a covariance matrix, the delta method has no interval of the index.")
    if evidence.unstable_share is not None:
        notes.append(_drawn_note(evidence.unstable_share, analysis))
    return "\n".join([table, *(line for note in notes for line in wrap_text(note, width))])


def _drawn_note(share: float, analysis: LoopAnalysis) -> str:
    return (
        f"drawn: {analysis.n_draws:,} Monte-Carlo draws, seed {analysis.seed}; {share:.1%} of them have a stability "
        "index of 1 or more."
    )


def _instruments(evidence: LoopEvidence, width: int) -> str:
    rows: list[list[object]] = []
    for item in evidence.arrows:
        arrow = item.arrow
        rows.append([f"{item.name}: {', '.join(arrow.instruments) or 'none'}"])
        rows.append(["", arrow.partial_r2, arrow.f, arrow.wald_f, "weak" if arrow.is_weak else "strong enough"])
    table = render_table(["", "partial R2", "F", "Wald F", ""], rows, width=width)
    note = (
        "R2 and F of the moments that the model implies, latent variables as if without error; Wald F counts it. Weak: "
        "the smaller F is below 10 (Staiger & Stock 1997; Stock & Yogo 2005)."
    )
    return "\n".join([table, *wrap_text(note, width)])


def _variants(evidence: LoopEvidence, width: int) -> str:
    variants = evidence.variants
    rows = [[item.name, *item.free, *item.zero] for item in evidence.arrows]
    table = render_table(["", "free", "se", "at zero", "se"], rows, width=width)
    correlation = evidence.basis.disturbance_correlation
    notes = [f"The model as written leaves it {'free' if variants.is_free else 'fixed'}."]
    if variants.is_free and correlation is not None:
        notes.append(f"Disturbances correlate at {correlation:.2f}.")
    if variants.pvalue is not None:
        notes.append(
            f"Fixed at zero against free: chi-square difference {variants.chisq_diff:.2f}, df {variants.df_diff}, "
            f"p {format_pvalue(variants.pvalue)}."
        )
    if variants.reason:
        notes.append(f"Not compared: {variants.reason}.")
    return "\n".join([table, *wrap_text(" ".join(notes), width)])


def _second(evidence: LoopEvidence, width: int) -> str:
    rows = [
        [item.name, item.arrow.est, *(item.miiv or (None, None)), item.sargan, item.sargan_df,
         format_pvalue(item.sargan_pvalue)]
        for item in evidence.arrows
        if item.miiv is not None
    ]  # fmt: skip
    return render_table(["", "fit", "MIIV", "se", "Sargan", "df", "p"], rows, width=width) if rows else ""


def _effects(evidence: LoopEvidence, width: int) -> str:
    if all(math.isnan(effect.est) for effect in evidence.effects):
        return "\n".join(wrap_text("None: the loop, or one before it, does not settle.", width))
    rows = [[f"{e.x} -> {e.y}", e.est, e.interval.lower, e.interval.upper] for e in evidence.effects]
    table = render_table(["total effect", "est", "lower", "upper"], rows, width=width)
    if evidence.settled_share is None:
        return table
    note = f"Intervals from the {evidence.settled_share:.1%} of the draws that settle."
    return "\n".join([table, *wrap_text(note, width)])
