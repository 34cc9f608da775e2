"""The options of a fit, declared once for every command that fits; their names are those of `ts.fit`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

_NAMES = "Names; repeat the option or write them with commas."


def declared_options(
    estimator: Annotated[str, typer.Option(help="Estimator.")] = "ML",
    missing: Annotated[str, typer.Option(help="listwise: rows with a missing answer are left out and reported.")] = (
        "listwise"
    ),
    preset: Annotated[str, typer.Option(help="Whose automatic rules: sem, cfa, growth, or none.")] = "sem",
    std_lv: Annotated[bool, typer.Option("--std-lv", help="Latent variances 1 instead of marker loadings.")] = False,
    effect_coding: Annotated[bool, typer.Option("--effect-coding", help="Loadings of a factor average 1.")] = False,
    orthogonal: Annotated[bool, typer.Option("--orthogonal", help="Exogenous factors do not covary.")] = False,
    meanstructure: Annotated[
        bool | None, typer.Option("--meanstructure/--no-meanstructure", help="Model means. Default: where needed.")
    ] = None,
    fixed_x: Annotated[
        bool | None, typer.Option("--fixed-x/--random-x", help="Moments of observed predictors: as in the sample.")
    ] = None,
    likelihood: Annotated[str, typer.Option(help="normal (divisor n) or wishart (n - 1).")] = "normal",
    information: Annotated[str | None, typer.Option(help="expected (default) or observed.")] = None,
    observed_information: Annotated[str | None, typer.Option(help="hessian; with --information observed.")] = None,
    h1_information: Annotated[str | None, typer.Option(help="Information of robust corrections.")] = None,
    se: Annotated[str | None, typer.Option("--se", help="Standard errors: standard.")] = None,
    test: Annotated[str | None, typer.Option("--test", help="Test statistic: standard.")] = None,
    ordered: Annotated[list[str] | None, typer.Option(help=f"Ordinal items, or all. {_NAMES}")] = None,
    parameterization: Annotated[str, typer.Option(help="Of ordinal items: delta.")] = "delta",
    group: Annotated[str | None, typer.Option(help="Column that splits the sample.")] = None,
    group_label: Annotated[list[str] | None, typer.Option(help=f"Order of the groups. {_NAMES}")] = None,
    group_equal: Annotated[list[str] | None, typer.Option(help=f"What is equal across groups. {_NAMES}")] = None,
    group_partial: Annotated[list[str] | None, typer.Option(help=f"Exceptions from it. {_NAMES}")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column of clusters.")] = None,
    sampling_weights: Annotated[str | None, typer.Option(help="Column of weights.")] = None,
    weights_normalization: Annotated[str, typer.Option(help="How weights are scaled: group.")] = "group",
    strata: Annotated[str | None, typer.Option(help="Column of strata.")] = None,
    fpc: Annotated[str | None, typer.Option(help="Column of the finite population correction.")] = None,
    replicate_weights: Annotated[list[str] | None, typer.Option(help=f"Columns of replicate weights. {_NAMES}")] = None,
    replicate_type: Annotated[str | None, typer.Option(help="Kind of replicates.")] = None,
    replicate_scale: Annotated[float | None, typer.Option(help="Scale of replicates.")] = None,
    auxiliary: Annotated[list[str] | None, typer.Option(help=f"Auxiliary variables. {_NAMES}")] = None,
    conditional_x: Annotated[
        bool | None, typer.Option("--conditional-x/--no-conditional-x", help="Condition on covariates.")
    ] = None,
    bounds: Annotated[str | None, typer.Option(help="Bounded estimation.")] = None,
    zero_cells: Annotated[str | None, typer.Option(help="Constant for empty cells of ordinal tables.")] = None,
    bootstrap: Annotated[int | None, typer.Option(help="Bootstrap draws.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is random.")] = None,
) -> None:
    """Hold the declarations; `with_fit_options` copies them. What a fit cannot honour it refuses by name."""


_DECLARED = inspect.signature(declared_options, eval_str=True).parameters
OPTION_NAMES = tuple(_DECLARED)
_LISTS = ("ordered", "group_label", "group_equal", "group_partial", "replicate_weights", "auxiliary")
_NONE_WHEN_EMPTY = ("group_label", "replicate_weights")
TABLE_OPTIONS = ("preset", "std_lv", "effect_coding", "orthogonal", "meanstructure", "fixed_x")


def with_fit_options(names: tuple[str, ...] = OPTION_NAMES) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options of a fit; the command takes them as one mapping, its argument `options`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters
        added = [_DECLARED[name].replace(kind=inspect.Parameter.KEYWORD_ONLY) for name in names]
        kept = [parameter for name, parameter in own.items() if name != "options"]

        @wraps(command)
        def wrapper(**values: Any) -> None:
            options = {name: _value(name, values.pop(name)) for name in names}
            command(**values, options=options)

        parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in kept), *added]
        # typer reads the signature and the annotations to build the command's options.
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate


def _value(name: str, value: Any) -> Any:
    """Return an option's value as `ts.fit` takes it: names as a tuple, the word all as True for ordered."""
    if name not in _LISTS:
        return value
    names = tuple(part.strip() for text in value or () for part in text.split(",") if part.strip())
    if name == "ordered" and names == ("all",):
        return True
    return None if not names and name in _NONE_WHEN_EMPTY else names


def table_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that shape the parameter table."""
    return {name: options[name] for name in TABLE_OPTIONS}
