"""Residual moments as data frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.inference import ResidualType, residual_moments
from trustsem.pipeline import FittedModel


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Residuals of one type; parts of the means are None without a mean structure.

    Args:
        type: "raw", "cor_bentler", "cor_bollen", "normalized" or "standardized".
        cov: (p, p) residual variances and covariances; z-values for the last two types.
        cov_se: (p, p) standard errors; NaN where they could not be computed, 0 where the model always reproduces the
            moment.
        cov_z: (p, p) residual / standard error, 0 where the standard error is 0.
        mean: (p,) the same of the means.
        mean_se: (p,).
        mean_z: (p,).
    """

    type: str
    cov: pd.DataFrame
    cov_se: pd.DataFrame
    cov_z: pd.DataFrame
    mean: pd.Series | None
    mean_se: pd.Series | None
    mean_z: pd.Series | None

    def largest(self, k: int | None = 10) -> pd.DataFrame:
        """Return the k largest residuals by absolute size (all when None).

        Columns lhs, op, rhs, residual, se, z; op is ~~ for covariances and ~1 for means.

        Raises:
            UsageError: k is negative.
        """
        if k is not None and k < 0:
            raise UsageError(f"k is {k}: ask for 0 or more residuals.", code="largest")
        names = self.cov.columns.to_numpy()
        row, column = np.tril_indices(len(names))
        parts = [_block(names[column], "~~", names[row], *(m.to_numpy()[row, column] for m in self._cov_parts()))]
        if self.mean is not None and self.mean_se is not None and self.mean_z is not None:
            empty = np.full(len(names), "", dtype=object)
            means = (self.mean.to_numpy(), self.mean_se.to_numpy(), self.mean_z.to_numpy())
            parts.append(_block(names, "~1", empty, *means))
        frame = pd.concat(parts, ignore_index=True)
        order = np.argsort(-frame["residual"].abs().to_numpy(), kind="stable")
        return frame.iloc[order[:k]].reset_index(drop=True)

    def _cov_parts(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        return self.cov, self.cov_se, self.cov_z


def _block(
    lhs: np.ndarray,
    op: str,
    rhs: np.ndarray,
    residual: NDArray[np.float64],
    se: NDArray[np.float64],
    z: NDArray[np.float64],
) -> pd.DataFrame:
    return pd.DataFrame({"lhs": lhs, "op": op, "rhs": rhs, "residual": residual, "se": se, "z": z})


def residuals_record(fitted: FittedModel, kind: ResidualType) -> Residuals:
    """Return the residuals of a fitted model with names.

    Raises:
        UsageError: standardised residuals where the information matrix cannot be inverted.
    """
    result = residual_moments(fitted.estimate, kind)
    if kind is ResidualType.STANDARDIZED and np.isnan(result.cov_se).any():
        raise UsageError(
            "Standardised residuals do not exist here: the information matrix cannot be inverted.",
            remedy='Use type="normalized", which needs standard errors of the sample moments only.',
            code="no-standard-errors",
        )
    names = list(fitted.table.variables.observed)

    def matrix(values: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=names)

    def vector(values: NDArray[np.float64] | None) -> pd.Series | None:
        return None if values is None else pd.Series(values, index=names)

    return Residuals(
        kind.value,
        matrix(result.cov),
        matrix(result.cov_se),
        matrix(result.cov_z),
        vector(result.mean),
        vector(result.mean_se),
        vector(result.mean_z),
    )
