"""`trustsem diagram`: the path diagram of a fit as a picture or a page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.commands.fit import outcome_error, run_fit
from trustsem.cli.console import print_json, print_message, print_text, terminal_width
from trustsem.cli.files import write_text
from trustsem.cli.fit_options import with_fit_options
from trustsem.cli.options import (
    CodebookOption,
    DataArgument,
    EncodingOption,
    JsonOption,
    Language,
    LanguageOption,
    ModelArgument,
    SheetOption,
)
from trustsem.errors import UsageError
from trustsem.outputs import require_place

if TYPE_CHECKING:
    from trustsem.fitting import Fit
    from trustsem.plots.diagram.records import PathDiagram

ENDINGS = (".svg", ".html")


@with_fit_options()
def diagram(
    model: ModelArgument,
    data: DataArgument,
    options: Mapping[str, Any],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Picture (.svg) or interactive page (.html) to write.")
    ],
    labels: Annotated[
        str, typer.Option(help="Beside arrows: est, std, ci (95 % interval of the estimate) or stars.")
    ] = "std",
    items: Annotated[
        bool | None, typer.Option("--items/--no-items", help="Draw the items. Default: where there are few.")
    ] = None,
    covariances: Annotated[
        bool | None,
        typer.Option(
            "--covariances/--no-covariances",
            help="Draw those of variables that nothing points at. Default: where there are few.",
        ),
    ] = None,
    measurement: Annotated[
        bool, typer.Option("--measurement", help="Draw every factor with its items instead of the paths.")
    ] = False,
    theme: Annotated[str, typer.Option(help="light, dark, or auto: as the reader's screen is set (.svg only).")] = (
        "light"
    ),
    lang: LanguageOption = Language.EN,
    codebook: CodebookOption = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the path diagram of a fitted model; of several groups, one each."""
    _require_request(out, labels, theme, measurement=measurement, choices=(items, covariances))
    result = run_fit(model, data, codebook, options, sheet=sheet, encoding=encoding)
    error = outcome_error(result, strict=False)
    if error is not None:
        raise error
    chosen: dict[str, Any] = {"labels": labels, "language": lang.value}
    chosen |= {} if measurement else {"items": items, "covariances": covariances}
    drawn = _draw(result, measurement=measurement, options=chosen)
    files = _files(out, drawn, theme, lang.value)
    for path in files:
        require_place(path)
    for path, text in files.items():
        write_text(path, text)
        print_message(f"Written: {path}")
    if as_json:
        content = {
            "model": result.model.name,
            "data": result.data.source,
            "files": [str(path) for path in files],
            "diagrams": [one.to_dict() for one in drawn],
            "findings": [finding.to_dict() for finding in result.findings],
        }
        print_json("diagram", content)
        return
    from trustsem.fitting.summary import render_findings, section

    width = terminal_width()
    words = [textwrap.fill(one.text(), width, break_on_hyphens=False) for one in drawn]
    print_text(*words, section("What to know", render_findings(result.findings, width)))


def _require_request(out: Path, labels: str, theme: str, *, measurement: bool, choices: Sequence[bool | None]) -> None:
    """Refuse what cannot be drawn or written before the model is fitted; all faults at once."""
    faults = []
    if out.suffix.lower() not in ENDINGS:
        faults.append(f"--out {out} has the ending {out.suffix or 'of no kind'}: use {' or '.join(ENDINGS)}.")
    if labels.strip().lower() not in ("est", "std", "ci", "stars"):
        faults.append(f"--labels {labels} is unknown: use est, std, ci or stars.")
    if theme.strip().lower() not in ("light", "dark", "auto"):
        faults.append(f"--theme {theme} is unknown: use light, dark or auto.")
    elif theme.strip().lower() == "auto" and out.suffix.lower() == ".html":
        faults.append("--theme auto is for .svg pictures: use light or dark.")
    if measurement and any(choice is not None for choice in choices):
        faults.append("--measurement draws factors with their items only: leave out --items and --covariances.")
    if faults:
        raise UsageError("The diagram cannot be drawn so.", faults=faults, code="diagram")
    require_place(out)


def _draw(result: Fit, *, measurement: bool, options: Mapping[str, Any]) -> list[PathDiagram]:
    from trustsem.plots.diagram.page import measurement_diagram, path_diagram

    build = measurement_diagram if measurement else path_diagram
    return [build(result, group=label, **options) for label in result.group_labels or (None,)]


def _files(out: Path, drawn: Sequence[PathDiagram], theme: str, language: str) -> dict[Path, str]:
    """Return what is written: one page for all groups, or one picture for each."""
    from trustsem.plots.html import html_page

    if out.suffix.lower() == ".html":
        return {out: html_page(drawn, drawn[0].title if len(drawn) == 1 else out.stem, theme=theme, language=language)}
    if len(drawn) == 1:
        return {out: drawn[0].svg(theme)}
    files: dict[Path, str] = {}
    for number, one in enumerate(drawn, start=1):
        word = re.sub(r"[^\w]+", "-", one.group).strip("-")
        path = out.with_name(f"{out.stem}-{word or number}{out.suffix}")
        path = out.with_name(f"{out.stem}-{word}-{number}{out.suffix}") if path in files else path
        files[path] = one.svg(theme)
    return files
