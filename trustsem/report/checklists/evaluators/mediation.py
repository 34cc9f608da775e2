"""Items about mediation: what its reading as causes would need, and what was done about it."""

from __future__ import annotations

from trustsem.report.cells import count
from trustsem.report.checklists.evaluators.answers import done, not_done
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import Design, StudyResult

_DESIGNS = {
    Design.CROSS_SECTIONAL: "cross_sectional",
    Design.LONGITUDINAL: "longitudinal",
    Design.RANDOMISED: "randomised",
}


def design(result: StudyResult, words: Wording) -> Answer:
    """Design, as the study file says."""
    return done(words, _DESIGNS[result.spec.design])


def causal_assumptions(_result: StudyResult, words: Wording) -> Answer:
    """What must hold for indirect effects to be effects: stated, and not testable here."""
    return done(words, "causal_assumptions")


def confounders(result: StudyResult, words: Wording) -> Answer:
    """Observed covariates in the model."""
    names = result.main.fitted.table.variables.exogenous
    return done(words, "covariates", names=", ".join(names)) if names else not_done(words, "no_covariates")


def indirect(result: StudyResult, words: Wording) -> Answer:
    """Indirect effects, and where their intervals come from."""
    n = sum(effect in ("specific indirect", "total indirect") for effect in result.effects["effect"])
    if result.bootstrap is None:
        return done(words, "indirect_delta", n=n)
    kind = words(f"checklists.intervals.{result.spec.interval}")
    return done(words, "indirect_draws", n=n, kind=kind, draws=count(result.bootstrap.n_used))


def sensitivity(result: StudyResult, words: Wording) -> Answer:
    """Whether an unmeasured confounder was reckoned with."""
    if "sensitivities" in result.parts:
        return done(words, "sensitivity")
    was_tried = any(skipped.part.startswith("sensitivity") for skipped in result.skipped)
    return not_done(words, "skipped" if was_tried else "sensitivity")
