"""Draws of the parameters of a fit and what they say of rows, definitions, standardised values and effects."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects import ParameterFunctions, effect_functions
from trustsem.errors import UsageError
from trustsem.fitting.effect_frames import (
    effect_contrasts_frame,
    group_differences_frame,
    parameter_differences_frame,
    r_squared_frame,
)
from trustsem.fitting.interval_request import CiKind, IntervalRequest, draw_faults
from trustsem.fitting.row_functions import row_functions
from trustsem.fitting.words import word
from trustsem.records import Finding
from trustsem.resample import BootstrapDraws, IntervalKind, bootstrap_limits
from trustsem.resample.quantities import row_draws

if TYPE_CHECKING:
    from trustsem.fitting.intervals import IntervalMaker
    from trustsem.fitting.proportion import ProportionMediated
    from trustsem.fitting.result import Fit
    from trustsem.plots.plot import Plot

FloatArray = NDArray[np.float64]
Names = str | Sequence[str] | None


@dataclass(frozen=True, eq=False, slots=True)
class DrawnIntervals:
    """Intervals of k quantities from draws.

    Args:
        se: (k,) standard deviations of the draws; NaN where the quantity does not vary.
        bias: (k,) mean of the draws less the estimate.
        limits: (k,) lower and (k,) upper limits of each kind.
        n_draws: (k,) draws in which it has a value.
    """

    se: FloatArray
    bias: FloatArray
    limits: Mapping[IntervalKind, tuple[FloatArray, FloatArray]]
    n_draws: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class DrawnFit:
    """A fit and draws of its parameters: the part that the bootstrap and Monte Carlo share."""

    kinds: ClassVar[tuple[IntervalKind, ...]] = tuple(IntervalKind)

    fit: Fit
    raw: BootstrapDraws

    @property
    def seed(self) -> int:
        """Seed of the draws: with it the same draws come again."""
        return self.raw.seed

    @property
    def n_used(self) -> int:
        """Draws that enter intervals."""
        return int(np.count_nonzero(self.raw.ledger.used))

    @cached_property
    def draws(self) -> pd.DataFrame:
        """Value of every row and every definition in the draws that are used; index: number of the draw."""
        table = self.fit.fitted.table
        names = [row.key for row in table.rows] + [definition.name for definition in table.definitions]
        used = self.raw.ledger.used
        return pd.DataFrame(
            self._values[used], columns=names, index=pd.Index(self.raw.ledger.number[used], name="draw")
        )

    @cached_property
    def _values(self) -> FloatArray:
        table = self.fit.fitted.table
        return self.raw.compute(lambda theta, stacks: row_draws(table, theta, stacks))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        raise NotImplementedError

    @cached_property
    def _jackknife(self) -> BootstrapDraws:
        """Refits without one respondent each; only kinds of draws that have BCa intervals need them."""
        raise NotImplementedError

    def intervals_of(
        self, functions: ParameterFunctions, kinds: Sequence[IntervalKind], level: float = 0.95
    ) -> DrawnIntervals:
        """Return standard errors, bias and limits of any functions of the parameters.

        Args:
            functions: The quantities.
            kinds: How limits are made of the draws.
            level: Confidence level.
        """
        estimate = functions.values
        draws = functions.in_draws(self.raw)[self.raw.ledger.used]
        jackknife = None
        if IntervalKind.BCA in kinds:
            without_one = self._jackknife
            jackknife = functions.in_draws(without_one)[without_one.ledger.converged]
        spread, centre = _columnwise(draws, _spread), _columnwise(draws, _mean)
        fixed = spread <= 1e-12 * np.maximum(np.abs(estimate), 1.0)
        limits = {}
        for kind in dict.fromkeys(kinds):
            lower, upper = bootstrap_limits(kind, draws, estimate, level=level, jackknife=jackknife)
            limits[kind] = np.where(fixed, estimate, lower), np.where(fixed, estimate, upper)
        return DrawnIntervals(
            np.where(fixed, np.nan, spread),
            np.where(fixed, 0.0, centre - estimate),
            limits,
            np.isfinite(draws).sum(axis=0),
        )

    def intervals(self, kind: str = "percentile", *, level: float = 0.95, standardized: bool = False) -> pd.DataFrame:
        """Return standard errors, bias and intervals from the draws of every row and definition.

        Args:
            kind: "percentile", "basic", "normal", "bias_corrected" or "bca".
            level: Confidence level.
            standardized: Of the standardised values (all variables).

        Returns:
            Columns lhs, op, rhs, group, label, est, se, bias, ci_lower, ci_upper; fixed parameters have NaN in se.

        Raises:
            UsageError: another kind or level.
        """
        chosen = self._kind(kind, level)
        functions = row_functions(self.fit.fitted, standardized=standardized)
        keys = pd.DataFrame(self.fit.estimates[["lhs", "op", "rhs", "group", "label"]])
        return self._frame(keys, functions, chosen, level).drop(columns="n_draws")

    def effects(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
        standardized: bool = False,
    ) -> pd.DataFrame:
        """Return effects with intervals from the draws, in the rows of `Fit.effects`.

        Draws whose loop does not settle have no total effects: they are left out there, and n_draws counts the rest.

        Returns:
            Columns x, y, effect, path, group, est, se, bias, ci_lower, ci_upper, n_draws.
        """
        chosen = self._kind(kind, level)
        rows = self.fit.decompose(x, y, through).rows
        functions = effect_functions(self.fit.fitted.estimate, rows, standardized=standardized)
        keys = pd.DataFrame(
            {
                "x": [row.x for row in rows],
                "y": [row.y for row in rows],
                "effect": [row.kind.value for row in rows],
                "path": [" -> ".join(row.path) for row in rows],
                "group": [row.group for row in rows],
            }
        )
        return self._frame(keys, functions, chosen, level)

    def r_squared(self, kind: str = "percentile", *, level: float = 0.95) -> pd.DataFrame:
        """Return the explained shares of variance with intervals from the draws, as `Fit.r_squared_intervals`.

        Draws with a negative residual variance of a variable have no value of it: n_draws counts the rest.
        """
        return r_squared_frame(self.fit, self._maker(kind, level))

    def effect_contrasts(
        self,
        x: str,
        y: str,
        through: Names = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return differences between indirect effects with intervals from the draws, as `Fit.effect_contrasts`."""
        return effect_contrasts_frame(self.fit, self._maker(kind, level), x, y, through)

    def plot(self, name: str = "draws", **options: Any) -> Plot:
        """Return the distributions of parameters, with `.figure()` for plotly, `.svg()`, `.text()` and `.to_dict()`.

        Args:
            name: "draws".
            options: parameters, kind and level.

        Raises:
            UsageError: an unknown figure, option or parameter.
        """
        from trustsem.plots.registry import MadeOf, build_plot

        return build_plot(name, MadeOf.DRAWS, self, options)

    def conditional_effects(
        self,
        x: str,
        y: str,
        moderator: str,
        at: str | float | Sequence[float | str] | None = None,
        through: Names = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return effects at values of a moderator with intervals from the draws, in the rows of the fit's.

        A value in standard deviations is that of each draw; the means at which product columns were centred stay those
        of the sample.

        Returns:
            Columns level, at, effect, path, group, group_label, est, se, bias, ci_lower, ci_upper, n_draws.
        """
        from trustsem.fitting.moderation import conditional_functions

        chosen = self._kind(kind, level)
        frame = self.fit.conditional_effects(x, y, moderator, at, through).frame
        keys = pd.DataFrame(frame[["level", "at", "effect", "path", "group", "group_label"]])
        functions = conditional_functions(self.fit, x, y, moderator, at, through)
        return self._frame(keys, functions, chosen, level)

    def group_differences(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return differences between groups with intervals from the draws, as `Fit.group_differences`."""
        return group_differences_frame(self.fit, self._maker(kind, level), x, y, through)

    def parameter_differences(self, op: Names = None, kind: str = "percentile", *, level: float = 0.95) -> pd.DataFrame:
        """Return differences between groups with intervals from the draws, as `Fit.parameter_differences`."""
        return parameter_differences_frame(self.fit, self._maker(kind, level), op)

    def proportion_mediated(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        kind: str = "percentile",
        *,
        level: float = 0.95,
    ) -> ProportionMediated:
        """Return shares of total effects with intervals from the draws, as `Fit.proportion_mediated`."""
        from trustsem.fitting.proportion import proportion_mediated

        return proportion_mediated(self.fit, self._maker(kind, level), x, y, through)

    def _maker(self, kind: str, level: float) -> IntervalMaker:
        from trustsem.fitting.intervals import IntervalMaker  # which makes draws, of this class

        chosen = self._kind(kind, level)
        is_bootstrap = len(self.kinds) > 1
        ci = CiKind(chosen.value) if is_bootstrap else CiKind.MONTE_CARLO
        return IntervalMaker(self.fit, IntervalRequest((ci,), level=level), given=self)

    def _kind(self, kind: str, level: float) -> IntervalKind:
        allowed = {option.value: option for option in self.kinds}
        if word(kind) not in allowed:
            raise UsageError(f"kind={kind!r} is unknown.", remedy=f"Use one of: {', '.join(allowed)}.", code="interval")
        if not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
            raise UsageError(f"level must lie between 0 and 1, not {level!r}.", remedy="Use 0.95.", code="interval")
        return allowed[word(kind)]

    def _frame(
        self, keys: pd.DataFrame, functions: ParameterFunctions, kind: IntervalKind, level: float
    ) -> pd.DataFrame:
        found = self.intervals_of(functions, [kind], level)
        lower, upper = found.limits[kind]
        return keys.assign(
            est=functions.values,
            se=found.se,
            bias=found.bias,
            ci_lower=lower,
            ci_upper=upper,
            n_draws=found.n_draws,
        ).reset_index(drop=True)


def require_draws(n: object, seed: object, message: str) -> None:
    """Refuse a number of draws or a seed that means nothing.

    Raises:
        UsageError: naming every fault.
    """
    faults = draw_faults(n, seed)
    if faults:
        raise UsageError(message, faults=faults, code="draws")


def seed_or_new(seed: int | None) -> int:
    """Return the seed, a random one where none was given."""
    return secrets.randbelow(2**31) if seed is None else seed


def _columnwise(draws: FloatArray, function: Callable[[FloatArray], float]) -> FloatArray:
    return np.array([function(column) for column in draws.T], dtype=np.float64)


def _spread(column: FloatArray) -> float:
    values = column[np.isfinite(column)]
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _mean(column: FloatArray) -> float:
    values = column[np.isfinite(column)]
    return float(values.mean()) if len(values) else float("nan")
