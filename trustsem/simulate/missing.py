"""Missing answers as surveys have them: in a share of the rows, by skipping items or by breaking off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]

ANSWERED, SKIPPED, REFUSED, BROKEN_OFF = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class MissingPlan:
    """Who leaves answers out, and how.

    Args:
        row_share: Share of respondents with at least one missing answer; all others answer everything.
        break_off_share: Share of these who stop at an item and answer nothing after it; the others skip items.
        skip_rate: Chance of each item to be skipped by a respondent who skips, beyond the one item that is
            certain.
        refused_share: Share of skipped items that get the second code (no answer) and not the first (don't know).
    """

    row_share: float = 0.10
    break_off_share: float = 0.30
    skip_rate: float = 0.05
    refused_share: float = 0.40

    def __post_init__(self) -> None:
        names = ("row_share", "break_off_share", "skip_rate", "refused_share")
        faults = [f"{name} is {getattr(self, name)}" for name in names if not 0 <= getattr(self, name) <= 1]
        if faults:
            raise UsageError(
                "The plan of missing answers is impossible.", faults=faults, remedy="Use shares of 0 to 1."
            )


def draw_missing(
    n_obs: int, n_items: int, plan: MissingPlan, rng: np.random.Generator, *, propensity: FloatArray | None = None
) -> IntArray:
    """Return which answers are missing, and of which kind.

    Exactly round(row_share * n_obs) rows are hit. Without `propensity` every row is as likely as any other, and items
    are hit without regard to the answers: missing completely at random (MCAR). With a propensity that depends on
    completely observed columns it is missing at random (MAR), with one that depends on the answers themselves not
    (MNAR).

    Args:
        n_obs: Respondents.
        n_items: Items in the order of the questionnaire.
        plan: Shares and rates.
        rng: Source of random numbers.
        propensity: (n_obs,) relative chances of the rows to be hit, at least 0.

    Returns:
        (n_obs, n_items) of ANSWERED, SKIPPED (don't know), REFUSED (no answer) and BROKEN_OFF (never reached).

    Raises:
        UsageError: the propensity does not fit.
    """
    kinds = np.full((n_obs, n_items), ANSWERED, dtype=np.intp)
    n_hit = round(plan.row_share * n_obs)
    rows = rng.choice(n_obs, size=n_hit, replace=False, p=_chances(propensity, n_obs, n_hit))
    breaks_off = rng.random(n_hit) < plan.break_off_share
    certain = rng.integers(0, n_items, size=n_hit)  # the skipped item, or the first one after breaking off
    position = np.arange(n_items)
    skipped = (rng.random((n_hit, n_items)) < plan.skip_rate) | (position == certain[:, None])
    refused = rng.random((n_hit, n_items)) < plan.refused_share
    by_skipping = np.where(skipped, np.where(refused, REFUSED, SKIPPED), ANSWERED)
    by_breaking_off = np.where(position >= certain[:, None], BROKEN_OFF, ANSWERED)
    kinds[rows] = np.where(breaks_off[:, None], by_breaking_off, by_skipping)
    return kinds


def _chances(propensity: FloatArray | None, n_obs: int, n_hit: int) -> FloatArray | None:
    if propensity is None:
        return None
    weights = np.asarray(propensity, dtype=np.float64)
    if weights.shape != (n_obs,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise UsageError("The propensity is not usable.", remedy=f"Give {n_obs} finite values of at least 0.")
    if np.count_nonzero(weights) < n_hit:
        raise UsageError(
            f"{n_hit} rows are to be hit, but only {np.count_nonzero(weights)} have a chance to be.",
            remedy="Lower row_share, or give more rows a propensity above 0.",
        )
    return weights / weights.sum()
