"""The same model under other weights: all sets of weights at once where that can be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from trustsem.errors import DataError, UsageError
from trustsem.fitting.data_options import Missing, WeightsNormalization
from trustsem.fitting.draw_sources import moment_maker
from trustsem.fitting.drawn import DrawnFit
from trustsem.fitting.words import word
from trustsem.moments.linalg import one_blas_thread
from trustsem.records import Finding, Severity
from trustsem.resample import IntervalKind, make_refit, make_workers, raw_cases, run_every
from trustsem.resample.samplers import Reweighting
from trustsem.suggestions import count_of, shortened

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, eq=False, repr=False)
class Reweighted(DrawnFit):
    """A model refitted under several sets of weights. Made by `Fit.reweight`; `draws` has a row per set."""

    kinds: ClassVar[tuple[IntervalKind, ...]] = (IntervalKind.PERCENTILE,)
    names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Reweighted: {self.n_used} of {count_of(len(self.names), 'set')} of weights fitted>"

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Value of every row and definition under each set of weights, (R, k); NaN where it did not converge."""
        every = self.draws.reindex(range(len(self.names)))
        every.index = pd.Index(self.names, name="weights")
        return every

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Which sets of weights could not be fitted, and which have an inadmissible solution."""
        ledger = self.raw.ledger
        facts = (
            ("weights-not-converged", ~ledger.converged, "did not converge and have no estimates"),
            ("weights-inadmissible", ledger.converged & ~ledger.admissible, "have an inadmissible solution"),
        )
        return tuple(
            Finding(
                code,
                Severity.WARNING,
                f"{count_of(int(chosen.sum()), 'set')} of weights {what}: "
                f"{shortened([self.names[k] for k in np.flatnonzero(chosen)])}.",
            )
            for code, chosen, what in facts
            if chosen.any()
        )


def reweight_fit(fit: Fit, weights: Any, normalization: str | None = None) -> Reweighted:
    """Refit a model under other weights.

    Args:
        fit: A converged fit of rows.
        weights: (rows of the data, R) one column per set, a DataFrame or an array; rows in the order of the data that
            were given.
        normalization: "group", "total" or "none"; as in the fit when None.

    Raises:
        UsageError: a fit that weights do not go with, or an unknown normalization.
        DataError: weights of another shape, negative or missing ones, a set of zeros.
    """
    _require_possible(fit)
    table = _as_table(weights)
    names = tuple(str(name) for name in table.columns)
    groups = tuple(replace(group, weights=None) for group in raw_cases(fit.fitted))
    chosen = _of_used_rows(fit, table)
    ends = np.cumsum([len(group.values) for group in groups])[:-1]
    parts = _normalised(np.split(chosen, ends), _scaling(fit, normalization))
    refit = make_refit(fit.fitted, Reweighting(groups, tuple(parts)), moment_maker(fit))
    layout = fit.fitted.estimate.objective.layout
    with one_blas_thread():
        draws = run_every(refit, layout, len(names), make_workers())
    return Reweighted(fit, draws, names)


def _as_table(weights: Any) -> pd.DataFrame:
    values = weights if isinstance(weights, pd.DataFrame) else np.asarray(weights)
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise DataError(
            f"Weights are a table with one column for each set, not an array of shape {values.shape}.",
            remedy="Give a DataFrame, or an array of rows x sets.",
            code="weights",
        )
    return pd.DataFrame(values)


def _require_possible(fit: Fit) -> None:
    if not fit.converged:
        raise UsageError("The fit did not converge: there is nothing to refit.", code="not-converged")
    missing = fit.options.data.missing
    if fit.fitted.options.spec.discrepancy != "ML" and fit.fitted.table.ordinal is None:
        raise UsageError(
            f"Estimator {fit.fitted.options.estimator} cannot use weights.", remedy='Fit with "MLR".', code="weights"
        )
    if missing.is_two_stage or missing is Missing.PAIRWISE:
        raise UsageError(
            f'Weights do not go with missing="{missing.value}".', remedy='Fit with missing="fiml".', code="weights"
        )


def _scaling(fit: Fit, name: str | None) -> WeightsNormalization:
    if name is None:
        return fit.options.data.normalization
    allowed = [kind.value for kind in WeightsNormalization]
    if word(name) not in allowed:
        raise UsageError(
            f"normalization={name!r} is unknown.", remedy=f"Use one of: {', '.join(allowed)}.", code="weights"
        )
    return WeightsNormalization(word(name))


def _of_used_rows(fit: Fit, table: pd.DataFrame) -> np.ndarray:
    """Return the weights of the rows that the fit used, (n_used, R), group after group."""
    rows, n_total = fit.data.row_index, fit.data.n_total
    assert rows is not None
    if len(table) != n_total:
        raise DataError(
            f"There are weights of {len(table):,} rows; the data have {n_total:,}.",
            remedy="Give one weight for every row of the data, also for rows that the fit left out.",
            code="weights",
        )
    faults = []
    try:
        values = table.to_numpy(dtype=np.float64)[rows]
    except (TypeError, ValueError):
        raise DataError("Some weights are no numbers.", code="weights") from None
    for k, name in enumerate(table.columns):
        column = values[:, k]
        if not np.isfinite(column).all():
            faults.append(f"{name}: {count_of(int((~np.isfinite(column)).sum()), 'weight')} missing or infinite")
        elif (column < 0).any():
            faults.append(f"{name}: {count_of(int((column < 0).sum()), 'weight')} below 0")
        elif not column.any():
            faults.append(f"{name}: every weight is 0")
    if faults:
        raise DataError("Some weights cannot be used.", faults=faults, code="weights")
    return values


def _normalised(parts: list[np.ndarray], scaling: WeightsNormalization) -> list[np.ndarray]:
    if scaling is WeightsNormalization.NONE:
        return parts
    with np.errstate(invalid="ignore", divide="ignore"):
        if scaling is WeightsNormalization.GROUP:
            return [part * (len(part) / part.sum(axis=0)) for part in parts]
        total = sum(len(part) for part in parts) / sum(part.sum(axis=0) for part in parts)
    return [part * total for part in parts]
