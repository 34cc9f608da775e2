"""Draws of the parameters of a fit and what they say of rows, definitions, standardised values and effects."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects.draws import effect_draws
from trustsem.errors import UsageError
from trustsem.fitting.words import word
from trustsem.records import Finding
from trustsem.resample import BootstrapDraws, IntervalKind, bootstrap_limits
from trustsem.resample.quantities import row_draws, standardized_draws

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]


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
        return row_draws(self.fit.fitted.table, self.raw.theta, self.raw.stacks)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of the draws."""
        raise NotImplementedError

    @cached_property
    def _jackknife(self) -> BootstrapDraws:
        """Refits without one respondent each; only kinds of draws that have BCa intervals need them."""
        raise NotImplementedError

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
        chosen = _kind(kind, level, self.kinds)
        frame = self.fit.standardized() if standardized else self.fit.estimates
        estimate = np.asarray(frame["est_std" if standardized else "est"], dtype=np.float64)
        table = self.fit.fitted.table

        def values_of(draws: BootstrapDraws) -> FloatArray:
            values = self._values if draws is self.raw else row_draws(table, draws.theta, draws.stacks)
            return standardized_draws(table, values, draws.stacks) if standardized else values

        keys = ["lhs", "op", "rhs", "group", "label"]
        draws, jackknife = self._drawn(values_of, chosen)
        return _interval_frame(pd.DataFrame(frame[keys]), estimate, draws, jackknife, chosen, level)

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
        """Return effects with intervals from the draws, in the rows of `Fit.effects`.

        Draws whose loop does not settle have no total effects: they are left out there, and n_draws counts the rest.

        Returns:
            Columns x, y, effect, path, group, est, se, bias, ci_lower, ci_upper, n_draws.
        """
        chosen = _kind(kind, level, self.kinds)
        rows = self.fit.decompose(x, y, through).rows
        names = (*self.fit.fitted.table.variables.observed, *self.fit.fitted.table.variables.latent)
        keys = pd.DataFrame(
            {
                "x": [row.x for row in rows],
                "y": [row.y for row in rows],
                "effect": [row.kind.value for row in rows],
                "path": [" -> ".join(row.path) for row in rows],
                "group": [row.group for row in rows],
            }
        )
        estimate = np.array([row.std_all if standardized else row.est for row in rows])

        def values_of(draws: BootstrapDraws) -> FloatArray:
            found = effect_draws(rows, names, draws.stacks)
            return found.std_all if standardized else found.est

        draws, jackknife = self._drawn(values_of, chosen)
        frame = _interval_frame(keys, estimate, draws, jackknife, chosen, level)
        return frame.assign(n_draws=np.isfinite(draws).sum(axis=0))

    def _drawn(
        self, values_of: Callable[[BootstrapDraws], FloatArray], kind: IntervalKind
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return the values in the draws that are used, and in those of the jackknife where the interval needs it."""
        draws = values_of(self.raw)[self.raw.ledger.used]
        if kind is not IntervalKind.BCA:
            return draws, None
        without_one = self._jackknife
        return draws, values_of(without_one)[without_one.ledger.converged]


def _interval_frame(
    keys: pd.DataFrame,
    estimate: FloatArray,
    draws: FloatArray,
    jackknife: FloatArray | None,
    kind: IntervalKind,
    level: float,
) -> pd.DataFrame:
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


def require_draws(n: object, seed: object, message: str) -> None:
    """Refuse a number of draws or a seed that means nothing.

    Raises:
        UsageError: naming every fault.
    """
    faults = []
    if not isinstance(n, int) or isinstance(n, bool) or n < 2:
        faults.append(f"n must be a whole number of at least 2, not {n!r}.")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        faults.append(f"seed must be a whole number of at least 0, not {seed!r}.")
    if faults:
        raise UsageError(message, faults=faults, code="draws")


def seed_or_new(seed: int | None) -> int:
    """Return the seed, a random one where none was given."""
    return secrets.randbelow(2**31) if seed is None else seed


def _kind(kind: str, level: float, kinds: tuple[IntervalKind, ...]) -> IntervalKind:
    allowed = {option.value: option for option in kinds}
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
