"""The feedback loop: verdict, arrows, strength, effects at equilibrium."""

from __future__ import annotations

from typing import Any

from trustsem.fitting.loop_analysis import JudgedLoop, LoopAnalysis
from trustsem.fitting.loop_verdict import Verdict
from trustsem.report.cells import interval, number, pvalue
from trustsem.report.document import Block, Paragraph, Section
from trustsem.report.sections.shared import arrow, bullets, columns, in_group, named, table, with_interval
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.tables.sentences import loop_sentence

_VERDICTS = {
    Verdict.SUPPORTED: "loops.supported",
    Verdict.ONE_DIRECTION: "loops.one_direction",
    Verdict.CANNOT_TELL: "loops.cannot_tell",
}


def loops(result: StudyResult, words: Wording) -> Section | None:
    """Return the section; None for a model without a loop."""
    part: LoopAnalysis | None = result.parts.get("loops")
    if part is None:
        return None
    blocks: list[Block] = []
    for loop, record in zip(part.loops, part.to_dict()["loops"], strict=True):
        blocks += _verdict(loop, record, result.main.group_labels, words)
    blocks += [*_arrows(part, words), *_strength(part, result.main.group_labels, words), *_equilibrium(part, words)]
    return Section("loops", words("loops.title"), (*blocks, Paragraph(words("loops.given"))))


def _verdict(loop: JudgedLoop, record: dict[str, Any], labels: tuple[str, ...], words: Wording) -> list[Block]:
    judged = words(_VERDICTS[loop.judgement.verdict], direction=loop.judgement.direction)
    name = " ↔ ".join(named(member, words) for member in loop.evidence.basis.members)
    label = labels[loop.evidence.group - 1] if labels else ""
    said = words("loops.verdict_group" if label else "loops.verdict", loop=name, group=label, verdict=judged)
    gain, index = record["gain"], record["stability_index"]
    lines = [*loop.judgement.reasons, *loop.judgement.notes]
    drawn = gain["draws_ci_lower"] is not None
    low, high = (gain["draws_ci_lower"], gain["draws_ci_upper"]) if drawn else (gain["ci_lower"], gain["ci_upper"])
    if low is not None and high is not None and loop.judgement.verdict is Verdict.SUPPORTED:
        members = [named(member, words) for member in loop.evidence.basis.members]
        lines.insert(0, loop_sentence(members, gain["est"], low, high, index["est"], words))
    return [Paragraph(said), *bullets(lines)]


def _arrows(part: LoopAnalysis, words: Wording) -> list[Block]:
    rows = [
        (
            in_group(arrow(row["predictor"], row["outcome"], words), row["group_label"]),
            with_interval(row["est"], row["ci_lower"], row["ci_upper"]),
            number(row["std_all"]),
            number(row["first_stage_f"]),
            number(row["est_zero"]),
            number(row["est_miiv"]),
            pvalue(row["sargan_pvalue"]),
        )
        for row in part.frame.to_dict("records")
    ]
    own = [f"loops.{name}" for name in ("f", "zero", "miiv", "sargan")]
    heads = columns(words, ("loops.arrow",), ("paths.est", "paths.std", *own))
    return table(words("loops.arrows"), heads, rows, words("loops.note"))


def _strength(part: LoopAnalysis, labels: tuple[str, ...], words: Wording) -> list[Block]:
    rows = []
    for record in part.to_dict()["loops"]:
        label = labels[record["group"] - 1] if labels else ""
        for key, name in (("gain", "loops.gain"), ("stability_index", "loops.stability")):
            value = record[key]
            drawn = interval(value["draws_ci_lower"], value["draws_ci_upper"])
            limits = drawn if value["draws_ci_lower"] is not None else interval(value["ci_lower"], value["ci_upper"])
            rows.append((in_group(words(name), label), number(value["est"]), number(value["se"]), limits))
    heads = columns(words, ("loops.quantity",), ("paths.est", "paths.se", "labels.interval"))
    return table(words("loops.strength"), heads, rows)


def _equilibrium(part: LoopAnalysis, words: Wording) -> list[Block]:
    rows = [
        (
            in_group(arrow(row["x"], row["y"], words), row["group_label"]),
            number(row["est"]),
            number(row["se"]),
            interval(row["ci_lower"], row["ci_upper"]),
        )
        for row in part.equilibrium.to_dict("records")
    ]
    heads = columns(words, ("loops.arrow",), ("paths.est", "paths.se", "labels.interval"))
    return table(words("loops.equilibrium"), heads, rows)
