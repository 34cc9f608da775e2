"""`trustsem effects`: direct, indirect and total effects of one variable on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import outcome_error, run_fit
from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.failures import INTERRUPTED
from trustsem.cli.fit_options import WITHOUT_DRAWS, with_fit_options
from trustsem.cli.intervals import (
    INTERVALS,
    describe_draws,
    make_intervals,
    require_intervals,
)
from trustsem.cli.moderation import answer_moderation, level_values, require_one_effect, require_one_kind
from trustsem.cli.options import (
    CodebookOption,
    DataArgument,
    EncodingOption,
    JsonOption,
    ModelArgument,
    SheetOption,
    split_names,
)
from trustsem.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting import Fit
    from trustsem.fitting.interval_request import BootstrapOptions, IntervalRequest
    from trustsem.fitting.intervals import IntervalMaker
    from trustsem.fitting.proportion import ProportionMediated
    from trustsem.fitting.sensitivity import Sensitivity
    from trustsem.records import Finding


@with_fit_options(WITHOUT_DRAWS)
def effects(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    x: Annotated[list[str] | None, typer.Option("--x", help="Where effects start; repeat for more.")] = None,
    y: Annotated[list[str] | None, typer.Option("--y", help="Where they end; repeat for more.")] = None,
    through: Annotated[
        list[str] | None, typer.Option("--through", help="Only ways that contain all of these; repeat for more.")
    ] = None,
    moderator: Annotated[
        str | None,
        typer.Option("--moderator", help="Effects of one --x on one --y at values of this part of a product."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at", help="Values of the moderator: numbers, mean, -1sd, +1sd; or sd, quantiles. Repeat for more."
        ),
    ] = None,
    ci: Annotated[
        list[str] | None,
        typer.Option(
            "--ci",
            help=f"Intervals: {', '.join(INTERVALS)} (the last five: bootstrap). Repeat for more, side by side. "
            "Default: delta.",
        ),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Draws of --ci: 1,000 for a bootstrap, 20,000 for monte_carlo.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed when left out.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="Bootstrap draws with a negative variance: drop (default), keep or redraw.")
    ] = None,
    draw_kind: Annotated[
        str | None,
        typer.Option(help="Bootstrap draws: nonparametric (default), parametric or bollen_stine."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that make bootstrap draws; -1: one per core. Same numbers.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler that makes them, e.g. tcp://host:8786.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep bootstrap draws there, and go on with those that it has."),
    ] = None,
    contrasts: Annotated[
        bool, typer.Option("--contrasts", help="Differences between the indirect effects of one --x on one --y.")
    ] = False,
    proportion: Annotated[
        bool, typer.Option("--proportion", help="Which share of the total effect is mediated, and if that is defined.")
    ] = False,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity",
            help="What an unmeasured confounder of the mediator and the outcome would change; one --x, --y, --through.",
        ),
    ] = False,
    rho: Annotated[
        list[str] | None,
        typer.Option(help="Residual correlations of --sensitivity, e.g. -.5,0,.5. Default: -.9 to .9 by .1."),
    ] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decompose effects into direct, specific indirect, total indirect and total; loops are counted in."""
    kinds = ("delta",) if ci is None else split_names(ci)
    grid = None if rho is None else _numbers(split_names(rho))
    _require_ends(x, y, through, contrasts=contrasts, sensitivity=sensitivity, has_rho=rho is not None)
    request = require_intervals(kinds, draws, seed, policy, _bootstrap(draw_kind, workers, scheduler, resume))
    parts = {"--contrasts": contrasts, "--proportion": proportion, "--sensitivity": sensitivity}
    require_one_effect(x, y, moderator, at, parts)
    if moderator is not None:
        require_one_kind(kinds)
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(result, strict=False)
    if error is not None:
        raise error
    if moderator is not None and x and y:
        question = (x[0], y[0], moderator, level_values(at), through or None)
        maker = answer_moderation(result, question, request, as_json=as_json)
        _exit_if_interrupted(maker)
        return
    asked = _Asked(tuple(x or ()), tuple(y or ()), tuple(through or ()), contrasts, proportion, sensitivity, grid)
    answer = _answer(result, request, asked)
    if as_json:
        print_json("effects", _content(result, answer))
    else:
        print_text(*_text(result, answer, terminal_width()))
    _exit_if_interrupted(answer.maker)


def _exit_if_interrupted(maker: IntervalMaker) -> None:
    """End with the code of an interruption where Ctrl-C ended a run of draws: what was printed rests on those done."""
    if any(drawn.raw.interrupted for drawn in maker.drawn.values()):
        raise typer.Exit(INTERRUPTED)


def _bootstrap(kind: str | None, workers: int | None, scheduler: str | None, resume: Path | None) -> BootstrapOptions:
    from trustsem.fitting.interval_request import BootstrapOptions

    return BootstrapOptions(kind or BootstrapOptions().kind, workers, scheduler, resume)


@dataclass(frozen=True, slots=True)
class _Asked:
    x: tuple[str, ...]
    y: tuple[str, ...]
    through: tuple[str, ...]
    contrasts: bool
    proportion: bool
    sensitivity: bool
    rho: tuple[float, ...] | None


@dataclass(frozen=True, eq=False, slots=True)
class _Answer:
    maker: IntervalMaker
    frame: pd.DataFrame
    contrasts: pd.DataFrame | None
    proportion: ProportionMediated | None
    sensitivity: Sensitivity | None
    findings: tuple[Finding, ...]


def _numbers(texts: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in texts)
    except ValueError:
        raise UsageError(
            f"--rho {','.join(texts)} holds something that is no number.",
            remedy="For example --rho=-.5,0,.5.",
            code="rho",
        ) from None


def _require_ends(
    x: list[str] | None,
    y: list[str] | None,
    through: list[str] | None,
    *,
    contrasts: bool,
    sensitivity: bool,
    has_rho: bool,
) -> None:
    """Refuse parts that need one variable where another number of them was given.

    Raises:
        UsageError: naming every fault.
    """
    given = {"--x": x, "--y": y, "--through": through}
    several = [name for name, names in given.items() if len(names or ()) != 1]
    faults = []
    if contrasts and {"--x", "--y"} & set(several):
        faults.append("--contrasts compares the indirect effects of one --x on one --y.")
    if sensitivity and several:
        faults.append(
            f"--sensitivity needs one --x, one --y and one --through (the mediator): see {', '.join(several)}."
        )
    if has_rho and not sensitivity:
        faults.append("--rho needs --sensitivity.")
    if faults:
        raise UsageError("The effects cannot be computed.", faults=faults, code="effects")


def _answer(result: Fit, request: IntervalRequest, asked: _Asked) -> _Answer:
    from trustsem.fitting.effect_frames import effect_contrasts_frame, effect_table
    from trustsem.fitting.proportion import proportion_mediated

    x, y, through = asked.x or None, asked.y or None, asked.through or None
    rows = result.decompose(x, y, through).rows  # what it refuses should not wait for draws
    maker = make_intervals(result, request)
    frame = effect_table(result, maker, rows)
    contrasts = effect_contrasts_frame(result, maker, asked.x[0], asked.y[0], through) if asked.contrasts else None
    shares = proportion_mediated(result, maker, x, y, through) if asked.proportion else None
    curve = None
    if asked.sensitivity:
        curve = result.sensitivity(asked.x[0], asked.through[0], asked.y[0], asked.rho)
    own = [*(shares.findings if shares else maker.findings), *(curve.findings if curve else ())]
    return _Answer(maker, frame, contrasts, shares, curve, (*result.findings, *own))


def _content(result: Fit, answer: _Answer) -> dict[str, Any]:
    """Return what `--json` prints."""
    from trustsem.fitting.serialise import records

    drawn = answer.maker.drawn
    content: dict[str, Any] = {
        "model": result.model.name,
        "data": result.data.source,
        "n_obs": result.n_obs,
        "admissible": result.admissible,
        "ci": [kind.value for kind in answer.maker.request.kinds],
        "seed": answer.maker.seed,
        "n_draws_used": {source.value: found.n_used for source, found in drawn.items()},
        "effects": records(answer.frame),
        "loops": records(result.loops()),
    }
    if answer.contrasts is not None:
        content["contrasts"] = records(answer.contrasts)
    if answer.proportion is not None:
        content["proportion_mediated"] = records(answer.proportion.frame)
    if answer.sensitivity is not None:
        content["sensitivity"] = answer.sensitivity.to_dict()
    content["findings"] = [finding.to_dict() for finding in answer.findings]
    return content


def _text(result: Fit, answer: _Answer, width: int) -> list[str]:
    from trustsem.cli.effect_text import (
        render_contrasts,
        render_effects,
        render_loops,
        render_proportions,
        render_sensitivity,
    )
    from trustsem.fitting.summary import render_findings, render_header, section
    from trustsem.tables.text import wrap_text

    kinds = [kind.value for kind in answer.maker.request.kinds]
    parts = [render_header(result, width), render_effects(answer.frame, kinds, width)]
    if answer.contrasts is not None:
        parts.append(section("Contrasts of indirect effects", render_contrasts(answer.contrasts, kinds, width)))
    if answer.proportion is not None:
        parts.append(section("Proportion mediated", render_proportions(answer.proportion.frame, kinds, width)))
    parts.append("\n".join(wrap_text(describe_draws(answer.maker), width)))
    if answer.sensitivity is not None:
        parts.append(section("Sensitivity to a confounder", render_sensitivity(answer.sensitivity, width)))
    parts.append(section("Loops", render_loops(result.loops(), width)))
    parts.append(section("What to know", render_findings(answer.findings, width)))
    return parts
