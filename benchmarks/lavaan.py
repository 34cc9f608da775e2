"""R with lavaan, where it is installed: the same model on the same rows, timed inside R or as a whole process."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.records import Measured, Skipped, Timing
from benchmarks.timing import time_process

SCRIPT = Path(__file__).with_name("lavaan_job.R")
_SAME = 1e-3  # relative; a larger gap in chi-square means that the two programs did not do the same job


@cache
def lavaan_version() -> str | None:
    """Return the version of R's lavaan, or None where there is no R or no lavaan."""
    if shutil.which("Rscript") is None:
        return None
    asked = subprocess.run(
        ["Rscript", "-e", 'cat(as.character(packageVersion("lavaan")))'], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None if asked.returncode == 0 else None


def time_lavaan(
    model: str, data: pd.DataFrame, chisq: float, repeat: int, options: Mapping[str, str] | None = None
) -> Measured:
    """Time sem(), parameterEstimates() and fitMeasures() inside R after a warm-up.

    Args:
        model: Model text.
        data: Rows to fit.
        chisq: What trustsem gets; the timing counts only if lavaan gets the same.
        repeat: Runs.
        options: Further arguments of sem(), e.g. estimator.
    """
    if lavaan_version() is None:
        return Skipped("no R with lavaan here")
    with tempfile.TemporaryDirectory() as folder:
        command = _command(Path(folder), model, data, repeat, options or {})
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return Skipped(f"lavaan failed: {' '.join(run.stderr.split())[-300:]}")
    seconds_line, result_line = run.stdout.strip().splitlines()[-2:]
    theirs = float(result_line.split()[0])
    if not math.isclose(theirs, chisq, rel_tol=_SAME):
        return Skipped(f"lavaan's chi-square is {theirs:.3f}, ours {chisq:.3f}: not the same job")
    seconds = [float(value) for value in seconds_line.split()]
    return Timing(statistics.median(seconds), min(seconds), repeat)


def time_lavaan_process(model: str, data: pd.DataFrame, repeat: int) -> Measured:
    """Time a whole R process that loads lavaan, reads a CSV and fits once."""
    if lavaan_version() is None:
        return Skipped("no R with lavaan here")
    with tempfile.TemporaryDirectory() as folder:
        return time_process(_command(Path(folder), model, data, 0, {}), repeat)


def _command(folder: Path, model: str, data: pd.DataFrame, repeat: int, options: Mapping[str, str]) -> list[str]:
    table, text = folder / "data.csv", folder / "model.txt"
    data.to_csv(table, index=False)
    text.write_text(model + "\n", encoding="utf-8")
    return ["Rscript", str(SCRIPT), str(table), str(text), str(repeat), *(f"{k}={v}" for k, v in options.items())]
