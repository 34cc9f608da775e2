"""The saturated model of completed data sets: at each one's own moments, at pooled ones, in all data stacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.moments import SampleGroup, SampleMoments
from trustsem.moments.linalg import solve_positive

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class ConditionalMoments:
    """Means and covariances of outcomes given exogenous variables x; plain moments where there are none.

    Args:
        intercepts: (p_y,).
        slopes: (p_y, p_x) regressions on x.
        residual_cov: (p_y, p_y).
    """

    intercepts: FloatArray
    slopes: FloatArray
    residual_cov: FloatArray

    def moments_with(self, sample: SampleGroup, x: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the (p, p) covariances and (p,) means that these regressions imply for the x of one data set."""
        y = np.setdiff1d(np.arange(len(sample.names)), x)
        sigma, mu = sample.cov.copy(), mean_of(sample).copy()
        cross = self.slopes @ sample.cov[np.ix_(x, x)]
        sigma[np.ix_(y, x)] = cross
        sigma[np.ix_(x, y)] = cross.T
        sigma[np.ix_(y, y)] = self.residual_cov + cross @ self.slopes.T
        mu[y] = self.intercepts + self.slopes @ mu[x]
        return sigma, mu


def conditional_moments(sample: SampleGroup, x: IntArray) -> ConditionalMoments:
    """Regress the other variables of one group on its fixed exogenous ones."""
    y = np.setdiff1d(np.arange(len(sample.names)), x)
    mean, cov = mean_of(sample), sample.cov
    slopes = solve_positive(cov[np.ix_(x, x)], cov[np.ix_(x, y)]).T if len(x) else np.zeros((len(y), 0))
    return ConditionalMoments(mean[y] - slopes @ mean[x], slopes, cov[np.ix_(y, y)] - slopes @ cov[np.ix_(x, y)])


def pooled_conditional(samples: Sequence[SampleGroup], x: IntArray) -> ConditionalMoments:
    """Return the saturated parameters of one group, averaged over data sets."""
    every = [conditional_moments(sample, x) for sample in samples]
    return ConditionalMoments(
        np.mean([one.intercepts for one in every], axis=0),
        np.mean([one.slopes for one in every], axis=0),
        np.mean([one.residual_cov for one in every], axis=0),
    )


def stacked_group(samples: Sequence[SampleGroup]) -> SampleGroup:
    """Return the moments, divisor n, of one group's rows in all data sets stacked; n_obs stays that of one."""
    means = np.array([mean_of(sample) for sample in samples])
    centre = means.mean(axis=0)
    gaps = means - centre
    cov = np.mean([sample.cov for sample in samples], axis=0) + gaps.T @ gaps / len(samples)
    first = samples[0]
    return replace(first, cov=cov, mean=None if first.mean is None else centre, cases=None)


def average_moments(samples: Sequence[SampleMoments]) -> SampleMoments:
    """Return means and covariances averaged over data sets, group by group."""
    groups = []
    for members in zip(*(sample.groups for sample in samples), strict=True):
        cov = np.mean([member.cov for member in members], axis=0)
        mean = None if members[0].mean is None else np.mean([member.mean for member in members], axis=0)
        groups.append(replace(members[0], cov=cov, mean=mean, cases=None))
    return SampleMoments(tuple(groups))


def mean_of(sample: SampleGroup) -> FloatArray:
    """Return the means; zeros where moments came without."""
    return np.zeros(len(sample.names)) if sample.mean is None else sample.mean
