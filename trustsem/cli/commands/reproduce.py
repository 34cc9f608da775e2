"""`trustsem reproduce`: run a study again from its manifest and compare every number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trustsem.cli.commands.fit import end_with
from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption, WorkersOption
from trustsem.cli.progress import part_bar
from trustsem.errors import ReproductionError

if TYPE_CHECKING:
    from trustsem.study import Reproduction

_SHOWN = 20


def reproduce(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="manifest.json of a report.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="The data file; looked for where the study names it if left out."),
    ] = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the study of a manifest again and name every number that changed; exit with 18 if one did."""
    from trustsem.study import reproduce_study

    with part_bar("Reproducing") as progress:
        found = reproduce_study(manifest, data, workers=workers, progress=progress)
    if as_json:
        print_json("reproduce", found.to_dict())
    else:
        print_text(*_text(found, terminal_width()))
    end_with(_outcome(found))


def _text(found: Reproduction, width: int) -> list[str]:
    from trustsem.fitting.summary import render_findings, section
    from trustsem.tables.text import wrap_text

    lines = [
        line for difference in found.differences[:_SHOWN] for line in wrap_text(f"- {difference}", width, hanging=2)
    ]
    if len(found.differences) > _SHOWN:
        lines.append(f"and {len(found.differences) - _SHOWN:,} more; --json lists all.")
    verdict = "Every number of report.json came out again." if found.holds else ""
    return [
        verdict,
        section("What changed", "\n".join(lines)) if lines else "",
        section("What to know", render_findings(found.findings, width)) if found.findings else "",
    ]


def _outcome(found: Reproduction) -> ReproductionError | None:
    if found.holds:
        return None
    return ReproductionError(
        f"{len(found.differences):,} values of report.json changed.",
        remedy="docs/reports.md says within which limits they are compared.",
    )
