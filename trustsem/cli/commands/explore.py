"""`trustsem explore`: what factors the items show by themselves."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from trustsem.cli.console import terminal_width
from trustsem.cli.options import (
    CodebookOption,
    DataArgument,
    EncodingOption,
    JsonOption,
    OutputOption,
    SheetOption,
    split_names,
)
from trustsem.cli.results import show_result
from trustsem.errors import UsageError


class RotationName(Enum):
    """How factors are turned."""

    OBLIMIN = "oblimin"
    PROMAX = "promax"
    VARIMAX = "varimax"
    NONE = "none"


class ExtractionName(Enum):
    """How factors are extracted."""

    MINRES = "minres"
    ML = "ml"


def explore(
    data: DataArgument,
    items: Annotated[
        list[str] | None,
        typer.Option("--items", help="Items or constructs. Repeat it or write names with commas. Default: all."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Take the items of this model, and compare factors with its factors."),
    ] = None,
    factors: Annotated[
        int | None, typer.Option(help="How many. Default: as many as constructs, else as parallel analysis finds.")
    ] = None,
    rotation: Annotated[RotationName, typer.Option(help="How factors are turned.")] = RotationName.OBLIMIN,
    method: Annotated[ExtractionName, typer.Option(help="How factors are extracted.")] = ExtractionName.MINRES,
    ordered: Annotated[bool, typer.Option("--ordered", help="Take answers as ordinal: polychoric correlations.")] = (
        False
    ),
    missing: Annotated[
        str, typer.Option(help="listwise; fiml uses incomplete rows, of ordinal items pairwise does.")
    ] = "listwise",
    draws: Annotated[int, typer.Option(help="Random matrices of the parallel analysis.")] = 1000,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed when left out.")] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explore the factors of items: adequacy, parallel analysis, loadings beside the constructs items belong to."""
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.fitting.exploration import explore as explore_items
    from trustsem.fitting.item_moments import read_missing

    if items and model is not None:
        raise UsageError("--items and --model both name the items.", remedy="Leave one out.", code="items-twice")
    read_missing(missing, ordered=ordered)  # a wrong word should not wait for a large file to be read
    found = None if model is None else find_model(model)
    survey = read_data(data, codebook, found, sheet=sheet, encoding=encoding)
    names = split_names(items) or None
    if names is None and found is None and survey.codebook is None:
        names = survey.items
    result = explore_items(
        survey,
        names,
        model=found,
        factors=factors,
        rotation=rotation.value,
        method=method.value,
        ordered=ordered,
        missing=missing,
        draws=draws,
        seed=seed,
    )
    show_result("explore", result.to_dict, lambda: result.summary(width=terminal_width()), output, as_json=as_json)
