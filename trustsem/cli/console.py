"""Where the command line writes: results to stdout, messages to stderr, JSON as one object."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from trustsem.errors import UsageError
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
    _write_result("\n\n".join(part for part in parts if part))


def print_json(command: str, content: Mapping[str, Any]) -> None:
    """Write one JSON object with its schema `trustsem.COMMAND/1` to stdout."""
    schema = {"schema": f"trustsem.{command}/1", "version": __version__}
    _write_result(to_json({**schema, **{key: content[key] for key in content if key not in schema}}))


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


def open_closed_streams() -> None:
    """Let writing to a stream that the caller closed (`trustsem ... >&-`) go nowhere instead of failing."""
    # Python sets such a stream to None, whatever its annotation says.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 (lives as long as the process)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def discard_results() -> None:
    """Send what is still on its way to stdout nowhere, so that the interpreter can end without a complaint."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (only the descriptor is wanted)
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def flush_results() -> None:
    """Bring everything written so far to its reader.

    Raises:
        BrokenPipeError: the reader has gone away.
        UsageError: stdout cannot be written to, e.g. a full disk.
    """
    with _refusing_unwritable():
        sys.stdout.flush()


def unwritable_stdout(error: OSError) -> UsageError:
    """Return the refusal for a result that stdout did not take."""
    discard_results()
    return UsageError(
        f"The result cannot be written to standard output: {error.strerror}.",
        remedy="Make room there, or send the output elsewhere.",
        code="output-unwritable",
    )


@contextmanager
def _refusing_unwritable() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable_stdout(error) from None


def _write_result(text: str) -> None:
    with _refusing_unwritable():
        _write(sys.stdout, text)
        sys.stdout.flush()


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
    except UnicodeEncodeError:
        # A terminal without Chinese: escapes show what is there, question marks would not.
        encoding = stream.encoding or "ascii"
        stream.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))
