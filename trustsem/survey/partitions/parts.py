"""From a path, a pattern, a folder or a list of paths to the parts that are read one by one."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trustsem.errors import DataError
from trustsem.suggestions import shortened
from trustsem.survey.readers import READERS

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class FilePart:
    """What is summed in one go: a row group of a Parquet file, or a whole text file.

    Args:
        path: The file.
        format: Name of its format, as in `READERS`.
        row_group: Number of the row group; None for a text file.
        first_row: Rows of the file before it.
    """

    path: Path
    format: str
    row_group: int | None = None
    first_row: int = 0


def names_several(path: str | os.PathLike[str]) -> bool:
    """Return whether a path stands for several files: a folder, or a pattern that is no file's name."""
    text = os.fspath(path)
    found = Path(text).expanduser()
    return found.is_dir() or (glob.has_magic(text) and not found.exists())


def find_files(given: Paths) -> tuple[Path, ...]:
    """Return the files that are meant; of a pattern or folder in the order of their names, of a list in its order.

    Raises:
        DataError: no file, a folder with something else in it, or a file that is named twice.
    """
    several = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    files = [file for path in several for file in _files_of(path)]
    if not files:
        raise DataError("No file was named.", remedy="Give a path, a pattern or a folder.", code="no-files")
    places = [file.expanduser().resolve() for file in files]
    twice = dict.fromkeys(str(file) for file, place in zip(files, places, strict=True) if places.count(place) > 1)
    if twice:
        raise DataError(
            f"A file is named more than once: {shortened(twice, 3)}.",
            remedy="Its rows would count twice; name it once.",
            code="file-twice",
        )
    return tuple(files)


def _files_of(path: str | os.PathLike[str]) -> list[Path]:
    text = os.fspath(path)
    found = Path(text).expanduser()
    if found.is_dir():
        return _files_in(found)
    if not names_several(path) or "://" in text:
        return [Path(text) if "://" not in text else _refuse_url(text)]
    files = sorted(Path(name) for name in glob.glob(str(found), recursive=True) if Path(name).is_file())  # noqa: PTH207 (no folder is given)
    if not files:
        raise DataError(
            f"No file matches {text}.",
            remedy=f"Check the pattern; it is looked up from {Path.cwd()}. In a shell, put it in quotes.",
            code="no-files",
        )
    return files


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder; hidden ones and those that begin with _ are notes of the programs that wrote it."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    other = [entry.name for entry in entries if entry.is_dir() or not entry.name.lower().endswith(tuple(READERS))]
    if other:
        raise DataError(
            f"The folder {folder} holds something else than survey files: {shortened(other, 3)}.",
            remedy=f"Name the files that are meant with a pattern, e.g. '{folder / '*.parquet'}'.",
            code="not-only-parts",
        )
    if not entries:
        raise DataError(f"The folder {folder} holds no file.", remedy="Check the path.", code="no-files")
    return entries


def _refuse_url(text: str) -> Path:
    raise DataError(
        f"{text} is a web address; trustsem reads files only.",
        code="url",
        remedy="Download the file first and give its path.",
    )
