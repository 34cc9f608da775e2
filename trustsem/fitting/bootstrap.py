"""Bootstrap of a fit: draws, their ledger, and intervals for parameters, definitions, standardised values, effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.fitting.drawn import DrawnFit, require_draws, seed_or_new
from trustsem.fitting.words import word
from trustsem.moments import Cases, SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline import prepare_moments
from trustsem.records import Finding, Severity
from trustsem.resample import (
    BootstrapDraws,
    DrawPolicy,
    jackknife_draws,
    run_bootstrap,
)
from trustsem.resample.run import MakeMoments, is_batched
from trustsem.suggestions import count_of

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]

SCHEMA = "trustsem.bootstrap/1"
_FEW_DRAWS = 1000  # below it the limits of 95 % intervals are rough (Davison & Hinkley 1997, sec. 5.2)


def bootstrap_fit(
    fit: Fit, n: int, seed: int | None, policy: str, progress: Callable[[int, int], None] | None = None
) -> Bootstrap:
    """Bootstrap a fit.

    Args:
        fit: A converged fit of rows.
        n: Draws, at least 2.
        seed: A whole number; drawn and recorded when None.
        policy: "drop", "keep" or "redraw".
        progress: Called with draws done and wanted.

    Raises:
        UsageError: options that cannot be honoured.
    """
    message = "The bootstrap cannot be run."
    require_draws(n, seed, message)
    if word(policy) not in {kind.value for kind in DrawPolicy}:
        allowed = ", ".join(kind.value for kind in DrawPolicy)
        raise UsageError(message, faults=[f"policy={policy!r} is unknown. Allowed: {allowed}."], code="draws")
    _require_possible(fit)
    with blas_threads_for(len(fit.fitted.table.variables.observed)):
        draws = run_bootstrap(
            fit.fitted,
            n,
            seed_or_new(seed),
            DrawPolicy(word(policy)),
            make_moments=_moments_of_draws(fit),
            progress=progress,
        )
    if not draws.ledger.used.any():
        raise UsageError(
            f"None of the {count_of(len(draws.ledger.used), 'draw')} can be used: "
            f"{int(np.count_nonzero(~draws.ledger.converged))} did not converge.",
            remedy='Look at the fit itself; policy="keep" uses draws that are not admissible.',
            code="no-usable-draws",
        )
    return Bootstrap(fit, draws, DrawPolicy(word(policy)))


def _require_possible(fit: Fit) -> None:
    if not fit.converged:
        raise UsageError("The fit did not converge: there is nothing to bootstrap.", code="not-converged")
    missing = fit.options.data.missing
    if missing.is_two_stage or missing.value == "pairwise":
        raise UsageError(
            f'The bootstrap of missing="{missing.value}" is not available.',
            remedy='Use missing="fiml" or "listwise".',
            code="bootstrap",
        )
    if fit.fitted.table.relations:
        raise UsageError(
            "The bootstrap of models with nonlinear constraints, inequalities or bounds is not available.",
            remedy="Use the delta-method intervals of fit.estimates.",
            code="bootstrap",
        )
    if fit.fitted.table.ordinal is not None:
        raise UsageError(
            "The bootstrap of ordinal items is not available.",
            remedy="Use the robust standard errors and intervals of fit.estimates.",
            code="bootstrap",
        )


def _moments_of_draws(fit: Fit) -> MakeMoments | None:
    """Return how moments are made of the rows of a draw; None where all draws are refitted at once."""
    if is_batched(fit.fitted):
        return None
    from trustsem.fitting.sample import sample_moments

    fitted, missing = fit.fitted, fit.options.data.missing
    names, labels = fitted.table.variables.observed, fitted.table.group_labels
    discrepancy, likelihood = fitted.options.discrepancy, fitted.options.likelihood

    def make(cases: Sequence[Cases]) -> SampleMoments:
        moments, _ = sample_moments(cases, names, labels, missing)
        return prepare_moments(fitted.table, moments, discrepancy, likelihood)

    return make


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap(DrawnFit):
    """Draws of a bootstrap and what they say. Made by `Fit.bootstrap`."""

    policy: DrawPolicy

    def __repr__(self) -> str:
        return f"<Bootstrap: {self.n_used} of {count_of(len(self.raw.ledger.used), 'draw')} used, seed {self.seed}>"

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row per draw: draw, converged, iterations, admissible, used."""
        ledger = self.raw.ledger
        return pd.DataFrame(
            {
                "draw": ledger.number,
                "converged": ledger.converged,
                "iterations": ledger.iterations,
                "admissible": ledger.admissible,
                "used": ledger.used,
            }
        )

    @cached_property
    def _jackknife(self) -> BootstrapDraws:
        with blas_threads_for(len(self.fit.fitted.table.variables.observed)):
            return jackknife_draws(self.fit.fitted, make_moments=_moments_of_draws(self.fit))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        ledger = self.raw.ledger
        found = []
        failed = int(np.count_nonzero(~ledger.converged))
        improper = int(np.count_nonzero(ledger.converged & ~ledger.admissible))
        total = len(ledger.used)
        if failed:
            found.append(
                Finding(
                    "bootstrap-not-converged",
                    Severity.WARNING if failed > total / 20 else Severity.INFO,
                    f"{failed} of {count_of(total, 'bootstrap draw')} did not converge and are not used.",
                    remedy="Intervals describe the draws that did; many failures speak against the model.",
                )
            )
        if improper:
            word_used = "kept" if self.policy is DrawPolicy.KEEP else "not used"
            found.append(
                Finding(
                    "bootstrap-inadmissible",
                    Severity.WARNING if improper > total / 20 else Severity.INFO,
                    f"{improper} of {count_of(total, 'bootstrap draw')} have a negative variance or an improper "
                    f"covariance matrix of factors: {word_used} (policy {self.policy.value}).",
                    remedy="Compare the intervals of both policies where there are many.",
                )
            )
        if self.n_used < _FEW_DRAWS:
            found.append(
                Finding(
                    "bootstrap-few-draws",
                    Severity.INFO,
                    f"{self.n_used} draws: limits of intervals vary noticeably from seed to seed.",
                    remedy=f"Use {_FEW_DRAWS:,} draws or more for a report.",
                )
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return seed, policy, counts, percentile intervals and findings as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "policy": self.policy.value,
            "n_draws": len(self.raw.ledger.used),
            "n_used": self.n_used,
            "n_converged": int(np.count_nonzero(self.raw.ledger.converged)),
            "n_admissible": int(np.count_nonzero(self.raw.ledger.admissible)),
            "intervals": records(self.intervals()),
            "findings": [finding.to_dict() for finding in self.findings],
        }
