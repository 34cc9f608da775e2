"""Polychoric correlations with their asymptotic covariance: 42 items with five levels, 1,200 respondents.

lavaan's job is its sample statistics alone, without a fit.
"""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lavaan import lavaan_version
from benchmarks.records import Benchmark, Measured, Skipped, Timing
from benchmarks.timing import time_job
from trustsem.moments.categorical import CategoricalInput, categorical_moments

N_OBS, N_ITEMS, N_LEVELS = 1200, 42, 5
_SAME = 1e-6  # a larger gap in any correlation means that the two programs did not do the same job

_JOB = """
suppressPackageStartupMessages(library(lavaan))
a <- commandArgs(trailingOnly = TRUE)
data <- read.csv(a[1])
model <- paste("f =~", paste(names(data), collapse = " + "))
job <- function() sem(model, data, ordered = names(data), do.fit = FALSE, test = "none")
seconds <- replicate(as.integer(a[2]), system.time(fit <<- job(), gcFirst = FALSE)[["elapsed"]])
cov <- lavInspect(fit, "sampstat")$cov
cat(format(seconds, digits = 6), "\\n")
cat(format(cov[lower.tri(cov)], digits = 12), "\\n")
"""


@cache
def answers() -> pd.DataFrame:
    """Return simulated answers: six factors correlated at .5, loadings of .8."""
    rng = np.random.default_rng(42)
    factors = (rng.normal(size=(N_OBS, 6)) + rng.normal(size=(N_OBS, 1))) * np.sqrt(0.5)
    latent = 0.8 * factors[:, np.arange(N_ITEMS) % 6] + 0.6 * rng.normal(size=(N_OBS, N_ITEMS))
    codes = np.searchsorted([-1.2, -0.4, 0.4, 1.2], latent)
    return pd.DataFrame(codes, columns=[f"x{k + 1}" for k in range(N_ITEMS)])


def correlations(*, gamma: bool) -> np.ndarray:
    """Return the correlations, lower triangle column by column."""
    data = CategoricalInput(answers().to_numpy(dtype=float), (N_LEVELS,) * N_ITEMS)
    moments = categorical_moments(data, list(answers().columns), gamma=gamma)
    return moments.vector[moments.layout.pairs]


def _ours(repeat: int) -> Timing:
    return time_job(lambda: correlations(gamma=True), repeat)


def _lavaan(repeat: int) -> Measured:
    if lavaan_version() is None:
        return Skipped("no R with lavaan here")
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder) / "data.csv", Path(folder) / "job.R"
        answers().to_csv(table, index=False)
        script.write_text(_JOB, encoding="utf-8")
        command = ["Rscript", str(script), str(table), str(repeat)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return Skipped(f"lavaan failed: {run.stderr.strip().splitlines()[-1:]}")
    lines = [np.array(line.split(), dtype=float) for line in run.stdout.strip().splitlines()[-2:]]
    gap = float(np.abs(lines[1] - correlations(gamma=False)).max())
    if gap > _SAME:
        return Skipped(f"lavaan's correlations differ by up to {gap:.2g}: not the same job")
    return Timing(float(np.median(lines[0])), float(lines[0].min()), repeat)


BENCHMARK = Benchmark(
    name="polychoric",
    title="polychorics and their gamma, 42 items",
    target=0.2,
    repeat=10,
    ours=_ours,
    lavaan=lambda repeat: _lavaan(min(repeat, 1)),  # lavaan takes many seconds a run
)
