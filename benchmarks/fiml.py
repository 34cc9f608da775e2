"""Full-information maximum likelihood, from the data frame to all fit measures.

trust_formation with a tenth of all answers missing, so that nearly every row has a pattern of its own; and 20 items of
four factors with 30 % incomplete rows.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from benchmarks.fitting import time_fit, time_fit_in_lavaan
from benchmarks.records import Benchmark
from benchmarks.trust_formation import complete_rows, model_text

N_OBS, MISSING, INCOMPLETE = 1200, 0.10, 0.30
FACTORS, PER_FACTOR = 4, 5
ITEMS = tuple(f"x{i}" for i in range(1, FACTORS * PER_FACTOR + 1))
FOUR_FACTORS = "\n".join(
    f"f{k + 1} =~ " + " + ".join(ITEMS[PER_FACTOR * k : PER_FACTOR * (k + 1)]) for k in range(FACTORS)
)


@cache
def every_row_its_own_pattern() -> pd.DataFrame:
    """Return 1,200 rows drawn from the sample survey's complete ones, each cell missing with probability .1."""
    rng = np.random.default_rng(42)
    rows = complete_rows().iloc[rng.integers(len(complete_rows()), size=N_OBS)].reset_index(drop=True)
    return rows.mask(rng.random(rows.shape) < MISSING)


@cache
def incomplete_rows(n_obs: int) -> pd.DataFrame:
    """Return answers to 20 items; in 30 % of the rows each answer is missing with probability .2."""
    rng = np.random.default_rng(n_obs)
    factors = np.sqrt(0.4) * rng.normal(size=(n_obs, 1)) + np.sqrt(0.6) * rng.normal(size=(n_obs, FACTORS))
    values = 0.8 * np.repeat(factors, PER_FACTOR, axis=1) + 0.6 * rng.normal(size=(n_obs, len(ITEMS)))
    incomplete = rng.random((n_obs, 1)) < INCOMPLETE
    values[incomplete & (rng.random(values.shape) < 0.2)] = np.nan
    return pd.DataFrame(values, columns=list(ITEMS))


def _twenty_items(n_obs: int, target: float, repeat: int) -> Benchmark:
    return Benchmark(
        name=f"fiml-20-items-{n_obs}",
        title=f"FIML, 20 items, n = {n_obs:,}, 30 % incomplete rows",
        target=target,
        repeat=repeat,
        ours=lambda runs: time_fit(FOUR_FACTORS, incomplete_rows(n_obs), runs, missing="fiml"),
        lavaan=lambda _: time_fit_in_lavaan(FOUR_FACTORS, incomplete_rows(n_obs), 1, missing="fiml"),
    )


BENCHMARKS = (
    Benchmark(
        name="fiml-trust-formation",
        title="FIML, trust_formation, 10 % missing",
        target=4.0,
        repeat=3,
        # no lavaan beside it: it takes more than ten minutes
        ours=lambda repeat: time_fit(model_text(), every_row_its_own_pattern(), repeat, missing="fiml"),
    ),
    _twenty_items(300, 0.15, 5),
    _twenty_items(3_000, 0.80, 3),
    _twenty_items(30_000, 4.0, 2),
)
