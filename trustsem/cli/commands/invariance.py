"""`trustsem invariance`: do the items work alike in all groups, and what do those do that do not?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
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
    ModelArgument,
    OutputOption,
    SheetOption,
)
from trustsem.cli.results import show_result
from trustsem.errors import InadmissibleError, TrustSemError

if TYPE_CHECKING:
    from trustsem.fitting.invariance import Invariance

# Those of a fit that `ts.invariance` takes over; a test compares them.
TAKEN = (
    "estimator", "missing", "group", "group_label", "cluster", "sampling_weights", "weights_normalization",
    "auxiliary", "orthogonal", "fixed_x", "likelihood", "information", "observed_information", "h1_information", "se",
    "test", "bounds", "ordered", "parameterization", "conditional_x", "zero_cells",
)  # fmt: skip


class RuleName(Enum):
    """Rules that decide about a level."""

    ANY = "any"
    CHISQ = "chisq"
    CFI = "cfi"
    CHEN = "chen"


@with_fit_options(TAKEN)
def invariance(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    levels: Annotated[
        str | None,
        typer.Option(
            "--levels",
            help="configural, thresholds (ordinal items), metric, scalar, strict, second_order, variances, "
            "covariances, regressions, means; structural: the last five. Default: all that the items have.",
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial/--no-partial", help="Release constraints of a rejected level one at a time until it holds."
        ),
    ] = True,
    rule: Annotated[
        RuleName, typer.Option(help="What rejects a level: any criterion, chisq or cfi alone, chen (2007).")
    ] = RuleName.ANY,
    alpha: Annotated[float, typer.Option(help="Level of the chi-square difference test.")] = 0.05,
    delta_cfi: Annotated[float, typer.Option(help="Fall of CFI that rejects; its sign does not matter.")] = -0.010,
    delta_rmsea: Annotated[float, typer.Option(help="Change of RMSEA that rejects.")] = 0.015,
    delta_srmr_loadings: Annotated[float, typer.Option(help="Change of SRMR that rejects equal loadings.")] = 0.030,
    delta_srmr: Annotated[float, typer.Option(help="Change of SRMR that rejects other levels.")] = 0.010,
    method: MethodOption = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 15 if a solution is inadmissible.")] = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test measurement invariance across groups level by level, and say what unequal items do to comparisons."""
    from trustsem.cli.inputs import find_model, read_data
    from trustsem.fitting.invariance import invariance as test_invariance
    from trustsem.inference.difference import read_method
    from trustsem.measurement import DecisionRules, Rule, read_levels

    found = find_model(model)
    rules = DecisionRules(Rule(rule.value), alpha, abs(delta_cfi), delta_rmsea, delta_srmr_loadings, delta_srmr)
    read_levels(levels or ())  # faults of words should not wait for a large file to be read
    chosen = None if method is None else read_method(method).value
    survey = read_data(data, codebook, found, sheet=sheet, encoding=encoding)
    result = test_invariance(found, survey, levels=levels, partial=partial, rules=rules, method=chosen, **options)
    show_result("invariance", result.to_dict, lambda: result.summary(width=terminal_width()), output, as_json=as_json)
    end_with(_outcome(result, strict=strict))


def _outcome(result: Invariance, *, strict: bool) -> TrustSemError | None:
    """Return the error that an analysis ends with although there is a result to show; None where all is well."""
    steps = [step for step in result.ladder.steps if step.attempts]
    inadmissible = [step.level.name for step in steps if not step.final.fitted.admissible]
    if strict and inadmissible:
        return InadmissibleError(
            f"Inadmissible, and --strict was given: {', '.join(inadmissible)}.",
            remedy="The findings name the parameters.",
        )
    return None
