"""Clocks: a job inside this process, and a whole process from start to end."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.records import Measured, Skipped, Timing


def time_job(job: Callable[[], object], repeat: int) -> Timing:
    """Time a job after one warm-up run, which pays for imports and caches."""
    job()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return Timing(statistics.median(seconds), min(seconds), repeat)


def time_process(command: Sequence[str], repeat: int) -> Measured:
    """Time a whole process, start of the interpreter included; the first run warms the disk cache.

    A setting that keeps Python from storing bytecode is taken away: compiling the sources anew is no user's start.
    """
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        subprocess.run(command, check=True, capture_output=True, text=True, env=surroundings)

    try:
        return time_job(run, repeat)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()
        return Skipped(f"exit code {error.returncode}: {last[-1] if last else 'no message'}")


def time_command(arguments: Sequence[str], repeat: int) -> Measured:
    """Time `trustsem ARGUMENTS` as it is installed beside this interpreter."""
    program = Path(sys.executable).parent / "trustsem"
    if not program.exists():
        return Skipped(f"the command `trustsem` is not installed beside {Path(sys.executable).name}")
    return time_process([str(program), *arguments], repeat)
