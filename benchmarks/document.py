"""Put what a script computed into docs/validation.md, between the marks of its part."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "validation.md"


def with_part(document: str, name: str, text: str) -> str:
    """Return the document with another text between `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: no such marks.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, opened, rest = document.partition(start)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"{start} and {end} do not stand in the document")
    return f"{before}{start}\n{text}\n{end}{after}"


def write_part(name: str, text: str) -> None:
    """Write the text into its part of the document."""
    DOCUMENT.write_text(with_part(DOCUMENT.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def run_simulation(name: str, description: str | None, report: Callable[[int], str], replications: int) -> None:
    """Read `--write` and `--replications N`, print the report, and write it where that is wanted.

    Args:
        name: Of its part of the document.
        description: Docstring of the script; its first line is the help.
        report: Makes Markdown of so many replications.
        replications: The number when none is given.
    """
    parser = argparse.ArgumentParser(description=(description or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="put the result into docs/validation.md")
    parser.add_argument("--replications", type=int, default=replications)
    arguments = parser.parse_args()
    text = report(arguments.replications)
    print(text)
    if arguments.write:
        write_part(name, text)
