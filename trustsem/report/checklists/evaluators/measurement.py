"""Items about scales: structure, consistency, invariance.

Numbers of respondents per item: Mokkink et al. (2018), boxes 3 and 5.
"""

from __future__ import annotations

from typing import Any

from trustsem.fitting.claims import construct_name
from trustsem.fitting.reliability import Reliability
from trustsem.records import Severity
from trustsem.report.cells import count, interval, number
from trustsem.report.checklists.evaluators.answers import done, not_applicable, not_done
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_COEFFICIENTS = {"alpha": "α", "omega": "ω", "omega_categorical": "ω"}
_ENOUGH = 100


def rate_sample(n: int, n_items: int, *, small_factor: float) -> str:
    """Return the rating of a sample: "very_good", "adequate", "doubtful" or "inadequate".

    At least 7 respondents per item and 100 in all are very good; 5 and 100, or below 100 `small_factor`, adequate.

    Args:
        n: Respondents.
        n_items: Items of the tested model.
        small_factor: Respondents per item that are adequate in samples below 100: 6 in box 3, more than 5 in box 5.

    Example:
        >>> rate_sample(147, 21, small_factor=6), rate_sample(146, 21, small_factor=6)
        ('very_good', 'adequate')
    """
    if n < 5 * n_items:
        return "inadequate"
    if n >= _ENOUGH:
        return "very_good" if n >= 7 * n_items else "adequate"
    return "adequate" if n >= small_factor * n_items else "doubtful"


def factor_analysis(result: StudyResult, words: Wording) -> Answer:
    """The measurement part of the model is a confirmatory factor analysis."""
    variables = result.main.fitted.table.variables
    return done(words, "factor_analysis", factors=len(variables.latent), items=len(variables.indicators))


def item_response(_result: StudyResult, words: Wording) -> Answer:
    """Items of item response theory."""
    return not_applicable(words, "item_response")


def items_ratio(result: StudyResult, words: Wording) -> Answer:
    """Respondents per item."""
    n, n_items = result.main.n_obs, len(result.main.fitted.table.variables.indicators)
    rating = words(f"checklists.ratings.{rate_sample(n, n_items, small_factor=6)}")
    return done(words, "ratio", n=count(n), items=n_items, ratio=number(n / n_items, 1), rating=rating)


def each_scale(result: StudyResult, words: Wording) -> Answer:
    """A coefficient for each factor by itself."""
    found = _coefficients(result)
    if not found:
        return not_done(words, "no_reliability")
    return done(words, "each_scale", n=len({row["factor"] for row in found}))


def alpha_omega(result: StudyResult, words: Wording) -> Answer:
    """Alpha and omega of each scale with their intervals."""
    found = _coefficients(result)
    if not found:
        return not_done(words, "no_reliability")
    texts: dict[str, list[str]] = {}
    for row in found:
        name = construct_name(row["factor"], words.language)
        key = f"{name} ({row['group_label']})" if row["group_label"] else name
        limits = interval(row["ci_lower"], row["ci_upper"])
        texts.setdefault(key, []).append(f"{_COEFFICIENTS[row['coefficient']]} {number(row['est'])} {limits}")
    comma, join = words("sentences.comma"), words("checklists.join")
    return done(words, "text", text=join.join(f"{name} {comma.join(parts)}" for name, parts in texts.items()))


def _coefficients(result: StudyResult) -> list[dict[str, Any]]:
    """Return alpha and omega where they exist, of groups that are large enough to be shown."""
    reliability = result.parts.get("reliability")
    if not isinstance(reliability, Reliability):
        return []
    return [
        row
        for row in reliability.coefficients.to_dict("records")
        if row["coefficient"] in _COEFFICIENTS
        and row["est"] == row["est"]
        and row["n_obs"] >= result.spec.smallest_group
    ]


def dichotomous(result: StudyResult, words: Wording) -> Answer:
    """Answers in two categories."""
    ordinal = result.main.fitted.table.ordinal
    two = 0 if ordinal is None else sum(1 for n in ordinal.levels.values() if n == 2)
    return done(words, "dichotomous", n=two) if two else not_applicable(words, "not_dichotomous")


def flaws(result: StudyResult, words: Wording) -> Answer:
    """What the software found doubtful; other flaws are for the author to name."""
    doubtful = sum(1 for finding in result.findings if finding.severity is not Severity.INFO)
    return done(words, "flaws", n=doubtful)


def group_sizes(result: StudyResult, words: Wording) -> Answer:
    """Groups and how many there are of each; whether they are alike otherwise is for the author to say."""
    sizes = _sizes(result)
    if not sizes:
        return not_done(words, "skipped")
    least = result.spec.smallest_group
    shown = [f"{label} {count(n)}" if n >= least else f"{label} <{least}" for label, n in sizes.items()]
    return done(words, "group_sizes", sizes=words("sentences.comma").join(shown))


def invariance_levels(result: StudyResult, words: Wording) -> Answer:
    """Levels that were tested, with what became of them."""
    if result.invariance is None:
        return not_done(words, "no_invariance" if result.spec.invariance is None else "skipped")
    last = {step.level.name: step.status.value for step in result.invariance.ladder.steps if step.attempts}
    texts = [f"{words(f'invariance.levels.{level}')} {_status(status, words)}" for level, status in last.items()]
    return done(words, "levels", levels=words("checklists.join").join(texts))


def _status(status: str, words: Wording) -> str:
    return words(f"invariance.statuses.{status.replace(' ', '_')}")


def group_ratio(result: StudyResult, words: Wording) -> Answer:
    """Respondents per item in the smallest group."""
    sizes = _sizes(result)
    if not sizes:
        return not_done(words, "skipped")
    n, n_items = min(sizes.values()), len(result.main.fitted.table.variables.indicators)
    rating = words(f"checklists.ratings.{rate_sample(n, n_items, small_factor=5 + 1e-9)}")
    if n < result.spec.smallest_group:
        return done(words, "small_group", least=result.spec.smallest_group, items=n_items, rating=rating)
    return done(words, "group_ratio", n=count(n), items=n_items, ratio=number(n / n_items, 1), rating=rating)


def _sizes(result: StudyResult) -> dict[str, int]:
    fit = result.main if result.invariance is None else result.invariance.configural
    labels = fit.group_labels
    return {label: sample.n_obs for label, sample in zip(labels, fit.data.moments.groups[: len(labels)], strict=True)}
