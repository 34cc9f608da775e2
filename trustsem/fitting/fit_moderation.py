"""What a fit says of moderation: effects at values of a moderator, products, equal paths over groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pandas as pd

from trustsem.errors import EffectError
from trustsem.tables.moderation import products_frame

if TYPE_CHECKING:
    from trustsem.fitting.equal_paths import EqualPaths
    from trustsem.fitting.moderation import ConditionalEffects, JohnsonNeyman, ModeratedMediation
    from trustsem.fitting.result import Fit


class FitModeration:
    """The part of `Fit` that is about moderation."""

    @property
    def _whole(self) -> Fit:
        return cast("Fit", self)

    def conditional_effects(
        self,
        x: str,
        y: str,
        moderator: str,
        at: str | float | Sequence[float | str] | None = None,
        through: str | Sequence[str] | None = None,
    ) -> ConditionalEffects:
        """Return direct and indirect effects at chosen values of a moderator, with delta-method inference.

        The model needs a product of the moderator with a variable on the way (x, or a mediator). No effect runs
        through the moderator, which is held; other moderators are at their means.

        Args:
            x: Where effects start.
            y: Where they end.
            moderator: A variable of the model that is a part of a product.
            at: Its values, in its units: numbers, "mean", "-1sd", "+1sd"; "sd": one standard deviation around the mean;
                "quantiles": 16th, 50th and 84th percentile. None: both values of a moderator with two, else "sd".
                Of a factor, mean and standard deviation are the model's.
            through: Only indirect effects through all of these.

        Returns:
            `.frame` with columns level, at, effect, path, est, se, z, pvalue, ci_lower, ci_upper, group, group_label,
            and `.findings`.

        Raises:
            EffectError: no such effect, or one that does not depend on the moderator.
            UsageError: values that cannot be read, or ordinal items.
        """
        from trustsem.fitting.moderation import conditional_effects

        return conditional_effects(self._whole, x, y, moderator, at, through)

    def moderated_mediation_index(
        self, x: str, y: str, through: str | Sequence[str] | None = None, *, moderator: str
    ) -> ModeratedMediation:
        """Return the change of indirect effects per unit of the moderator (Hayes 2015), with delta-method inference.

        Args:
            x: Where effects start.
            y: Where they end.
            through: Only indirect effects through all of these.
            moderator: A variable of the model that is a part of a product.

        Raises:
            EffectError: no indirect effect that is a line in the moderator.
            UsageError: ordinal items.
        """
        from trustsem.fitting.moderation import moderated_mediation

        return moderated_mediation(self._whole, x, y, through, moderator)

    def johnson_neyman(
        self,
        x: str,
        y: str,
        moderator: str,
        level: float = 0.95,
        through: str | Sequence[str] | None = None,
    ) -> JohnsonNeyman:
        """Return where along a moderator the effect of x on y differs from zero (Johnson & Neyman 1936).

        Args:
            x: Where the effect starts.
            y: Where it ends.
            moderator: A variable of the model that is a part of a product.
            level: Confidence level.
            through: None: the direct effect; mediators: the indirect effect through them.

        Returns:
            `.frame` with the regions and the share of respondents in each, `.curve` with the effect and its band,
            `.sentences()`, `.findings`.

        Raises:
            EffectError: no such effect, or one that is no line in the moderator.
            UsageError: a fit without standard errors, or ordinal items.
        """
        from trustsem.fitting.moderation import johnson_neyman

        return johnson_neyman(self._whole, x, y, moderator, level, through)

    def products(self) -> pd.DataFrame:
        """Return every path from a product, with the standardised coefficient that means what it seems to.

        `std_all` of a product divides by the standard deviation of the product; `std_product` has both of its parts
        and the outcome in standard deviations: est sd(x) sd(w) / sd(y) (Wen, Marsh & Hau 2010).

        Returns:
            Columns y, product, kind, centred, n_columns, est, se, std_product, std_se, std_all, group, group_label.
        """
        return products_frame(self._whole.fitted)

    def equal_paths(self, paths: str | Sequence[str] | None = None) -> EqualPaths:
        """Test whether paths are equal over all groups: is the group a moderator?

        Wald tests come from this fit, one per path and one of all; the likelihood-ratio test compares it with the same
        model whose paths are equal, scaled where the fit's test is.

        Args:
            paths: As the model writes them, "y~x"; all that are free in every group when None.

        Returns:
            `.frame` with columns path, test, chisq, df, pvalue; `.difference`; `.findings`.

        Raises:
            UsageError: a fit of one group, or paths that are fixed, labelled or equal already.
        """
        from trustsem.fitting.equal_paths import equal_paths

        return equal_paths(self._whole, paths)

    def require_effects(self, *names: str) -> None:
        """Refuse effects of a fit that did not converge, or of variables that the model does not have.

        Raises:
            EffectError: naming what is wrong.
        """
        if not self._whole.converged:
            raise EffectError("The fit did not converge: there are no effects to report.", code="not-converged")
        for name in names:
            self._whole.require_variable(name)
