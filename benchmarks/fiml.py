"""Numerics of incomplete data: 42 items, 1,200 respondents, a tenth of all answers missing, nearly as many patterns.

Two jobs: the saturated moments, and one evaluation of slopes and observed information at them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import Benchmark, Timing
from benchmarks.timing import time_job
from trustsem.discrepancy.fiml import fiml_expansion
from trustsem.moments.em import EMResult, em_moments
from trustsem.moments.incomplete import Curvature
from trustsem.moments.linalg import blas_threads_for
from trustsem.moments.patterns import missing_patterns

FloatArray = NDArray[np.float64]

N_OBS, N_CONSTRUCTS, PER_CONSTRUCT, MISSING = 1200, 14, 3, 0.10


@cache
def answers() -> FloatArray:
    """Return (n, p) simulated answers: loadings of .8, constructs correlated at .4, NaN completely at random."""
    rng = np.random.default_rng(42)
    constructs = np.sqrt(0.4) * rng.normal(size=(N_OBS, 1)) + np.sqrt(0.6) * rng.normal(size=(N_OBS, N_CONSTRUCTS))
    values = 0.8 * np.repeat(constructs, PER_CONSTRUCT, axis=1)
    values += 0.6 * rng.normal(size=values.shape)
    values[rng.random(values.shape) < MISSING] = np.nan
    return values


@cache
def moments() -> EMResult:
    """Return the saturated moments."""
    return em_moments(missing_patterns(answers()))


def time_moments(repeat: int) -> Timing:
    """Time patterns and EM, from the table of answers."""

    def job() -> None:
        if not em_moments(missing_patterns(answers())).converged:
            raise RuntimeError("EM did not converge: this timing means nothing")

    with blas_threads_for(answers().shape[1]):
        return time_job(job, repeat)


def time_expansion(repeat: int) -> Timing:
    """Time value, slopes and observed curvature."""
    patterns, saturated = missing_patterns(answers()), moments()
    with blas_threads_for(patterns.n_variables):
        return time_job(
            lambda: fiml_expansion(patterns, saturated.cov, saturated.mean, Curvature.OBSERVED),
            repeat,
        )


BENCHMARKS = (
    Benchmark("em", "EM moments, 42 items, 10 % missing", target=1.0, repeat=5, ours=time_moments),
    Benchmark("fiml-step", "one FIML step: slopes and information", target=0.25, repeat=10, ours=time_expansion),
)
