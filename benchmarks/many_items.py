"""Confirmatory factor analysis with many items: factors of ten, 1,000 respondents, with modification indices.

lavaan's job here is the fit without modification indices, which it cannot finish for 240 items in the memory of an
ordinary machine; its ratio is therefore a lower bound.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import trustsem as ts
from benchmarks.fitting import time_fit_in_lavaan
from benchmarks.records import Benchmark, Timing
from benchmarks.timing import time_job

N_OBS = 1000
PER_FACTOR = 10
TARGETS = {60: 0.3, 120: 1.0, 240: 5.0}


def model(n_items: int) -> str:
    """Return the model text."""
    lines = []
    for factor in range(n_items // PER_FACTOR):
        items = (f"x{factor * PER_FACTOR + k + 1}" for k in range(PER_FACTOR))
        lines.append(f"f{factor + 1} =~ {' + '.join(items)}")
    return "\n".join(lines)


@cache
def answers(n_items: int) -> pd.DataFrame:
    """Return simulated answers: loadings of .5 to .9, factors correlated at .3."""
    rng = np.random.default_rng(n_items)
    n_factors = n_items // PER_FACTOR
    factors = rng.normal(size=(N_OBS, n_factors)) * np.sqrt(0.7) + rng.normal(size=(N_OBS, 1)) * np.sqrt(0.3)
    weight = rng.uniform(0.5, 0.9, n_items)
    noise = rng.normal(size=(N_OBS, n_items)) * np.sqrt(1 - weight**2)
    values = np.repeat(factors, PER_FACTOR, axis=1) * weight + noise
    return pd.DataFrame(values, columns=[f"x{k + 1}" for k in range(n_items)])


def time_all(n_items: int, repeat: int) -> Timing:
    """Time a fit with estimates, fit measures and all modification indices."""
    text, data = model(n_items), answers(n_items)

    def job() -> None:
        fit = ts.fit(text, data)
        _ = fit.estimates, fit.fit_measures, fit.modification_indices()

    return time_job(job, repeat)


def _benchmark(n_items: int) -> Benchmark:
    return Benchmark(
        name=f"items-{n_items}",
        title=f"fit {n_items} items, with modification indices",
        target=TARGETS[n_items],
        repeat=3,
        ours=lambda repeat: time_all(n_items, repeat),
        lavaan=(lambda repeat: time_fit_in_lavaan(model(n_items), answers(n_items), min(repeat, 1)))
        if n_items == 60
        else None,
    )


BENCHMARKS = tuple(_benchmark(n_items) for n_items in TARGETS)
