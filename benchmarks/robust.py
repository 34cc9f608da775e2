"""Robust maximum likelihood of trust_formation: 42 items, complete rows, scaled and robust indices."""

from __future__ import annotations

from benchmarks.fitting import time_fit, time_fit_in_lavaan
from benchmarks.records import Benchmark
from benchmarks.trust_formation import complete_rows, model_text


def _benchmark(estimator: str, target: float) -> Benchmark:
    return Benchmark(
        name=f"trust-formation-{estimator.lower()}",
        title=f"fit trust_formation by {estimator}",
        target=target,
        repeat=20,
        ours=lambda repeat: time_fit(model_text(), complete_rows(), repeat, estimator=estimator),
        # lavaan takes seconds a run
        lavaan=lambda repeat: time_fit_in_lavaan(model_text(), complete_rows(), min(repeat, 2), estimator=estimator),
    )


BENCHMARKS = (_benchmark("MLR", 0.25), _benchmark("MLM", 0.20))
