"""Data files that are read in parts: a folder, a pattern, or one large file with `--partitioned`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trustsem.cli.inputs import NO_CODEBOOK, codebook_of_columns, find_data, sample_codebook, sample_names
from trustsem.cli.progress import progress_bar
from trustsem.errors import UsageError
from trustsem.spec.library import LibraryModel

if TYPE_CHECKING:
    from trustsem.survey.partitions.record import SurveyMoments


def is_partitioned(name: str) -> bool:
    """Return whether a word on the command line means several files: a folder or a pattern."""
    from trustsem.survey.partitions.parts import names_several

    return name not in sample_names() and names_several(name)


def read_parts(
    model: LibraryModel,
    name: str,
    codebook: str | None,
    options: Mapping[str, Any],
    *,
    sheet: str | None,
    encoding: str | None,
) -> SurveyMoments:
    """Return the moments that a fit with these options needs, with a bar of the parts that are read.

    Raises:
        UsageError: options that need more than moments; nothing is read then.
        DataError, CodebookError, ModelError: the files cannot be used.
    """
    from trustsem.fitting.survey_moments import check_options, read_moments

    if sheet is not None:
        raise UsageError(
            "--sheet is for workbooks, which cannot be read in parts.",
            remedy="Leave it out, or save the sheet as CSV or Parquet.",
            code="option-not-for-format",
        )
    group = check_options(options, model)
    with progress_bar("Parts") as progress:
        moments = read_moments(
            name if is_partitioned(name) else find_data(name),
            model=model,
            weights=options["sampling_weights"],
            group=group or "",
            codebook=codebook or model.instrument or sample_codebook(name),
            encoding=encoding,
            progress=progress,
        )
    hint = None if moments.codebook or codebook == NO_CODEBOOK else codebook_of_columns(moments.columns)
    return moments if hint is None else replace(moments, findings=(*moments.findings, hint))
