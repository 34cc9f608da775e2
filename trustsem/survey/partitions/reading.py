"""Read a survey part by part and keep its sums."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from trustsem.errors import DataError, UsageError
from trustsem.moments.linalg import one_blas_thread
from trustsem.survey.partitions.account import moments_of
from trustsem.survey.partitions.chunks import FileShape, TablePart, table_part
from trustsem.survey.partitions.columns import require_in_every, require_once, settle_names
from trustsem.survey.partitions.formats import file_shape
from trustsem.survey.partitions.parts import Paths, find_files
from trustsem.survey.partitions.record import SurveyMoments
from trustsem.survey.partitions.sums import Sums, sum_part
from trustsem.survey.partitions.wanted import Wanted
from trustsem.survey.readers.location import hash_file

_AT_ONCE = 16  # frames that are handed to an executor together: it may hold all that it is given

Progress = Callable[[int, "int | None"], None]


class Executor(Protocol):
    """Whatever maps a function over items and gives the results in their order: `concurrent.futures`, joblib, Dask."""

    def map(self, fn: Callable[[Any], Any], items: Iterable[Any], /) -> Iterable[Any]:
        """Return fn of each item, in the order of the items."""
        ...


def sum_survey(
    data: Paths | Iterable[object],
    wanted: Wanted,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> SurveyMoments:
    """Return the moments of a survey that is read part by part.

    The result depends on the data, their parts and `chunk_rows`, not on who sums which part when.

    Args:
        data: Path, pattern, folder, list of paths, or an iterable of data frames (of arrays, where names are given).
        wanted: What is summed.
        executor: Sums parts side by side; None: one after another.
        progress: Called with the parts that are done and their number (None: not known).

    Raises:
        DataError, CodebookError, ModelError: the data cannot be used.
    """
    require_once(wanted)
    if not _is_paths(data):
        return _sum_tables(data, wanted, executor, progress)
    files = find_files(data)  # pyright: ignore[reportArgumentType]  # _is_paths told
    shapes = [file_shape(file, wanted.encoding) for file in files]
    settled = settle_names(wanted, shapes[0].columns)
    require_in_every([(str(file), shape.columns) for file, shape in zip(files, shapes, strict=True)], settled)
    parts = [part for shape in shapes for part in shape.parts]
    total, columns = Sums(), _common(shapes)
    total.findings.update(dict.fromkeys(finding for shape in shapes for finding in shape.findings))
    with one_blas_thread():
        results = _mapped(executor, partial(sum_part, wanted=settled, columns=columns), parts)
        for done, sums in enumerate(results, 1):
            total.add(sums)
            if progress is not None:
                progress(done, len(parts))
    source = _source(data, files, total.n_rows, len(columns))
    return moments_of(total, settled, columns, len(parts), _place(data), source)


def _sum_tables(data: Any, wanted: Wanted, executor: Executor | None, progress: Progress | None) -> SurveyMoments:
    tables = (table_part(table, number, wanted.names) for number, table in enumerate(data, 1))
    first = next(tables, None)
    if first is None:
        raise DataError("The data have no part.", remedy="Give one data frame at least.", code="no-rows")
    columns = tuple(first.frame.columns)
    settled = settle_names(wanted, columns)
    total, done = Sums(), 0
    checked = _checked(itertools.chain([first], tables), settled)
    with one_blas_thread():
        while parts := list(itertools.islice(checked, 1 if executor is None else _AT_ONCE)):
            for sums in _mapped(executor, partial(sum_part, wanted=settled, columns=columns), parts):
                total.add(sums)
                done += 1
                if progress is not None:
                    progress(done, None)
    return moments_of(total, settled, columns, done, "The data", None)


def _checked(parts: Iterable[TablePart], wanted: Wanted) -> Iterator[TablePart]:
    for part in parts:
        columns = tuple(part.frame.columns)
        require_in_every([(f"Part {part.number} of the data", columns)], wanted, is_first=part.number == 1)
        yield part


def _mapped(executor: Executor | None, work: Callable[[Any], Sums], parts: Sequence[Any]) -> Iterable[Sums]:
    return map(work, parts) if executor is None else executor.map(work, parts)


def _is_paths(data: object) -> bool:
    if isinstance(data, (str, os.PathLike)):
        return True
    if isinstance(data, (list, tuple)):
        return all(isinstance(path, (str, os.PathLike)) for path in data)
    if not isinstance(data, Iterable) or hasattr(data, "columns") or hasattr(data, "dtype"):
        raise UsageError(
            f"Parts of data are paths or an iterable of data frames, not {type(data).__name__}.",
            remedy="Put a frame that fits memory into a list: [frame]; or give it to ts.fit itself.",
            code="data-type",
        )
    return False


def _common(shapes: Sequence[FileShape]) -> tuple[str, ...]:
    """Return the columns that every file has."""
    others = [set(shape.columns) for shape in shapes[1:]]
    return tuple(name for name in shapes[0].columns if all(name in columns for columns in others))


def _place(data: Any) -> str:
    """Return what was read as a message names it."""
    if isinstance(data, (str, os.PathLike)):
        return os.fspath(data)
    paths = [os.fspath(path) for path in data]
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _source(data: Any, files: Sequence[Path], n_rows: int, n_columns: int) -> dict[str, Any]:
    """Return what tells the files again: of several, the hash of their hashes in order, one a line."""
    digests = [hash_file(file.expanduser()) for file in files]
    joined = "".join(f"{digest}\n" for digest in digests).encode()
    name = Path(_place(data)).name
    return {
        "file": name,
        "format": "parts",
        "files": len(files),
        "sha256": digests[0] if len(digests) == 1 else hashlib.sha256(joined).hexdigest(),
        "rows": n_rows,
        "columns": n_columns,
    }
