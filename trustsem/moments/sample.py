"""Means and covariances of complete data, one group after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.moments.linalg import log_determinant

FloatArray = NDArray[np.float64]

_SYMMETRY = 1e-8  # relative; published matrices are symmetric by construction, larger gaps are typing errors


@dataclass(frozen=True, eq=False)
class SampleGroup:
    """First and second moments of one group.

    Args:
        names: Observed variables, in the order of the arrays.
        cov: (p, p) covariance matrix, divisor n, item units squared.
        mean: (p,) means; None when only covariances were handed in.
        n_obs: Respondents behind the moments.
    """

    names: tuple[str, ...]
    cov: FloatArray
    mean: FloatArray | None
    n_obs: int

    def __post_init__(self) -> None:
        p = len(self.names)
        if self.cov.shape != (p, p) or (self.mean is not None and self.mean.shape != (p,)):
            raise ValueError(f"moments of {p} variables need shapes ({p}, {p}) and ({p},)")
        for array in (self.cov, self.mean):
            if array is not None:
                array.setflags(write=False)

    @cached_property
    def log_determinant(self) -> float:
        """log|S|; infinity where S is not positive definite."""
        return log_determinant(self.cov)

    def ordered(self, names: Sequence[str]) -> SampleGroup:
        """Return the moments of these variables, in this order."""
        if tuple(names) == self.names:
            return self
        position = {name: index for index, name in enumerate(self.names)}
        index = np.array([position[name] for name in names], dtype=np.intp)
        mean = None if self.mean is None else self.mean[index]
        return SampleGroup(tuple(names), self.cov[np.ix_(index, index)], mean, self.n_obs)

    def rescaled(self, factor: float) -> SampleGroup:
        """Return the group with its covariance matrix multiplied, e.g. by n / (n - 1)."""
        return SampleGroup(self.names, self.cov * factor, self.mean, self.n_obs)


@dataclass(frozen=True, eq=False, slots=True)
class SampleMoments:
    """Moments of all groups."""

    groups: tuple[SampleGroup, ...]

    @property
    def n_obs(self) -> int:
        """Respondents over all groups."""
        return sum(group.n_obs for group in self.groups)

    @property
    def has_means(self) -> bool:
        """Whether every group came with means."""
        return all(group.mean is not None for group in self.groups)


def moments_from_arrays(values: Sequence[FloatArray], names: Sequence[str]) -> SampleMoments:
    """Compute the moments of complete data, divisor n.

    Args:
        values: One (n, p) array per group, without NaN.
        names: The p variables.

    Raises:
        DataError: fewer than two rows in a group.
    """
    groups = []
    for array in values:
        n_obs = array.shape[0]
        if n_obs < 2:
            raise DataError(
                f"{n_obs} usable row(s) of data: at least two are needed.", remedy="Look at the missing answers."
            )
        mean = array.mean(axis=0)
        centred = array - mean
        groups.append(SampleGroup(tuple(names), centred.T @ centred / n_obs, mean, n_obs))
    return SampleMoments(tuple(groups))


def moments_from_input(
    cov: FloatArray, names: Sequence[str], n_obs: int, mean: FloatArray | None = None, *, unbiased: bool = True
) -> SampleGroup:
    """Turn a covariance matrix that a user hands in into the moments of one group.

    Args:
        cov: (p, p), symmetric.
        names: The p variables.
        n_obs: Respondents behind it.
        mean: (p,) or None.
        unbiased: The matrix has divisor n - 1, as software and papers print it; it is rescaled to divisor n.

    Raises:
        DataError: not square, not symmetric, not finite, or not positive definite.
    """
    cov = np.array(cov, dtype=float)
    names = tuple(names)
    if cov.shape != (len(names), len(names)):
        raise DataError(f"sample_cov has shape {cov.shape}; {len(names)} variables need a square matrix.")
    if not np.isfinite(cov).all():
        raise DataError("sample_cov holds missing or infinite values.", remedy="Give every variance and covariance.")
    scale = np.sqrt(np.abs(np.outer(np.diag(cov), np.diag(cov)))) + np.finfo(float).tiny
    if (np.abs(cov - cov.T) / scale).max(initial=0.0) > _SYMMETRY:
        raise DataError("sample_cov is not symmetric.", remedy="Check the matrix: entry (i, j) must equal (j, i).")
    if n_obs < 2:
        raise DataError(f"n_obs is {n_obs}: at least two respondents are needed.")
    if mean is not None:
        mean = np.array(mean, dtype=float)
        if mean.shape != (len(names),) or not np.isfinite(mean).all():
            raise DataError(f"sample_mean needs {len(names)} finite values.")
    factor = (n_obs - 1) / n_obs if unbiased else 1.0
    return SampleGroup(names, (cov + cov.T) / 2 * factor, mean, int(n_obs))
