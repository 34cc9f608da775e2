"""Show the result of a command: as text or JSON on stdout, as JSON in a file as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trustsem.cli.console import print_json, print_message, print_text


def show_result(
    command: str,
    content: Callable[[], Mapping[str, Any]],
    text: Callable[[], str],
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the file, if one is wanted, and then print; content and text are made only where they are needed.

    Raises:
        UsageError: the file cannot be written.
    """
    made = content() if as_json or output is not None else {}
    if output is not None:
        from trustsem.cli.files import write_json

        write_json(output, made)
        print_message(f"Written: {output}")
    if as_json:
        print_json(command, made)
    else:
        print_text(text())
