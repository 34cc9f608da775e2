"""Read a survey file, with or without a codebook."""

from __future__ import annotations

from pathlib import Path

from trustsem.instruments import Codebook, load_codebook
from trustsem.survey.scored import Survey
from trustsem.survey.scoring import apply_codebook, survey_without_codebook


def read_survey(
    path: str | Path,
    codebook: Codebook | str | Path | None = None,
    *,
    sheet: str | int | None = None,
    encoding: str | None = None,
) -> Survey:
    """Read a survey file and score it.

    Args:
        path: A file of one of the formats in docs/data-files.md.
        codebook: A codebook, the name of a bundled one, or the path of one; None keeps the columns as they are.
        sheet: Sheet of an Excel file, by name or number.
        encoding: Text encoding; found out when None.

    Returns:
        The scored survey with the log of every recode and every dropped row.

    Raises:
        DataError: The file cannot be read.
        CodebookError: The codebook is malformed or does not fit the file.

    Example:
        >>> from trustsem.resources import samples_dir
        >>> survey = read_survey(samples_dir() / "hints7_twin.csv", "hints7")
        >>> float(survey.frame["ExplainedClearly"].max())  # "Always"
        4.0
    """
    # Imported here so that this package can be imported while a format's library is absent.
    from trustsem.survey.readers import read_raw

    book = codebook if codebook is None or isinstance(codebook, Codebook) else load_codebook(codebook)
    raw = read_raw(path, sheet=sheet, encoding=encoding)
    return survey_without_codebook(raw) if book is None else apply_codebook(raw, book)
