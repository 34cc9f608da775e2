"""Write files so that nothing half-written is ever left behind."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from trustsem.errors import UsageError


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


def make_folder(folder: Path) -> None:
    """Make a folder and those it lies in, where they are not there.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            remedy="Give another one with --output.",
            code="output-unwritable",
        ) from None


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write every file to a temporary one beside it, and rename them when all are there, in the order given.

    Raises:
        UsageError: a place cannot be written to; nothing was replaced.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            require_place(path)
            staged.append((_stage(path, content), path))
        for temporary, path in staged:
            try:
                temporary.replace(path)
            except OSError as error:
                raise _unwritable(path, error) from None
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)


def _stage(path: Path, content: bytes) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(0o644)  # mkstemp gives 0600, which a colleague could not read
    except BaseException as error:  # an interrupt as well: nothing half-written stays
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise
    return temporary


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written: {error.strerror}.",
        remedy="Give a file in a folder that exists and that you may write to.",
        code="output-unwritable",
    )
