"""Write result files so that nothing half-written is ever left behind."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trustsem.cli.console import to_json
from trustsem.errors import UsageError


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON; see `write_text`."""
    write_text(path, f"{to_json(content)}\n")


def require_place(path: Path) -> None:
    """Refuse a place that is a folder or has none, before work is done for it.

    Raises:
        UsageError: the place cannot be written to.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", remedy="Give the name of a file.", code="output-is-a-directory")
    if not path.parent.is_dir():
        raise _unwritable(path, OSError(errno.ENOENT, os.strerror(errno.ENOENT)))
    if not os.access(path.parent, os.W_OK):
        raise _unwritable(path, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def write_text(path: Path, text: str) -> None:
    """Write text to a temporary file beside the target and rename it, which replaces the target in one step.

    Raises:
        UsageError: the place cannot be written to.
    """
    require_place(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(0o644)  # mkstemp gives 0600, which a colleague could not read
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written: {error.strerror}.",
        remedy="Give a file in a folder that exists and that you may write to.",
        code="output-unwritable",
    )
