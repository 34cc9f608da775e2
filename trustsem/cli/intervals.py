"""Intervals on the command line: `--ci` (once or several times), `--draws`, `--seed`, `--policy`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from trustsem.cli.progress import progress_bar
from trustsem.errors import UsageError

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.interval_request import BootstrapOptions, IntervalRequest
    from trustsem.fitting.intervals import IntervalMaker

BOOTSTRAP = ("percentile", "basic", "normal", "bias_corrected", "bca")
INTERVALS = ("delta", "second_order", "monte_carlo", *BOOTSTRAP)
_TITLES = {
    "second_order": "second-order delta",
    "monte_carlo": "Monte-Carlo",
    **{kind: f"{kind.replace('_', '-')} bootstrap" for kind in BOOTSTRAP},
}
_OPTIONS = {"kind": "draw-"}  # what an option of the command has before the name of the function's argument
_SOURCES = {"monte_carlo": "Monte Carlo", "bootstrap": "Bootstrap"}


def require_intervals(
    ci: Sequence[str], draws: int | None, seed: int | None, policy: str | None, bootstrap: BootstrapOptions
) -> IntervalRequest:
    """Read the options, and refuse before the fit what the intervals cannot honour.

    Raises:
        UsageError: naming every fault, by the options of the command.
    """
    from trustsem.fitting.interval_request import read_request
    from trustsem.resample import make_workers

    try:
        make_workers(bootstrap.workers, bootstrap.scheduler)
        return read_request(ci, draws, seed, policy, bootstrap)
    except UsageError as error:
        faults = [f"--{_OPTIONS.get(fault.split()[0], '')}{fault}" for fault in error.faults]
        raise UsageError(error.message, faults=faults, remedy=error.remedy, code=error.code) from None


def describe_draws(maker: IntervalMaker) -> str:
    """Return how intervals were made; nothing for the delta method alone."""
    kinds = [kind.value for kind in maker.request.kinds]
    drawn = {source.value: f"{found.n_used:,} draws used" for source, found in maker.drawn.items()}
    seed = [] if maker.seed is None else [f"seed {maker.seed}"]
    if kinds == ["delta"]:
        return ""
    if len(kinds) == 1:
        return f"{', '.join([f'se, lower, upper: {_TITLES[kinds[0]]} intervals', *drawn.values(), *seed])}."
    counts = [f"{_SOURCES[source]}: {text}" for source, text in drawn.items()]
    return " ".join(["se, p: delta method.", *([f"{', '.join([*counts, *seed])}."] if counts else [])])


def make_intervals(fit: Fit, request: IntervalRequest) -> IntervalMaker:
    """Make the draws that the intervals need, a bootstrap with a progress bar."""
    from trustsem.fitting.interval_request import Source
    from trustsem.fitting.intervals import IntervalMaker

    has_bar = Source.BOOTSTRAP in request.sources
    with progress_bar("Bootstrap") if has_bar else nullcontext() as progress:
        maker = IntervalMaker(fit, request, progress)
        assert maker.drawn is not None  # made here, while the bar is there
    return maker
