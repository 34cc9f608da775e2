"""The job that both programs are timed on: a fit with its estimates and all fit measures."""

from __future__ import annotations

from typing import Any

import pandas as pd

import trustsem as ts
from benchmarks.lavaan import time_lavaan
from benchmarks.records import Measured, Timing
from benchmarks.timing import time_job


def time_fit(model: str, data: pd.DataFrame, repeat: int, **options: Any) -> Timing:
    """Time ts.fit from a data frame to estimates, standard errors and fit measures."""

    def job() -> None:
        fit = ts.fit(model, data, **options)
        _ = fit.estimates, fit.fit_measures  # computed when asked for

    return time_job(job, repeat)


def time_fit_in_lavaan(model: str, data: pd.DataFrame, repeat: int, **options: str) -> Measured:
    """Time lavaan on the same rows with the same options, which are texts."""
    chisq = ts.fit(model, data, **options).fit_measures["chisq"]
    return time_lavaan(model, data, float("nan") if chisq is None else chisq, repeat, options)
