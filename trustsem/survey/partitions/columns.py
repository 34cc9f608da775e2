"""Which columns are summed, and whether every part has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trustsem.errors import CodebookError, DataError, ModelError, UsageError
from trustsem.suggestions import shortened, suggest
from trustsem.survey.partitions.wanted import Wanted


def require_once(wanted: Wanted) -> None:
    """Refuse names that say the same thing twice, and a size of chunks that is none.

    Raises:
        UsageError: naming every fault.
    """
    faults = [f"{name} is named twice." for name in dict.fromkeys(wanted.names) if wanted.names.count(name) > 1]
    faults += [f"{name} is a variable and has a role of its own." for name in wanted.roles if name in wanted.names]
    if wanted.group is not None and wanted.group == wanted.weights:
        faults.append(f"{wanted.group} cannot be both groups and weights.")
    if not isinstance(wanted.chunk_rows, int) or isinstance(wanted.chunk_rows, bool) or wanted.chunk_rows < 1:
        faults.append(f"chunk_rows must be a whole number of 1 or more, not {wanted.chunk_rows!r}.")
    if faults:
        raise UsageError("The moments cannot be computed.", faults=faults, code="moments-options")


def settle_names(wanted: Wanted, columns: Sequence[str]) -> Wanted:
    """Return the request with its variables: without names, the items of the codebook, or every column without a role.

    Raises:
        CodebookError: the codebook belongs to other data.
        DataError: no column is left.
    """
    book = wanted.codebook
    if book is not None and not any(item.column in columns for item in book.items):
        raise CodebookError(
            f"The data do not fit codebook '{book.id}': none of its {len(book.items)} items is a column.",
            remedy=f"Use the codebook of these files, or none. Columns: {shortened(columns, 12)}.",
            code="codebook-misfit",
        )
    if wanted.names:
        return wanted
    if book is not None:
        names = tuple(item.name for item in book.items if item.column in columns)
    else:
        names = tuple(name for name in columns if name not in wanted.roles)
    if not names:
        raise DataError(
            "No column is left for the moments.",
            remedy=f"Columns: {shortened(columns, 12)}." if columns else "Check the data.",
            code="no-columns",
        )
    return replace(wanted, names=names)


def missing_columns(columns: Sequence[str], wanted: Wanted) -> list[str]:
    """Return the columns that are wanted and not there."""
    return [column for column in dict.fromkeys(wanted.sources(columns).values()) if column not in columns]


def require_in_every(places: Sequence[tuple[str, Sequence[str]]], wanted: Wanted, *, is_first: bool = True) -> None:
    """Refuse parts that lack a column; what no part has is unknown, as in any data.

    Args:
        places: Name and columns of each part.
        wanted: What is read of them.
        is_first: Whether no part came before.

    Raises:
        ModelError: columns that no part has.
        DataError: columns that some parts lack, or that stand under two names.
    """
    lacking = [(place, columns, missing_columns(columns, wanted)) for place, columns in places]
    nowhere = [name for name in lacking[0][2] if all(name in absent for _, _, absent in lacking)] if is_first else []
    if nowhere:
        columns = list(places[0][1])
        raise ModelError(
            f"The data have no column for {f'{nowhere[0]!r}' if len(nowhere) == 1 else f'{len(nowhere)} variables'}.",
            remedy=f"Columns: {shortened(columns, 12)}.",
            code="unknown-variable",
            faults=[f"{name}: not in the data.{suggest(name, columns)}" for name in nowhere],
        )
    faults = [
        f"{place}: no column {name}.{suggest(name, columns)}" for place, columns, absent in lacking for name in absent
    ]
    faults += [fault for place, columns in places for fault in _two_names(place, columns, wanted)]
    if faults:
        raise DataError(
            "Some parts lack columns that others have."
            if any(absent for _, _, absent in lacking)
            else "Columns clash.",
            remedy="All parts need the same columns: write these again, or leave the columns out.",
            code="missing-column",
            faults=faults,
        )


def _two_names(place: str, columns: Sequence[str], wanted: Wanted) -> list[str]:
    """Return variables whose column has another name in the codebook, while one of their own name is there as well."""
    sources = wanted.sources(columns)
    return [
        f"{place}: {name} is read from column '{column}', but '{name}' is there too."
        for name, column in sources.items()
        if column != name and column in columns and name in columns
    ]
