"""What was asked: the model, its question, where its arrows come from, and what the design allows to say."""

from __future__ import annotations

from collections import Counter

from trustsem.plots.diagram.page import path_diagram
from trustsem.report.cells import count
from trustsem.report.document import Block, Paragraph, Section
from trustsem.report.sections.shared import figure
from trustsem.report.wording import Wording
from trustsem.spec import LibraryModel
from trustsem.study import Design, StudyResult

_DESIGNS = {
    Design.CROSS_SECTIONAL: "asked.design_cross_sectional",
    Design.LONGITUDINAL: "asked.design_longitudinal",
    Design.RANDOMISED: "asked.design_randomised",
}


def asked(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    fit = result.main
    blocks: list[Block] = [Paragraph(words("asked.model", model=result.fits[0].name, n=count(fit.n_obs)))]
    library = fit.model.library
    if library is not None and library.question is not None:
        blocks.append(Paragraph(words("asked.question", question=getattr(library.question, words.language))))
    if library is not None and library.path_basis:
        counts = _counts(library, words)
        blocks.append(Paragraph(words("asked.source", sources=", ".join(library.sources), counts=counts)))
    blocks.append(Paragraph(words(_DESIGNS[result.spec.design])))
    if words("asked.language"):  # what stays English in a report of another language
        blocks.append(Paragraph(words("asked.language")))
    if "~" in fit.estimates["op"].tolist():
        # one picture says what is asked, also of several groups; the section on paths shows each
        label = fit.group_labels[0] if fit.group_labels else None
        title = words("asked.diagram") if label is None else words("asked.diagram_group", group=label)
        blocks += figure(
            "asked",
            title,
            lambda: path_diagram(fit, by_basis=True, group=label, language=words.language),
            words,
        )
    return Section("asked", words("asked.title"), tuple(blocks))


def _counts(library: LibraryModel, words: Wording) -> str:
    found = Counter(path.basis.value for path in library.path_basis)
    return words("sentences.comma").join(words(f"asked.basis_{basis}", n=n) for basis, n in found.items())
