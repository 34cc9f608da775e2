"""Bootstrap of a latent mediation: draws, refits, and percentile intervals of every parameter and effect.

lavaan refits one by one; it is timed on a share of the draws, its time multiplied.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import trustsem as ts
from benchmarks.lavaan import lavaan_version
from benchmarks.records import Benchmark, Measured, Skipped, Timing
from benchmarks.timing import time_job
from benchmarks.trust_formation import complete_rows, model_text

N_OBS = 500
MODEL = """
practice =~ x1 + x2 + x3
communication =~ x4 + x5 + x6
trust =~ x7 + x8 + x9
communication ~ a*practice
trust ~ b*communication + c*practice
indirect := a*b
total := a*b + c
"""
_SAME = 0.5  # relative gap of two standard errors, lavaan's from a hundred draws: beyond it the jobs are not the same

_JOB = """
suppressPackageStartupMessages(library(lavaan))
a <- commandArgs(trailingOnly = TRUE)
data <- read.csv(a[1])
model <- paste(readLines(a[2]), collapse = "\\n")
set.seed(1)
seconds <- system.time({
  fit <- sem(model, data, se = "bootstrap", bootstrap = as.integer(a[3])OPTIONS)
  frame <- parameterEstimates(fit, boot.ci.type = "perc")
})[["elapsed"]]
cat(seconds, frame$se[frame$lhs == "indirect"], "\\n")
"""


@cache
def rows() -> pd.DataFrame:
    """Return simulated answers to nine items of three factors."""
    rng = np.random.default_rng(7)
    practice = rng.normal(size=N_OBS)
    communication = 0.5 * practice + np.sqrt(0.75) * rng.normal(size=N_OBS)
    trust = 0.4 * communication + 0.2 * practice + 0.8 * rng.normal(size=N_OBS)
    factors = np.column_stack([practice, communication, trust])
    values = 0.8 * np.repeat(factors, 3, axis=1) + 0.6 * rng.normal(size=(N_OBS, 9))
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(1, 10)])


def incomplete() -> pd.DataFrame:
    """Return the rows with 10 % of all answers missing."""
    return rows().mask(np.random.default_rng(8).random((N_OBS, 9)) < 0.1)


def categories() -> pd.DataFrame:
    """Return the rows in five categories."""
    return rows().apply(lambda column: pd.cut(column, [-np.inf, -1.2, -0.4, 0.4, 1.2, np.inf], labels=False))


@dataclass(frozen=True, slots=True)
class _Job:
    """A bootstrap that both programs do.

    Args:
        data: Makes the rows.
        draws: Of ours.
        share: lavaan makes draws / share of them.
        options: Of `ts.fit`.
        r_options: The same in R.
    """

    data: Callable[[], pd.DataFrame]
    draws: int
    share: int
    options: Mapping[str, Any] = field(default_factory=dict)
    r_options: str = ""

    def indirect_error(self, draws: int) -> float:
        """Return the bootstrap standard error of the indirect effect."""
        boot = ts.fit(MODEL, self.data(), **self.options).bootstrap(draws, seed=1)
        boot.effects("practice", "trust")
        frame = boot.intervals()
        return float(frame.loc[frame["lhs"] == "indirect", "se"].iloc[0])

    def ours(self, repeat: int) -> Timing:
        """Time trustsem."""
        return time_job(lambda: self.indirect_error(self.draws), repeat)

    def lavaan(self, _: int) -> Measured:
        """Time lavaan on a share of the draws."""
        if lavaan_version() is None:
            return Skipped("no R with lavaan here")
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in ("job.R", "data.csv", "model.txt")]
            paths[0].write_text(_JOB.replace("OPTIONS", self.r_options), encoding="utf-8")
            self.data().to_csv(paths[1], index=False)
            paths[2].write_text(MODEL, encoding="utf-8")
            command = ["Rscript", *map(str, paths), str(self.draws // self.share)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return Skipped(f"lavaan failed: {run.stderr.strip().splitlines()[-1:]}")
        seconds, error = map(float, run.stdout.split()[-2:])
        own = self.indirect_error(self.draws // self.share)
        if abs(error / own - 1) > _SAME:
            return Skipped(f"lavaan's standard error is {error:.3g}, ours {own:.3g}: not the same job")
        return Timing(seconds * self.share, seconds * self.share, 1)


def _trust_formation() -> None:
    ts.fit(model_text(), complete_rows()).bootstrap(1000, seed=1).intervals()


def _other_weights() -> None:
    fit = ts.fit(model_text(), complete_rows())
    fit.reweight(np.random.default_rng(1).uniform(0.3, 3.0, (len(complete_rows()), 100)))


_COMPLETE = _Job(rows, 10_000, 100)
_FIML = _Job(incomplete, 1_000, 50, {"missing": "fiml"}, ', missing = "fiml"')
_ORDINAL = _Job(categories, 1_000, 50, {"ordered": True}, ", ordered = TRUE")

BENCHMARKS = (
    Benchmark(
        name="bootstrap-mediation",
        title="bootstrap, nine items, 10,000 draws (lavaan: 100 draws x 100)",
        target=3.0,
        repeat=3,
        ours=_COMPLETE.ours,
        lavaan=_COMPLETE.lavaan,
    ),
    Benchmark(
        name="bootstrap-fiml",
        title="bootstrap, nine items, 10 % missing, 1,000 draws (lavaan: 20 draws x 50)",
        target=30.0,
        repeat=1,
        ours=_FIML.ours,
        lavaan=_FIML.lavaan,
    ),
    Benchmark(
        name="bootstrap-wlsmv",
        title="bootstrap, nine ordinal items, 1,000 draws (lavaan: 20 draws x 50)",
        target=60.0,
        repeat=1,
        ours=_ORDINAL.ours,
        lavaan=_ORDINAL.lavaan,
    ),
    Benchmark(
        name="bootstrap-trust-formation",
        title="bootstrap, trust_formation, 1,000 draws",
        target=10.0,
        repeat=2,
        # no lavaan beside it: it takes ten minutes
        ours=lambda repeat: time_job(_trust_formation, repeat),
    ),
    Benchmark(
        name="other-weights",
        title="trust_formation under 100 other sets of weights",
        target=2.0,
        repeat=3,
        ours=lambda repeat: time_job(_other_weights, repeat),
    ),
)
