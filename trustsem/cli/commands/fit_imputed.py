"""`trustsem fit-imputed`: one model, several completed data sets, pooled results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import terminal_width
from trustsem.cli.fit_options import OPTION_NAMES, with_fit_options
from trustsem.cli.options import (
    CodebookOption,
    EncodingOption,
    JsonOption,
    ModelArgument,
    OutputOption,
    SheetOption,
    split_names,
)
from trustsem.cli.results import show_result
from trustsem.errors import UsageError

if TYPE_CHECKING:
    from trustsem.fitting.impute import ImputedData
    from trustsem.spec import LibraryModel
    from trustsem.survey import Survey

# What becomes of missing answers is this command's own business.
_OWN = ("missing", "auxiliary", "seed")
_DEFAULT_IMPUTATIONS = 20


@with_fit_options(tuple(name for name in OPTION_NAMES if name not in _OWN))
def fit_imputed(
    model: ModelArgument,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="A survey file with missing answers, or a bundled sample; or two and more completed files.",
        ),
    ],
    options: Mapping[str, Any],
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    imputations: Annotated[
        int | None, typer.Option("--imputations", "-m", help="Completed data sets to draw. Default: 20.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed if left out.")] = None,
    auxiliary: Annotated[
        list[str] | None,
        typer.Option(help="Further columns to draw from. Repeat the option or write names with commas."),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(help="D2, D3 or D4: what fit measures are built on. Default: D4, else D2."),
    ] = None,
    complete_df: Annotated[
        float | None, typer.Option(help="Degrees of freedom of complete data (Barnard & Rubin). Default: infinite.")
    ] = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Impute missing answers several times, fit a model to each completed data set, and pool the results."""
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.fitting.imputed import check_pooling_options
    from trustsem.fitting.imputed import fit_imputed as fit_model

    found = find_model(model)
    # Options first: a refused one should not wait for imputations.
    pool = None if pool is None else pool.upper()
    complete = check_pooling_options(options, found, pool, complete_df)
    surveys = [read_data(name, codebook, found, sheet=sheet, encoding=encoding) for name in data]
    datasets: Iterable[Any] = surveys
    if len(surveys) == 1:
        datasets = _impute(surveys[0], found, imputations, seed, split_names(auxiliary), complete["group"])
    elif imputations is not None or seed is not None or auxiliary:
        raise UsageError(
            f"{len(surveys)} files are completed data sets: nothing is imputed.",
            remedy="Leave out --imputations, --seed and --auxiliary, or give one file with missing answers.",
            code="imputation-options",
        )
    result = fit_model(found, datasets, pool=pool, complete_df=complete_df, **options)
    show_result("fit_imputed", result.to_dict, lambda: result.summary(width=terminal_width()), output, as_json=as_json)


def _impute(
    survey: Survey,
    model: LibraryModel,
    imputations: int | None,
    seed: int | None,
    auxiliary: tuple[str, ...],
    group: str | None,
) -> ImputedData:
    from trustsem.fitting.impute import impute
    from trustsem.fitting.imputed import model_columns

    columns = (*model_columns(model, survey), *auxiliary)
    m = _DEFAULT_IMPUTATIONS if imputations is None else imputations
    return impute(survey, m, seed=seed, columns=columns, group=group)
