"""Which bundled codebooks fit the columns of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trustsem.instruments.codebook import Codebook
from trustsem.instruments.loading import list_codebooks, load_codebook

MOST_ITEMS = 0.8  # share of a codebook's items that a file must have before the codebook is worth mentioning


@dataclass(frozen=True, slots=True)
class CodebookMatch:
    """A bundled codebook whose items are columns of a file.

    Args:
        codebook: The codebook.
        n_items: Items among the columns.
        n_variables: Items and covariates among the columns.
    """

    codebook: Codebook
    n_items: int
    n_variables: int


def matching_codebooks(columns: Iterable[str], *, least: float = MOST_ITEMS) -> tuple[CodebookMatch, ...]:
    """Return the bundled codebooks with that share of their items among the columns, best first.

    Forms for different respondents share the names of items, and short modules repeat some of a form's: the codebook
    with most items and covariates among the columns is the best.

    Example:
        >>> [match.codebook.id for match in matching_codebooks(["pa1", "pa2", "pa3", "pa4", "side"])]
        ['perception']
    """
    names = set(columns)
    matches = [_match(load_codebook(name), names) for name in list_codebooks()]
    fitting = [match for match in matches if match.n_items and match.n_items >= least * len(match.codebook.items)]
    return tuple(sorted(fitting, key=lambda match: -match.n_variables))


def _match(codebook: Codebook, columns: set[str]) -> CodebookMatch:
    items = sum(item.column in columns or item.name in columns for item in codebook.items)
    named = sum(covariate.column in columns or covariate.name in columns for covariate in codebook.covariates)
    return CodebookMatch(codebook, items, items + named)
