"""What several sections need: columns, figures that may not exist, names with their groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trustsem.errors import TrustSemError
from trustsem.fitting.claims import construct_name
from trustsem.report.cells import interval, number
from trustsem.report.document import Align, Block, Bullets, Column, Figure, FigureBlock, Paragraph, TableBlock
from trustsem.report.wording import Wording
from trustsem.theory import load_theory

Row = Mapping[str, Any]


def columns(words: Wording, texts: Sequence[str], numbers: Sequence[str]) -> tuple[Column, ...]:
    """Return columns with their titles by key: those of words first, then those of numbers."""
    return (
        *(Column(words(key), Align.LEFT) for key in texts),
        *(Column(words(key)) for key in numbers),
    )


def table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], note: str = "") -> list[Block]:
    """Return a table; nothing where it would have no rows."""
    if not rows:
        return []
    return [TableBlock(title, tuple(columns), tuple(tuple(row) for row in rows), note)]


def figure(identifier: str, title: str, make: Callable[[], Figure], words: Wording) -> list[Block]:
    """Return a figure, or why there is none."""
    try:
        return [FigureBlock(identifier, title, make())]
    except TrustSemError as error:
        return [Paragraph(words("labels.no_figure", title=title, reason=" ".join(str(error).split())))]


def bullets(lines: Sequence[str]) -> list[Block]:
    """Return short sentences; nothing where there are none."""
    unique = tuple(dict.fromkeys(lines))
    return [Bullets(unique)] if unique else []


def said(part: Any) -> list[Block]:
    """Return the findings of a part as sentences."""
    return bullets([finding.message for finding in part.findings])


def with_interval(value: Any, lower: Any, upper: Any) -> str:
    """Return a number with its limits behind it, where it has some."""
    limits = interval(lower, upper)
    return number(value) if limits == interval(None, None) else f"{number(value)} {limits}"


def named(identifier: str, words: Wording) -> str:
    """Return a construct's name in the report's language."""
    return construct_name(identifier, words.language)


def lever_name(identifier: str, words: Wording) -> str:
    """Return a lever for readers: who acts, for a lever of the theory; else the construct."""
    actors = {lever.id: lever.actor for lever in load_theory().levers}
    if identifier not in actors:
        return named(identifier, words)
    return f"{getattr(actors[identifier], words.language)} ({identifier})"


def in_group(text: str, label: Any) -> str:
    """Return a text with the label of its group, where there is one."""
    return f"{text}, {label}" if isinstance(label, str) and label else text


def arrow(x: str, y: str, words: Wording) -> str:
    """Return a path as it is printed."""
    return f"{named(x, words)} → {named(y, words)}"


def headed(rows: Sequence[tuple[str, Sequence[str]]], width: int) -> list[tuple[str, ...]]:
    """Return rows with a heading row wherever the first element changes."""
    shown: list[tuple[str, ...]] = []
    last: str | None = None
    for heading, cells in rows:
        if heading != last:
            last = heading
            shown.append((heading, *([""] * (width - 1))))
        shown.append(tuple(cells))
    return shown
