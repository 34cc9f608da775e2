"""Answers of one group, checked and turned into codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.moments.categorical.layout import MomentLayout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_DEPENDENT = 1e-10  # share of a covariate that the others leave unexplained, below which it is taken for their sum


@dataclass(frozen=True, eq=False)
class CategoricalInput:
    """Respondents of one group, some of whose variables are ordinal.

    Args:
        values: (n, p) answers; NaN where missing. Ordinal variables hold codes 0 .. K - 1.
        n_levels: Levels K of each ordinal variable, 0 for continuous ones.
        covariates: (n, k) exogenous variables on which everything is conditioned, without NaN; None: no conditioning.
        weights: (n,) sampling weights that add up to n; None: all rows count alike.
        clusters: (n,) cluster of each row; None: rows are independent.
    """

    values: FloatArray
    n_levels: tuple[int, ...]
    covariates: FloatArray | None = None
    weights: FloatArray | None = None
    clusters: IntArray | None = None

    def __post_init__(self) -> None:
        n, p = self.values.shape
        if len(self.n_levels) != p:
            raise ValueError(f"{p} variables need {p} numbers of levels, not {len(self.n_levels)}")
        for array in (self.weights, self.clusters):
            if array is not None and array.shape != (n,):
                raise ValueError("weights and clusters need one entry per row")
        if self.covariates is not None and (self.covariates.ndim != 2 or len(self.covariates) != n):
            raise ValueError("covariates need one row per respondent")

    @property
    def n_obs(self) -> int:
        """Rows n."""
        return len(self.values)

    @cached_property
    def layout(self) -> MomentLayout:
        """Order of the moments."""
        return MomentLayout(self.n_levels, 0 if self.covariates is None else self.covariates.shape[1])

    @cached_property
    def row_weights(self) -> FloatArray:
        """(n,) weights; ones without sampling weights."""
        return np.ones(self.n_obs) if self.weights is None else np.asarray(self.weights, dtype=np.float64)

    @cached_property
    def observed(self) -> FloatArray:
        """(p, n) 1 where there is an answer, 0 where it is missing; one row per variable."""
        return np.ascontiguousarray(~np.isnan(self.values.T), dtype=np.float64)

    @cached_property
    def codes(self) -> IntArray:
        """(p_ordinal, n) codes of the ordinal variables; -1 where missing."""
        values = self.values.T[self.layout.ordinal]
        return np.where(np.isnan(values), -1, values).astype(np.intp)

    @cached_property
    def pair_masses(self) -> FloatArray:
        """(p, p) sum of the weights of the rows on which both variables were observed."""
        return (self.observed * self.row_weights) @ self.observed.T


def check_categorical_input(data: CategoricalInput, names: Sequence[str], *, pairwise: bool) -> None:
    """Refuse data from which the moments cannot be computed.

    Raises:
        DataError: with all faults at once: an item with one level or with an empty one, codes that are none, a constant
            continuous variable, two variables that nobody answered together, dependent covariates.
        ValueError: missing answers without `pairwise`, missing covariates, or another number of names.
    """
    if len(names) != len(data.n_levels):
        raise ValueError(f"{len(data.n_levels)} variables need as many names, not {len(names)}")
    if not pairwise and not data.observed.all():
        raise ValueError("missing answers: drop the rows, or ask for pairwise=True")
    if data.covariates is not None and not np.isfinite(data.covariates).all():
        raise ValueError("covariates must not be missing")
    _check_rows(data)
    faults = [*_single_faults(data, names), *_pair_faults(data, names)]
    if data.covariates is not None and _are_dependent(data.covariates):
        faults.append("the covariates depend on each other, or one of them is constant")
    if faults:
        raise DataError(
            "Correlations of ordinal items cannot be computed.",
            faults=faults,
            remedy="Leave the item out, join its levels, or treat it as continuous.",
            code="ordinal-moments",
        )


def _check_rows(data: CategoricalInput) -> None:
    if data.n_obs < 2:
        raise DataError(f"{data.n_obs} usable row(s) of data: at least two are needed.", code="too-few-rows")
    if not (np.isfinite(data.row_weights).all() and (data.row_weights >= 0).all()):
        raise DataError("Sampling weights must be finite and not negative.", remedy="Check the column of weights.")
    if data.clusters is not None and len(np.unique(data.clusters)) < 2:
        raise DataError("All rows belong to one cluster: at least two are needed.", remedy="Check the cluster column.")


def _single_faults(data: CategoricalInput, names: Sequence[str]) -> list[str]:
    faults = []
    for variable, (name, n_levels) in enumerate(zip(names, data.n_levels, strict=True)):
        seen = data.observed[variable] * data.row_weights > 0
        answers = data.values[seen, variable]
        fault = _level_fault(answers, n_levels) if n_levels else _spread_fault(answers)
        if fault:
            faults.append(f"{name}: {fault}")
    return faults


def _level_fault(answers: FloatArray, n_levels: int) -> str | None:
    if n_levels == 1:
        return "all answers are the same"
    if ((answers < 0) | (answers >= n_levels) | (answers != np.floor(answers))).any():
        return f"codes must be the whole numbers from 0 to {n_levels - 1}"
    counts = np.bincount(answers.astype(np.intp), minlength=n_levels)
    empty = int((counts == 0).sum())
    return f"{empty} of its {n_levels} levels never occur" if empty else None


def _spread_fault(answers: FloatArray) -> str | None:
    if not np.isfinite(answers).all():
        return "infinite values"
    return "all values are the same, or there are fewer than two" if len(np.unique(answers)) < 2 else None


def _pair_faults(data: CategoricalInput, names: Sequence[str]) -> list[str]:
    row, column = data.layout.row, data.layout.column
    apart = np.flatnonzero(data.pair_masses[row, column] <= 0)
    return [f"{names[column[pair]]} and {names[row[pair]]}: nobody answered both" for pair in apart]


def _are_dependent(covariates: FloatArray) -> bool:
    centred = covariates - covariates.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    if (spread <= 1e-12 * np.abs(covariates).max(axis=0)).any():
        return True
    correlations = (centred / spread).T @ (centred / spread) / len(covariates)
    return bool(np.linalg.eigvalsh(correlations)[0] < _DEPENDENT)
