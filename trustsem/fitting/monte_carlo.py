"""Monte-Carlo intervals: parameters drawn from their normal approximation, quantities computed in each draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from trustsem.errors import UsageError
from trustsem.fitting.drawn import DrawnFit, require_draws, seed_or_new
from trustsem.records import Finding, Severity
from trustsem.resample import IntervalKind
from trustsem.resample.batch import Stack
from trustsem.resample.monte_carlo import monte_carlo_draws
from trustsem.suggestions import shortened

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.monte_carlo/1"


def monte_carlo_fit(fit: Fit, n: int, seed: int | None) -> MonteCarlo:
    """Draw the parameters of a fit from a normal distribution around its estimates.

    Args:
        fit: A converged fit with standard errors.
        n: Draws, at least 2.
        seed: A whole number; drawn and recorded when None.

    Raises:
        UsageError: options that cannot be honoured, or a fit without a covariance matrix of its estimates.
    """
    require_draws(n, seed, "Monte-Carlo intervals cannot be computed.")
    if not fit.converged:
        raise UsageError("The fit did not converge: there is nothing to draw.", code="not-converged")
    if fit.fitted.covariance.matrix is None:
        raise UsageError(
            "Monte-Carlo draws need the covariance matrix of the estimates, and this fit has none.",
            remedy="Fit with standard errors; where the model is not identified the findings say why there are none.",
            code="no-covariance",
        )
    return MonteCarlo(fit, monte_carlo_draws(fit.fitted, n, seed_or_new(seed)))


@dataclass(frozen=True, eq=False, repr=False)
class MonteCarlo(DrawnFit):
    """Draws of the parameters from their normal approximation. Made by `Fit.monte_carlo`.

    Intervals take the skew of products and ratios of parameters into account, not that of the parameters themselves
    (MacKinnon, Lockwood & Williams 2004; Preacher & Selig 2012).
    """

    kinds: ClassVar[tuple[IntervalKind, ...]] = (IntervalKind.PERCENTILE,)

    def __repr__(self) -> str:
        return f"<MonteCarlo: {self.n_used:,} draws, seed {self.seed}>"

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        return (*self._improper(), *self._bent())

    def _bent(self) -> tuple[Finding, ...]:
        equalities = self.fit.fitted.table.equalities
        if not equalities:
            return ()
        return (
            Finding(
                "monte-carlo-constraints",
                Severity.WARNING,
                f"Draws keep nonlinear constraints ({shortened([one.text for one in equalities])}) to the first order "
                "only: quantities that depend on them are off where estimates are uncertain.",
                remedy="Use a bootstrap, whose draws keep the constraints.",
            ),
        )

    def _improper(self) -> tuple[Finding, ...]:
        improper = self.raw.compute(lambda _theta, stacks: _has_improper_variance(stacks)[:, None])
        count = int(np.count_nonzero(improper))
        if not count:
            return ()
        return (
            Finding(
                "monte-carlo-inadmissible",
                Severity.WARNING if count > len(improper) / 20 else Severity.INFO,
                f"{count} of {len(improper):,} Monte-Carlo draws give a variable no positive variance: standardised "
                "values of these do not exist and are left out.",
                remedy="Compare with bootstrap intervals.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return seed, count, intervals and findings as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "n_draws": len(self.raw.theta),
            "intervals": records(self.intervals()),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def _has_improper_variance(stacks: Sequence[Stack]) -> np.ndarray:
    improper = np.zeros(len(stacks[0].paths), dtype=bool)
    for stack in stacks:
        improper |= ~(np.diagonal(stack.total_cov, axis1=1, axis2=2) > 0).all(axis=1)
    return improper
