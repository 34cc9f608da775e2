"""Intervals of every kind for the same quantities, side by side: one bootstrap and one Monte-Carlo run serve all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import normal_quantile, normal_tails
from trustsem.effects import ParameterFunctions, delta_method, second_order_delta
from trustsem.errors import UsageError
from trustsem.fitting.drawn import DrawnFit, seed_or_new
from trustsem.fitting.interval_request import CiKind, IntervalRequest, Source
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding
from trustsem.resample.store import seed_in

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, slots=True)
class _Spread:
    """Standard errors, bias and limits by kind, from one source; draws that had a value where there are draws."""

    se: FloatArray
    bias: FloatArray | None
    limits: dict[CiKind, tuple[FloatArray, FloatArray]]
    n_draws: NDArray[np.intp] | None = None


@dataclass(frozen=True, eq=False)
class IntervalMaker:
    """Intervals that were asked for of any functions of the parameters of one fit.

    Args:
        fit: A converged fit.
        request: Which intervals.
        progress: Called with bootstrap draws done and wanted.
        given: Draws that are there already and serve instead of new ones.
    """

    fit: Fit
    request: IntervalRequest
    progress: Progress | None = None
    given: DrawnFit | None = None

    @cached_property
    def drawn(self) -> dict[Source, DrawnFit]:
        """The draws behind the intervals, by source."""
        request, fit = self.request, self.fit
        if self.given is not None:
            return dict.fromkeys(request.sources, self.given)
        wanted = [source for source in request.sources if source in (Source.BOOTSTRAP, Source.MONTE_CARLO)]
        if not wanted:
            return {}
        resume = request.bootstrap.resume
        known = None if resume is None or request.seed is not None else seed_in(Path(resume))
        seed = seed_or_new(request.seed if known is None else known)
        found: dict[Source, DrawnFit] = {}
        if Source.MONTE_CARLO in wanted:  # the quick one first: what it refuses should not wait for a bootstrap
            found[Source.MONTE_CARLO] = fit.monte_carlo(*_count(request), seed=seed)
        if Source.BOOTSTRAP in wanted:
            policy = request.policy.value
            found[Source.BOOTSTRAP] = fit.bootstrap(
                *_count(request), seed=seed, policy=policy, progress=self.progress, **request.bootstrap.given()
            )
        return found

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        return tuple(finding for drawn in self.drawn.values() for finding in drawn.findings)

    @property
    def seed(self) -> int | None:
        """Seed of the draws; None without draws."""
        return next((drawn.seed for drawn in self.drawn.values()), None)

    def columns(self, functions: ParameterFunctions, prefix: str = "") -> Columns:
        """Return standard errors, tests and limits as columns.

        One kind: se, bias, z, pvalue, ci_lower, ci_upper, n_draws, each where it exists. Several: se, z and pvalue are
        the delta method's; se_SOURCE, bias_SOURCE, n_draws_SOURCE of the others; ci_lower_KIND, ci_upper_KIND.

        Args:
            functions: The quantities.
            prefix: Of all names; with one, test and counts are left out.
        """
        request = self.request
        with blas_threads_for(len(self.fit.fitted.table.variables.observed)):
            spreads = {source: self._spread(source, functions) for source in request.sources}
            single = spreads[request.sources[0]] if len(request.kinds) == 1 else None
            main = single or spreads.get(Source.DELTA) or self._spread(Source.DELTA, functions)
        result: Columns = {"se": main.se}
        if single is not None and single.bias is not None:
            result["bias"] = single.bias
        if not prefix:
            tested = functions.values if main.n_draws is None else np.full_like(functions.values, np.nan)
            result |= _test(tested - (0.0 if main.bias is None else main.bias), main.se)
        for source, spread in spreads.items() if single is None else ():
            if source is not Source.DELTA:
                result |= _named(spread, f"_{source.value}", counts=not prefix)
        for kind in request.kinds:
            suffix = "" if single is not None else f"_{kind.value}"
            lower, upper = spreads[kind.source].limits[kind]
            result |= {f"ci_lower{suffix}": lower, f"ci_upper{suffix}": upper}
        if single is not None and single.n_draws is not None and not prefix:
            result["n_draws"] = single.n_draws
        return {f"{prefix}{name}": values for name, values in result.items()}

    def _spread(self, source: Source, functions: ParameterFunctions) -> _Spread:
        if source in (Source.BOOTSTRAP, Source.MONTE_CARLO):
            kinds = [kind for kind in self.request.kinds if kind.source is source]
            found = self.drawn[source].intervals_of(functions, [kind.of_draws for kind in kinds], self.request.level)
            limits = {kind: found.limits[kind.of_draws] for kind in kinds}
            return _Spread(found.se, found.bias, limits, found.n_draws)
        return self._second_order(functions) if source is Source.SECOND_ORDER else self._delta(functions)

    @property
    def _z(self) -> float:
        return normal_quantile((1 + self.request.level) / 2)

    def _delta(self, functions: ParameterFunctions) -> _Spread:
        theta, covariance = self.fit.fitted.estimate.theta, self.fit.fitted.covariance.matrix
        se = delta_method(functions.values, functions.jacobian_at(theta), covariance).standard_errors
        half = self._z * se
        return _Spread(se, None, {CiKind.DELTA: (functions.values - half, functions.values + half)})

    def _second_order(self, functions: ParameterFunctions) -> _Spread:
        theta, covariance = self.fit.fitted.estimate.theta, self.fit.fitted.covariance.matrix
        if covariance is None:
            raise UsageError(
                "Second-order intervals need the covariance matrix of the estimates, and this fit has none.",
                remedy="Fit with standard errors; the findings say why there are none if they were asked for.",
                code="no-covariance",
            )
        if self.fit.fitted.table.equalities:
            raise UsageError(
                "Second-order intervals are not available with nonlinear constraints: they bend the parameters too.",
                remedy="Use a bootstrap, whose draws keep the constraints.",
                code="ci",
            )
        found = second_order_delta(functions.jacobian_at, theta, functions.values, covariance)
        centre, half = functions.values - found.bias, self._z * found.standard_errors
        return _Spread(found.standard_errors, found.bias, {CiKind.SECOND_ORDER: (centre - half, centre + half)})


def _count(request: IntervalRequest) -> tuple[int, ...]:
    return () if request.draws is None else (request.draws,)


def _test(values: FloatArray, se: FloatArray) -> Columns:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = values / se
    return {"z": z, "pvalue": normal_tails(z)}


def _named(spread: _Spread, suffix: str, *, counts: bool) -> Columns:
    """Return what one of several sources adds beside the delta method's columns."""
    result: Columns = {f"se{suffix}": spread.se}
    if spread.bias is not None:
        result[f"bias{suffix}"] = spread.bias
    if spread.n_draws is not None and counts:
        result[f"n_draws{suffix}"] = spread.n_draws
    return result
