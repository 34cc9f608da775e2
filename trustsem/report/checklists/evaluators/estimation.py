"""Items about estimates, and how well the model fits."""

from __future__ import annotations

from trustsem.fitting.bootstrap_errors import BOOTSTRAP
from trustsem.fitting.measures_to_read import measures_to_read
from trustsem.inference.chisquares import TestKind
from trustsem.report.cells import count, interval, number, pvalue
from trustsem.report.checklists.evaluators.answers import done, not_applicable, not_done
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

_NORMAL = ("standard", "first_order")  # errors that hold for normal answers only


def software(result: StudyResult, words: Wording) -> Answer:
    """Name and version."""
    versions = result.manifest.versions
    return done(words, "software", trustsem=versions["trustsem"], python=versions["python"])


def estimator(result: StudyResult, words: Wording) -> Answer:
    """Estimator, standard errors, test."""
    given = result.main.options.given
    tests = words("checklists.join").join(words(f"checklists.tests.{kind}") for kind in given["test"])
    errors = words(f"checklists.errors.{given['se']}")
    return done(words, "estimator", estimator=given["estimator"], errors=errors, test=tests)


def assumptions(result: StudyResult, words: Wording) -> Answer:
    """Whether errors and test rest on normal answers."""
    given = result.main.options.given
    if result.main.fitted.table.ordinal is not None:
        return done(words, "ordinal_answers")
    robust = given["se"] not in (*_NORMAL, "none") and TestKind.STANDARD.value not in given["test"]
    if given["se"] == BOOTSTRAP or robust:
        return done(words, "robust")
    return not_done(words, "normality")


def convergence(result: StudyResult, words: Wording) -> Answer:
    """Whether the optimiser reached a minimum."""
    estimate = result.main.fitted.estimate
    return done(words, "converged" if estimate.converged else "not_converged", n=count(estimate.iterations))


def admissibility(result: StudyResult, words: Wording) -> Answer:
    """Whether the solution could come from a population."""
    return done(words, "admissible" if result.main.admissible else "inadmissible")


def fit_indices(result: StudyResult, words: Wording) -> Answer:
    """Global fit, with the interval of RMSEA."""
    measures = measures_to_read(result.main)
    pairs = [(words(f"fit.{name}"), number(measures.get(name))) for name in ("cfi", "tli", "srmr")]
    limits = interval(measures.get("rmsea_ci_lower"), measures.get("rmsea_ci_upper"))
    p = pvalue(measures.get("pvalue"))
    return done(
        words,
        "fit",
        chisq=number(measures.get("chisq")),
        df=count(measures.get("df")),
        p=p if p.startswith("<") else f"= {p}",
        rmsea=number(measures.get("rmsea")),
        limits=limits,
        rest=words("checklists.join").join(f"{name} {value}" for name, value in pairs),
    )


def local_fit(result: StudyResult, words: Wording) -> Answer:
    """Largest residual correlation."""
    frame = result.main.residuals("cor").largest(1)
    if frame.empty:
        return not_applicable(words, "saturated")
    row = frame.to_dict("records")[0]
    return done(words, "residual", value=number(row["residual"]), pair=f"{row['lhs']}, {row['rhs']}")


def comparison(result: StudyResult, words: Wording) -> Answer:
    """Alternative models beside this one."""
    if len(result.fits) == 1:
        return not_done(words, "one_model")
    if result.comparison is None:
        return not_done(words, "skipped")
    return done(words, "compared", names=", ".join(named.name for named in result.fits))


def estimates(result: StudyResult, words: Wording) -> Answer:
    """Paths with standard errors and standardised values."""
    if not result.paths:
        return not_applicable(words, "no_paths")
    with_error = sum(1 for row in result.paths if row.se == row.se and row.se > 0)
    return done(words, "estimates", n=len(result.paths), errors=with_error)


def equivalent(_result: StudyResult, words: Wording) -> Answer:
    """Models that fit equally well."""
    return not_done(words, "equivalent")
