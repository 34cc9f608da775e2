"""Draw missing answers from their distribution given the answers that are there: data augmentation, normal model.

Chained equations that plug in one fitted regression per step (scikit-learn's IterativeImputer with sample_posterior)
leave out that the regression itself is uncertain, and intervals become too short. Here the parameters are drawn anew
from their posterior before each round, so that imputations are proper in the sense of Rubin (1987, ch. 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.em import EMResult, em_moments
from trustsem.moments.linalg import cholesky, invert
from trustsem.moments.patterns import MissingPatterns, missing_patterns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

BURN_IN = 200
BETWEEN = 50


@dataclass(frozen=True, eq=False, slots=True)
class ImputationDraws:
    """Completed data sets.

    Args:
        values: (m, n, p); answers that were there are as they were.
        autocorrelation: Largest correlation, over all means, variances and correlations, between the parameters of a
            round and those of `between` rounds later; near 0, or the completed data sets are too much alike.
        noise: Standard error of such a correlation in a chain without memory.
        saturated: Moments that the chain started from.
    """

    values: FloatArray
    autocorrelation: float
    noise: float
    saturated: EMResult


def draw_imputations(
    values: FloatArray,
    n_imputations: int,
    rng: np.random.Generator,
    *,
    burn_in: int = BURN_IN,
    between: int = BETWEEN,
) -> ImputationDraws:
    """Complete incomplete rows of a normal population by data augmentation (Tanner & Wong 1987; Schafer 1997, ch. 5).

    I-step: missing answers given the others and the parameters, normal. P-step: Sigma inverse Wishart with n - 1
    degrees of freedom and the completed rows' cross-products, mu normal around their mean with covariance Sigma / n
    (the posterior under the prior |Sigma|^-(p + 1) / 2; Schafer 1997, section 5.2.2). The chain starts at the maximum
    likelihood moments.

    Args:
        values: (n, p), NaN where an answer is missing; each row and each column has an answer.
        n_imputations: Completed data sets m.
        rng: Source of random numbers.
        burn_in: Rounds before the first completed data set.
        between: Rounds between one and the next.

    Raises:
        numpy.linalg.LinAlgError: no maximum likelihood moments, or no more rows than variables.
    """
    n, p = values.shape
    if n <= p + 1:
        raise np.linalg.LinAlgError("no more rows than variables")
    centre, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    standard = (values - centre) / scale
    chain = _Chain(standard)
    if not chain.saturated.converged:
        raise np.linalg.LinAlgError("the covariance matrix has no maximum likelihood")
    results = np.empty((n_imputations, n, p))
    n_rounds = burn_in + between * (n_imputations - 1) + 1
    series = np.empty((n_rounds - burn_in, p * (p + 1) // 2 + p))
    mean, cov = chain.saturated.mean, chain.saturated.cov
    for number in range(n_rounds):
        chain.impute(mean, cov, rng)
        kept = number - burn_in
        if kept >= 0 and kept % between == 0:
            completed = chain.rows * scale + centre
            results[kept // between] = np.where(np.isnan(values), completed, values)
        mean, cov = chain.draw_parameters(rng)
        if kept >= 0:
            series[kept] = _coordinates(mean, cov)
    return ImputationDraws(
        results, _autocorrelation(series, between), 1 / np.sqrt(max(len(series) - between, 1)), chain.saturated
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Block:
    """Rows with the same number q of missing answers.

    Args:
        rows: (r,) their positions.
        columns: (r, q) what is missing in each.
        of_row: (r,) position of each row's pattern among the block's.
        masks: (b, q) missing columns of each pattern.
    """

    rows: IntArray
    columns: IntArray
    of_row: IntArray
    masks: IntArray


class _Chain:
    """Rows of the current round, with what stays the same over rounds."""

    def __init__(self, values: FloatArray) -> None:
        self.rows = values.copy()
        patterns = missing_patterns(values)
        self.saturated = em_moments(patterns)
        self._observed = ~np.isnan(values)
        n_missing = (~patterns.observed).sum(axis=1)
        self._blocks = [_block(patterns, n_missing == q) for q in np.unique(n_missing[n_missing > 0])]

    def impute(self, mean: FloatArray, cov: FloatArray, rng: np.random.Generator) -> None:
        """Draw what is missing: normal, mean mu_m - K_mm^-1 K_mo (y_o - mu_o), covariance K_mm^-1 with K = Sigma^-1."""
        precision = invert(cov)
        for block in self._blocks:
            rows, columns = block.rows, block.columns
            gaps = np.where(self._observed[rows], self.rows[rows] - mean, 0.0)
            pull = np.take_along_axis(gaps @ precision, columns, axis=1)[:, :, None]
            inner = precision[block.masks[:, :, None], block.masks[:, None, :]]
            half = np.linalg.inv(np.linalg.cholesky(inner))[block.of_row]  # half' half = K_mm^-1
            noise = rng.standard_normal(pull.shape)
            drawn = np.matmul(half.transpose(0, 2, 1), noise - np.matmul(half, pull))[:, :, 0]
            self.rows[rows[:, None], columns] = mean[columns] + drawn

    def draw_parameters(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Draw mean and covariance matrix from their posterior given the completed rows."""
        n, p = self.rows.shape
        mean = self.rows.mean(axis=0)
        centred = self.rows - mean
        factor = cholesky(centred.T @ centred)
        if factor is None:
            raise np.linalg.LinAlgError("the completed rows have a singular covariance matrix")
        # Bartlett's (1933) decomposition: T T' is a Wishart matrix, so C T'^-1 T^-1 C' is an inverse one
        triangle = np.tril(rng.standard_normal((p, p)), -1)
        triangle[np.diag_indices(p)] = np.sqrt(rng.chisquare(n - 1 - np.arange(p)))
        root = np.linalg.solve(triangle, factor.T).T
        return mean + root @ rng.standard_normal(p) / np.sqrt(n), root @ root.T


def _block(patterns: MissingPatterns, chosen: NDArray[np.bool_]) -> _Block:
    """Return the rows of some patterns, all of which lack the same number of answers."""
    numbers = np.flatnonzero(chosen)
    masks = np.array([np.flatnonzero(~patterns.observed[k]) for k in numbers], dtype=np.intp)
    position = np.full(patterns.n_patterns, -1, dtype=np.intp)
    position[numbers] = np.arange(len(numbers))
    of_row = position[patterns.of_row]
    rows = np.flatnonzero(of_row >= 0)
    return _Block(rows, masks[of_row[rows]], of_row[rows], masks)


def _coordinates(mean: FloatArray, cov: FloatArray) -> FloatArray:
    """Return means, logarithms of variances and Fisher's z of correlations: about normal, and slow to move if any."""
    variances = np.diag(cov)
    errors = np.sqrt(variances)
    correlations = (cov / np.outer(errors, errors))[np.tril_indices(len(mean), -1)]
    return np.concatenate([mean, np.log(variances), np.arctanh(correlations)])


def _autocorrelation(series: FloatArray, lag: int) -> float:
    """Return the largest autocorrelation at a lag over the columns; 0 for a chain that is too short to tell."""
    if len(series) < 2 * lag:
        return 0.0
    centred = series - series.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (centred[lag:] * centred[:-lag]).mean(axis=0) / (centred**2).mean(axis=0)
    return float(np.nanmax(values))
