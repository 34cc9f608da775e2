"""The options of a fit, declared once for every command that fits; their names are those of `ts.fit`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from trustsem.cli.options import split_names

_NAMES = "Names; repeat the option or write them with commas."
# Words only, since the registries that they name would load NumPy for every --help; a test compares them.
_ESTIMATORS = "ML, MLM, MLMV, MLMVS, MLR, MLF, GLS, ULS, ULSM, ULSMV, ULSMVS, WLS"
_OF_ORDINAL = "WLSMV, WLSM, WLSMVS, DWLS, WLS, ULS, ULSM, ULSMV, ULSMVS"
_MISSING = "listwise, pairwise, fiml, fiml_x, two_stage, robust_two_stage"
_ERRORS = "standard, first_order, robust_sem, robust_huber_white, robust, none"
_TESTS = (
    "standard, satorra_bentler, mean_var_adjusted, scaled_shifted, yuan_bentler, yuan_bentler_mplus, "
    "browne_residual_adf, browne_residual_nt, browne_residual_nt_model"
)
_GROUP_EQUAL = "loadings, intercepts, means, regressions, residuals, residual_covariances, lv_variances, lv_covariances"


def declared_options(
    estimator: Annotated[
        str,
        typer.Option(
            help=f"{_ESTIMATORS}; of ordinal items: {_OF_ORDINAL}; auto: what suits the answers, with reasons. MLR: "
            "robust standard errors and test. Default with ordinal items: WLSMV."
        ),
    ] = "ML",
    missing: Annotated[
        str, typer.Option(help=f"{_MISSING}. listwise leaves rows with a missing answer out, fiml uses them.")
    ] = "listwise",
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
    information: Annotated[
        str | None, typer.Option(help="expected, observed or first_order. Default: the estimator's.")
    ] = None,
    observed_information: Annotated[
        list[str] | None,
        typer.Option(help="Observed information: hessian or h1. Given twice: of the standard errors, of the test."),
    ] = None,
    h1_information: Annotated[
        str | None, typer.Option(help="structured or unstructured: information of robust corrections.")
    ] = None,
    se: Annotated[str | None, typer.Option("--se", help=f"{_ERRORS}. Default: the estimator's.")] = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", help=f"{_TESTS}. Repeat the option for several. Default: the estimator's."),
    ] = None,
    ordered: Annotated[
        list[str] | None,
        typer.Option(help=f"Ordinal items, or all, or none. Default: the model's, if it says so. {_NAMES}"),
    ] = None,
    parameterization: Annotated[
        str | None, typer.Option(help="Of ordinal items: delta or theta. Default: the model's, else delta.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Column that splits the sample. Default: the model's, if it has one; '' for one group."),
    ] = None,
    group_label: Annotated[
        list[str] | None, typer.Option(help=f"Groups to use, in this order; the first is the reference. {_NAMES}")
    ] = None,
    group_equal: Annotated[
        list[str] | None, typer.Option(help=f"What is equal across groups: {_GROUP_EQUAL}. {_NAMES}")
    ] = None,
    group_partial: Annotated[
        list[str] | None, typer.Option(help=f"Exceptions from it, written as in the model: f=~x3, x7~1. {_NAMES}")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="Column of units whose members answer alike (hospital).")] = None,
    sampling_weights: Annotated[str | None, typer.Option(help="Column of weights.")] = None,
    weights_normalization: Annotated[
        str, typer.Option(help="Weights sum to the rows of each group (group), of all (total), or as they are (none).")
    ] = "group",
    strata: Annotated[str | None, typer.Option(help="Column of strata. Refused.")] = None,
    fpc: Annotated[str | None, typer.Option(help="Column of the finite population correction. Refused.")] = None,
    replicate_weights: Annotated[
        list[str] | None, typer.Option(help=f"Columns of replicate weights. Refused. {_NAMES}")
    ] = None,
    replicate_type: Annotated[str | None, typer.Option(help="Kind of replicates. Refused.")] = None,
    replicate_scale: Annotated[float | None, typer.Option(help="Scale of replicates. Refused.")] = None,
    auxiliary: Annotated[
        list[str] | None,
        typer.Option(help=f"Variables that help with missing answers (fiml, two_stage) only. {_NAMES}"),
    ] = None,
    conditional_x: Annotated[
        bool | None,
        typer.Option(
            "--conditional-x/--no-conditional-x", help="Ordinal items: given observed predictors. Default: yes."
        ),
    ] = None,
    product_indicators: Annotated[
        str | None,
        typer.Option(help="Products of factors: matched or all pairs of indicators. Default: matched, if they match."),
    ] = None,
    bounds: Annotated[str | None, typer.Option(help="none, pos_var, pos_ov_var or pos_lv_var.")] = None,
    zero_cells: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Added to empty cells of 2x2 (A) and larger (B) tables of ordinal items."),
    ] = None,
    bootstrap: Annotated[
        int | None, typer.Option(help="Standard errors and intervals from so many bootstrap draws.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the bootstrap draws; drawn and recorded when left out.")
    ] = None,
) -> None:
    """Hold the declarations; `with_fit_options` copies them. What a fit cannot honour it refuses by name."""


_DECLARED = inspect.signature(declared_options, eval_str=True).parameters
OPTION_NAMES = tuple(_DECLARED)
# of commands that draw by options of their own, or not at all
WITHOUT_DRAWS = tuple(name for name in OPTION_NAMES if name not in ("bootstrap", "seed"))
_LISTS = (
    "test",
    "observed_information",
    "ordered",
    "group_label",
    "group_equal",
    "group_partial",
    "replicate_weights",
    "auxiliary",
)
_NONE_WHEN_EMPTY = ("test", "observed_information", "ordered", "group_label", "replicate_weights")
TABLE_OPTIONS = (
    "preset", "std_lv", "effect_coding", "orthogonal", "meanstructure", "fixed_x",
    "group", "group_label", "group_equal", "group_partial", "ordered", "parameterization", "conditional_x",
    "product_indicators",
)  # fmt: skip


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
    """Return an option's value as `ts.fit` takes it: names as a tuple; of ordered, all is True and none False."""
    if name == "zero_cells" and value is not None:
        return _numbers(value)
    if name not in _LISTS:
        return value
    names = split_names(value)
    if name == "ordered" and names in (("all",), ("none",)):
        return names == ("all",)
    return None if not names and name in _NONE_WHEN_EMPTY else names


def _numbers(text: str) -> tuple[float, ...] | str:
    """Return numbers written with commas; what is none goes on as it is, to be refused with the other options."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        return text
