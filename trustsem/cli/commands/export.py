"""`trustsem export`: the same model as a script for another program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_message, print_text
from trustsem.cli.fit_options import OPTION_NAMES, with_fit_options
from trustsem.cli.options import CodebookOption, EncodingOption, JsonOption, ModelArgument, SheetOption
from trustsem.errors import UsageError

if TYPE_CHECKING:
    from trustsem.fitting.options import FitOptions
    from trustsem.spec import LibraryModel
    from trustsem.spec.export import Export, ExportRequest
    from trustsem.survey import Survey

_RESULTS = ("npar", "chisq", "df", "ntotal", "logl", "cfi", "tli", "rmsea", "srmr")


@with_fit_options()
def export(
    model: ModelArgument,
    options: Mapping[str, Any],
    to: Annotated[str, typer.Option("--to", help="The program: lavaan or mplus.")],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]", help="Fitted as well: what comes out is written into the script as a comment."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the script to this file.")
    ] = None,
    data_output: Annotated[
        Path | None,
        typer.Option(
            "--data-output", metavar="FILE", help="Write the scored answers of the model's variables to this file."
        ),
    ] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model as a script for lavaan or Mplus, every parameter spelled out."""
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.spec.export import export_model

    found, chosen = find_model(model), _read_options(options)
    survey = None if data is None else read_data(data, codebook, found, sheet=sheet, encoding=encoding)
    request = _request(found, chosen, options, survey, data_output, to)
    script = export_model(request, to)
    if data_output is not None:
        assert survey is not None, "checked by _request"
        _write(data_output, _data_text(survey, request, to))
        print_message(f"Written: {data_output} (answers of respondents: share it only as the study allows)")
    if output is not None:
        _write(output, script.text)
        print_message(f"Written: {output}")
    if as_json:
        print_json("export", _content(found, script))
    elif output is None:
        print_text(script.text.rstrip("\n"))


def _read_options(options: Mapping[str, Any]) -> FitOptions:
    from trustsem.fitting.options import read_options

    return read_options({name: options[name] for name in OPTION_NAMES})


def _request(
    model: LibraryModel,
    chosen: FitOptions,
    options: Mapping[str, Any],
    survey: Survey | None,
    data_output: Path | None,
    target: str,
) -> ExportRequest:
    from trustsem.fitting import fit
    from trustsem.fitting.inputs import read_model
    from trustsem.spec import build_table
    from trustsem.spec.export import ExportRequest

    if survey is None and data_output is not None:
        raise UsageError(
            "--data-output needs DATA.", remedy=f"trustsem export MODEL DATA --to {target} --data-output FILE"
        )
    results: dict[str, float] = {}
    columns = None
    if survey is None:
        table = build_table(read_model(model).syntax, chosen.spec)
    else:
        result = fit(model, survey, **options)
        table = result.fitted.table
        if result.converged:
            results = {name: value for name in _RESULTS if (value := result.fit_measures[name]) is not None}
        columns = _columns(survey, table.variables.observed)
    return ExportRequest(
        table=table,
        title=model.name if model.title is None else f"{model.name}, {model.title.en}",
        likelihood=chosen.pipeline.likelihood.value,
        information=chosen.pipeline.used_information.value,
        data_file=None if data_output is None else data_output.as_posix(),
        columns=columns,
        results=results,
    )


def _columns(survey: Survey, observed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns behind the observed variables; a product that is no column is taken apart."""
    parts = (part for name in observed for part in ([name] if name in survey.frame.columns else name.split(":")))
    return tuple(dict.fromkeys(parts))


def _data_text(survey: Survey, request: ExportRequest, target: str) -> str:
    """Return the scored columns: with a header and NA for R, without and with full stops for Mplus."""
    from trustsem.survey import analysis_arrays

    names = request.data_columns
    arrays = analysis_arrays(survey, names, complete=False)
    is_mplus = target.lower() == "mplus"
    missing = "." if is_mplus else "NA"
    lines = [] if is_mplus else [",".join(f'"{name}"' for name in names)]
    for row in arrays.values.tolist():
        lines.append(",".join(missing if value != value else _number(value) for value in row))
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Give a file in a folder that exists and that you may write to.",
            code="output-unwritable",
        ) from None


def _content(model: LibraryModel, script: Export) -> dict[str, Any]:
    return {
        "model": model.name,
        "target": script.target,
        "suffix": script.suffix,
        "names": dict(script.names),
        "notes": list(script.notes),
        "script": script.text,
    }
