"""Moments of 20 million answers to 30 items, made on the fly, and a fit to them: time and peak memory of the process.

The process fails, and the benchmark with it, if the moments are not those of the population within sampling error, or
if memory rises above 1 GiB.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.records import Benchmark, Measured, Skipped, Timing

N_ROWS, N_ITEMS, CHUNK = 20_000_000, 30, 65_536
NAMES = tuple(f"x{k}" for k in range(1, N_ITEMS + 1))
MODEL = "\n".join(f"f{k} =~ {' + '.join(NAMES[10 * k : 10 * k + 10])}" for k in range(3))
_LOADING, _CORRELATION, _MEAN = 0.7, 0.4, 3.0
_LIMIT_MIB = 1024.0
_SAMPLING = 6.0  # standard errors; a larger gap of any of 465 moments has probability 1e-6
_PER_MIB = 1024 if sys.platform != "darwin" else 1024**2  # Linux counts kibibytes, macOS bytes


def population() -> np.ndarray:
    """Return the covariance matrix of the items."""
    factors = np.kron(np.where(np.eye(3) == 1, 1.0, _CORRELATION), np.ones((10, 10)))
    return _LOADING**2 * factors + (1 - _LOADING**2) * np.eye(N_ITEMS)


def answers(n_rows: int, seed: int = 1) -> Iterator[np.ndarray]:
    """Yield answers of that many respondents, a chunk at a time."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(np.where(np.eye(3) == 1, 1.0, _CORRELATION)).T
    for start in range(0, n_rows, CHUNK):
        n = min(CHUNK, n_rows - start)
        factors = rng.standard_normal((n, 3)) @ root
        values = rng.standard_normal((n, N_ITEMS))
        values *= np.sqrt(1 - _LOADING**2)
        values += _LOADING * np.repeat(factors, 10, axis=1) + _MEAN
        yield values


def main(n_rows: int) -> None:
    """Read the moments, fit the model, compare with the population; print seconds and peak memory."""
    import trustsem as ts

    start = time.perf_counter()
    moments = ts.read_moments(answers(n_rows), columns=NAMES)
    fit = ts.fit(MODEL, moments)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _PER_MIB
    sigma, (sample,) = population(), moments.groups
    error = np.sqrt((sigma**2 + np.outer(np.diag(sigma), np.diag(sigma))) / n_rows)  # of a covariance, normal answers
    gap = np.abs((sample.cov - sigma) / error).max()
    if gap > _SAMPLING or not fit.converged or moments.n_obs != n_rows:
        raise SystemExit(f"moments are {gap:.1f} standard errors from the population: wrong")
    if peak > _LIMIT_MIB:
        raise SystemExit(f"memory rose to {peak:.0f} MiB, above {_LIMIT_MIB:.0f}")
    print(seconds, peak)


def _ours(repeat: int) -> Measured:
    seconds, peaks = [], []
    for _ in range(repeat):
        command = [sys.executable, "-m", "benchmarks.partitions", str(N_ROWS)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return Skipped((run.stderr.strip().splitlines() or ["no message"])[-1])
        one, peak = map(float, run.stdout.split())
        seconds.append(one)
        peaks.append(peak)
    return Timing(statistics.median(seconds), min(seconds), repeat, max(peaks))


BENCHMARK = Benchmark(
    name="moments-in-parts",
    title="20 million rows x 30 items, made+fitted",
    target=120.0,
    repeat=1,
    ours=_ours,
)

if __name__ == "__main__":
    main(int(sys.argv[1]))
