"""Resampling: draws, refits of them here or on workers, intervals."""

from trustsem.resample.draws import DrawKind, DrawLedger, DrawPolicy
from trustsem.resample.intervals import IntervalKind, bootstrap_limits
from trustsem.resample.run import BootstrapDraws, is_batched, make_refit, raw_cases, run_draws, run_every
from trustsem.resample.workers import Workers, make_workers, parallel

__all__ = [
    "BootstrapDraws",
    "DrawKind",
    "DrawLedger",
    "DrawPolicy",
    "IntervalKind",
    "Workers",
    "bootstrap_limits",
    "is_batched",
    "make_refit",
    "make_workers",
    "parallel",
    "raw_cases",
    "run_draws",
    "run_every",
]
