"""Run draws: in chunks, here or on workers, with what a ledger says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.implied import ModelLayout
from trustsem.moments import Cases
from trustsem.pipeline import FittedModel
from trustsem.resample.batch import ExogenousMoments, Stack
from trustsem.resample.draws import DrawLedger, DrawPolicy
from trustsem.resample.refit import BatchRefit, MakeMoments, Part, Refit, SingleRefit, stacks_of
from trustsem.resample.samplers import Sampler
from trustsem.resample.workers import ThisProcess, Workers

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_MOST_REDRAWS = 5  # times the number of draws that were asked for
_STACKED = 256  # draws whose matrices are held at a time

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, slots=True)
class BootstrapDraws:
    """Estimates of every draw.

    Args:
        theta: (B, n_free) free rows; NaN where a draw did not converge.
        layout: Matrices that theta fills.
        exogenous: Moments of fixed predictors in each draw, one entry per group; None: those of the sample.
        ledger: What became of each draw.
        statistic: (B,) chi-square of each draw; NaN where there is none.
        seed: Which random numbers.
        interrupted: Whether the run was stopped before all draws were done.
    """

    theta: FloatArray
    layout: ModelLayout
    exogenous: tuple[ExogenousMoments, ...] | None
    ledger: DrawLedger
    statistic: FloatArray
    seed: int
    interrupted: bool = False

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """Matrices of every group in each draw, all at once; without meaning where a draw did not converge."""
        return stacks_of(self.layout, self.theta, self.exogenous)

    def compute(self, quantity: Callable[[FloatArray, tuple[Stack, ...]], FloatArray]) -> FloatArray:
        """Return a quantity of every draw, (B, k), holding the matrices of a few draws at a time.

        Args:
            quantity: Of theta (b, n_free) and the matrices of every group, to (b, k).
        """
        return np.concatenate([quantity(theta, stacks) for theta, stacks in self._chunks()])

    def _chunks(self) -> Iterator[tuple[FloatArray, tuple[Stack, ...]]]:
        for start in range(0, len(self.theta), _STACKED):
            chosen = slice(start, start + _STACKED)
            exogenous = None if self.exogenous is None else [group.take(chosen) for group in self.exogenous]
            yield self.theta[chosen], stacks_of(self.layout, self.theta[chosen], exogenous)


class PartStore(Protocol):
    """Keeps parts of a run, so that it can go on later."""

    def known(self) -> Mapping[tuple[int, int], Part]:
        """Return the parts that are there, by their first and last draw."""
        ...

    def keep(self, part: Part) -> None:
        """Keep another part."""
        ...

    def close(self) -> None:
        """Write what is kept."""
        ...


def make_refit(fitted: FittedModel, sampler: Sampler, make_moments: MakeMoments | None = None) -> Refit:
    """Return how draws of a fit are refitted.

    Args:
        fitted: A fitted model.
        sampler: Makes the rows of draws.
        make_moments: Turns rows into moments, for estimators that are refitted one by one.
    """
    if is_batched(fitted):
        estimate = fitted.estimate
        return BatchRefit(estimate.objective.layout, estimate.x, sampler, fitted.moments.n_effective)
    if make_moments is None:
        raise ValueError(f"draws of {fitted.options.estimator} need to know how moments are made of rows")
    return SingleRefit(fitted, sampler, make_moments)


def is_batched(fitted: FittedModel) -> bool:
    """Return whether all draws can be refitted at once: normal likelihood of complete rows, linear constraints."""
    options = fitted.options
    return (
        options.spec.discrepancy == "ML"
        and not options.full_information
        and not fitted.table.relations
        and fitted.table.ordinal is None
        and all(sample.saturated is None and not sample.is_unbiased for sample in fitted.moments.groups)
    )


def run_draws(
    refit: Refit,
    layout: ModelLayout,
    n_draws: int,
    seed: int,
    policy: DrawPolicy = DrawPolicy.DROP,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
    store: PartStore | None = None,
) -> BootstrapDraws:
    """Refit the model to draws.

    With the policy "redraw" further draws replace those that cannot be used, up to five times as many. Ctrl-C ends the
    run: what is done by then is returned, and the result says that it was interrupted.

    Args:
        refit: Refits chunks of draws.
        layout: Matrices of the model.
        n_draws: Draws.
        seed: For the record; the sampler has it already.
        policy: What happens to draws that did not converge or are inadmissible.
        workers: Where chunks are computed; this process when None.
        progress: Called with the number of draws done and wanted.
        store: Keeps parts for a later run.

    Raises:
        KeyboardInterrupt: before any chunk was done.
    """
    run = _Run(refit, n_draws, workers or ThisProcess(), progress, store)
    try:
        run.add(0, n_draws)
        if policy is DrawPolicy.REDRAW:
            while run.usable < n_draws and run.number < n_draws * _MOST_REDRAWS:
                run.add(run.number, min(n_draws - run.usable, n_draws * _MOST_REDRAWS - run.number))
    except KeyboardInterrupt:
        if not run.parts:
            raise
        run.interrupted = True
    finally:
        if store is not None:
            store.close()
    return collect(list(run.parts.values()), layout, policy, seed, interrupted=run.interrupted)


def run_every(refit: Refit, layout: ModelLayout, n_draws: int, workers: Workers) -> BootstrapDraws:
    """Refit the model to draws that are only worth something together: a jackknife, sets of weights.

    Args:
        refit: Refits chunks of draws.
        layout: Matrices of the model.
        n_draws: Draws.
        workers: Where chunks are computed.

    Raises:
        KeyboardInterrupt: Ctrl-C before all were done.
    """
    draws = run_draws(refit, layout, n_draws, 0, DrawPolicy.KEEP, workers=workers)
    if draws.interrupted:
        raise KeyboardInterrupt
    return draws


class _Run:
    """The chunks of a run, as they come in."""

    def __init__(
        self, refit: Refit, wanted: int, workers: Workers, progress: Progress | None, store: PartStore | None
    ) -> None:
        self.refit, self.wanted, self.workers = refit, wanted, workers
        self.progress, self.store = progress, store
        self.parts: dict[tuple[int, int], Part] = {}
        self.number = 0
        self.interrupted = False

    @property
    def usable(self) -> int:
        return sum(int(np.count_nonzero(part.admissible)) for part in self.parts.values())

    def add(self, first: int, count: int) -> None:
        """Compute draws `first` to `first + count - 1`, those that the store has excepted."""
        size = self.refit.chunk
        chunks = [np.arange(k, min(k + size, first + count)) for k in range(first, first + count, size)]
        known = {} if self.store is None else self.store.known()
        open_chunks = []
        for chunk in chunks:
            part = known.get((int(chunk[0]), int(chunk[-1])))
            if part is None:
                open_chunks.append(chunk)
            else:
                self._take(part)
        for part in self.workers.run(self.refit, open_chunks):
            if self.store is not None:
                self.store.keep(part)
            self._take(part)
        self.number = first + count

    def _take(self, part: Part) -> None:
        self.parts[int(part.number[0]), int(part.number[-1])] = part
        if self.progress is not None:
            done = sum(len(part.number) for part in self.parts.values())
            self.progress(min(done, self.wanted), self.wanted)


def raw_cases(fitted: FittedModel) -> tuple[Cases, ...]:
    """Return the rows of every group.

    Raises:
        UsageError: the fit was made from moments.
    """
    cases = [sample.cases for sample in fitted.moments.groups]
    if any(group is None for group in cases):
        raise UsageError(
            "A bootstrap needs the respondents' answers; this fit was made from moments.",
            remedy="Fit the model to a data frame, a survey or a file.",
            code="no-raw-data",
        )
    return tuple(group for group in cases if group is not None)


def collect(
    parts: Sequence[Part], layout: ModelLayout, policy: DrawPolicy, seed: int, *, interrupted: bool = False
) -> BootstrapDraws:
    """Put parts together, in the order of their draws."""
    parts = sorted(parts, key=lambda part: int(part.number[0]))
    converged = np.concatenate([part.converged for part in parts])
    admissible = np.concatenate([part.admissible for part in parts])
    exogenous = tuple(
        ExogenousMoments(
            group.positions,
            np.concatenate([part.exogenous[g].cov for part in parts]),
            np.concatenate([part.exogenous[g].mean for part in parts]),
        )
        for g, group in enumerate(parts[0].exogenous)
    )
    ledger = DrawLedger(
        np.concatenate([part.number for part in parts]),
        converged,
        np.concatenate([part.iterations for part in parts]),
        admissible,
        np.concatenate([part.boundary for part in parts]),
        converged if policy is DrawPolicy.KEEP else admissible,
    )
    theta = np.concatenate([part.theta for part in parts])
    statistic = np.concatenate([part.statistic for part in parts])
    return BootstrapDraws(theta, layout, exogenous, ledger, statistic, seed, interrupted)
