"""`trustsem explain`: why another program prints other numbers for this model and these data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from trustsem.cli.commands.fit import end_with, outcome_error, run_fit
from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.fit_options import with_fit_options
from trustsem.cli.options import CodebookOption, DataArgument, EncodingOption, JsonOption, ModelArgument, SheetOption


@with_fit_options()
def explain(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    mimic: Annotated[str, typer.Option("--mimic", help="The program to compare with: lavaan, mplus or stata.")],
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which defaults of another program differ, with both values where both can be computed."""
    from trustsem.fitting.explain import explain_differences, explanation_lines

    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    explanation = explain_differences(result, mimic)
    if as_json:
        content = {"model": result.model.name, "data": result.data.source, "n_obs": result.n_obs}
        print_json("explain", {**content, **explanation.to_dict()})
    else:
        print_text("\n".join(explanation_lines(explanation, terminal_width())))
    end_with(outcome_error(result, strict=False))
