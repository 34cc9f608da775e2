"""Intervals from draws on the command line: `--ci`, `--draws`, `--seed`, `--policy`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trustsem.errors import UsageError

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.drawn import DrawnFit

BOOTSTRAP = ("percentile", "basic", "normal", "bias_corrected", "bca")
INTERVALS = ("delta", "monte_carlo", *BOOTSTRAP)


def require_interval(ci: str, draws: int | None, seed: int | None, policy: str | None) -> None:
    """Refuse, before the fit, what the chosen intervals cannot honour.

    Raises:
        UsageError: naming every fault.
    """
    faults = []
    if ci not in INTERVALS:
        faults.append(f"--ci {ci} is unknown. Allowed: {', '.join(INTERVALS)}.")
    if ci == "delta":
        given = {"--draws": draws, "--seed": seed}
        faults += [
            f"{name} needs --ci monte_carlo or a bootstrap." for name, value in given.items() if value is not None
        ]
    if policy is not None and ci not in BOOTSTRAP:
        faults.append(f"--policy needs a bootstrap: --ci {', '.join(BOOTSTRAP)}.")
    if faults:
        raise UsageError("The intervals cannot be computed.", faults=faults, code="ci")


def draw(fit: Fit, ci: str, draws: int | None, seed: int | None, policy: str | None) -> DrawnFit | None:
    """Return the draws that the intervals need; None for the delta method."""
    if ci == "delta":
        return None
    count: dict[str, Any] = {} if draws is None else {"n": draws}
    if ci == "monte_carlo":
        return fit.monte_carlo(seed=seed, **count)
    with progress_bar("Bootstrap") as progress:
        return fit.bootstrap(seed=seed, policy=policy or "drop", progress=progress, **count)


def describe_draws(drawn: DrawnFit | None, ci: str) -> str:
    """Return how intervals were made; nothing for the delta method."""
    if drawn is None:
        return ""
    kind = "Monte-Carlo" if ci == "monte_carlo" else f"{ci.replace('_', '-')} bootstrap"
    return f"se, lower, upper: {kind} intervals, {drawn.n_used:,} draws used, seed {drawn.seed}."


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show draws done and time left on stderr; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)
        yield lambda done, wanted: bar.update(task, completed=done, total=wanted)
