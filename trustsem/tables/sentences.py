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
from trustsem.wording import Wording

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


def expectation_text(expected: ExpectedSign | None, words: Wording | None = None) -> str:
    """Return the expected sign as a table shows it: `+`, `-`, `0`, with what weakens it."""
    words = words or _english()
    if expected is None:
        return words("sentences.expected_none")
    notes = [
        words(f"sentences.expected_{note}")
        for note, holds in (("reading", expected.is_expectation_only), ("contested", expected.is_contested))
        if holds
    ]
    sign = {1: "+", -1: "-", 0: "0"}[expected.sign]
    return f"{sign} ({words('sentences.comma').join(notes)})" if notes else sign


def verdict_text(verdict: Verdict, words: Wording | None = None) -> str:
    """Return a verdict in words."""
    return (words or _english())(f"sentences.verdict_{verdict.name.lower()}")


def path_sentence(claim: PathClaim, words: Wording | None = None) -> str:
    """Say what an arrow's estimate shows and how that stands to the theory."""
    words = words or _english()
    shown = _standardised(claim.std, claim.pvalue, words)
    ends = {"predictor": claim.predictor, "outcome": claim.outcome, "shown": shown}
    if _absent(claim.pvalue):
        return words("sentences.path_untested", **{**ends, "predictor": _first(claim.predictor)})
    assert claim.pvalue is not None
    held = "" if claim.is_only_predictor else "_held"
    if claim.pvalue >= ALPHA:
        tail = ""
        if claim.expected is not None:
            tail = words("sentences.path_undecided", sign=_sign_word(claim.expected, words))
        return words(f"sentences.path_open{held}", **ends) + tail
    direction = words("sentences.higher" if claim.est > 0 else "sentences.lower")
    return words(f"sentences.path{held}", **ends, direction=direction, verdict=_verdict_clause(claim, words))


def verdict_counts(claims: Iterable[PathClaim], words: Wording | None = None) -> str:
    """Return one sentence that counts the verdicts."""
    words = words or _english()
    verdicts = [claim.verdict for claim in claims]
    expected = [v for v in verdicts if v not in (Verdict.NO_EXPECTATION, Verdict.NOT_TESTED)]
    parts = [
        words("sentences.count", n=expected.count(kind), verdict=verdict_text(kind, words))
        for kind in (Verdict.AS_EXPECTED, Verdict.NOT_AS_EXPECTED, Verdict.UNDECIDED)
    ]
    sentence = words("sentences.counts", n=len(expected), counts=words.listed(parts))
    none = verdicts.count(Verdict.NO_EXPECTATION)
    if none:
        sentence += words("sentences.counts_none", n=none)
    missing = verdicts.count(Verdict.NOT_TESTED)
    return sentence + (words("sentences.counts_untested", n=missing) if missing else words("sentences.stop"))


def indirect_sentence(
    x: str,
    y: str,
    through: Sequence[str],
    std: float,
    pvalue: float | None,
    total_std: float | None,
    words: Wording | None = None,
    *,
    is_told_apart: bool | None = None,
) -> str:
    """Say what an indirect effect shows.

    Args:
        x: Where it starts.
        y: Where it ends.
        through: Variables on the way; empty when all indirect ways are meant.
        std: Standardised indirect effect.
        pvalue: Two-sided.
        total_std: Standardised total effect, for the share; None leaves the share out.
        words: Of the language; None: English.
        is_told_apart: Whether the interval leaves out zero, where there is one and no p-value.
    """
    words = words or _english()
    way = words("sentences.by_way", names=words.listed(list(through))) if through else words("sentences.all_ways")
    shown = _standardised(std, pvalue, words)
    told_apart = (not _absent(pvalue) and (pvalue or 0.0) < ALPHA) if is_told_apart is None else is_told_apart
    if not told_apart:
        return words("sentences.indirect_open", x=x, y=y, way=way, shown=shown)
    direction = words("sentences.higher" if std > 0 else "sentences.lower")
    share = ""
    if total_std is not None and total_std * std > 0 and abs(std) <= abs(total_std):
        share = words("sentences.share", percent=f"{100 * std / total_std:.0f}")
    return words("sentences.indirect", x=x, y=y, way=way, direction=direction, shown=shown, share=share)


def loop_sentence(
    members: Sequence[str], gain: float, low: float, high: float, stability_index: float, words: Wording | None = None
) -> str:
    """Say whether a feedback loop is there and whether it settles."""
    words = words or _english()
    names = words.listed(list(members))
    index = format_number(stability_index)
    interval = words("sentences.loop_gain", gain=format_number(gain), low=format_number(low), high=format_number(high))
    if stability_index >= 1:
        return words("sentences.loop_unstable", names=names, interval=interval, index=index)
    if low <= 0 <= high:
        return words("sentences.loop_open", names=names, interval=interval, index=index)
    kind = words("sentences.reinforce" if gain > 0 else "sentences.dampen")
    times = format_number(1 / (1 - gain), 2)
    return words("sentences.loop", names=_first(names), kind=kind, interval=interval, index=index, times=times)


def fit_sentences(measures: Mapping[str, float | None], words: Wording | None = None) -> tuple[str, ...]:
    """Return the usual reading of chi-square, CFI and TLI, RMSEA and SRMR; what is undefined is left out."""
    words = words or _english()
    sentences = []
    pvalue, df = measures.get("pvalue"), measures.get("df")
    if df == 0:
        return (words("sentences.fit_saturated"),)
    if pvalue is not None:
        key = "sentences.fit_rejected" if pvalue < ALPHA else "sentences.fit_held"
        chisq = measures.get("chisq")
        shown = words("sentences.undefined") if chisq is None else format_number(chisq)
        sentences.append(words(key, chisq=shown, df=f"{df:.0f}", p=p_text(pvalue, words)))
    for name, label, reading in (("cfi", "CFI", _incremental), ("tli", "TLI", _incremental), ("srmr", "SRMR", _srmr)):
        value = measures.get(name)
        if value is not None:
            text = words(f"sentences.{reading(value)}")
            sentences.append(words("sentences.index", name=label, value=format_number(value), reading=text))
    if measures.get("rmsea") is not None:
        sentences.append(_rmsea_sentence(measures, words))
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


def p_text(pvalue: float | None, words: Wording | None = None) -> str:
    """Return a p-value for running text.

    Example:
        >>> p_text(0.0001), p_text(0.25)
        ('p <.001', 'p = .250')
    """
    text = format_pvalue(pvalue)
    if not text:
        return (words or _english())("sentences.no_pvalue")
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _english() -> Wording:
    return Wording("en")


def _verdict_clause(claim: PathClaim, words: Wording) -> str:
    verdict = claim.verdict
    if verdict is Verdict.NO_EXPECTATION:
        return words("sentences.clause_none")
    assert claim.expected is not None
    clause = words("sentences.clause", verdict=verdict_text(verdict, words))
    if verdict is Verdict.NOT_AS_EXPECTED:
        clause += words("sentences.clause_expects", sign=_sign_word(claim.expected, words))
    if claim.expected.is_expectation_only:
        clause += words("sentences.clause_reading")
    elif claim.expected.is_contested:
        clause += words("sentences.clause_contested")
    return clause


def _sign_word(expected: ExpectedSign, words: Wording) -> str:
    return words({1: "sentences.positive", -1: "sentences.negative", 0: "sentences.no_effect"}[expected.sign])


def _standardised(std: float | None, pvalue: float | None, words: Wording) -> str:
    parts = [] if _absent(std) else [words("sentences.standardised", value=format_number(std or 0.0))]
    parts += [] if _absent(pvalue) else [p_text(pvalue, words)]
    return words("sentences.brackets", text=words("sentences.comma").join(parts)) if parts else ""


def _absent(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _incremental(value: float) -> str:
    return "incremental_good" if value >= 0.95 else "incremental_older" if value >= 0.90 else "incremental_poor"


def _srmr(value: float) -> str:
    return "srmr_good" if value <= 0.08 else "srmr_poor"


def _rmsea_sentence(measures: Mapping[str, float | None], words: Wording) -> str:
    value = measures.get("rmsea") or 0.0
    low, high = measures.get("rmsea_ci_lower"), measures.get("rmsea_ci_upper")
    bounds = ((0.05, "close"), (0.08, "fair"), (0.10, "mediocre"))
    reading = words(f"sentences.rmsea_{next((kind for bound, kind in bounds if value <= bound), 'poor')}")
    interval = ""
    if low is not None and high is not None:
        interval = words("sentences.rmsea_interval", low=format_number(low), high=format_number(high))
    return words("sentences.rmsea", value=format_number(value), interval=interval, reading=reading)
