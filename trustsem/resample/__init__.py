"""Resampling: bootstrap draws, batched refits, intervals."""

from trustsem.resample.draws import DrawLedger, DrawPolicy
from trustsem.resample.intervals import IntervalKind, bootstrap_limits
from trustsem.resample.run import BootstrapDraws, jackknife_draws, run_bootstrap

__all__ = [
    "BootstrapDraws",
    "DrawLedger",
    "DrawPolicy",
    "IntervalKind",
    "bootstrap_limits",
    "jackknife_draws",
    "run_bootstrap",
]
