"""One model at many parameter vectors at once: matrices, implied moments and their derivatives as stacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout
from trustsem.implied.layout import OrdinalLayout

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Stack:
    """Matrices of one group at B parameter vectors; t = p observed + m latent variables (see `Implied`)."""

    paths: FloatArray  # (B, t, t) A
    covariances: FloatArray  # (B, t, t) S
    intercepts: FloatArray  # (B, t) m
    inverse: FloatArray  # (B, t, t) (I - A)^-1
    total_cov: FloatArray  # (B, t, t)
    total_mean: FloatArray  # (B, t)
    n_observed: int

    @property
    def sigma(self) -> FloatArray:
        """(B, p, p) implied covariance matrices."""
        return self.total_cov[:, : self.n_observed, : self.n_observed]

    @property
    def mu(self) -> FloatArray:
        """(B, p) implied means."""
        return self.total_mean[:, : self.n_observed]


@dataclass(frozen=True, eq=False, slots=True)
class ExogenousMoments:
    """Moments of fixed exogenous variables in each draw: they are the draw's own, not the sample's."""

    positions: NDArray[np.intp]  # (k,)
    cov: FloatArray  # (B, k, k)
    mean: FloatArray  # (B, k)

    def take(self, chosen: slice) -> ExogenousMoments:
        """Return the moments of some draws."""
        return ExogenousMoments(self.positions, self.cov[chosen], self.mean[chosen])


def stack_model(layout: GroupLayout, theta: FloatArray, exogenous: ExogenousMoments | None = None) -> Stack:
    """Fill the matrices of one group and compute its implied moments (McArdle & McDonald 1984, eq. 4).

    Args:
        layout: Matrices of the group.
        theta: (B, n_free) values of the free rows.
        exogenous: Moments of fixed exogenous variables; those of the layout when None.

    Draws with a loop of gain 1 have NaN in all matrices.
    """
    count = len(theta)
    paths = np.broadcast_to(layout.paths, (count, *layout.paths.shape)).copy()
    covariances = np.broadcast_to(layout.covariances, (count, *layout.covariances.shape)).copy()
    intercepts = np.broadcast_to(layout.intercepts, (count, *layout.intercepts.shape)).copy()
    cells = layout.path_cells
    paths[:, cells.row, cells.column] = theta[:, cells.parameter]
    cells = layout.covariance_cells
    covariances[:, cells.row, cells.column] = theta[:, cells.parameter]
    covariances[:, cells.column, cells.row] = theta[:, cells.parameter]
    cells = layout.intercept_cells
    intercepts[:, cells.row] = theta[:, cells.parameter]
    if exogenous is not None and len(exogenous.positions):
        x = exogenous.positions
        covariances[:, x[:, None], x[None, :]] = exogenous.cov
        intercepts[:, x] = exogenous.mean
    inverse = _inverse(layout, paths)
    total_cov = inverse @ covariances @ inverse.transpose(0, 2, 1)
    if layout.ordinal is not None and len(layout.ordinal.derived):
        _fill_derived(layout.ordinal, theta, inverse, covariances, total_cov)
    total_mean = np.einsum("bij,bj->bi", inverse, intercepts)
    return Stack(paths, covariances, intercepts, inverse, total_cov, total_mean, layout.n_observed)


def _fill_derived(
    ordinal: OrdinalLayout, theta: FloatArray, inverse: FloatArray, covariances: FloatArray, total_cov: FloatArray
) -> None:
    """Give ordinal items the residual variance that makes their total one, given x, 1 / scale^2 (delta)."""
    chosen, x = ordinal.derived, ordinal.conditional
    explained = total_cov[:, chosen, chosen] - explained_by(x, chosen, inverse, covariances)
    scale = np.broadcast_to(ordinal.scale_value, (len(theta), ordinal.n_endogenous)).copy()
    free = ordinal.scale_parameter >= 0
    scale[:, free] = theta[:, ordinal.scale_parameter[free]]
    with np.errstate(divide="ignore"):
        residual = scale[:, chosen] ** -2.0 - explained
    covariances[:, chosen, chosen] = residual
    total_cov[:, chosen, chosen] += residual  # nothing is regressed on them


def explained_by(
    x: NDArray[np.intp], chosen: NDArray[np.intp], inverse: FloatArray, covariances: FloatArray
) -> FloatArray:
    """Return the variance of variables that predictors explain, (B, len(chosen))."""
    by_x = inverse[:, chosen[:, None], x[None, :]]
    return np.einsum("bik,bkl,bil->bi", by_x, covariances[:, x[:, None], x[None, :]], by_x)


def _inverse(layout: GroupLayout, paths: FloatArray) -> FloatArray:
    """Return (I - A)^-1 = I + A (I - A)^-1 over the variables that point at others."""
    count, t, _ = paths.shape
    core = layout.core
    inner = np.eye(len(core)) - paths[:, core[:, None], core[None, :]]
    arrows = paths[:, :, core]
    inverse = np.broadcast_to(np.eye(t), (count, t, t)).copy()
    inverse[:, :, core] += arrows @ invert_stack(inner)
    return inverse


def invert_stack(matrices: FloatArray) -> FloatArray:
    """Invert a stack of matrices; NaN where one is singular."""
    try:
        return np.asarray(np.linalg.inv(matrices), dtype=np.float64)
    except np.linalg.LinAlgError:
        result = np.full_like(matrices, np.nan)
        for k, matrix in enumerate(matrices):
            try:
                result[k] = np.linalg.inv(matrix)
            except np.linalg.LinAlgError:
                continue
        return result


@dataclass(frozen=True, eq=False, slots=True)
class StackDerivatives:
    """Low-rank derivatives dSigma_k = L_k R_k' + R_k L_k' and dmu_k, (B, p, n_free) each."""

    left: FloatArray
    right: FloatArray
    mean: FloatArray


def stack_derivatives(layout: GroupLayout, stack: Stack, n_free: int) -> StackDerivatives:
    """Differentiate the implied moments of one group (as `moment_derivatives`)."""
    p, count = layout.n_observed, len(stack.paths)
    observed = stack.inverse[:, :p]
    left, right, mean = (np.zeros((count, p, n_free)) for _ in range(3))
    cells = layout.path_cells
    left[:, :, cells.parameter] = observed[:, :, cells.row]
    right[:, :, cells.parameter] = stack.total_cov[:, :p, cells.column]
    mean[:, :, cells.parameter] = observed[:, :, cells.row] * stack.total_mean[:, None, cells.column]
    cells = layout.covariance_cells
    half = np.where(cells.row == cells.column, 0.5, 1.0)
    left[:, :, cells.parameter] = observed[:, :, cells.row]
    right[:, :, cells.parameter] = observed[:, :, cells.column] * half
    cells = layout.intercept_cells
    mean[:, :, cells.parameter] = observed[:, :, cells.row]
    return StackDerivatives(left, right, mean)
