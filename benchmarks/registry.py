"""All benchmarks, in the order of the table: one file each, one line here."""

from __future__ import annotations

from benchmarks import (
    bootstrap,
    fiml,
    fit_process,
    help_process,
    holzinger_swineford,
    many_items,
    ordinal,
    partitions,
    polychoric,
    robust,
    trust_formation,
)
from benchmarks.records import Benchmark

BENCHMARKS: tuple[Benchmark, ...] = (
    trust_formation.BENCHMARK,
    holzinger_swineford.BENCHMARK,
    help_process.BENCHMARK,
    fit_process.BENCHMARK,
    *many_items.BENCHMARKS,
    *robust.BENCHMARKS,
    *fiml.BENCHMARKS,
    *bootstrap.BENCHMARKS,
    polychoric.BENCHMARK,
    *ordinal.BENCHMARKS,
    partitions.BENCHMARK,
)
