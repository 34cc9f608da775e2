"""Maximum likelihood means and covariances of incomplete data: the saturated model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.moments.incomplete import Curvature, NormalExpansion, normal_expansion, normal_value
from trustsem.moments.linalg import cholesky, solve_positive
from trustsem.moments.patterns import MissingPatterns, available_moments, vech_cells, vech_lookup
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened

FloatArray = NDArray[np.float64]

_STEP = 1e-9  # EM step, in standard deviations, below which it has converged: logl is then exact to rounding
_DECREMENT = 1e-12  # g' H^-1 g before the last Newton step, which squares what is left
_WINDOW = 8  # EM steps that the extrapolation looks back on
_EM_STEPS = 25  # then Newton steps take over: a slower EM would need hundreds
_EM_STEPS_ALONE = 500
_NEWTON_VARIABLES = 60  # beyond, the Hessian of the moments has millions of entries
_NEWTON_STEPS = 60
_MAX_DAMPING = 1e8
_ROUNDING = 1e-12  # relative rise of -2 log-likelihood that is rounding
_SINGULAR = 1e-6  # smallest eigenvalue of the correlation matrix from which the likelihood is taken to be unbounded
_CONSTANT = 1e-12  # standard deviation relative to the mean that is rounding
_LOW_COVERAGE = 0.10


class EMStatus(Enum):
    """How the iterations ended; SINGULAR: the covariance matrix has no inverse, or loses it on the way."""

    CONVERGED = "converged"
    MAX_ITERATIONS = "max-iterations"
    SINGULAR = "singular"


@dataclass(frozen=True, eq=False, slots=True)
class EMResult:
    """Moments of the saturated model.

    Args:
        mean: (p,) maximum likelihood means.
        cov: (p, p) maximum likelihood covariance matrix.
        value: -2 log-likelihood / n; NaN where the covariance matrix is singular at the start.
        log_likelihood: Sum over cases, by weight.
        iterations: EM and Newton steps together; 0 for complete data.
        status: How it ended; moments of any status but CONVERGED are no maximum.
        never_together: Pairs (i > j) whose covariance no case informs on: `cov` holds one of many values there.
    """

    mean: FloatArray
    cov: FloatArray
    value: float
    log_likelihood: float
    iterations: int
    status: EMStatus
    never_together: tuple[tuple[int, int], ...]

    @property
    def converged(self) -> bool:
        """Whether the moments maximise the likelihood."""
        return self.status is EMStatus.CONVERGED


def em_moments(patterns: MissingPatterns, start: tuple[FloatArray, FloatArray] | None = None) -> EMResult:
    """Return the maximum likelihood means and covariances of incomplete data.

    EM (Dempster, Laird & Rubin 1977; Little & Rubin 2002, ch. 11) with Anderson's (1965) extrapolation of its
    steps; a step that does not raise the likelihood gives way to the plain EM step, which always does. Where EM is
    slow, damped Newton steps end it.

    Args:
        patterns: The data.
        start: (p,) means and (p, p) positive-definite covariance matrix; pairwise moments unless given.

    Example:
        >>> from trustsem.moments.patterns import missing_patterns
        >>> values = np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 4.0], [4.0, 4.0], [7.5, np.nan]])
        >>> em_moments(missing_patterns(values)).mean.round(6)  # the fifth row lifts x by 1, and y by the slope, 1
        array([3.5, 4. ])
    """
    if patterns.is_complete and patterns.n_patterns == 1:
        mean, cov = patterns.means[0].copy(), _complete_covariance(patterns)
        return _finish(patterns, _Point(mean, cov, math.nan), 0, EMStatus.CONVERGED)
    mean, variances = available_moments(patterns)
    if (np.sqrt(variances) <= _CONSTANT * np.abs(mean)).any():
        return _finish(patterns, _Point(mean, np.diag(variances), math.nan), 0, EMStatus.SINGULAR)
    first = start or (mean, _pairwise_covariance(patterns, mean, variances))
    use_newton = len(mean) <= _NEWTON_VARIABLES
    point, steps, status = _climb_by_em(patterns, *first, _EM_STEPS if use_newton else _EM_STEPS_ALONE)
    if use_newton and status is not EMStatus.CONVERGED:
        point, more, status = _climb_by_newton(patterns, point)
        steps += more
    return _finish(patterns, point, steps, status)


def em_findings(result: EMResult, patterns: MissingPatterns, names: Sequence[str]) -> tuple[Finding, ...]:
    """Say what a reader must know about the saturated moments.

    Args:
        result: Moments of the saturated model.
        patterns: The data.
        names: The p variables.
    """
    findings = []
    if result.status is EMStatus.MAX_ITERATIONS:
        message = f"The means and covariances of the incomplete data did not converge in {result.iterations} steps."
        findings.append(("em-not-converged", Severity.ERROR, message, _TOO_MUCH_MISSING))
    if result.status is EMStatus.SINGULAR:
        message = "The covariance matrix of the incomplete data tends to a singular one: it has no maximum likelihood."
        findings.append(("em-singular", Severity.ERROR, message, _TOO_MUCH_MISSING))
    apart = set(result.never_together)
    if apart:
        message = f"Nobody answered both items of {len(apart)} pair(s): {_pairs(sorted(apart), names)}."
        remedy = "Their covariance cannot be estimated without a model: take one item of each pair out to be sure."
        findings.append(("never-answered-together", Severity.WARNING, message, remedy))
    coverage = patterns.coverage
    rows, columns = np.nonzero(np.tril(coverage < _LOW_COVERAGE, -1))
    rare = [pair for pair in zip(rows.tolist(), columns.tolist(), strict=True) if pair not in apart]
    if rare:
        share = min(coverage[i, j] for i, j in rare)
        message = (
            f"Fewer than {_LOW_COVERAGE:.0%} of the respondents answered both items of {len(rare)} pair(s), "
            f"at worst {share:.1%}: {_pairs(rare, names)}."
        )
        findings.append(("low-coverage", Severity.WARNING, message, "Their covariances rest on few respondents."))
    return tuple(Finding(code, severity, message, remedy) for code, severity, message, remedy in findings)


def _pairs(pairs: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
    return shortened([f"{names[j]} with {names[i]}" for i, j in pairs], 6)


_TOO_MUCH_MISSING = (
    "Look for items that are constant, that repeat or sum up others, or that few respondents answered together, and "
    "leave one of them out."
)


@dataclass(frozen=True, eq=False, slots=True)
class _Point:
    mean: FloatArray
    cov: FloatArray
    value: float


@dataclass(frozen=True, eq=False, slots=True)
class _Metric:
    """Moments as one vector (vech, means) in units of the items' standard deviations, so that steps can be compared."""

    scale: FloatArray  # (P,)
    lookup: NDArray[np.intp]  # (p, p)

    @classmethod
    def of(cls, cov: FloatArray) -> _Metric:
        deviations = np.sqrt(np.diag(cov))
        row, column = vech_cells(len(cov))
        return cls(np.concatenate([deviations[row] * deviations[column], deviations]), vech_lookup(len(cov)))

    def pack(self, mean: FloatArray, cov: FloatArray) -> FloatArray:
        row, column = vech_cells(len(mean))
        return np.concatenate([cov[row, column], mean]) / self.scale

    def unpack(self, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        moments = vector * self.scale
        n_cells = len(moments) - len(self.lookup)
        return moments[n_cells:], moments[:n_cells][self.lookup]


def _complete_covariance(patterns: MissingPatterns) -> FloatArray:
    p = patterns.n_variables
    return patterns.scatters[0][vech_lookup(p)] if len(patterns.scatters) else np.zeros((p, p))


def _pairwise_covariance(patterns: MissingPatterns, mean: FloatArray, variances: FloatArray) -> FloatArray:
    """Return covariances over the cases that answered both; variances alone where these are not positive definite."""
    gaps = np.where(patterns.observed, patterns.means - mean, 0.0)
    sums = (gaps * patterns.counts[:, None]).T @ gaps
    within = patterns.counts[: len(patterns.scatters)] @ patterns.scatters
    cases = patterns.coverage * patterns.n_obs
    cov = (sums + within[vech_lookup(len(mean))]) / np.where(cases > 0, cases, 1.0)
    factor = cholesky(cov / np.sqrt(np.outer(variances, variances)))
    return np.diag(variances) if factor is None or np.diag(factor).min() < 0.05 else cov


def _em_image(mean: FloatArray, cov: FloatArray, here: NormalExpansion) -> tuple[FloatArray, FloatArray]:
    """Return the EM step in terms of the slopes of F.

    The expected sufficient statistics come down to mu + delta and Sigma - Sigma G Sigma - delta delta' with
    delta = -Sigma g / 2, because the regression of what is missing on what is observed is Sigma W.
    """
    shift = -cov @ here.mean_slope / 2
    return mean + shift, cov - cov @ here.sigma_slope @ cov - np.outer(shift, shift)


def _climb_by_em(
    patterns: MissingPatterns, mean: FloatArray, cov: FloatArray, max_steps: int
) -> tuple[_Point, int, EMStatus]:
    metric = _Metric.of(cov)
    vector, plain = metric.pack(mean, cov), None  # plain: the EM step that an extrapolated one replaced
    best = _Point(mean, cov, math.inf)
    points: list[FloatArray] = []
    moves: list[FloatArray] = []
    for step in range(1, max_steps + 1):
        mean, cov = metric.unpack(vector)
        here = _expansion(patterns, mean, cov)
        if here is None or here.value > best.value + _ROUNDING * abs(best.value):
            if plain is None:
                return best, step, EMStatus.SINGULAR if here is None else EMStatus.MAX_ITERATIONS
            vector, plain = plain, None
            points, moves = [], []
            continue
        best = _Point(mean, cov, here.value)
        image = metric.pack(*_em_image(mean, cov, here))
        move = image - vector
        if np.abs(move).max() < _STEP:
            return best, step, EMStatus.CONVERGED
        points, moves = [*points[-_WINDOW:], vector], [*moves[-_WINDOW:], move]
        vector = _extrapolate(points, moves)
        plain = image if len(moves) > 1 else None
    return best, max_steps, EMStatus.MAX_ITERATIONS


def _expansion(
    patterns: MissingPatterns, mean: FloatArray, cov: FloatArray, curvature: Curvature | None = None
) -> NormalExpansion | None:
    try:
        return normal_expansion(patterns, cov, mean, curvature)
    except np.linalg.LinAlgError:
        return None


def _extrapolate(points: Sequence[FloatArray], moves: Sequence[FloatArray]) -> FloatArray:
    """Return the point where the moves of the last steps, continued linearly, would end (Anderson 1965)."""
    image = points[-1] + moves[-1]
    if len(moves) < 2:
        return image
    move_changes, point_changes = np.diff(np.array(moves), axis=0), np.diff(np.array(points), axis=0)
    share = np.linalg.lstsq(move_changes.T, moves[-1], rcond=1e-10)[0]
    return image - (point_changes + move_changes).T @ share


def _climb_by_newton(patterns: MissingPatterns, point: _Point) -> tuple[_Point, int, EMStatus]:
    """Newton steps with Levenberg-Marquardt damping in the metric of complete data, where damping is an EM step."""
    metric, damping = _Metric.of(point.cov), 0.0
    for step in range(1, _NEWTON_STEPS + 1):
        system = None if _is_singular(point.cov) else _newton_system(patterns, point, metric)
        if system is None:
            return point, step, EMStatus.SINGULAR
        trial, move, damping = _newton_step(patterns, point, metric, system, damping)
        if trial is None:
            return point, step, EMStatus.MAX_ITERATIONS
        point = trial
        if damping == 0 and float(system.gradient @ move) < _DECREMENT:
            return point, step, EMStatus.SINGULAR if _is_singular(point.cov) else EMStatus.CONVERGED
        damping = 0.0 if damping < 1e-2 else damping / 5
    return point, _NEWTON_STEPS, EMStatus.MAX_ITERATIONS


@dataclass(frozen=True, eq=False, slots=True)
class _System:
    """Gradient and Hessian of F/2 in the metric's units, and the root of the diagonal that damping is added to."""

    gradient: FloatArray
    hessian: FloatArray
    scale: FloatArray


def _newton_system(patterns: MissingPatterns, point: _Point, metric: _Metric) -> _System | None:
    here = _expansion(patterns, point.mean, point.cov, Curvature.OBSERVED)
    if here is None or here.curvature is None:
        return None
    scale = np.sqrt(_complete_information(point.cov)) * metric.scale
    hessian = here.curvature * np.outer(metric.scale, metric.scale)
    return _System(_moment_gradient(here) * metric.scale, hessian, scale)


def _newton_step(
    patterns: MissingPatterns, point: _Point, metric: _Metric, system: _System, damping: float
) -> tuple[_Point | None, FloatArray, float]:
    """Return the next point, the move to it, and the damping that it took; None where no damping helps."""
    vector = metric.pack(point.mean, point.cov)
    while damping < _MAX_DAMPING:
        move = _damped_move(system, damping)
        if move is not None:
            trial = _point_at(patterns, metric, vector - move)
            if trial is not None and trial.value <= point.value + _ROUNDING * abs(point.value):
                return trial, move, damping
        damping = max(4 * damping, 1e-3)
    return None, vector, damping


def _point_at(patterns: MissingPatterns, metric: _Metric, vector: FloatArray) -> _Point | None:
    mean, cov = metric.unpack(vector)
    value = normal_value(patterns, cov, mean)
    return _Point(mean, cov, value) if math.isfinite(value) else None


def _moment_gradient(here: NormalExpansion) -> FloatArray:
    """Return the gradient of F/2 with respect to (vech Sigma, mu)."""
    row, column = vech_cells(len(here.mean_slope))
    twice = np.where(row == column, 1.0, 2.0)
    return np.concatenate([here.sigma_slope[row, column] * twice, here.mean_slope]) / 2


def _complete_information(cov: FloatArray) -> FloatArray:
    """Return the diagonal of the expected Hessian of F/2 that complete data would have."""
    weight = solve_positive(cov, np.eye(len(cov)))
    row, column = vech_cells(len(cov))
    pairs = weight[row, row] * weight[column, column] + weight[row, column] ** 2
    return np.concatenate([pairs * np.where(row == column, 0.25, 1.0), np.diag(weight)])


def _damped_move(system: _System, damping: float) -> FloatArray | None:
    """Return (H + damping * scale^2)^-1 g, or None where that matrix is not positive definite."""
    scaled = system.hessian / np.outer(system.scale, system.scale)
    scaled[np.diag_indices_from(scaled)] += damping
    if cholesky(scaled) is None:
        return None
    return solve_positive(scaled, system.gradient / system.scale) / system.scale


def _is_singular(cov: FloatArray) -> bool:
    deviations = np.sqrt(np.diag(cov))
    return float(np.linalg.eigvalsh(cov / np.outer(deviations, deviations))[0]) < _SINGULAR


def _finish(patterns: MissingPatterns, point: _Point, steps: int, status: EMStatus) -> EMResult:
    value = normal_value(patterns, point.cov, point.mean) if math.isnan(point.value) else point.value
    if not math.isfinite(value):
        value, status = math.nan, EMStatus.SINGULAR
    mean, cov = point.mean.copy(), point.cov.copy()
    for array in (mean, cov):
        array.setflags(write=False)
    logl = -patterns.n_obs * value / 2
    return EMResult(mean, cov, value, logl, steps, status, patterns.never_together)
