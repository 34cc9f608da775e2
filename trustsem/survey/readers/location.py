"""Checks of the path before anything is read, and the file's checksum."""

from __future__ import annotations

import difflib
import hashlib
import os
from pathlib import Path

from trustsem.errors import DataError

_CHUNK = 1 << 20


def locate_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of an existing, readable, non-empty regular file.

    Raises:
        DataError: "url", "file-not-found", "is-a-directory", "unreadable-file" or "empty-file".
    """
    if "://" in os.fspath(path):
        raise DataError(
            f"{os.fspath(path)} is a web address; trustsem reads files only.",
            code="url",
            remedy="Download the file first and give its path.",
        )
    found = Path(path).expanduser()
    if found.is_dir():
        raise DataError(
            f"{found} is a folder, not a survey file.", code="is-a-directory", remedy="Name a file inside it."
        )
    if not found.exists():
        raise _not_found(found)
    if not found.is_file():
        raise DataError(
            f"{found} is not a regular file.", code="unreadable-file", remedy="Copy the data to an ordinary file first."
        )
    try:
        with found.open("rb") as stream:
            first = stream.read(1)
    except OSError as error:
        raise DataError(
            f"{found} cannot be opened: {error.strerror}.",
            code="unreadable-file",
            remedy="Check the file's permissions.",
        ) from error
    if not first:
        raise DataError(f"{found} is empty (0 bytes).", code="empty-file", remedy="Export the survey again.")
    return found


def hash_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _not_found(path: Path) -> DataError:
    folder = path.parent
    if not folder.is_dir():
        return DataError(
            f"{path} does not exist; neither does the folder {folder}.",
            code="file-not-found",
            remedy=f"Check the path; it is looked up from {Path.cwd()}.",
        )
    near = _near_names(path)
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"No file with a similar name is in {folder.resolve()}."
    return DataError(f"{path} does not exist.", code="file-not-found", remedy=remedy)


def _near_names(path: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        # A folder that may be entered but not listed offers no suggestions; the main message stands on its own.
        return []
    same_stem = [name for name in names if Path(name).stem.casefold() == path.stem.casefold()]
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return [f"'{name}'" for name in dict.fromkeys([*same_stem, *close])][:3]
