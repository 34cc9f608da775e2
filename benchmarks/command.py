"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

# Only what does not import NumPy stands here: BLAS reads the number of threads when it is loaded.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their table."""
    chosen = _parser().parse_args(arguments)
    if chosen.threads is not None:
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(chosen.threads)
    return _run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Time trustsem, and lavaan beside it.")
    parser.add_argument("--only", action="append", metavar="NAME", help="this benchmark alone; can be repeated")
    parser.add_argument("--repeat", type=_positive, metavar="N", help="runs per benchmark (lavaan: at most 5 or 20)")
    parser.add_argument("--threads", type=_positive, metavar="N", help="BLAS threads of both programs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _run(chosen: argparse.Namespace) -> int:
    from benchmarks.machine import describe_machine, machine_line
    from benchmarks.records import Result
    from benchmarks.registry import BENCHMARKS
    from benchmarks.table import render_results

    names = [benchmark.name for benchmark in BENCHMARKS]
    unknown = [name for name in chosen.only or () if name not in names]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(names)}.", file=sys.stderr)
        return 2
    machine = describe_machine()
    results = []
    for benchmark in BENCHMARKS:
        if chosen.only and benchmark.name not in chosen.only:
            continue
        print(f"{benchmark.name} ...", file=sys.stderr)
        repeat = chosen.repeat or benchmark.repeat
        ours = benchmark.ours(repeat)
        results.append(Result(benchmark, ours, benchmark.lavaan(repeat) if benchmark.lavaan else None))
    if chosen.json:
        print(json.dumps({"machine": machine, "results": [result.to_dict() for result in results]}, indent=2))
    else:
        print(machine_line(machine), "", render_results(results), sep="\n")
    return 0
