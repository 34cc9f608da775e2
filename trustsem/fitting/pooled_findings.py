"""What a reader of pooled results must know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trustsem.fitting.result import Fit
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened

if TYPE_CHECKING:
    from trustsem.fitting.pooled import PooledFit


def findings_of_fits(fits: Sequence[Fit]) -> list[Finding]:
    """Return each finding of the fits once, with the number of data sets that it holds for."""
    first: dict[tuple[str, str | None], Finding] = {}
    messages: dict[tuple[str, str | None], list[str]] = {}
    for fit in fits:
        for finding in {(found.code, found.parameter): found for found in fit.findings}.values():
            key = (finding.code, finding.parameter)
            first.setdefault(key, finding)
            messages.setdefault(key, []).append(finding.message)
    result = []
    for key, finding in first.items():
        said = messages[key]
        everywhere = len(said) == len(fits)
        if everywhere and len(set(said)) == 1:
            result.append(finding)
        else:
            where = "all" if everywhere else f"{len(said)} of {len(fits)}"
            note = f" (In {where} completed data sets; the numbers are those of the first of them.)"
            result.append(replace(finding, message=f"{finding.message}{note}"))
    return result


def exclusion_finding(failed: Sequence[int], reason: str, n_given: int) -> Finding:
    """Return the finding on data sets that are left out of the pool."""
    return Finding(
        "imputations-excluded",
        Severity.WARNING,
        f"{len(failed)} of {n_given} completed data sets are left out because {reason}: number "
        f"{shortened(map(str, failed), 12)}.",
        remedy="A model that fails in some completed data sets asks much of the data: simplify it, or look at these.",
    )


def alignment_findings(turned: Sequence[str], opposed: Sequence[str]) -> list[Finding]:
    """Return findings on factors whose direction differed between data sets."""
    findings = []
    if turned:
        findings.append(
            Finding(
                "factor-turned",
                Severity.INFO,
                f"The sign of {shortened(turned)} is arbitrary and differed between completed data sets; it was made "
                "the same before averaging.",
            )
        )
    if opposed:
        findings.append(
            Finding(
                "factor-opposed",
                Severity.ERROR,
                f"Loadings of {shortened(opposed)} have opposite signs in different completed data sets: averages over "
                "them mean nothing.",
                remedy="Set the scale of the factor by a marker item instead of its variance.",
            )
        )
    return findings


def pooling_findings(fit: PooledFit) -> list[Finding]:
    """Return what the pooled numbers themselves tell."""
    return [*_missing_information(fit), *_odd_tests(fit)]


def _missing_information(fit: PooledFit) -> list[Finding]:
    estimates = fit.estimates
    fractions = np.asarray(estimates["fmi"], dtype=np.float64)
    if np.isnan(fractions).all():
        return []
    position = int(np.nanargmax(fractions))
    largest = float(fractions[position])
    if largest == 0:
        return [
            Finding(
                "nothing-imputed",
                Severity.WARNING,
                "The completed data sets are the same in the model's variables: pooling adds nothing.",
                remedy="Check that the imputed files were handed in, and not one of them several times.",
            )
        ]
    wanted = math.ceil(100 * largest)
    if fit.n_imputations >= wanted:
        return []
    row = estimates.iloc[position]
    name = f"{row['lhs']}{row['op']}{row['rhs']}"
    return [
        Finding(
            "few-imputations",
            Severity.INFO,
            f"The largest fraction of missing information is {largest:.2f} ({name}): with {fit.n_imputations} "
            f"data sets, standard errors and p-values would still move with another seed.",
            remedy=f"Use {count_of(wanted, 'imputation')} or more (White, Royston & Wood 2011).",
            parameter=name,
        )
    ]


def _odd_tests(fit: PooledFit) -> list[Finding]:
    findings = []
    every = dict(fit.model_tests.tests)
    if fit.model_tests.scaled is not None:
        every["D2 scaled"] = fit.model_tests.scaled.test
    for name, test in every.items():
        if test.statistic < 0 or test.raw_riv < 0:
            what = (
                "is negative and counts as 0" if test.statistic < 0 else "has a negative increase in variance, set to 0"
            )
            findings.append(
                Finding(
                    "pooled-test-out-of-range",
                    Severity.WARNING,
                    f"The pooled test {name} {what}: the chi-squares of the data sets differ more than it allows for.",
                    remedy="Rely on D4, which cannot be negative, or use more imputations.",
                    parameter=name,
                )
            )
    return findings
