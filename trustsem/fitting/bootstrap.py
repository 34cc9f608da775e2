"""Bootstrap of a fit: draws, their ledger, and intervals for parameters, definitions, standardised values, effects."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.errors import UsageError
from trustsem.fitting.data_options import Missing
from trustsem.fitting.draw_findings import draw_findings
from trustsem.fitting.draw_sources import moment_maker, sampler_of, weighs_by_group
from trustsem.fitting.drawn import DrawnFit, require_draws, seed_or_new
from trustsem.fitting.words import word
from trustsem.moments.linalg import one_blas_thread
from trustsem.records import Finding
from trustsem.resample import (
    BootstrapDraws,
    DrawKind,
    DrawPolicy,
    Workers,
    make_refit,
    make_workers,
    raw_cases,
    run_draws,
    run_every,
)
from trustsem.resample.run import Progress
from trustsem.resample.samplers import LeaveOneOut
from trustsem.resample.store import DrawFile, fingerprint, seed_in
from trustsem.suggestions import count_of

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.bootstrap/1"


def bootstrap_fit(
    fit: Fit,
    n: int,
    seed: int | None,
    policy: str = "drop",
    *,
    kind: str = "nonparametric",
    workers: int | None = None,
    scheduler: str | None = None,
    resume: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Bootstrap:
    """Bootstrap a fit.

    Args:
        fit: A converged fit of rows.
        n: Draws, at least 2.
        seed: A whole number; drawn and recorded when None.
        policy: "drop", "keep" or "redraw".
        kind: "nonparametric", "parametric" or "bollen_stine".
        workers: Processes of this machine; -1: one per core.
        scheduler: Address of a Dask scheduler.
        resume: File that keeps draws; those it has are not computed again.
        progress: Called with draws done and wanted.

    Raises:
        UsageError: options that cannot be honoured.
        SchedulerError: workers that cannot be reached, or that die.
    """
    message = "The bootstrap cannot be run."
    require_draws(n, seed, message)
    chosen_policy, chosen_kind = _choices(policy, kind, message)
    _require_possible(fit)
    where = make_workers(workers, scheduler)
    path = None if resume is None else Path(resume)
    if seed is None and path is not None:
        seed = seed_in(path)
    seed = seed_or_new(seed)
    sampler = sampler_of(fit, chosen_kind, seed)
    store = None if path is None else DrawFile(path, fingerprint(fit.fitted, f"{chosen_kind.value} {seed}"), seed)
    with one_blas_thread():
        draws = run_draws(
            make_refit(fit.fitted, sampler, moment_maker(fit)),
            fit.fitted.estimate.objective.layout,
            n,
            seed,
            chosen_policy,
            workers=where,
            progress=progress,
            store=store,
        )
    if not draws.ledger.used.any():
        raise _none_usable(draws)
    return Bootstrap(fit, draws, chosen_policy, chosen_kind, n, where)


def _choices(policy: str, kind: str, message: str) -> tuple[DrawPolicy, DrawKind]:
    faults = []
    for name, value, allowed in (("policy", policy, DrawPolicy), ("kind", kind, DrawKind)):
        values = [option.value for option in allowed]
        if word(value) not in values:
            faults.append(f"{name}={value!r} is unknown. Allowed: {', '.join(values)}.")
    if faults:
        raise UsageError(message, faults=faults, code="draws")
    return DrawPolicy(word(policy)), DrawKind(word(kind))


def _none_usable(draws: BootstrapDraws) -> UsageError:
    return UsageError(
        f"None of the {count_of(len(draws.ledger.used), 'draw')} can be used: "
        f"{int(np.count_nonzero(~draws.ledger.converged))} did not converge.",
        remedy='Look at the fit itself; policy="keep" uses draws that are not admissible.',
        code="no-usable-draws",
    )


def _require_possible(fit: Fit) -> None:
    if not fit.converged:
        raise UsageError("The fit did not converge: there is nothing to bootstrap.", code="not-converged")
    if fit.fitted.table.ordinal is None and fit.options.data.missing is Missing.PAIRWISE:
        raise UsageError(
            'The bootstrap of missing="pairwise" is not available.',
            remedy='Use missing="fiml" or "listwise".',
            code="bootstrap",
        )


@dataclass(frozen=True, slots=True)
class BootstrapTest:
    """Chi-square of the sample among those of draws in which the model holds.

    Args:
        statistic: n F of the sample, or (n - G) F.
        df: Degrees of freedom of the model; the p-value does not need them.
        pvalue: Share of draws with at least that statistic; 0 means less than 1 / n_draws.
        n_draws: Draws that converged.
        mean: Mean of their statistics.
        kind: Where the draws come from.
    """

    statistic: float
    df: int
    pvalue: float
    n_draws: int
    mean: float
    kind: DrawKind

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**dataclasses.asdict(self), "kind": self.kind.value}


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap(DrawnFit):
    """Draws of a bootstrap and what they say. Made by `Fit.bootstrap`."""

    policy: DrawPolicy
    kind: DrawKind
    n_wanted: int
    workers: Workers  # that made the draws, and refit without one respondent each for BCa

    def __repr__(self) -> str:
        return f"<Bootstrap: {self.n_used} of {count_of(len(self.raw.ledger.used), 'draw')} used, seed {self.seed}>"

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row per draw: draw, converged, iterations, admissible, boundary, used."""
        ledger = self.raw.ledger
        return pd.DataFrame(
            {
                "draw": ledger.number,
                "converged": ledger.converged,
                "iterations": ledger.iterations,
                "admissible": ledger.admissible,
                "boundary": ledger.boundary,
                "used": ledger.used,
            }
        )

    @cached_property
    def _jackknife(self) -> BootstrapDraws:
        fitted = self.fit.fitted
        sampler = LeaveOneOut(raw_cases(fitted), weighs_by_group(self.fit))
        refit = make_refit(fitted, sampler, moment_maker(self.fit))
        with one_blas_thread():
            layout = fitted.estimate.objective.layout
            return run_every(refit, layout, sampler.n_units, self.workers)

    def fit_test(self) -> BootstrapTest:
        """Return the test of the model against the chi-squares of draws in which it holds.

        The p-value is the share of draws with a chi-square of at least the sample's (Bollen & Stine 1992); draws that
        converged count, admissible or not.

        Raises:
            UsageError: respondents were redrawn as they are: the model does not hold among them.
        """
        if self.kind is DrawKind.NONPARAMETRIC:
            raise UsageError(
                "Draws of respondents as they are do not say how chi-square is distributed where the model holds.",
                remedy='Use kind="bollen_stine" or kind="parametric".',
                code="draws",
            )
        estimate, report = self.fit.fitted.estimate, self.fit.fitted.identification
        observed = 2 * self.fit.fitted.moments.n_effective * estimate.value
        drawn = self.raw.statistic[self.raw.ledger.converged]
        return BootstrapTest(
            observed, report.df, float(np.mean(drawn >= observed)), len(drawn), float(drawn.mean()), self.kind
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        return draw_findings(self.raw.ledger, self.policy, None if not self.raw.interrupted else self.n_wanted)

    def to_dict(self) -> dict[str, Any]:
        """Return seed, policy, counts, percentile intervals and findings as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "kind": self.kind.value,
            "policy": self.policy.value,
            "n_draws": len(self.raw.ledger.used),
            "n_used": self.n_used,
            "n_converged": int(np.count_nonzero(self.raw.ledger.converged)),
            "n_admissible": int(np.count_nonzero(self.raw.ledger.admissible)),
            "interrupted": self.raw.interrupted,
            "fit_test": None if self.kind is DrawKind.NONPARAMETRIC else self.fit_test().to_dict(),
            "intervals": records(self.intervals()),
            "findings": [finding.to_dict() for finding in self.findings],
        }
