"""`trustsem fit`: one model, one data set, the whole result."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import terminal_width
from trustsem.cli.fit_options import with_fit_options
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
from trustsem.errors import ConvergenceError, InadmissibleError, TrustSemError

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.cross_check import CrossCheck
    from trustsem.spec import LibraryModel
    from trustsem.survey import Survey


class Measures(Enum):
    """Which fit measures are printed."""

    MAIN = "main"
    ALL = "all"


@with_fit_options()
def fit(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    standardized: Annotated[
        bool, typer.Option("--standardized", help="Add the standardised solution with standard errors of its own.")
    ] = False,
    measures: Annotated[Measures, typer.Option(help="Fit measures to print.")] = Measures.MAIN,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 15 when the solution is inadmissible.")] = False,
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="Fit the same model through semopy and show the differences.")
    ] = False,
    partitioned: Annotated[
        bool,
        typer.Option(
            "--partitioned",
            help="Read DATA in parts and keep sums only; always so for a folder or a pattern in quotes.",
        ),
    ] = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a model to survey data and print estimates, fit measures and what a reader must know."""
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding, partitioned=partitioned)
    checked = result.cross_check() if cross_check else None
    show_result(
        "fit",
        lambda: _content(result, checked, standardized=standardized),
        lambda: _text(result, checked, measures, standardized=standardized),
        output,
        as_json=as_json,
    )
    end_with(outcome_error(result, strict=strict))


def _content(result: Fit, checked: CrossCheck | None, *, standardized: bool) -> dict[str, Any]:
    """Return what `--json` and `--output` hold."""
    content = result.to_dict()
    if standardized and result.converged:
        from trustsem.fitting.serialise import records

        content["standardized"] = records(result.standardized())
    if checked is not None:
        content["cross_check"] = checked.to_dict()
    return content


def _text(result: Fit, checked: CrossCheck | None, measures: Measures, *, standardized: bool) -> str:
    from trustsem.fitting.summary import summarise

    width = terminal_width()
    text = summarise(result, width=width, measures=measures.value, standardized=standardized)
    if checked is None:
        return text
    from trustsem.fitting.cross_check import cross_check_lines

    return "\n".join([text, "", *cross_check_lines(checked, width)])


def run_fit(
    model: str,
    data: str,
    codebook: str | None,
    options: Mapping[str, Any],
    *,
    sheet: str | None,
    encoding: str | None,
    partitioned: bool = False,
) -> Fit:
    """Find model and data, and fit; parts of a survey that does not fit memory are summed first."""
    from trustsem.cli.partitioned import is_partitioned

    if partitioned or is_partitioned(data):
        from trustsem.cli.inputs import find_model
        from trustsem.cli.partitioned import read_parts
        from trustsem.fitting import fit as fit_model

        found = find_model(model)
        return fit_model(found, read_parts(found, data, codebook, options, sheet=sheet, encoding=encoding), **options)
    return fit_with_survey(model, data, codebook, options, sheet=sheet, encoding=encoding)[1]


def fit_with_survey(
    model: str,
    data: str,
    codebook: str | None,
    options: Mapping[str, Any],
    *,
    sheet: str | None,
    encoding: str | None,
) -> tuple[Survey, Fit]:
    """Find model and data, and fit; return the scored survey as well."""
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.fitting import fit as fit_model

    found = find_model(model)
    # Options first: a refused one should not wait for a large file to be read.
    _check_options(found, options)
    survey = read_data(data, codebook, found, sheet=sheet, encoding=encoding)
    return survey, fit_model(found, survey, **options)


def _check_options(model: LibraryModel, options: Mapping[str, Any]) -> None:
    from trustsem.fitting.model_scale import with_model_defaults
    from trustsem.fitting.options import AUTO, read_options

    if options["estimator"].strip().lower() == AUTO:
        return  # the answers decide; the rest is checked with what they recommend
    complete, _ = with_model_defaults(options, model)
    read_options(complete)


def outcome_error(result: Fit, *, strict: bool) -> TrustSemError | None:
    """Return the error that a fit ends with although there is a result to show; None where all is well."""
    if not result.converged:
        return ConvergenceError(
            "The fit did not converge; estimates are where the best run stopped.",
            remedy="Do not interpret them. What was tried stands under 'What to know' (JSON: findings).",
        )
    if strict and not result.admissible:
        return InadmissibleError(
            "The solution is inadmissible and --strict was given.",
            remedy="The findings name the parameters.",
        )
    return None


def end_with(error: TrustSemError | None) -> None:
    """Write a message and end with its exit code; the result itself has been printed already."""
    if error is not None:
        from trustsem.cli.console import print_error

        print_error(str(error))
        raise typer.Exit(error.exit_code)
