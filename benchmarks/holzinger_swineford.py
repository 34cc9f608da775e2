"""Holzinger & Swineford (1939): three factors, nine items, 301 pupils."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.fitting import time_fit, time_fit_in_lavaan
from benchmarks.records import Benchmark

DATA = Path(__file__).resolve().parents[1] / "tests" / "golden" / "data" / "hs.csv"
MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
"""


@cache
def pupils() -> pd.DataFrame:
    """Return the nine items."""
    return pd.read_csv(DATA).loc[:, [f"x{number}" for number in range(1, 10)]]


BENCHMARK = Benchmark(
    name="holzinger-swineford",
    title="fit Holzinger-Swineford by ML, 9 items",
    target=0.008,
    repeat=100,
    ours=lambda repeat: time_fit(MODEL, pupils(), repeat),
    lavaan=lambda repeat: time_fit_in_lavaan(MODEL, pupils(), min(repeat, 20)),
)
