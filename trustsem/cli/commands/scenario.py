"""`trustsem scenario`: what is expected to change when levers are moved, and which lever has most to give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import outcome_error, run_fit
from trustsem.cli.console import terminal_width
from trustsem.cli.fit_options import WITHOUT_DRAWS, with_fit_options
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
from trustsem.errors import UsageError

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.fitting.lever_ranking import LeverRanking
    from trustsem.fitting.scenario import Scenario


@with_fit_options(WITHOUT_DRAWS)
def scenario(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    lever: Annotated[
        list[str] | None,
        typer.Option(
            "--lever",
            metavar="NAME=AMOUNT",
            help="Construct, or lever of the theory, and how far it is moved: +0.5sd, +5points (of its 0-100 score), "
            "+10% (of its headroom) or a number. Repeat for more.",
        ),
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", help="Only these constructs; with --rank the one that is to rise. Repeat for more."),
    ] = None,
    intervention: Annotated[
        str | None,
        typer.Option(
            help="push (default): causes of a moved construct go on working. hold: it stands at its mean plus the step."
        ),
    ] = None,
    rank: Annotated[bool, typer.Option("--rank", help="Compare all levers on --outcome instead.")] = False,
    step: Annotated[str | None, typer.Option(help="Common step of --rank. Default: +0.5sd.")] = None,
    ci: Annotated[str, typer.Option("--ci", help="Intervals: delta or monte_carlo.")] = "delta",
    draws: Annotated[int | None, typer.Option(help="Draws of --ci monte_carlo; default 5,000.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed when left out.")] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the model expects to change when levers are moved; with --rank, which lever has most to give."""
    from trustsem.fitting.scenario_levers import read_amounts, read_intervention, require_ci

    # Faults of words should not wait for a large file to be read.
    levers = _read_levers(lever or (), outcome or (), intervention, step, rank=rank)
    read_amounts(levers or {"--step": step or "+0.5sd"})
    read_intervention(intervention or "push")
    require_ci(ci, draws, seed)
    fit = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(fit, strict=False)
    if error is not None:
        raise error
    result: Scenario | LeverRanking
    if rank:
        result = fit.levers((outcome or [""])[0], step=step or "+0.5sd", ci=ci, draws=draws, seed=seed)
    else:
        how = intervention or "push"
        result = fit.scenario(levers, outcome=outcome or None, intervention=how, ci=ci, draws=draws, seed=seed)
    show_result(
        "levers" if rank else "scenario",
        lambda: _content(fit, result),
        lambda: result.summary(width=terminal_width()),
        output,
        as_json=as_json,
    )


def _content(fit: Fit, result: Scenario | LeverRanking) -> dict[str, Any]:
    """Return what `--json` and `--output` hold: findings of the fit before those of the result."""
    content = result.to_dict()
    return {**content, "findings": [*(finding.to_dict() for finding in fit.findings), *content["findings"]]}


def _read_levers(
    words: list[str] | tuple[()],
    outcome: list[str] | tuple[()],
    intervention: str | None,
    step: str | None,
    *,
    rank: bool,
) -> dict[str, str]:
    """Return lever -> amount.

    Raises:
        UsageError: levers that are not written NAME=AMOUNT, and options that go with the other form of the command.
    """
    faults = []
    levers: dict[str, str] = {}
    for text in words:
        name, sign, amount = text.partition("=")
        if not sign or not name.strip():
            faults.append(f"--lever {text}: write NAME=AMOUNT, e.g. rights_protection=+0.5sd.")
        elif name.strip() in levers:
            faults.append(f"--lever {name.strip()} is given twice.")
        levers[name.strip()] = amount.strip()
    if rank:
        faults += ["--rank needs one --outcome."] if len(outcome) != 1 else []
        given = {"--lever": words or None, "--intervention": intervention}
        faults += [f"{name} does not go with --rank." for name, value in given.items() if value is not None]
    else:
        faults += [] if words else ["--lever NAME=AMOUNT is missing (or --rank with --outcome)."]
        faults += ["--step goes with --rank."] if step is not None else []
    if faults:
        raise UsageError("The scenario cannot be computed.", faults=faults, code="scenario")
    return levers
