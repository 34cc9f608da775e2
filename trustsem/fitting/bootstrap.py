"""Bootstrap of a fit: draws, their ledger, and intervals for parameters, definitions, standardised values, effects."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects.draws import effect_draws
from trustsem.errors import UsageError
from trustsem.fitting.words import word
from trustsem.moments import Cases, SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.pipeline import prepare_moments
from trustsem.records import Finding, Severity
from trustsem.resample import (
    BootstrapDraws,
    DrawPolicy,
    IntervalKind,
    bootstrap_limits,
    jackknife_draws,
    run_bootstrap,
)
from trustsem.resample.quantities import row_draws, standardized_draws
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
    faults = []
    if not isinstance(n, int) or isinstance(n, bool) or n < 2:
        faults.append(f"n must be a whole number of at least 2, not {n!r}.")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        faults.append(f"seed must be a whole number of at least 0, not {seed!r}.")
    if word(policy) not in {kind.value for kind in DrawPolicy}:
        faults.append(f"policy={policy!r} is unknown. Allowed: {', '.join(kind.value for kind in DrawPolicy)}.")
    if faults:
        raise UsageError("The bootstrap cannot be run.", faults=faults, code="bootstrap")
    _require_possible(fit)
    used_seed = secrets.randbelow(2**31) if seed is None else seed
    with blas_threads_for(len(fit.fitted.table.variables.observed)):
        draws = run_bootstrap(
            fit.fitted, n, used_seed, DrawPolicy(word(policy)), make_moments=_moments_of_draws(fit), progress=progress
        )
    if not draws.ledger.used.any():
        raise UsageError(
            f"None of the {count_of(len(draws.ledger.used), 'draw')} can be used: "
            f"{int(np.count_nonzero(~draws.ledger.converged))} did not converge.",
            remedy='Look at the fit itself; policy="keep" uses draws that are not admissible.',
            code="no-usable-draws",
        )
    return Bootstrap(fit, draws, n, DrawPolicy(word(policy)))


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


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Draws of a bootstrap and what they say. Made by `Fit.bootstrap`."""

    fit: Fit
    raw: BootstrapDraws
    n_wanted: int
    policy: DrawPolicy

    def __repr__(self) -> str:
        return f"<Bootstrap: {self.n_used} of {count_of(len(self.raw.ledger.used), 'draw')} used, seed {self.seed}>"

    @property
    def seed(self) -> int:
        """Seed of the draws: with it the same draws come again."""
        return self.raw.seed

    @property
    def n_used(self) -> int:
        """Draws that enter intervals."""
        return int(np.count_nonzero(self.raw.ledger.used))

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
    def draws(self) -> pd.DataFrame:
        """Value of every row of the model and every definition in the draws that are used; index: number of the draw."""
        table = self.fit.fitted.table
        names = [row.key for row in table.rows] + [definition.name for definition in table.definitions]
        used = self.raw.ledger.used
        return pd.DataFrame(
            self._values[used], columns=names, index=pd.Index(self.raw.ledger.number[used], name="draw")
        )

    @cached_property
    def _values(self) -> FloatArray:
        return row_draws(self.fit.fitted.table, self.raw.theta, self.raw.stacks)

    @cached_property
    def _jackknife(self) -> BootstrapDraws:
        with blas_threads_for(len(self.fit.fitted.table.variables.observed)):
            return jackknife_draws(self.fit.fitted, make_moments=_moments_of_draws(self.fit))

    def intervals(self, kind: str = "percentile", *, level: float = 0.95, standardized: bool = False) -> pd.DataFrame:
        """Return bootstrap standard errors, bias and intervals of every row and definition.

        Args:
            kind: "percentile", "basic", "normal", "bias_corrected" or "bca".
            level: Confidence level.
            standardized: Of the standardised values (all variables).

        Returns:
            Columns lhs, op, rhs, group, label, est, se, bias, ci_lower, ci_upper; fixed parameters have NaN in se.

        Raises:
            UsageError: another kind or level.
        """
        chosen = _kind(kind, level)
        frame = self.fit.standardized() if standardized else self.fit.estimates
        estimate = np.asarray(frame["est_std" if standardized else "est"], dtype=np.float64)
        table = self.fit.fitted.table

        def values_of(draws: BootstrapDraws) -> FloatArray:
            values = self._values if draws is self.raw else row_draws(table, draws.theta, draws.stacks)
            return standardized_draws(table, values, draws.stacks) if standardized else values

        keys = ["lhs", "op", "rhs", "group", "label"]
        return self._frame(pd.DataFrame(frame[keys]), estimate, values_of, chosen, level)

    def effects(
        self,
        x: str | Sequence[str] | None = None,
        y: str | Sequence[str] | None = None,
        through: str | Sequence[str] | None = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
        standardized: bool = False,
    ) -> pd.DataFrame:
        """Return effects with bootstrap intervals, in the rows of `Fit.effects`.

        Draws whose loop does not settle have no total effects: they are left out of these and counted in a finding.

        Returns:
            Columns x, y, effect, path, group, est, se, bias, ci_lower, ci_upper, n_draws.
        """
        chosen = _kind(kind, level)
        rows = self.fit.decompose(x, y, through).rows
        names = (*self.fit.fitted.table.variables.observed, *self.fit.fitted.table.variables.latent)
        keys = pd.DataFrame(
            {
                "x": [row.x for row in rows],
                "y": [row.y for row in rows],
                "effect": [row.kind.value for row in rows],
                "path": [" > ".join(row.path) for row in rows],
                "group": [row.group for row in rows],
            }
        )
        estimate = np.array([row.std_all if standardized else row.est for row in rows])

        def values_of(draws: BootstrapDraws) -> FloatArray:
            found = effect_draws(rows, names, draws.stacks)
            return found.std_all if standardized else found.est

        frame = self._frame(keys, estimate, values_of, chosen, level)
        frame["n_draws"] = np.isfinite(values_of(self.raw)[self.raw.ledger.used]).sum(axis=0)
        return frame

    def _frame(
        self,
        keys: pd.DataFrame,
        estimate: FloatArray,
        values_of: Callable[[BootstrapDraws], FloatArray],
        kind: IntervalKind,
        level: float,
    ) -> pd.DataFrame:
        draws = values_of(self.raw)[self.raw.ledger.used]
        jackknife = None
        if kind is IntervalKind.BCA:
            without_one = self._jackknife
            jackknife = values_of(without_one)[without_one.ledger.converged]
        lower, upper = bootstrap_limits(kind, draws, estimate, level=level, jackknife=jackknife)
        with np.errstate(invalid="ignore"):
            spread = np.array([_spread(column) for column in draws.T])
            centre = np.array([_mean(column) for column in draws.T])
        fixed = spread <= 1e-12 * np.maximum(np.abs(estimate), 1.0)
        return keys.assign(
            est=estimate,
            se=np.where(fixed, np.nan, spread),
            bias=np.where(fixed, 0.0, centre - estimate),
            ci_lower=np.where(fixed, estimate, lower),
            ci_upper=np.where(fixed, estimate, upper),
        ).reset_index(drop=True)

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


def _kind(kind: str, level: float) -> IntervalKind:
    allowed = {option.value: option for option in IntervalKind}
    if word(kind) not in allowed:
        raise UsageError(f"kind={kind!r} is unknown.", remedy=f"Use one of: {', '.join(allowed)}.", code="interval")
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level!r}.", remedy="Use 0.95.", code="interval")
    return allowed[word(kind)]


def _spread(column: FloatArray) -> float:
    values = column[np.isfinite(column)]
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _mean(column: FloatArray) -> float:
    values = column[np.isfinite(column)]
    return float(values.mean()) if len(values) else float("nan")
