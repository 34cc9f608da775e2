"""Standard errors and intervals of a fit from bootstrap draws: `ts.fit(..., bootstrap=1000, seed=1)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.distributions import normal_tails
from trustsem.fitting.interval_request import draw_faults, seed_faults
from trustsem.fitting.words import word
from trustsem.inference.information import ParameterCovariance
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of

if TYPE_CHECKING:
    from trustsem.fitting.bootstrap import Bootstrap
    from trustsem.fitting.result import Fit

BOOTSTRAP = "bootstrap"
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class ResampleOptions:
    """Draws that a fit's standard errors come from."""

    n: int
    seed: int | None


def resample_options(options: Mapping[str, Any]) -> ResampleOptions | None:
    """Return the draws that a fit is asked for; None for a fit without."""
    n = options.get("bootstrap")
    if n is None and word(options.get("se") or "") != BOOTSTRAP:
        return None
    return ResampleOptions(_DRAWS if n is None else n, options.get("seed"))


def resample_faults(options: Mapping[str, Any]) -> list[str]:
    """Return what speaks against the options of draws."""
    n, seed, se = options.get("bootstrap"), options.get("seed"), options.get("se")
    faults = []
    if n is not None:
        faults += draw_faults(n, None, name="bootstrap")
    if n is not None and se is not None and word(se) != BOOTSTRAP:
        faults.append(f'bootstrap gives standard errors from draws, not se="{se}": leave one of them out.')
    if seed is not None and resample_options(options) is None:
        faults.append("seed: nothing in this fit is random. Leave it out, or give bootstrap.")
    else:
        faults += seed_faults(seed)
    return faults


def with_bootstrap_errors(fit: Fit) -> Fit:
    """Return the fit with the covariance matrix of its estimates in bootstrap draws.

    A fit that did not converge stays as it is, and a finding says so.

    Raises:
        UsageError: a fit that cannot be bootstrapped.
    """
    from trustsem.fitting.bootstrap import bootstrap_fit

    wanted = fit.options.resample
    if wanted is None:
        return fit
    if not fit.converged:
        return fit.rebuilt(fit.fitted, None, (_SKIPPED,))
    drawn = bootstrap_fit(fit, wanted.n, wanted.seed)
    theta = drawn.raw.theta[drawn.raw.ledger.used]
    matrix = np.cov(theta, rowvar=False).reshape(theta.shape[1], theta.shape[1]) if len(theta) > 1 else None
    covariance = ParameterCovariance(matrix, fit.fitted.covariance.condition, ())
    findings = (*drawn.findings, *_singular(len(theta), fit.fitted.table.n_parameters))
    return fit.rebuilt(replace(fit.fitted, covariance=covariance), drawn, findings)


def _singular(n_draws: int, n_parameters: int) -> tuple[Finding, ...]:
    """Return the finding on a covariance matrix of fewer draws than parameters."""
    if n_draws > n_parameters:
        return ()
    return (
        Finding(
            "bootstrap-singular",
            Severity.WARNING,
            f"{count_of(n_draws, 'draw')} do not determine the covariance matrix of {n_parameters} estimates: it is "
            "singular, and Wald tests of several parameters mean nothing.",
            remedy="Use many more draws than parameters.",
        ),
    )


_SKIPPED = Finding(
    "bootstrap-skipped",
    Severity.WARNING,
    "The fit did not converge: there are no bootstrap standard errors.",
)


def bootstrap_estimates(frame: pd.DataFrame, drawn: Bootstrap) -> pd.DataFrame:
    """Return estimates with standard errors, z and percentile intervals from draws (lavaan's se = "bootstrap")."""
    own = drawn.intervals("percentile")
    z = np.asarray(own["est"] / own["se"], dtype=np.float64)
    limits = {"ci_lower": own["ci_lower"], "ci_upper": own["ci_upper"]}
    return frame.assign(se=own["se"], z=z, pvalue=normal_tails(z), **limits)
