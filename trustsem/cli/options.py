"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Name of a shipped model, path of a .sem file, or - for standard input."),
]
DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help="Path of a survey file, or the name of a bundled sample.")
]
CodebookOption = Annotated[
    str | None,
    typer.Option(
        "--codebook",
        "-c",
        metavar="CODEBOOK",
        help="Name of a bundled codebook, path of a .toml file, or none. Default: the one of the model or sample.",
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", metavar="SHEET", help="Sheet of a workbook, by name or number from 1; else the first."),
]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Encoding of its text, e.g. gb18030; found out if left out."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result as JSON to this file as well.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Processes that draw; default: one per core for many draws. Numbers do not depend on it.",
    ),
]

MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="standard, satorra_bentler_2001, satorra_bentler_2010, satorra_2000 or satorra_2000_exact. Default: "
        "the one that goes with the test.",
    ),
]


def split_names(texts: Iterable[str] | None) -> tuple[str, ...]:
    """Return the names of an option that can be repeated and takes several with commas between."""
    return tuple(part.strip() for text in texts or () for part in text.split(",") if part.strip())


class Language(Enum):
    """Languages of wordings and names."""

    EN = "en"
    ZH = "zh"


LanguageOption = Annotated[Language, typer.Option("--lang", help="Language of names and wordings.")]
