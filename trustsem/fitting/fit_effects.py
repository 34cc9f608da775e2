"""What a fit says of effects: decomposition, intervals of every kind, contrasts, differences between groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

import pandas as pd

from trustsem.effects import Effects, decompose_effects, find_loops
from trustsem.errors import EffectError
from trustsem.fitting.effect_frames import (
    effect_contrasts_frame,
    effect_table,
    group_differences_frame,
    parameter_differences_frame,
    r_squared_frame,
    rows_frame,
)
from trustsem.fitting.interval_request import Ci, read_request
from trustsem.fitting.intervals import IntervalMaker
from trustsem.fitting.pairs import mediated_pairs
from trustsem.fitting.proportion import ProportionMediated, proportion_mediated
from trustsem.fitting.sensitivity import Sensitivity, sensitivity_of
from trustsem.suggestions import suggest
from trustsem.tables import loops_frame
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

Names = str | Sequence[str] | None


class FitEffects:
    """The part of `Fit` that is about effects.

    All methods with `ci` take "delta" (first-order delta method), "second_order" (second-order delta method),
    "monte_carlo", or the bootstrap's "percentile", "basic", "normal", "bias_corrected" and "bca", or a sequence of
    them; `draws`, `seed` and `policy` go with those that draw. One kind gives the columns se, z, pvalue, ci_lower and
    ci_upper (bias and n_draws where they exist). Several give the delta method's se, z and pvalue, `se_SOURCE`,
    `bias_SOURCE` and `n_draws_SOURCE` of second_order, monte_carlo and bootstrap, and `ci_lower_KIND` and
    `ci_upper_KIND` of each kind. One bootstrap and one Monte-Carlo run serve all kinds; intervals of draws have no
    p-value. `frame.attrs` holds the `seed` of the draws and the
    `findings` about them.
    """

    @property
    def _whole(self) -> Fit:
        return cast("Fit", self)

    def effects(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> pd.DataFrame:
        """Return direct, specific indirect, total indirect and total effects with 95 % intervals.

        In a feedback loop total effects come from (I - B)^-1, specific ones run along simple paths, and the rest is
        the part "through the loop".

        Args:
            x: Where effects start; every exogenous variable with an indirect effect when None.
            y: Where they end; every variable reached through another when None.
            through: Only specific effects whose path contains all of these.
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: Of a bootstrap (else 1,000) and of Monte Carlo (else 20,000).
            seed: Of the draws; drawn and recorded when None.
            policy: Bootstrap draws with a negative variance: "drop" (default), "keep" or "redraw".

        Returns:
            Columns x, y, effect, path, est, se, z, pvalue, ci_lower, ci_upper, std_all, std_se, std_ci_lower,
            std_ci_upper, group, group_label; the effects of all groups.

        Raises:
            UsageError: an interval that is unknown or cannot be made for this fit.
            EffectError: no path, or a loop that does not settle.

        Example:
            fit.effects("a", "b", ci=("delta", "bca"), draws=2000, seed=1)
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(effect_table(self._whole, maker, self.decompose(x, y, through).rows), maker)

    def proportion_mediated(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> ProportionMediated:
        """Return which share of total effects is mediated: indirect / total, with intervals and their caveats.

        The share is not defined where the total effect is 0, or where its parts clearly have opposite signs; findings
        say where it is unstable.

        Args:
            x: Where effects start, as in `effects`.
            y: Where they end.
            through: Only what runs through all of these; all indirect effects when None.
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.

        Raises:
            UsageError, EffectError: as `effects`.
        """
        return proportion_mediated(self._whole, self.interval_maker(ci, draws, seed, policy), x, y, through)

    def effect_contrasts(
        self,
        x: str,
        y: str,
        through: Names = None,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> pd.DataFrame:
        """Return all differences between the specific indirect effects of x on y (MacKinnon 2000).

        Args:
            x: Where effects start.
            y: Where they end.
            through: Only paths that contain all of these.
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.

        Returns:
            Columns x, y, path, other_path, est, est_other, difference with its intervals, std_difference with its
            intervals, group, group_label.

        Raises:
            EffectError: fewer than two indirect paths; else as `effects`.
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(effect_contrasts_frame(self._whole, maker, x, y, through), maker)

    def group_differences(
        self,
        x: Names = None,
        y: Names = None,
        through: Names = None,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> pd.DataFrame:
        """Return how effects differ between groups, with tests and 95 % intervals: the later group less the earlier.

        Standard errors are those of the delta method with the joint covariance of both effects. An effect that
        constraints hold equal differs by 0 and has none. Unstandardised effects of latent variables compare only where
        loadings are equal over groups.

        Args:
            x: Where effects start, as in `effects`.
            y: Where they end.
            through: Only specific effects whose path contains all of these.
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.

        Returns:
            Columns x, y, effect, path, group, group_label, reference, reference_label, est, est_reference, difference,
            se, z, pvalue, ci_lower, ci_upper, std_difference, std_se, std_ci_lower, std_ci_upper; one row per effect
            and pair of groups.

        Raises:
            UsageError: a fit of one group.
            EffectError: as `effects`.
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(group_differences_frame(self._whole, maker, x, y, through), maker)

    def parameter_differences(
        self,
        op: Names = None,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> pd.DataFrame:
        """Return how parameters differ between groups, with tests and 95 % intervals: the later group less the earlier.

        Args:
            op: Only parameters with these operators: "=~", "~", "~~", "~1", "|", "~*~"; all when None.
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.

        Returns:
            Columns lhs, op, rhs, group, group_label, reference, reference_label, est, est_reference, difference, se, z,
            pvalue, ci_lower, ci_upper. Parameters that are fixed in both groups are left out; those that a constraint
            holds equal differ by 0 and have no standard error.

        Raises:
            UsageError: a fit of one group, or another operator.
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(parameter_differences_frame(self._whole, maker, op), maker)

    def intervals(
        self,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
        standardized: bool = False,
    ) -> pd.DataFrame:
        """Return 95 % intervals of every kind of all parameters and defined parameters.

        Args:
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.
            standardized: Of the standardised values (all variables).

        Returns:
            Columns lhs, op, rhs, group, label, est and its intervals.

        Raises:
            UsageError: an interval that is unknown or cannot be made for this fit.
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(rows_frame(self._whole, maker, standardized=standardized), maker)

    def r_squared_intervals(
        self,
        ci: Ci = "delta",
        *,
        draws: int | None = None,
        seed: int | None = None,
        policy: str | None = None,
    ) -> pd.DataFrame:
        """Return the explained share of variance of every dependent variable with 95 % intervals.

        Args:
            ci: Kind of intervals, or several (see `FitEffects`).
            draws: As in `effects`.
            seed: As in `effects`.
            policy: As in `effects`.

        Returns:
            Columns variable, group, group_label, est and its intervals.

        Raises:
            UsageError: an interval that is unknown or cannot be made for this fit.
        """
        maker = self.interval_maker(ci, draws, seed, policy)
        return _with_seed(r_squared_frame(self._whole, maker), maker)

    def sensitivity(self, x: str, m: str, y: str, rho: Iterable[float] | None = None) -> Sensitivity:
        """Return how the indirect effect through a mediator depends on an unmeasured confounder of it and the outcome.

        The confounder shows as a correlation rho of the residuals of m and y, which the data cannot tell: the model is
        refitted with rho fixed at each value of a grid (Imai, Keele & Tingley 2010; Imai, Keele & Yamamoto 2010).

        Args:
            x: Where the effect starts.
            m: The mediator.
            y: The outcome.
            rho: Correlations between -1 and 1; -.9, -.8, ..., .9 when None.

        Returns:
            The curve `.frame`, `.rho_at_zero`, `.residual_share`, `.total_share`, `.findings`.

        Raises:
            UsageError: groups, ordinal items, loops, constraints that reach the residuals, a residual covariance of m
                and y that is there already, or a grid that means nothing.
            EffectError: no path from x to y through m.

        Example:
            fit.sensitivity("x", "m", "y", rho=[-0.5, 0, 0.5]).rho_at_zero
        """
        return sensitivity_of(self._whole, x, m, y, rho)

    def interval_maker(
        self, ci: Ci, draws: int | None = None, seed: int | None = None, policy: str | None = None
    ) -> IntervalMaker:
        """Return what makes the intervals of the methods above.

        Raises:
            UsageError: naming every option that means nothing.
            EffectError: a fit that did not converge.
        """
        request = read_request(ci, draws, seed, policy)
        if not self._whole.converged:
            raise EffectError("The fit did not converge: there are no effects to report.", code="not-converged")
        return IntervalMaker(self._whole, request)

    def decompose(self, x: Names = None, y: Names = None, through: Names = None) -> Effects:
        """Return what `effects` tabulates, as records with delta-method standard errors."""
        if not self._whole.converged:
            raise EffectError("The fit did not converge: there are no effects to report.", code="not-converged")
        mediators = _names(through)
        for name in (*_names(x), *_names(y), *mediators):
            self.require_variable(name)
        pairs = mediated_pairs(self._whole.fitted, _names(x), _names(y))
        return decompose_effects(self._whole.fitted.estimate, self._whole.fitted.covariance.matrix, pairs, mediators)

    def loops(self) -> pd.DataFrame:
        """Return every feedback loop with its gain, its interval and the stability index."""
        estimate = self._whole.fitted.estimate
        layout = estimate.objective.layout
        reports = tuple(
            find_loops(group, implied, layout.n_free, self._whole.fitted.covariance.matrix)
            for group, implied in zip(layout.groups, estimate.objective.implied(estimate.x), strict=True)
        )
        return loops_frame(Effects((), reports), group_names(self._whole.fitted.table))

    def require_variable(self, name: str) -> None:
        """Refuse a name that the model does not have.

        Raises:
            EffectError: with what it may have meant.
        """
        known = (*self._whole.fitted.table.variables.latent, *self._whole.fitted.table.variables.observed)
        if name not in known:
            raise EffectError(
                f"The model has no variable '{name}'.{suggest(str(name), known)}",
                remedy=f"Variables: {', '.join(known[:14])}.",
                code="unknown-variable",
            )


def _with_seed(frame: pd.DataFrame, maker: IntervalMaker) -> pd.DataFrame:
    if maker.seed is not None:
        frame.attrs |= {"seed": maker.seed, "findings": maker.findings}
    return frame


def _names(value: Names) -> tuple[str, ...]:
    if value is None:
        return ()
    several = isinstance(value, Iterable) and not isinstance(value, str)
    return tuple(dict.fromkeys(value)) if several else (value,)  # type: ignore[arg-type,return-value]
