"""A whole process from the survey file to the printed summary, against Rscript from a CSV to lavaan's fit."""

from __future__ import annotations

from benchmarks.lavaan import time_lavaan_process
from benchmarks.records import Benchmark
from benchmarks.timing import time_command
from benchmarks.trust_formation import MODEL, SAMPLE, complete_rows, model_text

BENCHMARK = Benchmark(
    name="fit-command",
    title=f"process: trustsem fit {MODEL}",
    target=1.0,
    repeat=10,
    ours=lambda repeat: time_command(["fit", MODEL, SAMPLE], repeat),
    lavaan=lambda repeat: time_lavaan_process(model_text(), complete_rows(), min(repeat, 3)),
)
