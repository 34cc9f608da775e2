"""Weight matrices of moments: V of a quadratic form in (vech(Sigma), mu)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import MomentDerivatives, sigma_jacobian

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class NormalWeight:
    """V of normal-theory form: tr(W dSigma W dSigma) / 2 + dmu' W_m dmu; never built as a matrix of moments.

    Args:
        sigma: (p, p) W.
        mean: (p, p) W_m; None without mean structure.
    """

    sigma: FloatArray
    mean: FloatArray | None

    def inner(self, derivatives: MomentDerivatives) -> FloatArray:
        """Return D' V D (n_free, n_free)."""
        return derivatives.inner(self.sigma, self.mean)

    def cross(self, derivatives: MomentDerivatives, sigma: FloatArray, mean: FloatArray | None) -> FloatArray:
        """Return D' V s (n_free,) of a direction: symmetric (p, p) sigma and (p,) mean."""
        result = derivatives.contract(self.sigma @ sigma @ self.sigma) / 2
        if self.mean is not None and mean is not None:
            result = result + derivatives.mean.T @ (self.mean @ mean)
        return result

    def size(self, sigma: FloatArray, mean: FloatArray | None) -> float:
        """Return s' V s of a direction."""
        product = self.sigma @ sigma
        result = float(np.sum(product * product.T)) / 2
        if self.mean is not None and mean is not None:
            result += float(mean @ self.mean @ mean)
        return result

    def dense(self) -> FloatArray:
        """Return V over (vech, means): ((p (p + 1) / 2 [+ p]),) * 2."""
        return normal_matrix(self.sigma, self.mean)


@dataclass(frozen=True, eq=False)
class MomentWeight:
    """V as a matrix over (vech(Sigma)[, mu]), in the order of `sigma_jacobian`.

    Args:
        matrix: (P, P) symmetric.
        meanstructure: Whether the last p of the P moments are means.
    """

    matrix: FloatArray
    meanstructure: bool

    def inner(self, derivatives: MomentDerivatives) -> FloatArray:
        """Return D' V D (n_free, n_free)."""
        jacobian = sigma_jacobian(derivatives, meanstructure=self.meanstructure)
        return jacobian.T @ (self.matrix @ jacobian)

    def cross(self, derivatives: MomentDerivatives, sigma: FloatArray, mean: FloatArray | None) -> FloatArray:
        """Return D' V s (n_free,) of a direction."""
        jacobian = sigma_jacobian(derivatives, meanstructure=self.meanstructure)
        return jacobian.T @ (self.matrix @ stack_moments(sigma, mean if self.meanstructure else None))

    def size(self, sigma: FloatArray, mean: FloatArray | None) -> float:
        """Return s' V s of a direction."""
        direction = stack_moments(sigma, mean if self.meanstructure else None)
        return float(direction @ self.matrix @ direction)

    def dense(self) -> FloatArray:
        """Return V."""
        return self.matrix


class DeferredWeight(MomentWeight):
    """A weight whose matrix is computed when it is needed."""

    def __init__(self, make: Callable[[], FloatArray]) -> None:
        object.__setattr__(self, "make", make)
        object.__setattr__(self, "meanstructure", True)

    @cached_property
    def matrix(self) -> FloatArray:  # type: ignore[override]
        """(P, P) symmetric."""
        return self.make()  # type: ignore[attr-defined]


class UnitWeight(MomentWeight):
    """The identity over (vech, means): each variance, covariance and mean counts once."""

    def __init__(self, n_variables: int, meanstructure: bool) -> None:
        object.__setattr__(self, "n_variables", n_variables)
        object.__setattr__(self, "meanstructure", meanstructure)

    @cached_property
    def matrix(self) -> FloatArray:  # type: ignore[override]
        """(P, P) identity."""
        p: int = self.n_variables  # type: ignore[attr-defined]
        return np.eye(p * (p + 1) // 2 + (p if self.meanstructure else 0))

    def inner(self, derivatives: MomentDerivatives) -> FloatArray:
        """Return D' D: products over variables, with the variances made to count as much as the covariances."""
        identity = np.eye(len(derivatives.left))
        diagonal = 2.0 * derivatives.left * derivatives.right
        return derivatives.inner(identity, identity if self.meanstructure else None) + diagonal.T @ diagonal / 2

    def cross(self, derivatives: MomentDerivatives, sigma: FloatArray, mean: FloatArray | None) -> FloatArray:
        """Return D' s (n_free,) of a direction."""
        result = derivatives.contract((sigma + np.diag(np.diag(sigma))) / 2)
        return result if mean is None or not self.meanstructure else result + derivatives.mean.T @ mean

    def size(self, sigma: FloatArray, mean: FloatArray | None) -> float:
        """Return s' s of a direction."""
        total = float(np.sum(sigma**2) + np.sum(np.diag(sigma) ** 2)) / 2
        return total if mean is None or not self.meanstructure else total + float(mean @ mean)


def stack_moments(sigma: FloatArray, mean: FloatArray | None) -> FloatArray:
    """Return (vech(sigma)[, mean]) in the order of `sigma_jacobian`."""
    column, row = np.triu_indices(len(sigma))
    vech = sigma[row, column]
    return vech if mean is None else np.concatenate([vech, mean])


def normal_matrix(sigma_weight: FloatArray, mean_weight: FloatArray | None) -> FloatArray:
    """Return D' (W kron W) D / 2 over vech, D the duplication matrix, with the block of the means.

    Its element for s_ij and s_kl is (W_ik W_jl + W_il W_jk) / 2, doubled for each of the two pairs that is off the
    diagonal, and halved once (Browne 1974; Magnus & Neudecker 1999, ch. 3).
    """
    column, row = np.triu_indices(len(sigma_weight))
    times = np.where(row == column, 1.0, 2.0)
    by_row, by_column = sigma_weight[row], sigma_weight[column]
    matrix = by_row[:, row] * by_column[:, column]
    matrix += by_row[:, column] * by_column[:, row]
    matrix *= times[:, None] * (times / 4)
    if mean_weight is None:
        return matrix
    size, p = len(matrix), len(mean_weight)
    full = np.zeros((size + p, size + p))
    full[:size, :size] = matrix
    full[size:, size:] = mean_weight
    return full


def matrix_of_vech(vech: FloatArray, p: int) -> FloatArray:
    """Return the symmetric (p, p) matrix G with sum(G * M) = vech @ vech(M) for every symmetric M."""
    column, row = np.triu_indices(p)
    matrix = np.zeros((p, p))
    matrix[row, column] = vech / 2
    return matrix + matrix.T
