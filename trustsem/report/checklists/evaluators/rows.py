"""Items about respondents and their missing answers."""

from __future__ import annotations

import numpy as np

from trustsem.report.cells import count, percent
from trustsem.report.checklists.evaluators.answers import done, not_applicable, not_done
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import StudyResult


def sample_size(result: StudyResult, words: Wording) -> Answer:
    """Power and sample size: the software knows how many answered, and makes no power analysis."""
    return not_done(words, "power", n=count(result.main.n_obs))


def missing_amount(result: StudyResult, words: Wording) -> Answer:
    """Rows that are not used, and missing answers in those that are."""
    fit = result.main
    total = fit.n_obs if fit.data.n_total is None else fit.data.n_total
    lost = total - fit.n_obs
    values = fit.data.values
    absent = 0.0 if values is None or not values.size else float(np.isnan(values).mean())
    return done(
        words,
        "missing_amount",
        lost=count(lost),
        total=count(total),
        share=percent(lost / total),
        absent=percent(absent),
    )


def missing_causes(result: StudyResult, words: Wording) -> Answer:
    """Why answers are missing: nothing to explain in complete data."""
    fit, values = result.main, result.main.data.values
    is_complete = fit.data.n_total == fit.n_obs and values is not None and not np.isnan(values).any()
    return not_applicable(words, "complete") if is_complete else not_done(words, "missing_causes")


def missing_treatment(result: StudyResult, words: Wording) -> Answer:
    """What was done with rows that miss an answer."""
    return done(words, "text", text=words(f"checklists.missing.{result.main.options.data.missing.value}"))


def nesting(result: StudyResult, words: Wording) -> Answer:
    """Whether respondents were treated as independent."""
    data = result.main.options.data
    if data.cluster is None:
        return done(words, "independent")
    return done(words, "clusters", column=data.cluster)
