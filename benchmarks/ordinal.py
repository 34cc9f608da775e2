"""Ordinal items by WLSMV: trust_formation on five-point answers, and factor models of 25 and 60 items.

Complete: polychoric correlations with their covariance matrix, estimates, robust standard errors, scaled and shifted
test, all fit measures. The peak memory of the largest is looked at by `python benchmarks/ordinal.py`.
"""

from __future__ import annotations

import resource
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

# A script finds its neighbours only; the package `benchmarks` lies one folder up.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import trustsem as ts
from benchmarks.fitting import time_fit
from benchmarks.records import Benchmark
from benchmarks.trust_formation import complete_rows, model_text

# items -> (respondents, seconds)
SIZES = {25: (2400, 0.5), 60: (5000, 4.0)}
PER_FACTOR = 5
MEMORY_LIMIT = 2.0  # GiB, of the whole process with the largest fit
SHARES = (0.06, 0.14, 0.30, 0.32, 0.18)  # of the answers to every item, lowest first


def model(n_items: int) -> str:
    """Return the model text: factors of five items."""
    lines = []
    for factor in range(n_items // PER_FACTOR):
        items = (f"x{factor * PER_FACTOR + k + 1}" for k in range(PER_FACTOR))
        lines.append(f"f{factor + 1} =~ {' + '.join(items)}")
    return "\n".join(lines)


@cache
def answers(n_items: int, n_obs: int) -> pd.DataFrame:
    """Return five-point answers: loadings of .5 to .9, factors correlated at .3."""
    rng = np.random.default_rng(n_items)
    factors = rng.normal(size=(n_obs, n_items // PER_FACTOR)) * np.sqrt(0.7)
    factors += rng.normal(size=(n_obs, 1)) * np.sqrt(0.3)
    weight = rng.uniform(0.5, 0.9, n_items)
    responses = np.repeat(factors, PER_FACTOR, axis=1) * weight
    responses += rng.normal(size=(n_obs, n_items)) * np.sqrt(1 - weight**2)
    cuts = np.quantile(responses, np.cumsum(SHARES)[:-1])
    return pd.DataFrame(1.0 + np.searchsorted(cuts, responses), columns=[f"x{k + 1}" for k in range(n_items)])


def _benchmark(n_items: int) -> Benchmark:
    n_obs, target = SIZES[n_items]
    return Benchmark(
        name=f"ordinal-items-{n_items}",
        title=f"fit {n_items} ordinal items by WLSMV, n = {n_obs:,}",
        target=target,
        repeat=3,
        ours=lambda repeat: time_fit(model(n_items), answers(n_items, n_obs), repeat, ordered=True),
    )


BENCHMARKS = (
    Benchmark(
        name="trust-formation-wlsmv",
        title="fit trust_formation by WLSMV, 42 ordinal items",
        target=0.4,
        repeat=10,
        ours=lambda repeat: time_fit(model_text(), complete_rows(), repeat, ordered=True),
    ),
    *(_benchmark(n_items) for n_items in SIZES),
)


def main() -> None:
    """Print the peak memory of the largest fit, and fail beyond the limit."""
    n_items = max(SIZES)
    fit = ts.fit(model(n_items), answers(n_items, SIZES[n_items][0]), ordered=True)
    _ = fit.estimates, fit.fit_measures
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    print(f"{n_items} items, {SIZES[n_items][0]:,} respondents: {peak:.2f} GiB at most (limit {MEMORY_LIMIT:g})")
    if peak > MEMORY_LIMIT:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
