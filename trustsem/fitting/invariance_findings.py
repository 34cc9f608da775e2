"""What a reader of an analysis of invariance must know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trustsem.measurement import Kind, Ladder, Rule, Status, Step, index_of, untested_markers
from trustsem.measurement.ladder import held_rungs
from trustsem.measurement.levels import TESTABLE_LEVELS
from trustsem.measurement.model import higher_factors
from trustsem.pipeline import FittedModel
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened

_POOR_CFI, _POOR_RMSEA = 0.90, 0.08
_FEW = 300  # respondents up to which Chen (2007) takes stricter limits


def invariance_findings(ladder: Ladder) -> tuple[Finding, ...]:
    """Return findings of the fits, of the decisions and of the search, the fits' first."""
    return (
        *_of_fits(ladder),
        *_of_configural(ladder),
        *_of_ordinal(ladder),
        *_of_decisions(ladder),
        *_of_search(ladder),
        *_of_means(ladder),
    )


def _of_fits(ladder: Ladder) -> list[Finding]:
    """Return each finding of the last fit of each level once, with the levels that it is about."""
    levels: dict[Finding, list[str]] = {}
    fitted = [step for step in ladder.steps if step.attempts]
    for step in fitted:
        for finding in step.final.fitted.findings:
            levels.setdefault(finding, []).append(step.level.name)
    return [
        finding if len(names) == len(fitted) else replace(finding, message=f"{', '.join(names)}: {finding.message}")
        for finding, names in levels.items()
    ]


def _of_configural(ladder: Ladder) -> Iterator[Finding]:
    fitted = ladder.steps[0].final.fitted
    cfi, rmsea = (index_of(fitted, name) for name in ("cfi", "rmsea"))
    poor = []
    if cfi is not None and cfi < _POOR_CFI:
        poor.append(f"CFI {cfi:.3f}")
    if rmsea is not None and rmsea > _POOR_RMSEA:
        poor.append(f"RMSEA {rmsea:.3f}")
    if poor:
        yield Finding(
            "configural-misfit",
            Severity.WARNING,
            f"The configural model itself fits poorly ({', '.join(poor)}): tests of equality assume that it is right.",
            remedy="Look for what it lacks in each group first; levels that hold say little otherwise.",
        )
    if ladder.rules.rule is not Rule.CHISQ and fitted.options.spec.discrepancy != "ML":
        yield Finding(
            "invariance-limits-for-ml",
            Severity.WARNING,
            "The limits for changes of CFI, RMSEA and SRMR come from maximum likelihood; with "
            f"{fitted.options.estimator} the indices change on another scale.",
            remedy="Decide by the chi-square difference: rules='chisq', --rule chisq.",
        )
    if ladder.rules.rule is not Rule.CHISQ and fitted.moments.n_obs <= _FEW:
        yield Finding(
            "invariance-small-sample",
            Severity.INFO,
            f"{fitted.moments.n_obs} respondents: up to {_FEW} Chen (2007) takes stricter limits, CFI .005, RMSEA .010 "
            "and SRMR .025 (loadings) or .005.",
            remedy="DecisionRules(cfi=.005, rmsea=.010, srmr_loadings=.025, srmr_other=.005) sets them.",
        )


def _of_ordinal(ladder: Ladder) -> Iterator[Finding]:
    """Say what few categories and the delta parameterization leave untested (Wu & Estabrook 2016)."""
    ordinal = ladder.steps[0].final.fitted.table.ordinal
    if ordinal is None:
        return
    few = [name for name, count in ordinal.levels.items() if count < TESTABLE_LEVELS]
    if few and ladder.step("metric") is not None:
        first = "the level thresholds tests those of the other items" if ladder.step("thresholds") else _TOGETHER
        yield Finding(
            "invariance-few-categories",
            Severity.INFO,
            f"{shortened(few)}: equal thresholds of items with up to {TESTABLE_LEVELS - 1} categories restrict nothing "
            f"by themselves (Wu & Estabrook 2016); {first}.",
        )
    two = [name for name, count in ordinal.levels.items() if count == _TWO]
    if two:
        yield _two_categories(two, is_theta=ordinal.is_theta)
    if not ordinal.is_theta and ladder.step("scalar") is not None:
        yield Finding(
            "invariance-residuals-untested",
            Severity.INFO,
            "The level strict is left out: residual variances of ordinal items are no parameters under delta.",
            remedy='parameterization="theta", --parameterization theta; the levels before it stay the same'
            f"{' but for items of two categories' if two else ''}.",
        )


_TWO = 2
_TOGETHER = "metric holds thresholds and loadings equal together"


def _two_categories(items: list[str], *, is_theta: bool) -> Finding:
    held, other = ("residual variances", "delta") if is_theta else ("scaling factors", "theta")
    return Finding(
        "invariance-two-categories",
        Severity.WARNING,
        f"{shortened(items)}: one threshold does not tell the scale of a latent response, so that of two categories is "
        f"taken as equal in all groups ({held}). A difference in it looks like unequal loadings, and {other} tests "
        "other restrictions.",
        remedy="Take unequal loadings of these items as unequal loadings or scales; more categories would tell.",
    )


def _of_decisions(ladder: Ladder) -> Iterator[Finding]:
    found: dict[Finding, None] = {}
    metric = ladder.step("metric")
    left = untested_markers(metric.attempts[0].fitted.table) if metric is not None and metric.attempts else ()
    if left:
        found[_markers_left(left)] = None
    for step in ladder.steps:
        comparison = step.final.comparison if step.attempts else None
        if comparison is not None:
            found.update(dict.fromkeys(comparison.findings))
        against = [] if comparison is None else [v.name for v in comparison.decision.verdicts if v.rejects]
        if step.status in (Status.HOLDS, Status.PARTIAL) and against:
            found[_criteria_disagree(step, against, ladder.rules.rule)] = None
        if step.status is Status.UNDECIDED:
            found[_undecided(step)] = None
    yield from found


def _criteria_disagree(step: Step, against: list[str], rule: Rule) -> Finding:
    return Finding(
        "invariance-criteria-disagree",
        Severity.WARNING,
        f"{step.level.name}: taken to hold by the rule '{rule.value}', although {', '.join(against)} speak"
        f"{'s' if len(against) == 1 else ''} against it.",
        remedy="Changes of indices are lenient where few of many items differ: see what rules='any' releases.",
    )


def _markers_left(names: tuple[str, ...]) -> Finding:
    return Finding(
        "invariance-markers-untested",
        Severity.WARNING,
        f"{shortened(names)}: taken as equal without a test, because the text writes each group by itself.",
        remedy="Write the measurement lines once, before the first `group:` header.",
    )


def _undecided(step: Step) -> Finding:
    return Finding(
        "invariance-undecided",
        Severity.WARNING,
        f"{step.level.name}: no decision, {step.reason or 'the criteria have no values'}.",
        remedy="Choose another rule or method, or look at the fit.",
    )


def _of_search(ladder: Ladder) -> Iterator[Finding]:
    steps = [step for step in ladder.steps if step.releases]
    if not steps:
        return
    names = [release.test.written for step in steps for release in step.releases]
    looked = sum(release.n_candidates for step in steps for release in step.releases)
    yield Finding(
        "invariance-exploratory-search",
        Severity.WARNING,
        f"{shortened(names, 12)}: set free after looking at {count_of(looked, 'score test')}. Such a search "
        "capitalises on chance; tests of the levels after it are too favourable.",
        remedy="Give reasons for each item from its wording, and repeat it with these exceptions in new data.",
    )
    for step in steps:
        for release in step.releases:
            if release.adjusted is not None and release.adjusted >= ladder.rules.alpha:
                yield _weak(step, release.test.written, release.adjusted, release.n_candidates)
    for step in steps:
        if not step.status.is_held:
            yield _not_saved(step)


def _weak(step: Step, written: str, adjusted: float, n_candidates: int) -> Finding:
    return Finding(
        "invariance-weak-release",
        Severity.WARNING,
        f"{step.level.name}: {written} was set free, but adjusted for the choice among {n_candidates} its p is "
        f"{adjusted:.3f} (Holm 1979).",
        remedy="It may be chance: do not interpret this item's difference without new data.",
        parameter=written,
    )


def _not_saved(step: Step) -> Finding:
    return Finding(
        "invariance-search-failed",
        Severity.WARNING,
        f"{step.level.name}: does not hold even with {count_of(len(step.releases), 'exception')}; {step.reason}.",
        remedy="The groups do not share this level; compare them on what the levels before it allow.",
    )


def _of_means(ladder: Ladder) -> Iterator[Finding]:
    asked = any("intercepts" in step.level.equal for step in ladder.steps)
    scale = ladder.common_scale
    if asked and scale is None:
        yield Finding(
            "no-common-scale",
            Severity.WARNING,
            "Latent means are not compared, nor is the effect of unequal items worked out: neither scalar nor partial "
            f"scalar invariance holds, so the groups' scales have no common zero ({_why(ladder)}).",
            remedy="Compare groups item by item, or look for what the rejected items have in common.",
        )
    if scale is not None and higher_factors(scale.final.fitted.table):
        yield _second_order(scale.final.fitted)


def _why(ladder: Ladder) -> str:
    rungs = [step for step in ladder.steps if step.level.kind is Kind.MEASUREMENT]
    first = rungs[len(held_rungs(ladder.steps))]
    return f"{first.level.name}: {first.status.value}{f', {first.reason}' if first.reason else ''}"


def _second_order(fitted: FittedModel) -> Finding:
    names = higher_factors(fitted.table)
    return Finding(
        "second-order-means",
        Severity.INFO,
        f"Means of {shortened(names)} and of the factors below cannot be told apart from items alone: at the scalar "
        "and strict rungs those above are 0 in all groups (Chen, Sousa & West 2005).",
        remedy="The level second_order tests whether the lower factors' means differ through the higher ones only.",
    )
