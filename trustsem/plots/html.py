"""Figures as one HTML page that needs no network: each with the same in words under it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from trustsem.plots.palette import FONTS, THEMES, read_theme
from trustsem.plots.plot import Plot

CONFIG = {"displaylogo": False, "responsive": False}


def html_page(plots: Sequence[Plot], title: str, *, theme: str = "light", language: str = "en") -> str:
    """Return a page with figures one below the other.

    Args:
        plots: The figures.
        title: Of the page.
        theme: "light" or "dark".
        language: Of the texts: "en" or "zh".
    """
    colours = THEMES[read_theme(theme)]
    parts = []
    for k, plot in enumerate(plots):
        drawn = plot.figure(theme).to_html(
            full_html=False, include_plotlyjs=k == 0, div_id=f"figure-{k + 1}", config=CONFIG
        )
        words = f'<figcaption id="text-{k + 1}">{escape(plot.text())}</figcaption>'
        parts.append(f'<figure aria-describedby="text-{k + 1}">{drawn}{words}</figure>')
    style = (
        f"body{{margin:1rem;background:{colours['paper']};color:{colours['ink']};font-family:{FONTS}}}"
        "figure{margin:0 0 2rem}figcaption{max-width:70rem;line-height:1.5}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )
