"""Write results to files as text or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trustsem.cli.console import to_json
from trustsem.outputs import write_files


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON; see `write_text`."""
    write_text(path, f"{to_json(content)}\n")


def write_text(path: Path, text: str) -> None:
    """Write text to a temporary file beside the target and rename it, which replaces the target in one step.

    Raises:
        UsageError: the place cannot be written to.
    """
    write_files({path: text.encode()})
