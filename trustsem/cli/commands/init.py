"""`trustsem init`: a study file for a data file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import DataArgument, JsonOption
from trustsem.errors import UsageError


def init(
    data: DataArgument,
    codebook: Annotated[
        str | None,
        typer.Option("--codebook", "-c", help="Name of a bundled codebook or path of a .toml file; else found out."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Name of a shipped model or path of a .sem file; else found out."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The study file.")] = Path(
        "study.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a study file that runs as it is: codebook, model, estimator, groups and language are found in the data."""
    from trustsem.outputs import require_place

    require_place(output)
    if output.exists() and not force:
        raise UsageError(
            f"{output} is there already; nothing was written.",
            remedy="Name another file with --output, or replace it with --force.",
            code="file-exists",
        )
    from trustsem.cli.files import write_text
    from trustsem.cli.inputs import find_data
    from trustsem.study.drafting import draft_study

    draft = draft_study(find_data(data), output.parent, codebook=codebook, model=model)
    write_text(output, draft.text)
    if as_json:
        print_json("init", {"file": str(output), "reasons": list(draft.reasons)})
        return
    from trustsem.tables.text import wrap_text

    width = terminal_width()
    lines = [line for reason in draft.reasons for line in wrap_text(f"- {reason}", width, hanging=2)]
    print_text(f"Written: {output}", "\n".join(lines), f"Next:\n  trustsem report {output}")
