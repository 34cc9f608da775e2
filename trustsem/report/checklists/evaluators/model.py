"""Items about the model: where it comes from, and what is in it."""

from __future__ import annotations

from collections import Counter

from trustsem.report.cells import count
from trustsem.report.checklists.evaluators.answers import ask_author, done, not_applicable
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.theory.types import STRENGTH


def ground(result: StudyResult, words: Wording) -> Answer:
    """What the model rests on; of a model of one's own, only the author knows."""
    library = result.main.model.library
    if library is None or not library.sources:
        return ask_author(result, words)
    return done(words, "ground", model=result.fits[0].name, sources=", ".join(library.sources))


def directions(result: StudyResult, words: Wording) -> Answer:
    """On what ground each arrow points where it points."""
    library = result.main.model.library
    if library is None or not library.path_basis:
        return ask_author(result, words)
    found = Counter(path.basis for path in library.path_basis)
    parts = [words(f"checklists.basis.{basis.value}", n=found[basis]) for basis in STRENGTH if found[basis]]
    return done(words, "text", text=words("checklists.join").join(parts))


def original(_result: StudyResult, words: Wording) -> Answer:
    """Whether the model that is interpreted is the one that was specified."""
    return done(words, "original")


def strategy(result: StudyResult, words: Wording) -> Answer:
    """Whether one model was fitted, or several side by side."""
    return done(words, "one_model") if len(result.fits) == 1 else done(words, "models", n=len(result.fits))


def specification(result: StudyResult, words: Wording) -> Answer:
    """Variables and free parameters."""
    table = result.main.fitted.table
    return done(
        words,
        "specification",
        latent=len(table.variables.latent),
        observed=len(table.variables.observed),
        free=table.n_free,
        equalities=len(table.equalities),
    )


def degrees(result: StudyResult, words: Wording) -> Answer:
    """Degrees of freedom, and the numbers that they follow from."""
    df, parameters = int(result.main.fit_measures["df"] or 0), result.main.fitted.table.n_parameters
    return done(words, "degrees", moments=count(df + parameters), parameters=parameters, df=count(df))


def identification(_result: StudyResult, words: Wording) -> Answer:
    """How identification was verified: a model that is not identified is refused before it is fitted."""
    return done(words, "identification")


def means(result: StudyResult, words: Wording) -> Answer:
    """Whether means are part of the model."""
    return done(words, "with_means" if result.main.fitted.table.meanstructure else "without_means")


def groups(result: StudyResult, words: Wording) -> Answer:
    """Parameters that were compared between groups."""
    if result.invariance is not None and result.spec.invariance is not None:
        return done(words, "groups", column=result.spec.invariance.group, n=len(result.invariance.group_labels))
    if result.main.group_labels:
        column = result.main.options.data.group or ""
        return done(words, "groups", column=column, n=len(result.main.group_labels))
    return not_applicable(words, "one_group")
