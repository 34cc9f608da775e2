"""Residual moments as data frames, one record per group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.inference import ResidualMoments, ResidualType, residual_moments
from trustsem.inference.ordinal_residuals import OrdinalResiduals, ordinal_residuals
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline import FittedModel
from trustsem.tables.groups import group_names, model_variables

_SANDWICHES = (ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE)
_PAIRWISE = "Covariances come from different rows for each pair of items: their sampling errors are not known."

_NO_ERRORS = "No standard errors: the information matrix cannot be inverted, or the moments have no known covariance."


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Residuals of one type in one group; parts of the means are None without a mean structure.

    Of ordinal items, variances and covariances are those of latent responses (given the predictors that the model
    conditions on), means are those of continuous variables only, and there are thresholds and slopes.

    Args:
        type: "raw", "cor_bentler", "cor_bollen", "normalized" or "standardized".
        cov: (p, p) residual variances and covariances; z-values for the last two types.
        cov_se: (p, p) standard errors; NaN where they could not be computed, 0 where the model always reproduces the
            moment.
        cov_z: (p, p) residual / standard error, 0 where the standard error is 0.
        mean: (p,) the same of the means.
        mean_se: (p,).
        mean_z: (p,).
        group: The group, counted from 1.
        label: Its name; "" where there is one group.
        note: Why there are no standard errors; None where there are.
        thresholds, thresholds_se, thresholds_z: By `item|t1`; None without ordinal items.
        slopes, slopes_se, slopes_z: (p, k) on the k predictors that the model conditions on; None without.
    """

    type: str
    cov: pd.DataFrame
    cov_se: pd.DataFrame
    cov_z: pd.DataFrame
    mean: pd.Series | None
    mean_se: pd.Series | None
    mean_z: pd.Series | None
    group: int = 1
    label: str = ""
    note: str | None = None
    thresholds: pd.Series | None = None
    thresholds_se: pd.Series | None = None
    thresholds_z: pd.Series | None = None
    slopes: pd.DataFrame | None = None
    slopes_se: pd.DataFrame | None = None
    slopes_z: pd.DataFrame | None = None

    def largest(self, k: int | None = 10) -> pd.DataFrame:
        """Return the k largest residuals by absolute size (all when None).

        Columns lhs, op, rhs, group, residual, se, z; op is ~~ for covariances, ~1 for means, | for thresholds and ~
        for slopes.

        Raises:
            UsageError: k is negative.
        """
        return _largest([self._frame()], k)

    def _frame(self) -> pd.DataFrame:
        names = self.cov.columns.to_numpy()
        row, column = np.tril_indices(len(names))
        cells = (m.to_numpy()[row, column] for m in (self.cov, self.cov_se, self.cov_z))
        parts = [_block(names[column], "~~", names[row], self.group, *cells)]
        if self.mean is not None and self.mean_se is not None and self.mean_z is not None:
            of_means = self.mean.index.to_numpy()
            empty = np.full(len(of_means), "", dtype=object)
            means = (self.mean.to_numpy(), self.mean_se.to_numpy(), self.mean_z.to_numpy())
            parts.append(_block(of_means, "~1", empty, self.group, *means))
        return pd.concat([*parts, *self._of_ordinal_items()], ignore_index=True)

    def _of_ordinal_items(self) -> Iterator[pd.DataFrame]:
        if self.thresholds is not None and self.thresholds_se is not None and self.thresholds_z is not None:
            item, number = np.array([str(name).rsplit("|", 1) for name in self.thresholds.index], dtype=object).T
            values = (self.thresholds.to_numpy(), self.thresholds_se.to_numpy(), self.thresholds_z.to_numpy())
            yield _block(item, "|", number, self.group, *values)
        if self.slopes is not None and self.slopes_se is not None and self.slopes_z is not None:
            outcomes, predictors = self.slopes.index.to_numpy(), self.slopes.columns.to_numpy()
            values = (m.to_numpy().ravel() for m in (self.slopes, self.slopes_se, self.slopes_z))
            lhs, rhs = np.repeat(outcomes, len(predictors)), np.tile(predictors, len(outcomes))
            yield _block(lhs, "~", rhs, self.group, *values)


class GroupedResiduals(Mapping[str, Residuals]):
    """Residuals of several groups, by the group's label; the groups are in order."""

    def __init__(self, groups: Mapping[str, Residuals]) -> None:
        self._groups = dict(groups)

    def __getitem__(self, label: str) -> Residuals:
        return self._groups[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __repr__(self) -> str:
        return f"<Residuals ({self.type}) of {len(self)} groups: {', '.join(self)}>"

    @property
    def type(self) -> str:
        """Their scale."""
        return next(iter(self._groups.values())).type

    @property
    def note(self) -> str | None:
        """Why there are no standard errors; None where there are."""
        return next((item.note for item in self._groups.values() if item.note), None)

    def largest(self, k: int | None = 10) -> pd.DataFrame:
        """Return the k largest residuals of all groups by absolute size (all when None).

        Columns lhs, op, rhs, group, residual, se, z.

        Raises:
            UsageError: k is negative.
        """
        return _largest([item._frame() for item in self._groups.values()], k)


def _largest(frames: list[pd.DataFrame], k: int | None) -> pd.DataFrame:
    if k is not None and k < 0:
        raise UsageError(f"k is {k}: ask for 0 or more residuals.", code="largest")
    frame = pd.concat(frames, ignore_index=True)
    order = np.argsort(-frame["residual"].abs().to_numpy(), kind="stable")
    return frame.iloc[order[:k]].reset_index(drop=True)


def _block(
    lhs: np.ndarray,
    op: str,
    rhs: np.ndarray,
    group: int,
    residual: NDArray[np.float64],
    se: NDArray[np.float64],
    z: NDArray[np.float64],
) -> pd.DataFrame:
    return pd.DataFrame({"lhs": lhs, "op": op, "rhs": rhs, "group": group, "residual": residual, "se": se, "z": z})


def residuals_record(
    fitted: FittedModel, kind: ResidualType, *, pairwise: bool = False
) -> Residuals | GroupedResiduals:
    """Return the residuals of a fitted model with names, without auxiliary variables.

    Args:
        fitted: A fitted model.
        kind: Their scale.
        pairwise: Whether covariances came from different rows for each pair of items.

    Raises:
        UsageError: residuals that are divided by standard errors, where there are none.
    """
    labels = group_names(fitted.table)
    records = [_of_group(fitted, kind, number, label, pairwise) for number, label in enumerate(labels)]
    return records[0] if len(records) == 1 else GroupedResiduals({record.label: record for record in records})


def _of_group(fitted: FittedModel, kind: ResidualType, number: int, label: str, pairwise: bool) -> Residuals:
    if fitted.table.ordinal is not None:
        return _of_ordinal_group(fitted, kind, number, label)
    robust = fitted.options.used_errors in _SANDWICHES
    result = residual_moments(fitted.estimate, kind, group=number, robust=robust, pairwise=pairwise)
    missing = bool(np.isnan(result.cov_se).any())
    if missing and kind in (ResidualType.STANDARDIZED, ResidualType.NORMALIZED):
        raise _no_errors(kind, pairwise)
    index = model_variables(fitted.table)
    names = [fitted.table.variables.observed[k] for k in index]

    def matrix(values: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(values[np.ix_(index, index)], index=names, columns=names)

    def vector(values: NDArray[np.float64] | None) -> pd.Series | None:
        return None if values is None else pd.Series(values[index], index=names)

    return Residuals(
        kind.value,
        matrix(result.cov),
        matrix(result.cov_se),
        matrix(result.cov_z),
        vector(result.mean),
        vector(result.mean_se),
        vector(result.mean_z),
        number + 1,
        label,
        _note(result, pairwise),
    )


def _of_ordinal_group(fitted: FittedModel, kind: ResidualType, number: int, label: str) -> Residuals:
    result = ordinal_residuals(fitted.estimate, kind, group=number)
    missing = bool(np.isnan(result.se).any())
    if missing and kind in (ResidualType.STANDARDIZED, ResidualType.NORMALIZED):
        raise _no_errors(kind, pairwise=False)
    observed, p = fitted.table.variables.observed, result.layout.n_variables
    names, predictors = list(observed[:p]), list(observed[p:])

    def frames(values: NDArray[np.float64]) -> tuple[pd.DataFrame, pd.Series | None, pd.Series, pd.DataFrame | None]:
        return (
            _covariances(result, values, names),
            _means(result, values, names),
            _thresholds(result, values, names),
            _slopes(result, values, names, predictors),
        )

    cov, mean, thresholds, slopes = frames(result.residual)
    cov_se, mean_se, thresholds_se, slopes_se = frames(result.se)
    cov_z, mean_z, thresholds_z, slopes_z = frames(result.z)
    return Residuals(
        kind.value,
        cov,
        cov_se,
        cov_z,
        mean,
        mean_se,
        mean_z,
        number + 1,
        label,
        _NO_ERRORS if missing else None,
        thresholds,
        thresholds_se,
        thresholds_z,
        slopes,
        slopes_se,
        slopes_z,
    )


def _covariances(result: OrdinalResiduals, values: NDArray[np.float64], names: list[str]) -> pd.DataFrame:
    layout = result.layout
    matrix = np.zeros((len(names), len(names)))  # variances of latent responses are no statistics
    matrix[layout.continuous, layout.continuous] = values[layout.variances]
    matrix[layout.row, layout.column] = matrix[layout.column, layout.row] = values[layout.pairs]
    return pd.DataFrame(matrix, index=names, columns=names)


def _means(result: OrdinalResiduals, values: NDArray[np.float64], names: list[str]) -> pd.Series | None:
    variable, level = result.layout.threshold_of.T
    there = np.flatnonzero(level < 0)
    return pd.Series(values[there], index=[names[k] for k in variable[there]]) if len(there) else None


def _thresholds(result: OrdinalResiduals, values: NDArray[np.float64], names: list[str]) -> pd.Series:
    entries = result.layout.threshold_of.tolist()
    there = [k for k, (_, level) in enumerate(entries) if level >= 0]
    return pd.Series(values[there], index=[f"{names[entries[k][0]]}|t{entries[k][1] + 1}" for k in there])


def _slopes(
    result: OrdinalResiduals, values: NDArray[np.float64], names: list[str], predictors: list[str]
) -> pd.DataFrame | None:
    if not predictors:
        return None
    matrix = values[result.layout.slopes].reshape(len(names), len(predictors))
    return pd.DataFrame(matrix, index=names, columns=predictors)


def _note(result: ResidualMoments, pairwise: bool) -> str | None:
    if not np.isnan(result.cov_se).any():
        return None
    return _PAIRWISE if pairwise else _NO_ERRORS


def _no_errors(kind: ResidualType, pairwise: bool) -> UsageError:
    if pairwise:
        return UsageError(
            f"{kind.value.capitalize()} residuals do not exist here. {_PAIRWISE}",
            remedy='Fit with missing="fiml", or use type="cor_bollen", the residual correlations.',
            code="no-standard-errors",
        )
    if kind is ResidualType.NORMALIZED:
        return UsageError(
            "Normalised residuals do not exist here: some moments of the incomplete rows have no standard error.",
            remedy='Use type="cor_bollen", and leave out one of two items that nobody answered together.',
            code="no-standard-errors",
        )
    return UsageError(
        "Standardised residuals do not exist here: the information matrix cannot be inverted.",
        remedy='Use type="normalized", which needs standard errors of the sample moments only.',
        code="no-standard-errors",
    )
