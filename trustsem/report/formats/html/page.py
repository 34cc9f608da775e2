"""Write the page: sections by a template, scripts only where something on the page needs them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from trustsem.report.document import Align, Block, Document, ExplorerBlock, FigureBlock
from trustsem.report.formats.html.figures import PageFigure, page_figure
from trustsem.report.formats.html.json_text import json_text
from trustsem.report.formats.html.themes import page_colours, picture_colours
from trustsem.resources import package_data
from trustsem.version import __version__

if TYPE_CHECKING:
    import jinja2

LARGEST = 3 * 1024 * 1024  # bytes of a page
ROOM = 200 * 1024  # bytes kept for tables and text when it is decided which figures are interactive
_SHORT = 25  # rows: longer tables may break over pages
_WIDE = 8  # columns: tables with more are set smaller on paper
_PLOTLY = "plotly/plotly-cartesian.min.js"
_LANGUAGES = {"zh": "zh-Hans"}
_KINDS = {"Paragraph": "paragraph", "Bullets": "bullets", "TableBlock": "table", "FigureBlock": "figure",
          "ExplorerBlock": "explorer"}  # fmt: skip


def render(document: Document) -> bytes:
    """Return the report as one HTML file, UTF-8."""
    blocks = [block for section in document.sections for block in section.walk()]
    figures = _figures(document)
    scripts = list(_scripts(blocks, figures))
    styles = (_asset("report.css"), page_colours(), picture_colours(figure.style for figure in figures.values()))
    page = _template().render(
        document=document,
        language=_LANGUAGES.get(document.language, document.language),
        labels=document.labels,
        figures=figures,
        kinds=_KINDS,
        right=Align.RIGHT,
        short=_SHORT,
        wide=_WIDE,
        policy=_policy(scripts),
        scripts=scripts,
        style="\n".join(styles),
        version=__version__,
        json_text=json_text,
    )
    return page.encode()


def _figures(document: Document) -> Mapping[FigureBlock, PageFigure]:
    """Return the figures; those that would make the page too large are pictures only."""
    blocks = document.figures()
    figures = [page_figure(block, f"{k}-{block.id}", document.labels) for k, block in enumerate(blocks, 1)]
    left = LARGEST - ROOM - len(_asset(_PLOTLY).encode()) - sum(len(figure.picture.encode()) for figure in figures)
    shown = {}
    for block, figure in zip(blocks, figures, strict=True):
        is_interactive = figure.size <= left or not figure.picture
        left -= figure.size if is_interactive else 0
        shown[block] = figure if is_interactive else replace(figure, record="", choices=())
    return shown


def _scripts(blocks: list[Block], figures: Mapping[FigureBlock, PageFigure]) -> Iterator[str]:
    yield _asset("theme.js")
    if any(isinstance(block, ExplorerBlock) for block in blocks):
        yield _asset("explorer.js")
    if any(figure.record for figure in figures.values()):
        yield _asset(_PLOTLY)
        yield _asset("figures.js")


def _policy(scripts: list[str]) -> str:
    """Return the page's content security policy: these scripts, inline style, pictures in the page, nothing else."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return package_data("report", "assets", *name.split("/")).read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    import jinja2

    folder = package_data("report", "assets")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")
