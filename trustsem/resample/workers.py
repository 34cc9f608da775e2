"""Where chunks of work are computed: in this process, in processes of this machine, or on a Dask cluster.

Results do not depend on where: chunks are the same, draws are seeded one by one, each chunk runs on one BLAS thread.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from trustsem.errors import SchedulerError, UsageError
from trustsem.moments.linalg import one_blas_thread
from trustsem.suggestions import count_of
from trustsem.version import __version__

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")
Task = Callable[[Chunk], Result]

_PATIENCE = 10  # seconds to wait for a scheduler
_RESTARTS = 2  # times that dead worker processes are replaced


class Workers:
    """Computes chunks, in any order."""

    def run(self, task: Task[Chunk, Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """Yield the task's results as they are done.

        Args:
            task: Can be pickled, unless it stays in this process.
            chunks: What it is called with, one by one.

        Raises:
            SchedulerError: workers that cannot be reached or that die again and again.
        """
        raise NotImplementedError

    def map(self, task: Task[Chunk, Result], items: Iterable[Chunk]) -> Iterator[Result]:
        """Yield the task's results in the order of the items.

        Args:
            task: As in `run`.
            items: What it is called with, one by one.
        """
        ready: dict[int, Result] = {}
        following = 0
        for position, result in self.run(_Numbered(task), list(enumerate(items))):
            ready[position] = result
            while following in ready:
                yield ready.pop(following)
                following += 1


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A task whose results keep the numbers of what they were made of."""

    task: Callable[[Any], Any]

    def __call__(self, chunk: tuple[int, Any]) -> tuple[int, Any]:
        return chunk[0], self.task(chunk[1])


class ThisProcess(Workers):
    """One chunk after the other, here."""

    def run(self, task: Task[Chunk, Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """Yield the task's results in order."""
        for chunk in chunks:
            yield _on_one_thread(task, chunk)


class LocalProcesses(Workers):
    """Processes of this machine, through joblib."""

    def __init__(self, count: int) -> None:
        self.count = count

    def run(self, task: Task[Chunk, Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """Yield the task's results as they are done; processes that die are replaced twice."""
        open_chunks = dict(enumerate(chunks))
        for attempt in range(_RESTARTS + 1):
            try:
                for position, result in self._run(task, open_chunks):
                    del open_chunks[position]
                    yield result
                return
            except Exception as error:
                if not _is_dead_worker(error):
                    raise
                if attempt == _RESTARTS:
                    raise SchedulerError(
                        f"Worker processes of this machine died {attempt + 1} times, the last time with "
                        f"{count_of(len(open_chunks), 'piece')} of work open.",
                        remedy="They are killed where memory is short: use fewer workers, or workers=1.",
                        code="worker-died",
                    ) from None

    def _run(self, task: Task[Chunk, Result], chunks: dict[int, Chunk]) -> Iterator[tuple[int, Result]]:
        from joblib import Parallel, delayed, parallel_config

        items = list(chunks.items())
        with parallel_config(backend="loky", inner_max_num_threads=1):
            run = Parallel(n_jobs=self.count, return_as="generator_unordered", pre_dispatch="2*n_jobs")
            numbered = _Numbered(task)
            yield from run(delayed(_on_one_thread)(numbered, item) for item in items)  # type: ignore[misc]


def _on_one_thread(task: Task[Chunk, Result], chunk: Chunk) -> Result:
    with one_blas_thread():
        return task(chunk)


def _is_dead_worker(error: Exception) -> bool:
    from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

    return isinstance(error, (TerminatedWorkerError, BrokenProcessPool))


class DaskCluster(Workers):
    """Workers of a Dask cluster (`dask.distributed`); what a killed one was doing is done by another."""

    def __init__(self, address: str, patience: float = _PATIENCE) -> None:
        self.address, self.patience = address, patience

    def run(self, task: Task[Chunk, Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """Yield the task's results as they are done."""
        if not chunks:
            return
        with _client(self.address, self.patience) as client:
            import cloudpickle  # which distributed brings along: functions of one's own travel, too
            from distributed import as_completed

            # a future of its own: it is made again from these bytes where a worker dies; scattered data would be gone
            shared = client.submit(pickle.loads, cloudpickle.dumps(task), pure=False)
            futures = client.map(_on_one_thread, [shared] * len(chunks), list(chunks), pure=False)
            try:
                for future in as_completed(futures, loop=client.loop):
                    yield _result(future)
            finally:
                client.cancel(futures)


def _result(future: Any) -> Any:
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        return future.result()
    except (KilledWorker, FutureCancelledError):
        raise SchedulerError(
            "Workers of the cluster died again and again on the same piece of work, or the cluster was shut down.",
            remedy="They are killed where memory is short: give them more, or fewer threads each.",
            code="worker-died",
        ) from None


@contextmanager
def _client(address: str, patience: float) -> Iterator[Any]:
    """Connect to a scheduler whose workers have this version of trustsem."""
    try:
        from distributed import Client
    except ImportError:
        raise SchedulerError(
            "Work on a cluster needs the package distributed.",
            remedy='Install it: pip install "trustsem[dask]".',
            code="package-missing",
        ) from None
    try:
        client = Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise SchedulerError(
            f"No Dask scheduler answers at {address} ({type(error).__name__}).",
            remedy="Give its address as tcp://host:port; `dask scheduler` prints it when it starts.",
            code="scheduler-unreachable",
        ) from None
    with client:
        _require_same_version(client, address)
        yield client


def _require_same_version(client: Any, address: str) -> None:
    info = client.scheduler_info()["workers"]
    if not info:
        raise SchedulerError(
            f"The scheduler at {address} has no workers.",
            remedy=f"Start some: dask worker {address}",
            code="no-workers",
        )
    found = client.run(_version_here, on_error="return")
    others = sorted({str(version) for version in found.values() if version != __version__})
    if others:
        raise SchedulerError(
            f"Workers of {address} must have trustsem {__version__}, the version here.",
            faults=[f"found: {other}" for other in others],
            remedy="Install the same version on every worker: results could differ otherwise.",
            code="worker-version",
        )


def _version_here() -> str:
    from trustsem.version import __version__ as version

    return version


_current: ContextVar[Workers | None] = ContextVar("workers", default=None)


def make_workers(workers: int | None = None, scheduler: str | None = None) -> Workers:
    """Return where work is done.

    Args:
        workers: Processes of this machine; -1: one per core. None or 1: this process.
        scheduler: Address of a Dask scheduler, e.g. "tcp://host:8786".

    Without either, what `parallel` has set, else this process.

    Raises:
        UsageError: both were given, or values that mean nothing.
    """
    faults = []
    if workers is not None and scheduler is not None:
        faults.append("workers and scheduler were both given: one of them.")
    if workers is not None and (
        not isinstance(workers, int) or isinstance(workers, bool) or workers < -1 or not workers
    ):
        faults.append(f"workers must be a whole number of at least 1, or -1 for one per core, not {workers!r}.")
    if scheduler is not None and not isinstance(scheduler, str):
        faults.append(f"scheduler must be an address such as tcp://host:8786, not {scheduler!r}.")
    if faults:
        raise UsageError("Work cannot be shared out.", faults=faults, code="workers")
    if scheduler is not None:
        return DaskCluster(scheduler)
    if workers is None:
        return _current.get() or ThisProcess()
    count = (os.cpu_count() or 1) if workers == -1 else workers
    return ThisProcess() if count == 1 else LocalProcesses(count)


@contextmanager
def parallel(scheduler: str | None = None, *, workers: int | None = None) -> Iterator[None]:
    """Run bootstraps, replications and sums of partitions inside the block on several processes or a Dask cluster.

    Args:
        scheduler: Address of a Dask scheduler, e.g. "tcp://host:8786".
        workers: Processes of this machine instead; -1: one per core.

    Results are the same bits as without it.

    Raises:
        UsageError: neither or both were given.

    Example:
        >>> import trustsem as ts
        >>> with ts.parallel(workers=1):
        ...     pass
    """
    if scheduler is None and workers is None:
        raise UsageError("Give the address of a scheduler, or workers=.", code="workers")
    token = _current.set(make_workers(workers, scheduler))
    try:
        yield
    finally:
        _current.reset(token)
