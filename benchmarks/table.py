"""Results as an 80-column table."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from benchmarks.records import Measured, Result, Skipped, Timing

WIDTH = 80
_ROW = "{:<39}{:>10}{:>10}{:>11}{:>10}"


def render_results(results: Sequence[Result]) -> str:
    """Return medians, targets and lavaan's medians; ratio is lavaan's time over ours."""
    lines = [_ROW.format("", "trustsem", "target", "lavaan", "ratio"), "-" * WIDTH]
    notes: list[str] = []
    for result in results:
        mark = "" if result.on_target is not False else " !"
        lines.append(
            _ROW.format(
                result.benchmark.title,
                _seconds(result.ours) + mark,
                _duration(result.benchmark.target),
                _seconds(result.lavaan),
                f"{result.ratio:.1f}" if result.ratio is not None else "",
            ).rstrip()
        )
        for program, measured in (("trustsem", result.ours), ("lavaan", result.lavaan)):
            if isinstance(measured, Skipped):
                notes.append(f"{result.benchmark.name}, {program}: {measured.reason}")
            elif measured is not None and measured.peak_mib is not None:
                notes.append(f"{result.benchmark.name}, {program}: at most {measured.peak_mib:.0f} MiB of memory")
    if any(result.on_target is False for result in results):
        notes.insert(0, "! slower than its target")
    wrapped = [line for note in dict.fromkeys(notes) for line in textwrap.wrap(note, WIDTH, subsequent_indent="  ")]
    return "\n".join([*lines, *(["", *wrapped] if wrapped else [])])


def _seconds(measured: Measured | None) -> str:
    if measured is None:
        return ""
    return _duration(measured.median) if isinstance(measured, Timing) else "-"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"
