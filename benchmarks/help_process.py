"""The smallest whole process: `trustsem --help`."""

from __future__ import annotations

from benchmarks.records import Benchmark
from benchmarks.timing import time_command

BENCHMARK = Benchmark(
    name="help",
    title="process: trustsem --help",
    target=0.3,
    repeat=10,
    ours=lambda repeat: time_command(["--help"], repeat),
)
