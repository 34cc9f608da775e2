"""`trustsem effects`: direct, indirect and total effects of one variable on another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import outcome_error, run_fit
from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.fit_options import OPTION_NAMES, with_fit_options
from trustsem.cli.intervals import BOOTSTRAP, INTERVALS, describe_draws, draw, require_interval
from trustsem.cli.options import CodebookOption, DataArgument, EncodingOption, JsonOption, ModelArgument, SheetOption
from trustsem.tables.text import format_pvalue, heading, render_table

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("effect", "est", "se", "p", "lower", "upper", "std_all")


@with_fit_options(tuple(name for name in OPTION_NAMES if name not in ("bootstrap", "seed")))
def effects(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    x: Annotated[list[str] | None, typer.Option("--x", help="Where effects start; repeat for more.")] = None,
    y: Annotated[list[str] | None, typer.Option("--y", help="Where they end; repeat for more.")] = None,
    through: Annotated[
        list[str] | None, typer.Option("--through", help="Only ways that contain all of these; repeat for more.")
    ] = None,
    ci: Annotated[str, typer.Option("--ci", help=f"Intervals: {', '.join(INTERVALS)} (the last five: bootstrap).")] = (
        "delta"
    ),
    draws: Annotated[
        int | None, typer.Option(help="Draws of --ci: 1,000 for a bootstrap, 20,000 for monte_carlo.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; drawn and printed when left out.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="Bootstrap draws with a negative variance: drop (default), keep or redraw.")
    ] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decompose effects into direct, specific indirect, total indirect and total; loops are counted in."""
    require_interval(ci, draws, seed, policy)
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(result, strict=False)
    if error is not None:
        raise error
    frame = result.effects(x or None, y or None, through or None)
    drawn = draw(result, ci, draws, seed, policy)
    if drawn is not None:
        drawn_frame = drawn.effects(x or None, y or None, through or None, ci if ci in BOOTSTRAP else "percentile")
        own = {name: drawn_frame[name] for name in ("se", "ci_lower", "ci_upper", "n_draws")}
        frame = frame.assign(**own, z=float("nan"), pvalue=float("nan"))  # intervals of draws have no p-value
    findings = (*result.findings, *(() if drawn is None else drawn.findings))
    if as_json:
        from trustsem.fitting.serialise import records

        print_json(
            "effects",
            {
                "model": result.model.name,
                "data": result.data.source,
                "n_obs": result.n_obs,
                "admissible": result.admissible,
                "ci": ci,
                "seed": None if drawn is None else drawn.seed,
                "n_draws_used": None if drawn is None else drawn.n_used,
                "effects": records(frame),
                "loops": records(result.loops()),
                "findings": [finding.to_dict() for finding in findings],
            },
        )
        return
    from trustsem.fitting.summary import render_findings, render_header, section

    width = terminal_width()
    print_text(
        render_header(result, width),
        render_effects(frame, width),
        describe_draws(drawn, ci),
        section("Loops", render_loops(result.loops(), width)),
        section("What to know", render_findings(findings, width)),
    )


def render_effects(frame: pd.DataFrame, width: int) -> str:
    """Return one table per pair (x, y)."""
    if frame.empty:
        return "No variable works through another in this model: there is nothing to decompose."
    parts = []
    for pair in dict.fromkeys(zip(frame["x"], frame["y"], strict=True)):
        rows = [row for row in frame.to_dict("records") if (row["x"], row["y"]) == pair]
        has_p = bool(frame["pvalue"].notna().to_numpy().any())
        lines = [line if has_p else _without_p(line) for line in ([*_COLUMNS], *_effect_rows(rows))]
        table = render_table([str(name) for name in lines[0]], lines[1:], width=width)
        parts.append(f"{heading(f'{pair[0]} on {pair[1]}')}\n{table}")
    return "\n\n".join(parts)


def _without_p(line: Sequence[object]) -> list[object]:
    return [cell for place, cell in enumerate(line) if place != _COLUMNS.index("p")]


def _effect_rows(rows: Iterable[Mapping[Any, Any]]) -> Iterable[list[object]]:
    for row in rows:
        if row["effect"] == "specific indirect":
            yield [f"through {' -> '.join(row['path'].split(' -> ')[1:-1])}:"]
            name = "  specific indirect"
        else:
            name = row["effect"]
        yield [
            name,
            row["est"],
            row["se"],
            format_pvalue(row["pvalue"]),
            row["ci_lower"],
            row["ci_upper"],
            row["std_all"],
        ]


def render_loops(frame: pd.DataFrame, width: int) -> str:
    """Return gain, interval and stability of every loop; nothing where there is none."""
    rows: list[list[object]] = []
    for row in frame.to_dict("records"):
        rows.append([row["loop"]])
        rows.append(["", row["gain"], row["se"], row["ci_lower"], row["ci_upper"], row["stability_index"],
                     "settles" if row["stable"] else "DOES NOT SETTLE"])  # fmt: skip
    columns = ["", "gain", "se", "lower", "upper", "stability", ""]
    return render_table(columns, rows, width=width) if rows else ""
