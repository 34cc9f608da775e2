"""Make a report of a study's result."""

from __future__ import annotations

from dataclasses import replace

from trustsem.fitting.claims import path_claims
from trustsem.report.checklists import fill_checklists
from trustsem.report.document import Document
from trustsem.report.sections import SECTIONS
from trustsem.report.wording import Wording, texts
from trustsem.study import StudyResult


def build_document(result: StudyResult, language: str | None = None) -> Document:
    """Return the report of a study.

    Args:
        result: What the study found.
        language: "en" or "zh"; as the study has it when None.
    """
    words = Wording(language or result.spec.language)
    if words.language != result.spec.language:  # names of constructs are part of what is said of paths
        result = replace(result, paths=path_claims(result.main, words.language))
    sections = [section for make in SECTIONS if (section := make(result, words)) is not None]
    labels = {
        key.removeprefix("labels."): text for key, text in texts(words.language).items() if key.startswith("labels.")
    }
    main = result.fits[0]
    subtitle = f"{main.name}, n = {main.fit.n_obs:,}"
    data = {**result.to_dict(), "checklists": [filled.to_dict() for filled in fill_checklists(result, words)]}
    return Document(result.spec.title, subtitle, words.language, tuple(sections), data, labels)
