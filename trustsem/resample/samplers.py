"""Where the rows of a draw come from: respondents drawn with replacement, left out, or generated from the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trustsem.moments import Cases
from trustsem.resample.batch_ml import GroupMoments
from trustsem.resample.draws import draw_counts, generator_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


class Sampler(Protocol):
    """Makes draws by number; the same number always gives the same draw."""

    def rows(self, number: int) -> list[Cases]:
        """Return the rows of one draw, group after group."""
        ...

    def moments(self, numbers: IntArray) -> list[GroupMoments]:
        """Return means and covariances (divisor n) of complete rows of many draws."""
        ...


class _Counted:
    """Draws that take each respondent a number of times."""

    cases: tuple[Cases, ...]
    weights_by_group: bool = False  # weights sum to the rows of each group: in every draw again

    def counts(self, numbers: IntArray) -> list[FloatArray]:
        """Return how often each respondent is in each draw, one (B, n_g) array per group."""
        raise NotImplementedError

    def rows(self, number: int) -> list[Cases]:
        """Return the rows of one draw, each as often as it was drawn."""
        counts = self.counts(np.array([number], dtype=np.intp))
        drawn = [repeated(group, count[0]) for group, count in zip(self.cases, counts, strict=True)]
        return [_summing_to_rows(group) for group in drawn] if self.weights_by_group else drawn

    def moments(self, numbers: IntArray) -> list[GroupMoments]:
        """Return the moments of many draws: sums of products weighted with counts."""
        counts = self.counts(numbers)
        if self.weights_by_group:
            counts = [_per_weight(group, count) for group, count in zip(self.cases, counts, strict=True)]
        return moments_of_weights(self.cases, counts)


def _summing_to_rows(cases: Cases) -> Cases:
    if cases.weights is None:
        return cases
    return replace(cases, weights=cases.weights * (len(cases.weights) / cases.weights.sum()))


def _per_weight(cases: Cases, counts: FloatArray) -> FloatArray:
    """Return counts (B, n_g) scaled so that, times the weights, each draw sums to its rows."""
    if cases.weights is None:
        return counts
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw of weights 0 has no moments
        return counts * (counts.sum(axis=1) / (counts @ cases.weights))[:, None]


@dataclass(frozen=True, eq=False)
class Resampling(_Counted):
    """Respondents (or clusters) drawn with replacement (Efron 1979)."""

    cases: tuple[Cases, ...]
    seed: int
    weights_by_group: bool = False

    def counts(self, numbers: IntArray) -> list[FloatArray]:
        """Return how often each respondent is in each draw."""
        return draw_counts(self.cases, self.seed, numbers)


@dataclass(frozen=True, eq=False)
class LeaveOneOut(_Counted):
    """Draw k has everybody but unit k, a respondent or a cluster; units are counted group after group."""

    cases: tuple[Cases, ...]
    weights_by_group: bool = False

    def counts(self, numbers: IntArray) -> list[FloatArray]:
        """Return 1 for everybody and 0 for who is left out."""
        units = [units_of(group) for group in self.cases]
        every = [(g, unit) for g, labels in enumerate(units) for unit in range(int(labels.max()) + 1)]
        counts = [np.ones((len(numbers), len(group.values))) for group in self.cases]
        for k, number in enumerate(numbers.tolist()):
            g, unit = every[number]
            counts[g][k, units[g] == unit] = 0.0
        return counts

    @property
    def n_units(self) -> int:
        """How many draws there are."""
        return sum(int(units_of(group).max()) + 1 for group in self.cases)


@dataclass(frozen=True, eq=False)
class Reweighting(_Counted):
    """Draw k weighs respondents by column k of given weights instead of their own.

    Args:
        cases: The respondents of each group, without weights.
        weights: One (n_g, R) array per group.
    """

    cases: tuple[Cases, ...]
    weights: tuple[FloatArray, ...]

    def counts(self, numbers: IntArray) -> list[FloatArray]:
        """Return the weights of each draw."""
        return [weights[:, numbers].T for weights in self.weights]

    def rows(self, number: int) -> list[Cases]:
        """Return all respondents of positive weight with their weights."""
        rows = []
        for group, weights in zip(self.cases, self.weights, strict=True):
            kept = weights[:, number] > 0
            rows.append(Cases(group.values[kept], weights[kept, number]))
        return rows


@dataclass(frozen=True, eq=False)
class NormalSampling:
    """Rows generated from the normal distribution that the model implies; missing answers stay missing.

    Args:
        cases: The respondents whose predictors and missing answers are kept.
        means: (p,) implied means of each group.
        covariances: (p, p) implied covariances of each group, divisor n.
        given: (k,) positions of predictors that are kept as they are: the rest is drawn given these.
        seed: Seed of the draws.
    """

    cases: tuple[Cases, ...]
    means: tuple[FloatArray, ...]
    covariances: tuple[FloatArray, ...]
    given: IntArray
    seed: int

    def rows(self, number: int) -> list[Cases]:
        """Return generated rows of one draw."""
        random = generator_of(self.seed, number)
        return [
            replace(group, values=self._values(group, mean, cov, random))
            for group, mean, cov in zip(self.cases, self.means, self.covariances, strict=True)
        ]

    def moments(self, numbers: IntArray) -> list[GroupMoments]:
        """Return the moments of generated rows of many draws."""
        per_group: list[tuple[list[FloatArray], list[FloatArray]]] = [([], []) for _ in self.cases]
        for number in numbers.tolist():
            for (covs, means), group in zip(per_group, self.rows(number), strict=True):
                mean = group.values.mean(axis=0)
                gaps = group.values - mean
                covs.append(gaps.T @ gaps / len(gaps))
                means.append(mean)
        total = sum(len(group.values) for group in self.cases)
        return [
            GroupMoments(np.array(covs), np.array(means), np.full(len(numbers), len(group.values) / total))
            for (covs, means), group in zip(per_group, self.cases, strict=True)
        ]

    def _values(self, group: Cases, mean: FloatArray, cov: FloatArray, random: np.random.Generator) -> FloatArray:
        n, p = group.values.shape
        values = np.empty((n, p))
        x = self.given
        y = np.setdiff1d(np.arange(p), x)
        expected, spread = np.broadcast_to(mean[y], (n, len(y))), cov[np.ix_(y, y)]
        if len(x):
            values[:, x] = group.values[:, x]
            slopes = np.linalg.solve(cov[np.ix_(x, x)], cov[np.ix_(x, y)])  # (k, p - k)
            expected = expected + (group.values[:, x] - mean[x]) @ slopes
            spread = spread - cov[np.ix_(y, x)] @ slopes
        values[:, y] = expected + random.standard_normal((n, len(y))) @ np.linalg.cholesky(spread).T
        values[np.isnan(group.values)] = np.nan
        return values


def bollen_stine_cases(
    cases: Sequence[Cases], means: Sequence[FloatArray], covariances: Sequence[FloatArray], *, keep_means: bool
) -> tuple[Cases, ...]:
    """Return the rows transformed so that the model holds exactly among them (Bollen & Stine 1992, eq. 6).

    z = (y - ybar) S^-1/2 Sigma^1/2 + mu: their covariance matrix is Sigma, their means mu.

    Args:
        cases: Complete rows of each group.
        means: (p,) implied means.
        covariances: (p, p) implied covariance matrices.
        keep_means: Means are no part of the model: they stay as they are.
    """
    result = []
    for group, mu, sigma in zip(cases, means, covariances, strict=True):
        centre = group.values.mean(axis=0)
        gaps = group.values - centre
        sample = gaps.T @ gaps / len(gaps)
        # any roots with root' root = matrix serve: S^-1/2 as L^-T of S = L L', Sigma^1/2 as C' of Sigma = C C'
        left = np.linalg.cholesky(sample)
        z = np.linalg.solve(left, gaps.T).T @ np.linalg.cholesky(sigma).T
        result.append(replace(group, values=z + (centre if keep_means else mu)))
    return tuple(result)


def units_of(cases: Cases) -> IntArray:
    """Return of which drawn unit, a respondent or a cluster, each row is."""
    if cases.clusters is None:
        return np.arange(len(cases.values))
    return np.unique(cases.clusters, return_inverse=True)[1].astype(np.intp)


def repeated(cases: Cases, counts: FloatArray) -> Cases:
    """Return the rows of a draw, each as often as it was drawn."""
    index = np.repeat(np.arange(len(counts)), counts.astype(np.intp))
    weights = None if cases.weights is None else cases.weights[index]
    return Cases(cases.values[index], weights)


def moments_of_weights(cases: Sequence[Cases], weights: Sequence[FloatArray]) -> list[GroupMoments]:
    """Return means and covariances of complete rows under many sets of weights, by two products per group.

    Args:
        cases: Complete rows of each group; their own weights multiply those given.
        weights: One (B, n_g) array per group.
    """
    sums = [_weighted(group, weight) for group, weight in zip(cases, weights, strict=True)]
    mass = np.sum([total for _, _, total in sums], axis=0)
    return [GroupMoments(cov, mean, total / mass) for cov, mean, total in sums]


def _weighted(cases: Cases, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return covariances (B, p, p), means (B, p) and sums of weights (B,)."""
    centre = cases.values.mean(axis=0)
    values = cases.values - centre
    p = values.shape[1]
    column, row = np.triu_indices(p)
    weights = weights * cases.weight_of_row
    total = weights.sum(axis=1)
    shift = weights @ values / total[:, None]
    cov = np.empty((len(weights), p, p))
    cov[:, row, column] = weights @ (values[:, row] * values[:, column]) / total[:, None]
    cov[:, column, row] = cov[:, row, column]
    cov -= shift[:, :, None] * shift[:, None, :]
    return cov, centre + shift, total
