"""`trustsem loops`: what a model's feedback loops rest on, and a verdict on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import end_with, outcome_error, run_fit
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
from trustsem.errors import EffectError

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.loop_analysis import LoopAnalysis


@with_fit_options(WITHOUT_DRAWS)
def loops(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    draws: Annotated[int, typer.Option(help="Monte-Carlo draws of the parameters.")] = 2_000,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed when left out.")] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge feedback loops: stability, instruments, a second estimator, a verdict in sentences."""
    from trustsem.fitting.drawn import require_draws

    require_draws(draws, seed, "The loops cannot be analysed.")
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(result, strict=False)
    if error is not None:
        raise error
    analysis = result.loop_analysis(draws, seed=seed)
    show_result(
        "loops",
        lambda: _content(result, analysis),
        lambda: _text(result, analysis),
        output,
        as_json=as_json,
    )
    end_with(unstable_error(analysis))


def unstable_error(analysis: LoopAnalysis) -> EffectError | None:
    """Return the error of loops that do not settle, whose report has been printed; None where all do."""
    names = [loop.name for loop in analysis.loops if not loop.evidence.basis.is_stable]
    if not names:
        return None
    return EffectError(
        f"No effects at equilibrium: {', '.join(dict.fromkeys(names))} does not settle.",
        remedy="Look at the instruments of each arrow above.",
        code="unstable-loop",
    )


def _content(result: Fit, analysis: LoopAnalysis) -> dict[str, Any]:
    content = analysis.to_dict()
    schema = content.pop("schema")
    fitted = {"model": result.model.name, "data": result.data.source, "admissible": result.admissible}
    findings = [finding.to_dict() for finding in (*result.findings, *analysis.findings)]
    return {"schema": schema, **fitted, **content, "findings": findings}


def _text(result: Fit, analysis: LoopAnalysis) -> str:
    from trustsem.fitting.summarise_loops import summarise_loops
    from trustsem.fitting.summary import render_header

    width = terminal_width()
    return f"{render_header(result, width)}\n\n{summarise_loops(analysis, width=width)}"
