"""`trustsem export`: the same model as a script for another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_message, print_text
from trustsem.cli.fit_options import with_fit_options
from trustsem.cli.groups import complete_options, groups_without_data
from trustsem.cli.options import CodebookOption, EncodingOption, JsonOption, ModelArgument, SheetOption
from trustsem.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from trustsem.fitting.options import FitOptions
    from trustsem.spec import LibraryModel, ParameterTable
    from trustsem.spec.export import Export, ExportRequest, FitMethod, RowRoles
    from trustsem.survey import Survey

_RESULTS = (
    "npar",
    "chisq",
    "df",
    "chisq_scaled",
    "chisq_scaling_factor",
    "ntotal",
    "logl",
    "cfi",
    "tli",
    "rmsea",
    "srmr",
)


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

    found = find_model(model)
    chosen, _ = complete_options(found, options)
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
    from trustsem.spec import build_table, with_auxiliary
    from trustsem.spec.export import ExportRequest

    if survey is None and data_output is not None:
        raise UsageError(
            "--data-output needs DATA.", remedy=f"trustsem export MODEL DATA --to {target} --data-output FILE"
        )
    if survey is None and chosen.ordinal is not None:
        raise UsageError(
            "Ordinal items have as many thresholds as their answers have categories: give DATA.",
            remedy=f"trustsem export MODEL DATA --to {target}, or --ordered none for continuous answers.",
            code="ordinal-needs-data",
        )
    results: dict[str, float] = {}
    columns = None
    roles = _roles(chosen)
    if survey is None:
        syntax = read_model(model).syntax
        labels = groups_without_data(model, syntax, chosen)
        table = with_auxiliary(build_table(syntax, replace(chosen.spec, group_labels=labels)), chosen.data.auxiliary)
    else:
        result = fit(model, survey, **options)
        table = result.fitted.table
        if result.converged:
            results = {name: value for name in _RESULTS if (value := result.fit_measures.get(name)) is not None}
        columns = (*_columns(survey, table), *roles.columns)
    return ExportRequest(
        table=table,
        title=model.name if model.title is None else f"{model.name}, {model.title.en}",
        likelihood=chosen.pipeline.likelihood.value,
        information=chosen.given["information"],
        method=_method(chosen),
        roles=roles,
        data_file=None if data_output is None else data_output.as_posix(),
        columns=columns if columns is None else tuple(dict.fromkeys(columns)),
        results=results,
    )


def _method(chosen: FitOptions) -> FitMethod:
    from trustsem.spec.export import FitMethod

    pipeline = chosen.pipeline
    return FitMethod(
        discrepancy=pipeline.spec.discrepancy,
        errors=pipeline.used_errors.value,
        tests=tuple(kind.value for kind in pipeline.used_tests),
        missing=chosen.data.missing.value,
        h1_information=pipeline.h1.value,
        observed_information=tuple(kind.value for kind in pipeline.observed_by),
        zero_cells=None if chosen.ordinal is None else chosen.ordinal.zero_cells,
    )


def _roles(chosen: FitOptions) -> RowRoles:
    from trustsem.spec.export import RowRoles

    data = chosen.data
    return RowRoles(data.group, data.cluster, data.weights, data.normalization.value)


def _columns(survey: Survey, table: ParameterTable) -> tuple[str, ...]:
    """Return the columns behind the observed variables; a product that is no column is taken apart."""
    from trustsem.spec.export import made_columns

    made = made_columns(table)
    observed = [name for name in table.variables.observed if name not in made]
    parts = (part for name in observed for part in ([name] if name in survey.frame.columns else name.split(":")))
    return tuple(dict.fromkeys(parts))


def _data_text(survey: Survey, request: ExportRequest, target: str) -> str:
    """Return the scored columns: with a header and NA for R, without and with full stops for Mplus.

    Rows without a group, cluster or weight are left out, and rows of groups that are not used. Groups and clusters
    keep their names for R; Mplus reads numbers only: groups are counted in their order, clusters in that of the rows.
    """
    from trustsem.survey import analysis_arrays

    is_mplus = target.lower() == "mplus"
    names = [name for name in request.data_columns if name not in request.roles.columns]
    arrays = analysis_arrays(survey, names, required=request.roles.columns, complete=False)
    missing = "." if is_mplus else "NA"
    cells: dict[str, list[str]] = {
        name: [missing if value != value else _number(value) for value in arrays.values[:, index].tolist()]
        for index, name in enumerate(names)
    }
    roles = _role_cells(request, arrays.required, is_mplus=is_mplus)
    kept = [row for row in range(len(arrays.values)) if all(column[row] is not None for column in roles.values())]
    columns = [{**cells, **roles}[name] for name in request.data_columns]
    lines = [] if is_mplus else [",".join(f'"{name}"' for name in request.data_columns)]
    lines += [",".join(str(column[row]) for column in columns) for row in kept]
    return "\n".join(lines) + "\n"


def _role_cells(
    request: ExportRequest, required: Mapping[str, np.ndarray], *, is_mplus: bool
) -> dict[str, list[str | None]]:
    """Return the cells of the columns of groups, clusters and weights; None in a row that is not used."""
    from trustsem.survey.frames import group_name

    roles, labels = request.roles, request.table.group_labels
    cells: dict[str, list[str | None]] = {}
    for name, values in required.items():
        if name == roles.weights:
            cells[name] = [_number(float(value)) for value in values]
            continue
        words = [group_name(value) for value in values]
        if name == roles.group:
            codes = {label: str(number) for number, label in enumerate(labels, 1)}
            words = [word if word in codes else None for word in words]
        else:
            codes = {word: str(number) for number, word in enumerate(dict.fromkeys(words), 1)}
        cells[name] = [word and (codes[word] if is_mplus else _quoted(word)) for word in words]
    return cells


def _quoted(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"'


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
