"""HTML: one file that needs no network, for screens of any width, light and dark, and for paper."""

from trustsem.report.formats.html.page import render

__all__ = ["render"]
