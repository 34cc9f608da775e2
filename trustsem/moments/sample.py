"""Means and covariances of complete data, one group after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import DataError
from trustsem.moments.cases import Cases
from trustsem.moments.em import EMResult
from trustsem.moments.linalg import invert, log_determinant

if TYPE_CHECKING:
    from trustsem.moments.categorical import CategoricalMoments

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
        cases: The respondents themselves, for estimators and tests that need more than moments.
        label: Name of the group; "" where there is only one.
        is_unbiased: Whether `cov` has divisor n - 1.
        saturated: For incomplete rows, the saturated model whose moments `cov` and `mean` are.
        moment_gamma: (P, P) n times the covariance of the moments, where it is not that of complete rows; of ordinal
            data in clusters, that of independent rows, which least squares weighs with.
        categorical: Thresholds, slopes and correlations of ordinal data, which are fitted in place of `cov`.
        moment_weight: (P, P), or its diagonal (P,), weight of the moments (vech, then means) for estimators that
            need one.
    """

    names: tuple[str, ...]
    cov: FloatArray
    mean: FloatArray | None
    n_obs: int
    cases: Cases | None = None
    label: str = ""
    moment_weight: FloatArray | None = None
    is_unbiased: bool = False
    saturated: EMResult | None = None
    moment_gamma: FloatArray | None = None
    categorical: CategoricalMoments | None = None

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

    @cached_property
    def inverse(self) -> FloatArray:
        """S^-1 (p, p).

        Raises:
            numpy.linalg.LinAlgError: S is not positive definite.
        """
        return invert(self.cov)

    def ordered(self, names: Sequence[str]) -> SampleGroup:
        """Return the moments of these variables, in this order."""
        if tuple(names) == self.names:
            return self
        position = {name: index for index, name in enumerate(self.names)}
        index = np.array([position[name] for name in names], dtype=np.intp)
        mean = None if self.mean is None else self.mean[index]
        cases = None if self.cases is None else self.cases.select(index)
        return replace(self, names=tuple(names), cov=self.cov[np.ix_(index, index)], mean=mean, cases=cases)

    def unbiased(self) -> SampleGroup:
        """Return the group with divisor n - 1 instead of n."""
        return replace(self, cov=self.cov * (self.n_obs / (self.n_obs - 1)), is_unbiased=True)

    @property
    def mass(self) -> float:
        """Sum of the weights; the number of respondents without weights, or with weights that add up to it."""
        weights = None if self.cases is None else self.cases.weights
        return float(self.n_obs) if weights is None else float(weights.sum())

    @property
    def n_effective(self) -> float:
        """What multiplies F of this group: n (the sum of the weights), or n - 1 where that is the divisor of S."""
        return self.mass - 1 if self.is_unbiased else self.mass


@dataclass(frozen=True, eq=False, slots=True)
class SampleMoments:
    """Moments of all groups."""

    groups: tuple[SampleGroup, ...]

    @property
    def n_obs(self) -> int:
        """Respondents over all groups."""
        return sum(group.n_obs for group in self.groups)

    @property
    def mass(self) -> float:
        """Sum of the weights over all groups; n without weights."""
        return sum(group.mass for group in self.groups)

    @property
    def n_effective(self) -> float:
        """What multiplies F in the chi-square: n, or n minus the number of groups where S has divisor n - 1."""
        return sum(group.n_effective for group in self.groups)

    @property
    def has_means(self) -> bool:
        """Whether every group came with means."""
        return all(group.mean is not None for group in self.groups)


def moments_from_cases(cases: Sequence[Cases], names: Sequence[str], labels: Sequence[str] = ()) -> SampleMoments:
    """Compute the moments of complete rows, divisor n (with weights: their sum), one group after another.

    Args:
        cases: Respondents of each group, (n, p) answers without NaN.
        names: The p variables.
        labels: Names of the groups.

    Raises:
        DataError: fewer than two rows in a group.
    """
    labels = labels or ("",) * len(cases)
    return SampleMoments(
        tuple(_moments_of(group, tuple(names), label) for group, label in zip(cases, labels, strict=True))
    )


def _moments_of(cases: Cases, names: tuple[str, ...], label: str) -> SampleGroup:
    values, weights, n_obs = cases.values, cases.weights, len(cases.values)
    if n_obs < 2:
        group = f" in group {label}" if label else ""
        raise DataError(
            f"{n_obs} usable row(s) of data{group}: at least two are needed.",
            remedy="Leave the group out, or join it with another." if label else "Look at the missing answers.",
            code="group-too-small" if label else "too-few-rows",
        )
    if weights is None:
        mean = values.mean(axis=0)
        centred = values - mean
        return SampleGroup(names, centred.T @ centred / n_obs, mean, n_obs, cases, label)
    total = float(weights.sum())
    mean = weights @ values / total
    centred = values - mean
    return SampleGroup(names, (centred * weights[:, None]).T @ centred / total, mean, n_obs, cases, label)


def moments_from_arrays(values: Sequence[FloatArray], names: Sequence[str]) -> SampleMoments:
    """Compute the moments of complete data, divisor n.

    Args:
        values: One (n, p) array per group, without NaN.
        names: The p variables.

    Raises:
        DataError: fewer than two rows in a group.
    """
    return moments_from_cases([Cases(array) for array in values], names)


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
