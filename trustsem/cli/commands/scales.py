"""`trustsem scales`: how reliable the scales of a model are, whether they are told apart, what each item does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trustsem.cli.commands.fit import fit_with_survey, outcome_error
from trustsem.cli.console import terminal_width
from trustsem.cli.fit_options import WITHOUT_DRAWS, with_fit_options
from trustsem.cli.options import (
    CodebookOption,
    DataArgument,
    EncodingOption,
    JsonOption,
    ModelArgument,
    OutputOption,
    SheetOption,
)
from trustsem.cli.results import show_result

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.item_analysis import ItemAnalysis
    from trustsem.fitting.reliability import Reliability
    from trustsem.fitting.validity import Validity


@with_fit_options(WITHOUT_DRAWS)
def scales(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report reliability and validity of a model's factors with intervals, and statistics of their items."""
    survey, fit = fit_with_survey(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(fit, strict=False)
    if error is not None:
        raise error
    from trustsem.fitting.item_analysis import items_of_fit

    reliability, validity, items = fit.reliability(), fit.validity(), items_of_fit(fit, survey)
    show_result(
        "scales",
        lambda: _content(fit, reliability, validity, items),
        lambda: _text(fit, reliability, validity, items),
        output,
        as_json=as_json,
    )


def _content(fit: Fit, reliability: Reliability, validity: Validity, items: ItemAnalysis) -> dict[str, Any]:
    found = (*fit.findings, *reliability.findings, *validity.findings, *items.findings)
    return {
        "model": fit.model.name,
        "data": fit.data.source,
        "n_obs": fit.n_obs,
        "admissible": fit.admissible,
        "groups": list(fit.group_labels),
        "reliability": _parts(reliability, "coefficients"),
        "validity": _parts(validity, "rules", "pairs", "factors"),
        "items": _parts(items, "missing", "items", "answers"),
        "findings": [finding.to_dict() for finding in found],
    }


def _parts(result: Reliability | Validity | ItemAnalysis, *names: str) -> dict[str, Any]:
    """Return some parts of a result; findings stand together, and alpha is that of the fit."""
    content = result.to_dict()
    return {name: content[name] for name in names}


def _text(fit: Fit, reliability: Reliability, validity: Validity, items: ItemAnalysis) -> str:
    from trustsem.fitting.summarise_scales import item_sections, reliability_sections, validity_sections
    from trustsem.fitting.summary import render_findings, render_header, section

    width = terminal_width()
    found = (*fit.findings, *reliability.findings, *validity.findings, *items.findings)
    parts = [
        render_header(fit, width),
        *reliability_sections(reliability, width),
        *validity_sections(validity, width),
        *item_sections(items, width),
        section("What to know", render_findings(found, width)),
    ]
    return "\n\n".join(part for part in parts if part)
