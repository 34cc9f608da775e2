"""`trustsem report`: run a study file and write its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption, Language, WorkersOption, split_names
from trustsem.cli.progress import part_bar

if TYPE_CHECKING:
    from trustsem.study import StudyResult


def report(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The study file; `trustsem init DATA` writes one.")],
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="html, docx, latex, markdown, json. Repeat for more."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of the report; else the study's.")
    ] = None,
    lang: Annotated[Language | None, typer.Option("--lang", help="Language of the report; else the study's.")] = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a study, write its report with manifest.json and report.json, and say where they are."""
    from dataclasses import replace

    from trustsem.report import write_report
    from trustsem.report.writing import require_formats, require_report_folder
    from trustsem.study import read_study, run_study

    spec = read_study(study)
    spec = replace(
        spec,
        language=lang.value if lang is not None else spec.language,
        formats=require_formats(split_names(formats) or spec.formats),
        output=output if output is not None else spec.output,
    )
    require_report_folder(spec.output)  # not after minutes of work
    with part_bar(spec.title) as progress:
        result = run_study(spec, workers=workers, progress=progress)
        files = write_report(result)
    if as_json:
        print_json("report", _content(result, files))
        return
    print_text(*_text(result, files))


def _content(result: StudyResult, files: tuple[Path, ...]) -> dict[str, Any]:
    return {
        "title": result.spec.title,
        "models": [named.name for named in result.fits],
        "n_obs": result.main.n_obs,
        "files": [str(path) for path in files],
        "skipped": [{"part": skipped.part, "reason": skipped.reason} for skipped in result.skipped],
        "findings": [finding.to_dict() for finding in result.findings],
    }


def _text(result: StudyResult, files: tuple[Path, ...]) -> list[str]:
    from trustsem.fitting.summary import section
    from trustsem.tables.text import wrap_text

    width = terminal_width()
    names = ", ".join(named.name for named in result.fits)
    counts = f"{len(result.findings)} findings are in the report." if result.findings else ""
    lines = [
        line
        for skipped in result.skipped
        for line in wrap_text(f"- {skipped.part}: {' '.join(skipped.reason.split())}", width, hanging=2)
    ]
    return [
        "\n".join(wrap_text(f"{result.spec.title}: {names}, n = {result.main.n_obs:,}. {counts}".strip(), width)),
        section("What could not be done", "\n".join(lines)) if lines else "",
        "\n".join(["Written:", *(f"  {path}" for path in files)]),
    ]
