"""The verdict on a feedback loop, by rules that are written here and in docs/loops.md and nowhere else.

Any doubt ends in "cannot tell". Without one, every arrow is read by its 95 % interval: told apart from zero, or so near
zero that at most a small effect is left, or neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from trustsem.effects.miiv import WEAK_F
from trustsem.fitting.loop_findings import cancellation, loop_name, weakness
from trustsem.tables.text import format_number, format_pvalue

if TYPE_CHECKING:
    from trustsem.fitting.loop_evidence import JudgedArrow, LoopEvidence

UNSTABLE_SHARE = 0.05  # of the draws, beyond which a loop that settles is luck
SARGAN_LEVEL = 0.01  # p-value of Sargan's test below which an arrow's instruments are in doubt
DISAGREEMENT = 2.58  # standard errors of MIIV-2SLS between both estimators (99 %)
COVARIANCE_LEVEL = 0.05  # p-value below which a disturbance covariance of zero is rejected
POOR_FIT = 0.08  # RMSEA beyond which no arrow of a model is read (Browne & Cudeck 1993)
SMALL = 0.30  # standardised effect that an absent arrow's interval must stay within (Cohen 1988: medium)


class Verdict(Enum):
    """What a reader may say of a loop."""

    SUPPORTED = "loop supported"
    ONE_DIRECTION = "one direction"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons.

    Args:
        verdict: One of three.
        direction: "a -> b" where one direction is supported; "" otherwise.
        reasons: Sentences; every one of them alone suffices where the verdict is "cannot tell".
        notes: What was not looked at, and what is worth knowing beside.
    """

    verdict: Verdict
    direction: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def judge_loop(evidence: LoopEvidence) -> Judgement:
    """Return the verdict on a loop."""
    doubts = (
        *_of_solution(evidence),
        *_of_stability(evidence),
        *_of_instruments(evidence),
        *_of_plausibility(evidence),
        *_of_disturbances(evidence),
        *_of_second_estimator(evidence),
    )
    if doubts:
        return Judgement(Verdict.CANNOT_TELL, "", doubts, _notes(evidence))
    return _by_intervals(evidence)


def _by_intervals(evidence: LoopEvidence) -> Judgement:
    clear = [item for item in evidence.arrows if item.excludes_zero]
    absent = [item for item in evidence.arrows if not item.excludes_zero and item.largest_std <= SMALL]
    reasons = tuple(_reading(item) for item in evidence.arrows)
    if len(clear) == len(evidence.arrows):
        verdict, direction = Verdict.SUPPORTED, ""
        reasons = (*reasons, *_grounds(evidence))
    elif clear and len(clear) + len(absent) == len(evidence.arrows):
        verdict, direction = Verdict.ONE_DIRECTION, ", ".join(item.name for item in clear)
        reasons = (*reasons, *_grounds(evidence))
    else:
        verdict, direction = Verdict.CANNOT_TELL, ""
    return Judgement(verdict, direction, reasons, _notes(evidence))


def _notes(evidence: LoopEvidence) -> tuple[str, ...]:
    note = miiv_note(evidence)
    return (*(f"{gap}." for gap in evidence.gaps), *((note,) if note else ()))


def _reading(item: JudgedArrow) -> str:
    est, lower, upper = (format_number(value) for value in (item.arrow.est, item.ci_lower, item.ci_upper))
    limits = f"{est}, 95 % interval {lower} to {upper}"
    if item.excludes_zero:
        return f"{item.name} is told apart from zero ({limits})."
    if item.largest_std <= SMALL:
        return f"{item.name} is not told apart from zero, and at most {SMALL:.2f} standardised ({limits})."
    return f"{item.name} is open: its interval holds zero and effects of {SMALL:.2f} standardised or more ({limits})."


def _grounds(evidence: LoopEvidence) -> tuple[str, ...]:
    weakest = min(item.arrow.strength for item in evidence.arrows)
    return (f"Every arrow has instruments of its own (first-stage F {weakest:.0f} or more; weak is below 10).",)


def _of_solution(evidence: LoopEvidence) -> list[str]:
    doubts = []
    if not evidence.admissible:
        doubts.append("The solution is inadmissible: its arrows come from no possible population.")
    if evidence.rmsea is not None and evidence.rmsea > POOR_FIT:
        doubts.append(f"The model fits poorly (RMSEA {evidence.rmsea:.3f}, above {POOR_FIT:.2f}).")
    unknown = [item.name for item in evidence.arrows if item.arrow.is_free and not math.isfinite(item.arrow.se)]
    if unknown:
        doubts.append(f"No standard error of {', '.join(unknown)}.")
    fixed = [item.name for item in evidence.arrows if not item.arrow.is_free]
    if fixed:
        doubts.append(f"The model fixes {', '.join(fixed)}: nothing is learnt of it.")
    return doubts


def _of_stability(evidence: LoopEvidence) -> list[str]:
    if not evidence.basis.is_stable:
        return [
            f"The loop does not settle: stability index {evidence.basis.stability_index:.2f}, which must be below 1."
        ]
    share = evidence.unstable_share
    if share is not None and share > UNSTABLE_SHARE:
        return [f"{share:.0%} of the draws do not settle (more than {UNSTABLE_SHARE:.0%})."]
    return []


def _of_instruments(evidence: LoopEvidence) -> list[str]:
    return [f"{weakness(item.arrow)}." for item in evidence.arrows if item.arrow.is_weak]


def _of_plausibility(evidence: LoopEvidence) -> list[str]:
    doubts = []
    if evidence.basis.cancels:
        text = cancellation(evidence.basis)
        doubts.append(f"The loop cancels itself: {text}.")
    for item in evidence.arrows:
        if abs(item.arrow.std_all) >= 1:
            doubts.append(f"{item.name} is {item.arrow.std_all:.2f} standardised, beyond 1.")
        if item.expected_sign and item.excludes_zero and item.arrow.est * item.expected_sign < 0:
            sign = "positive" if item.expected_sign > 0 else "negative"
            doubts.append(f"{item.name} should be {sign} by the theory and is {item.arrow.est:.2f}.")
    return doubts


def _of_disturbances(evidence: LoopEvidence) -> list[str]:
    variants = evidence.variants
    if variants.is_free:
        return []
    name = loop_name(evidence.basis.members)
    if variants.free is None or variants.pvalue is None:
        return [
            f"The arrows of {name} rest on the covariance of the disturbances that the model assumes, which is not "
            f"tested ({variants.reason})."
        ]
    if variants.pvalue < COVARIANCE_LEVEL:
        return [
            "The model fixes the disturbance covariance at zero, and the data reject that "
            f"(chi-square difference {variants.chisq_diff:.2f}, p {format_pvalue(variants.pvalue)})."
        ]
    moved = [item for item in evidence.arrows if abs(item.free[0] - item.arrow.est) > item.free[1]]
    return [
        f"{item.name} moves from {item.arrow.est:.2f} to {item.free[0]:.2f}, by more than a standard error, once the "
        "disturbance covariance is free; the model fixes it at zero."
        for item in moved
    ]


def _of_second_estimator(evidence: LoopEvidence) -> list[str]:
    doubts = []
    for item in evidence.arrows:
        if item.sargan_pvalue is not None and item.sargan_pvalue < SARGAN_LEVEL:
            doubts.append(
                f"Sargan's test rejects the instruments of {item.arrow.outcome} (p {format_pvalue(item.sargan_pvalue)},"
                f" below {SARGAN_LEVEL})."
            )
        if item.miiv is not None and abs(item.miiv[0] - item.arrow.est) > DISAGREEMENT * item.miiv[1]:
            doubts.append(
                f"The estimators disagree on {item.name}: {item.arrow.est:.2f} by the fit, {item.miiv[0]:.2f} by "
                "MIIV-2SLS."
            )
    return list(dict.fromkeys(doubts))


def miiv_note(evidence: LoopEvidence) -> str:
    """Return that MIIV-2SLS leans on many weak instruments; "" where it does not, or there is none."""
    weak = [item for item in evidence.arrows if item.miiv_f is not None and item.miiv_f < WEAK_F]
    if not weak:
        return ""
    told = ", ".join(f"{item.name} {item.miiv_f:.1f}" for item in weak)
    return (
        f"MIIV-2SLS takes every valid item as an instrument, most of which add nothing (first-stage F: {told}): its "
        "estimates lean towards ordinary least squares."
    )
