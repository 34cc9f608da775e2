"""How a command ends when it cannot go on: a message on stderr, an exit code, no traceback."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

from trustsem.cli.console import discard_results, print_error, print_json, print_message
from trustsem.errors import TrustSemError, UsageError

INTERRUPTED = 130
_BUG = 1


def error_record(error: TrustSemError) -> dict[str, Any]:
    """Return an error as JSON-ready values."""
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "faults": list(error.faults),
        "exit_code": error.exit_code,
    }


def report_error(error: TrustSemError, *, as_json: bool) -> int:
    """Write a refusal and return its exit code."""
    print_error(str(error))
    if as_json:
        print_json("error", error_record(error))
    return error.exit_code


def report_usage(error: Any, *, as_json: bool) -> int:
    """Write a wrong use of the command line, as typer found it, and return its exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # not a fault to explain: the help is the answer
        print_message(error.format_message())
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    if context is not None:
        print_message(f"{context.get_usage()}\nTry '{context.command_path} --help'.")
    print_error(error.format_message())
    if as_json:
        content = {"message": error.format_message(), "remedy": None, "faults": [], "exit_code": error.exit_code}
        print_json("error", {"code": "usage", **content})
    return int(error.exit_code)


def report_bug(error: Exception, *, as_json: bool) -> int:
    """Write what went wrong inside without a word of the data, and return exit code 1."""
    if os.environ.get("TRUSTSEM_TRACEBACK") == "1":
        traceback.print_exception(error)
    # The text of an unforeseen exception may quote an answer, so only its kind and place are shown.
    message = f"Internal error: {type(error).__name__} at {_place(error)}. This is a bug in trustsem, please report it."
    remedy = "TRUSTSEM_TRACEBACK=1 shows where it happened; read it before you share it."
    print_error(f"{message}\n{remedy}")
    if as_json:
        content = {"code": "internal", "message": message, "remedy": remedy, "faults": [], "exit_code": _BUG}
        print_json("error", content)
    return _BUG


def out_of_memory() -> UsageError:
    """Return the refusal of work that memory does not hold."""
    return UsageError(
        "There is not enough memory for this.",
        remedy="Ask for fewer --draws, or read the data in parts (trustsem fit --partitioned).",
        code="out-of-memory",
    )


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "trustsem" in Path(frame.filename).parts] or list(frames)
    if not own:
        return "an unknown place"
    return f"{Path(own[-1].filename).name} line {own[-1].lineno} ({own[-1].name})"


def silence_broken_pipe() -> int:
    """Let the interpreter end quietly after the reader of stdout went away (`trustsem ... | head`)."""
    discard_results()
    return 0
