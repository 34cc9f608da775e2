"""What is being done, and how much of it is left, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show draws done and time left; nothing where stderr is no terminal."""
    with part_bar(title) as progress:
        yield None if progress is None else lambda done, wanted: progress(title, done, wanted)


@contextmanager
def part_bar(title: str = "") -> Iterator[Callable[[str, int, int | None], None] | None]:
    """Show the part of the work that is being done; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda part, done, wanted: bar.update(task, description=part, completed=done, total=wanted)
