"""Where the command line writes: results to stdout, messages to stderr, JSON as one object."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from trustsem.version import __version__

PIPED_WIDTH = 80
_LEAST, _MOST = 40, 120  # beyond that lines of text are hard to follow
_RED = "\x1b[31m"
_RESET = "\x1b[0m"


def terminal_width() -> int:
    """Return the characters a line may have: COLUMNS if set, else the terminal's width, 80 in a pipe."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        columns = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns
        return min(max(columns, _LEAST), _MOST)
    return PIPED_WIDTH


def print_text(*parts: str) -> None:
    """Write a result to stdout, its parts apart by a blank line; empty parts are left out."""
    _write(sys.stdout, "\n\n".join(part for part in parts if part))


def print_json(command: str, content: Mapping[str, Any]) -> None:
    """Write one JSON object with its schema `trustsem.COMMAND/1` to stdout."""
    schema = {"schema": f"trustsem.{command}/1", "version": __version__}
    _write(sys.stdout, to_json({**schema, **{key: content[key] for key in content if key not in schema}}))


def to_json(content: Mapping[str, Any]) -> str:
    """Return JSON text: indented, in the order given; NaN is a bug and raises."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)


def print_message(text: str) -> None:
    """Write a message to stderr."""
    _write(sys.stderr, text)


def print_error(text: str) -> None:
    """Write an error to stderr; its first word is red on a terminal unless NO_COLOR is set."""
    word = "Error:"
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        word = f"{_RED}{word}{_RESET}"
    _write(sys.stderr, f"{word} {text}")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
    except UnicodeEncodeError:
        # A terminal without Chinese: escapes show what is there, question marks would not.
        encoding = stream.encoding or "ascii"
        stream.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))
