"""Plain sentences about estimates, made from the numbers; they speak of association, never of causes.

Cut-offs are conventions, not laws, and the sentences say so: CFI and TLI .95, SRMR .08 (Hu & Bentler 1999, Structural
Equation Modeling 6(1)); RMSEA .05 close, .08 fair, .10 poor (Browne & Cudeck 1993; MacCallum, Browne & Sugawara 1996).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from trustsem.tables.text import format_number, format_pvalue
from trustsem.theory import ExpectedSign

ALPHA = 0.05


class Verdict(Enum):
    """How an estimate stands to the sign that the theory expects."""

    AS_EXPECTED = "as expected"
    NOT_AS_EXPECTED = "not as expected"
    UNDECIDED = "undecided"  # not told apart from zero
    NO_EXPECTATION = "no expectation"
    NOT_TESTED = "not tested"  # fixed, or without a standard error


@dataclass(frozen=True, slots=True)
class PathClaim:
    """One arrow with what a sentence needs of it.

    Args:
        predictor: Name of the predictor as a reader knows it.
        outcome: Name of the outcome.
        est: Unstandardised estimate.
        pvalue: Two-sided; None or NaN where there is no standard error.
        std: Standardised estimate.
        expected: The sign that the theory expects; None where it expects none.
        is_only_predictor: No other arrow arrives at the outcome.
    """

    predictor: str
    outcome: str
    est: float
    pvalue: float | None
    std: float | None
    expected: ExpectedSign | None = None
    is_only_predictor: bool = False

    @property
    def verdict(self) -> Verdict:
        """How the estimate stands to the expected sign at the 5 % level."""
        return judge(self.est, self.pvalue, None if self.expected is None else self.expected.sign)


def judge(est: float, pvalue: float | None, expected_sign: int | None, alpha: float = ALPHA) -> Verdict:
    """Compare an estimate with an expected sign (+1, -1, 0 for no effect, None for no expectation).

    Example:
        >>> judge(0.3, 0.001, 1).value, judge(-0.3, 0.001, 1).value, judge(0.3, 0.2, 1).value
        ('as expected', 'not as expected', 'undecided')
    """
    if _absent(pvalue):
        return Verdict.NOT_TESTED
    if expected_sign is None:
        return Verdict.NO_EXPECTATION
    assert pvalue is not None
    if pvalue >= alpha:
        return Verdict.UNDECIDED
    return Verdict.AS_EXPECTED if expected_sign != 0 and est * expected_sign > 0 else Verdict.NOT_AS_EXPECTED


def expectation_text(expected: ExpectedSign | None) -> str:
    """Return the expected sign as a table shows it: `+`, `-`, `0`, with what weakens it."""
    if expected is None:
        return "none"
    notes = [
        note
        for note, holds in (("reading", expected.is_expectation_only), ("contested", expected.is_contested))
        if holds
    ]
    sign = {1: "+", -1: "-", 0: "0"}[expected.sign]
    return f"{sign} ({', '.join(notes)})" if notes else sign


def path_sentence(claim: PathClaim) -> str:
    """Say what an arrow's estimate shows and how that stands to the theory."""
    shown = _standardised(claim.std, claim.pvalue)
    if _absent(claim.pvalue):
        return f"{_first(claim.predictor)} and {claim.outcome}: no standard error, so nothing can be said{shown}."
    assert claim.pvalue is not None
    held = "" if claim.is_only_predictor else ", other predictors held equal"
    if claim.pvalue >= ALPHA:
        tail = "" if claim.expected is None else f" The theory expects {_sign_word(claim.expected)}: undecided."
        return (
            f"Whether scores on {claim.predictor} go with scores on {claim.outcome} at all{held}"
            f"{',' if held else ''} cannot be told from these data{shown}.{tail}"
        )
    direction = "higher" if claim.est > 0 else "lower"
    return (
        f"Higher scores on {claim.predictor} go with {direction} scores on {claim.outcome}{held}"
        f"{shown}{_verdict_clause(claim)}."
    )


def verdict_counts(claims: Iterable[PathClaim]) -> str:
    """Return one sentence that counts the verdicts."""
    verdicts = [claim.verdict for claim in claims]
    expected = [v for v in verdicts if v not in (Verdict.NO_EXPECTATION, Verdict.NOT_TESTED)]
    parts = [
        f"{expected.count(kind)} {kind.value}"
        for kind in (Verdict.AS_EXPECTED, Verdict.NOT_AS_EXPECTED, Verdict.UNDECIDED)
    ]
    sentence = f"Of {len(expected)} paths with an expected sign, {', '.join(parts[:-1])} and {parts[-1]}"
    none = verdicts.count(Verdict.NO_EXPECTATION)
    if none:
        sentence += f"; for {none} more the theory expects no sign"
    missing = verdicts.count(Verdict.NOT_TESTED)
    return sentence + (f"; {missing} not tested." if missing else ".")


def indirect_sentence(
    x: str, y: str, through: Sequence[str], std: float, pvalue: float | None, total_std: float | None
) -> str:
    """Say what an indirect effect shows.

    Args:
        x: Where it starts.
        y: Where it ends.
        through: Variables on the way; empty when all indirect ways are meant.
        std: Standardised indirect effect.
        pvalue: Two-sided.
        total_std: Standardised total effect, for the share; None leaves the share out.
    """
    way = f"by way of {_listed(through)}" if through else "indirectly, over all ways together"
    shown = _standardised(std, pvalue)
    if _absent(pvalue) or (pvalue or 0.0) >= ALPHA:
        return f"Whether scores on {x} go with scores on {y} {way} cannot be told from these data{shown}."
    direction = "higher" if std > 0 else "lower"
    share = ""
    if total_std is not None and total_std * std > 0 and abs(std) <= abs(total_std):
        share = f"; that is {100 * std / total_std:.0f}% of the total effect"
    return f"Higher scores on {x} go with {direction} scores on {y} {way}{shown}{share}."


def loop_sentence(members: Sequence[str], gain: float, low: float, high: float, stability_index: float) -> str:
    """Say whether a feedback loop is there and whether it settles."""
    names = _listed(members)
    interval = f"gain {format_number(gain)}, 95% interval {format_number(low)} to {format_number(high)}"
    if stability_index >= 1:
        return (
            f"The loop between {names} does not settle ({interval}; stability index "
            f"{format_number(stability_index)}, must be below 1): total and indirect effects do not exist."
        )
    settles = f"It settles (stability index {format_number(stability_index)}, below 1)"
    if low <= 0 <= high:
        return (
            f"Whether {names} feed each other cannot be told from these data: the gain's interval includes 0 "
            f"({interval}). {settles}."
        )
    kind = "reinforce" if gain > 0 else "dampen"
    return (
        f"{_first(names)} {kind} each other ({interval}). {settles}: effects that enter the loop come out "
        f"{format_number(1 / (1 - gain), 2)} times as large."
    )


def fit_sentences(measures: Mapping[str, float | None]) -> tuple[str, ...]:
    """Return the usual reading of chi-square, CFI and TLI, RMSEA and SRMR; what is undefined is left out."""
    sentences = []
    pvalue, df = measures.get("pvalue"), measures.get("df")
    if df == 0:
        return ("The model is saturated (df 0): it reproduces the data exactly and its fit tests nothing.",)
    if pvalue is not None:
        rejected = pvalue < ALPHA
        sentences.append(
            f"Exact fit is {'rejected' if rejected else 'not rejected'} (chi-square {_shown(measures, 'chisq')}, df "
            f"{df:.0f}, {p_text(pvalue)})" + ("; large samples reject small deviations as well." if rejected else ".")
        )
    for name, label, reading in (("cfi", "CFI", _incremental), ("tli", "TLI", _incremental), ("srmr", "SRMR", _srmr)):
        value = measures.get(name)
        if value is not None:
            sentences.append(f"{label} {format_number(value)}: {reading(value)}.")
    if measures.get("rmsea") is not None:
        sentences.append(_rmsea_sentence(measures))
    return tuple(sentences)


def moved_sentence(arrow: str, before: float, after: float, before_se: float) -> str:
    """Say how far an arrow moves when an assumption is added, in its own standard errors."""
    shift = after - before
    if not math.isfinite(before_se) or before_se <= 0:
        size = "its standard error is not known"
    else:
        size = f"{abs(shift) / before_se:.1f} of its standard errors"
    direction = "rises" if shift > 0 else "falls" if shift < 0 else "stays"
    return f"{arrow} {direction} from {format_number(before)} to {format_number(after)} ({size})."


def p_text(pvalue: float | None) -> str:
    """Return a p-value for running text.

    Example:
        >>> p_text(0.0001), p_text(0.25)
        ('p <.001', 'p = .250')
    """
    text = format_pvalue(pvalue)
    if not text:
        return "no p-value"
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _verdict_clause(claim: PathClaim) -> str:
    verdict = claim.verdict
    if verdict is Verdict.NO_EXPECTATION:
        return ": the theory expects no sign here"
    assert claim.expected is not None
    clause = f": {verdict.value}"
    if verdict is Verdict.NOT_AS_EXPECTED:
        clause += f", the theory expects {_sign_word(claim.expected)}"
    if claim.expected.is_expectation_only:
        clause += " (the expectation is a reading, no claim of a source)"
    elif claim.expected.is_contested:
        clause += " (the expectation is contested)"
    return clause


def _sign_word(expected: ExpectedSign) -> str:
    return {1: "a positive sign", -1: "a negative sign", 0: "no effect"}[expected.sign]


def _standardised(std: float | None, pvalue: float | None) -> str:
    parts = [] if _absent(std) else [f"standardised {format_number(std or 0.0)}"]
    parts += [] if _absent(pvalue) else [p_text(pvalue)]
    return f" ({', '.join(parts)})" if parts else ""


def _absent(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown(measures: Mapping[str, float | None], name: str) -> str:
    value = measures.get(name)
    return "undefined" if value is None else format_number(value)


def _incremental(value: float) -> str:
    if value >= 0.95:
        return "good by the usual .95"
    return "acceptable by the older .90, not by the usual .95" if value >= 0.90 else "poor by the usual .95"


def _srmr(value: float) -> str:
    return "good by the usual .08" if value <= 0.08 else "poor by the usual .08"


def _rmsea_sentence(measures: Mapping[str, float | None]) -> str:
    value = measures.get("rmsea") or 0.0
    low, high = measures.get("rmsea_ci_lower"), measures.get("rmsea_ci_upper")
    bounds = (
        (0.05, "close fit by the usual .05"),
        (0.08, "fair fit (.05 to .08)"),
        (0.10, "mediocre fit (.08 to .10)"),
    )
    reading = next((words for bound, words in bounds if value <= bound), "poor fit (above .10)")
    interval = ""
    if low is not None and high is not None:
        interval = f" (90% interval {format_number(low)} to {format_number(high)})"
    return f"RMSEA {format_number(value)}{interval}: {reading}."
