"""`trustsem compare`: several models, or one model under more and more equality across groups, on the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import end_with
from trustsem.cli.console import terminal_width
from trustsem.cli.fit_options import with_fit_options
from trustsem.cli.options import (
    CodebookOption,
    DataArgument,
    EncodingOption,
    JsonOption,
    MethodOption,
    OutputOption,
    SheetOption,
    split_names,
)
from trustsem.cli.results import show_result
from trustsem.errors import (
    ConvergenceError,
    IdentificationError,
    InadmissibleError,
    ModelError,
    TrustSemError,
    UsageError,
)

if TYPE_CHECKING:
    from trustsem.fitting import Comparison, Fit
    from trustsem.spec.library import LibraryModel

_NO_EQUALITY = "no equality"


@with_fit_options()
def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Two or more: names of shipped models, paths of .sem files, or - once for standard input. With "
            "--equal one.",
        ),
    ],
    data: DataArgument,
    options: Mapping[str, Any],
    equal: Annotated[
        list[str] | None,
        typer.Option(
            "--equal",
            help="Compare one model without equality across groups and with these equal, e.g. --equal loadings "
            "--equal loadings,intercepts. Needs groups.",
        ),
    ] = None,
    method: MethodOption = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 15 if a solution is inadmissible.")] = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit several models to the same data, put their fit side by side and test one against the next."""
    from trustsem.fitting import compare as compare_fits
    from trustsem.fitting.options import read_options
    from trustsem.inference.difference import read_method

    found = _find_models(models, equal)
    variants = _variants(found, options, equal)
    for variant in variants.values():
        read_options(variant[1])  # a refused option should not wait for a large file to be read
    chosen = None if method is None else read_method(method).value
    fits = _fit_all(variants, data, _codebook(found, codebook), sheet=sheet, encoding=encoding)
    result = compare_fits(*fits, names=list(variants), method=chosen)
    show_result("compare", result.to_dict, lambda: result.summary(width=terminal_width()), output, as_json=as_json)
    end_with(_outcome(result, strict=strict))


def _find_models(names: Sequence[str], equal: Sequence[str] | None) -> tuple[LibraryModel, ...]:
    from trustsem.cli.inputs import STDIN, find_model

    if equal and len(names) != 1:
        raise UsageError(
            f"--equal compares one model with itself under equality; {len(names)} models were named.",
            remedy="trustsem compare MODEL DATA --group COLUMN --equal loadings --equal loadings,intercepts",
            code="compare-words",
        )
    if not equal and len(names) < 2:
        raise UsageError(
            f"A comparison needs two models or more, then the data; {len(names)} model was named.",
            remedy="trustsem compare trust_formation trust_formation_recursive trust_patients; or one model with "
            "--group COLUMN --equal loadings.",
            code="compare-words",
        )
    if names.count(STDIN) > 1:
        raise UsageError("- (standard input) can be named once.", code="compare-words")
    return tuple(find_model(name) for name in names)


def _variants(
    models: Sequence[LibraryModel], options: Mapping[str, Any], equal: Sequence[str] | None
) -> dict[str, tuple[LibraryModel, Mapping[str, Any]]]:
    """Return what is fitted under which name: each model, or one model under each set of equalities."""
    if not equal:
        return {name: (m, options) for name, m in zip(_unique([m.name for m in models]), models, strict=True)}
    if options["group_equal"]:
        raise UsageError("--group-equal and --equal both say what is equal.", remedy="Use --equal.", code="equal-twice")
    model = models[0]
    group = model.group if options["group"] is None else options["group"]
    if not group:
        raise UsageError(
            "--equal needs groups.", remedy="Add --group COLUMN, the column that splits the sample.", code="no-group"
        )
    labels = options["group_label"] or model.group_label or None
    base: Mapping[str, Any] = {**options, "group": group, "group_label": labels}
    variants: dict[str, tuple[LibraryModel, Mapping[str, Any]]] = {}
    variants[_NO_EQUALITY] = (model, {**base, "group_partial": ()})
    for text in equal:
        parts = split_names([text])
        if not parts:
            raise UsageError("--equal is empty.", remedy="For example --equal loadings.", code="equal-empty")
        variants[f"equal {' + '.join(parts)}"] = (model, {**base, "group_equal": parts})
    return variants


def _unique(names: Sequence[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} ({list(names[: position + 1]).count(name)})"
        for position, name in enumerate(names)
    ]


def _codebook(models: Sequence[LibraryModel], codebook: str | None) -> str | None:
    """Return the codebook that the models agree on; None where none of them names one."""
    named = sorted({model.instrument for model in models if model.instrument})
    if codebook is None and len(named) > 1:
        raise UsageError(
            f"The models name different codebooks: {', '.join(named)}.",
            remedy="Choose one with --codebook.",
            code="codebooks-differ",
        )
    return codebook or (named[0] if named else None)


def _fit_all(
    variants: Mapping[str, tuple[LibraryModel, Mapping[str, Any]]],
    data: str,
    codebook: str | None,
    *,
    sheet: str | None,
    encoding: str | None,
) -> list[Fit]:
    from trustsem.cli.inputs import read_data
    from trustsem.fitting import fit as fit_model

    survey = read_data(data, codebook, sheet=sheet, encoding=encoding)
    fits = []
    for name, (model, options) in variants.items():
        try:
            fits.append(fit_model(model, survey, **options))
        except (ModelError, IdentificationError) as error:
            raise type(error)(
                f"{name}: {error.message}", remedy=error.remedy, code=error.code, faults=error.faults
            ) from None
    return fits


def _outcome(result: Comparison, *, strict: bool) -> TrustSemError | None:
    """Return the error that a comparison ends with although there is a result to show; None where all is well."""
    failed = [model.name for model in result.models if not model.fitted.estimate.converged]
    if failed:
        return ConvergenceError(
            f"Did not converge: {', '.join(failed)}.", remedy="`trustsem fit` says what was tried for each of them."
        )
    inadmissible = [model.name for model in result.models if not model.fitted.admissible]
    if strict and inadmissible:
        return InadmissibleError(
            f"Inadmissible, and --strict was given: {', '.join(inadmissible)}.",
            remedy="`trustsem fit` names the parameters.",
        )
    return None
