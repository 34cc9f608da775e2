"""Replications of a simulation: seeded one by one, here, on several processes or on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustsem.errors import UsageError
from trustsem.resample.draws import generator_of
from trustsem.resample.workers import make_workers

Study = Callable[[np.random.Generator], Any]


def replicate(
    study: Study,
    n: int,
    *,
    seed: int,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Any]:
    """Run a study many times, each time with random numbers of its own.

    Replication k gets the random numbers k of the seed: results do not depend on where or in which order they run.

    Args:
        study: Draws data with the generator that it is given, and returns what it finds.
        n: Replications.
        seed: A whole number of at least 0.
        workers: Processes of this machine; -1: one per core.
        scheduler: Address of a Dask scheduler, instead.
        progress: Called with replications done and wanted.

    Returns:
        What the study returned, in the order of the replications.

    Raises:
        UsageError: numbers that mean nothing.
        SchedulerError: workers that cannot be reached, or that die.

    Example:
        >>> replicate(lambda random: random.integers(10), 4, seed=1) == replicate(
        ...     lambda random: random.integers(10), 4, seed=1
        ... )
        True
    """
    faults = [
        f"{name} must be a whole number of at least {least}, not {value!r}."
        for name, value, least in (("n", n, 1), ("seed", seed, 0))
        if not isinstance(value, int) or isinstance(value, bool) or value < least
    ]
    if faults:
        raise UsageError("The study cannot be replicated.", faults=faults, code="replications")
    results = []
    for result in make_workers(workers, scheduler).map(_Replication(study, seed), range(n)):
        results.append(result)
        if progress is not None:
            progress(len(results), n)
    return results


@dataclass(frozen=True, slots=True)
class _Replication:
    study: Study
    seed: int

    def __call__(self, number: int) -> Any:
        return self.study(generator_of(self.seed, number))
