"""What a benchmark is and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of repeated runs of one job, after a warm-up that is not counted.

    Args:
        median: Of the runs.
        fastest: Of the runs.
        repeat: Number of runs.
        peak_mib: Largest resident memory of the process that did the job; None where it was not measured.
    """

    median: float
    fastest: float
    repeat: int
    peak_mib: float | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why there is no timing."""

    reason: str


Measured = Timing | Skipped


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One job that is timed.

    Args:
        name: What `--only` takes.
        title: One line for the table.
        target: Seconds that the job may take on a machine with two cores.
        repeat: Runs unless `--repeat` says otherwise.
        ours: Times trustsem over that many runs.
        lavaan: Times R with lavaan on the same job; None where R has no such job.
    """

    name: str
    title: str
    target: float
    repeat: int
    ours: Callable[[int], Measured]
    lavaan: Callable[[int], Measured] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Timings of one benchmark."""

    benchmark: Benchmark
    ours: Measured
    lavaan: Measured | None

    @property
    def ratio(self) -> float | None:
        """How many times longer lavaan takes; None without both timings."""
        if isinstance(self.ours, Timing) and isinstance(self.lavaan, Timing):
            return self.lavaan.median / self.ours.median
        return None

    @property
    def on_target(self) -> bool | None:
        """Whether the median is within the target; None without a timing."""
        return self.ours.median <= self.benchmark.target if isinstance(self.ours, Timing) else None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "name": self.benchmark.name,
            "title": self.benchmark.title,
            "target": self.benchmark.target,
            "on_target": self.on_target,
            "trustsem": _plain(self.ours),
            "lavaan": None if self.lavaan is None else _plain(self.lavaan),
            "ratio": self.ratio,
        }


def _plain(measured: Measured) -> dict[str, Any]:
    if isinstance(measured, Skipped):
        return {"skipped": measured.reason}
    timing = {"median": measured.median, "fastest": measured.fastest, "repeat": measured.repeat}
    return timing if measured.peak_mib is None else {**timing, "peak_mib": measured.peak_mib}
