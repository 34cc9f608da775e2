"""What people name on the command line, found: models, data files, bundled samples, codebooks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trustsem.errors import DataError, ModelError
from trustsem.instruments import matching_codebooks
from trustsem.records import Finding, Severity
from trustsem.resources import samples_dir
from trustsem.spec.library import LibraryModel, list_models, load_model
from trustsem.suggestions import suggest

if TYPE_CHECKING:
    from trustsem.survey import Survey

STDIN = "-"
NO_CODEBOOK = "none"


def find_model(name: str) -> LibraryModel:
    """Return the model that a word on the command line means.

    Raises:
        ModelError: no such model, or nothing on standard input.
    """
    if name != STDIN and "~" in name and not Path(name).exists():
        raise ModelError(
            f"{name.splitlines()[0]!r} is a model text, not the name of a model.",
            remedy="Pipe it in, e.g. echo 'f =~ x1 + x2 + x3' | trustsem fit - DATA, or save it as a .sem file.",
            code="model-not-found",
        )
    if name != STDIN:
        return load_model(name)
    text = sys.stdin.read()
    if not text.strip():
        raise ModelError(
            "No model text came on standard input.",
            remedy="Pipe the text in, e.g. echo 'f =~ x1 + x2 + x3' | trustsem check -",
            code="model-empty",
        )
    return LibraryModel(name="standard input", path=Path("<stdin>"), syntax=text)


def sample_names() -> tuple[str, ...]:
    """Return the names of the bundled samples, sorted."""
    return tuple(sorted(path.stem for path in samples_dir().glob("*.csv")))


def find_data(name: str) -> Path | str:
    """Return the file that a word on the command line means: a bundled sample's name first, then a path.

    Raises:
        DataError: neither.
    """
    if name in sample_names():
        return samples_dir() / f"{name}.csv"
    if "://" in name:  # a Path would mangle it before the reader can say that it reads no URLs
        return name
    path = Path(name)
    is_bare_word = path.name == name and not path.suffix
    if is_bare_word and not path.exists():
        hint = suggest(name, sample_names())
        raise DataError(
            f"There is no file and no bundled sample '{name}'.{hint}",
            remedy=f"Bundled samples: {', '.join(sample_names())}. Your own: give the path of the file.",
            code="file-not-found",
        )
    return path


def sample_codebook(name: str) -> str | None:
    """Return the codebook that a bundled sample belongs to, as the models that use the sample tell."""
    if name not in sample_names():
        return None
    return next((model.instrument for model in list_models() if model.sample == name), None)


def read_data(
    name: str,
    codebook: str | None,
    model: LibraryModel | None = None,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Survey:
    """Read the data that a word means, with the codebook that is asked for, the model's or the sample's.

    Raises:
        DataError, CodebookError: the file or the codebook cannot be used.
    """
    from trustsem.survey import read_survey

    path = find_data(name)
    chosen = codebook or (model.instrument if model else None) or sample_codebook(name)
    if chosen is not None and chosen != NO_CODEBOOK:
        return read_survey(path, chosen, sheet=sheet, encoding=encoding)
    survey = read_survey(path, sheet=sheet, encoding=encoding)
    hint = None if codebook == NO_CODEBOOK else fitting_codebook(survey)
    return survey if hint is None else replace(survey, findings=(*survey.findings, hint))


def fitting_codebook(survey: Survey) -> Finding | None:
    """Return a finding that names the bundled codebook whose items the columns are; it is never applied unasked.

    Forms for different respondents share the names of items, and short modules repeat some of a form's: the codebook
    with most items and covariates among the columns is named, and every other one that has as many.
    """
    return codebook_of_columns(str(name) for name in survey.frame.columns)


def codebook_of_columns(names: Iterable[str]) -> Finding | None:
    """Return the finding of `fitting_codebook` for these columns."""
    fitting = matching_codebooks(names)
    if not fitting:
        return None
    best, first = fitting[0], fitting[0].codebook
    others = [match.codebook for match in fitting[1:] if match.n_variables == best.n_variables]
    rivals = f" (or {', '.join(book.id for book in others)}: see who was asked)" if others else ""
    return Finding(
        "codebook-available",
        Severity.WARNING,
        f"{best.n_items} of {len(first.items)} items of the codebook {first.id}{rivals} are columns "
        "of this file, but no codebook was applied: reversed items are not turned and missing codes count as answers.",
        remedy=f"--codebook {first.id}, or --codebook none to leave this out.",
    )
