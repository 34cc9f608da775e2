"""`trustsem effects`: direct, indirect and total effects of one variable on another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import outcome_error, run_fit
from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.fit_options import with_fit_options
from trustsem.cli.options import CodebookOption, DataArgument, EncodingOption, JsonOption, ModelArgument, SheetOption
from trustsem.tables.text import format_pvalue, heading, render_table

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("effect", "est", "se", "p", "lower", "upper", "std_all")


@with_fit_options()
def effects(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    x: Annotated[list[str] | None, typer.Option("--x", help="Where effects start; repeat for more.")] = None,
    y: Annotated[list[str] | None, typer.Option("--y", help="Where they end; repeat for more.")] = None,
    through: Annotated[
        list[str] | None, typer.Option("--through", help="Only ways that contain all of these; repeat for more.")
    ] = None,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decompose effects into direct, specific indirect, total indirect and total; loops are counted in."""
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(result, strict=False)
    if error is not None:
        raise error
    frame = result.effects(x=x or None, y=y or None, through=through or None)
    if as_json:
        from trustsem.fitting.serialise import records

        print_json(
            "effects",
            {
                "model": result.model.name,
                "data": result.data.source,
                "n_obs": result.n_obs,
                "admissible": result.admissible,
                "effects": records(frame),
                "loops": records(result.loops()),
                "findings": [finding.to_dict() for finding in result.findings],
            },
        )
        return
    from trustsem.fitting.summary import render_findings, render_header, section

    width = terminal_width()
    print_text(
        render_header(result, width),
        render_effects(frame, width),
        section("Loops", render_loops(result.loops(), width)),
        section("What to know", render_findings(result.findings, width)),
    )


def render_effects(frame: pd.DataFrame, width: int) -> str:
    """Return one table per pair (x, y)."""
    if frame.empty:
        return "No variable works through another in this model: there is nothing to decompose."
    parts = []
    for pair in dict.fromkeys(zip(frame["x"], frame["y"], strict=True)):
        rows = [row for row in frame.to_dict("records") if (row["x"], row["y"]) == pair]
        table = render_table(_COLUMNS, list(_effect_rows(rows)), width=width)
        parts.append(f"{heading(f'{pair[0]} on {pair[1]}')}\n{table}")
    return "\n\n".join(parts)


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
