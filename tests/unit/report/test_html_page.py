"""The HTML page as text: everything is on it, nothing of it is code, nothing is loaded from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import trustsem as ts
from trustsem.report.document import (
    Align,
    Bullets,
    Column,
    Document,
    ExplorerBlock,
    FigureBlock,
    Paragraph,
    Section,
    TableBlock,
)
from trustsem.report.formats import FORMATS
from trustsem.report.formats.html import page as page_module
from trustsem.report.formats.html.themes import merge
from trustsem.report.wording import texts
from trustsem.resources import package_data

EVIL = "<script>alert('x')</script> & \"quoted\""
LABELS = {key.removeprefix("labels."): text for key, text in texts("en").items() if key.startswith("labels.")}
LOADING = {"src", "srcset", "href", "action", "data", "poster", "background", "formaction", "xlink:href"}
TABLE = TableBlock(
    f"Title {EVIL}",
    (Column(f"Name {EVIL}", Align.LEFT), Column("est")),
    (("a heading", ""), (f"row {EVIL}", "0.250"), ("other", "<.001")),
    f"note {EVIL}",
)


class Page(HTMLParser):
    """What a browser sees of a page: elements with attributes, and texts by the element they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input", "br"}:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def document(*blocks: object, title: str = "A study") -> Document:
    section = Section("one", f"Section {EVIL}", tuple(blocks), (Section("two", "Inner", (Paragraph("deep"),)),))
    return Document(title, f"of {EVIL}", "en", (section,), {}, LABELS)


def page_of(made: Document) -> tuple[str, Page]:
    text = FORMATS["html"].render(made).decode()
    return text, Page(text)


@pytest.fixture(scope="module")
def fit() -> ts.Fit:
    return ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv")


@pytest.fixture(scope="module")
def figures(fit: ts.Fit) -> tuple[FigureBlock, ...]:
    return tuple(FigureBlock("same-id", f"{name} {EVIL}", fit.plot(name)) for name in ("path_diagram", "effects"))


def test_words_of_users_are_never_code() -> None:
    text, page = page_of(document(Paragraph(EVIL), Bullets((EVIL,)), TABLE, title=EVIL))
    assert "<script>alert" not in text
    for tag in ("title", "h1", "h2", "p", "li", "caption", "th"):
        assert any("<script>alert('x')</script>" in words for words in page.texts[tag]), tag


def test_every_cell_is_on_the_page_with_its_headings() -> None:
    _, page = page_of(document(TABLE))
    cells = Counter(cell for row in TABLE.rows for cell in row if cell)
    found = Counter(page.texts["td"]) + Counter(page.texts["th"])
    assert not cells - found
    assert page.texts["caption"] == [f"Table: Title {EVIL}"]
    scopes = [attributes.get("scope") for attributes in page.all("th")]
    assert scopes == ["col", "col", "rowgroup", "row", "row"]
    assert len(page.texts["td"]) == 2


def test_a_row_of_one_column_is_a_row() -> None:
    _, page = page_of(document(TableBlock("t", (Column("only"),), (("1",), ("2",)))))
    assert [attributes.get("scope") for attributes in page.all("th")] == ["col", "row", "row"]


def test_contents_link_to_every_section() -> None:
    _, page = page_of(document(Paragraph("text")))
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = [attributes["href"] for attributes in page.all("a")]
    assert links == ["#report", "#one", "#two"]
    assert all((link or "")[1:] in ids for link in links)
    assert page.all("html")[0]["lang"] == "en"


def test_chinese_pages_say_so() -> None:
    _, page = page_of(replace(document(Paragraph("文")), language="zh"))
    assert page.all("html")[0]["lang"] == "zh-Hans"


def test_figures_have_caption_words_and_picture(figures: tuple[FigureBlock, ...]) -> None:
    text, page = page_of(document(*figures))
    assert page.texts["figcaption"] == [f"Figure: {block.title}" for block in figures]
    words = set(page.texts["p"])
    assert all(block.plot.text() in words for block in figures)
    assert text.count('<svg class="static"') == 2
    described = [attributes["aria-describedby"] for attributes in page.all("div") if "aria-describedby" in attributes]
    ids = [attributes.get("id") for _, attributes in page.elements if attributes.get("id")]
    assert len(set(ids)) == len(ids)
    assert set(described) <= set(ids)
    radios = [attributes for attributes in page.all("input") if attributes["type"] == "radio"]
    assert len(radios) == 4
    assert sum("checked" in attributes for attributes in radios) == 1


def test_pictures_leave_no_style_to_leak(figures: tuple[FigureBlock, ...]) -> None:
    _, page = page_of(document(*figures))
    assert len(page.texts["style"]) == 1
    rules = re.findall(r"([^{}]*)\.f-ink\{", page.texts["style"][0])
    assert len(rules) == 2
    assert all(":root" in rule for rule in rules)


def test_plotly_is_there_only_for_figures(figures: tuple[FigureBlock, ...]) -> None:
    bundle = package_data("report", "assets", "plotly", "plotly-cartesian.min.js").read_text(encoding="utf-8")
    without, _ = page_of(document(TABLE))
    assert bundle not in without
    assert len(without) < 50_000
    text, _ = page_of(document(*figures))
    assert bundle in text
    assert len(text.encode()) < page_module.LARGEST


def test_the_bundle_is_the_published_one() -> None:
    folder = package_data("report", "assets", "plotly")
    digest = hashlib.sha256((folder / "plotly-cartesian.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_a_page_that_would_grow_too_large_shows_pictures(
    figures: tuple[FigureBlock, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = page_of(document(*figures, *figures))
    largest = len(whole.encode()) + page_module.ROOM - 60_000
    monkeypatch.setattr(page_module, "LARGEST", largest)
    text, page = page_of(document(*figures, *figures))
    interactive = ["data-interactive" in attributes for attributes in page.all("figure")]
    assert 0 < sum(interactive) < 4
    assert text.count('<svg class="static"') == 4
    assert page.texts["p"].count(LABELS["picture_only"]) == 4 - sum(interactive)


def test_nothing_is_loaded_and_only_known_scripts_run(figures: tuple[FigureBlock, ...]) -> None:
    text, page = page_of(document(*figures, TABLE))
    for tag, attributes in page.elements:
        for name in LOADING & set(attributes):
            assert (attributes[name] or "").startswith(("#", "data:")), (tag, name)
    style = page.texts["style"][0]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    running = [a for a in page.all("script") if a.get("type") != "application/json"]
    assert policy.count("sha256-") == len(running) == 3
    assert text.count("<script") == len(page.all("script"))


def test_the_dark_figure_comes_back_from_the_merged_one(fit: ts.Fit) -> None:
    plot = fit.plot("residuals")
    light, dark = (json.loads(plot.figure(theme).to_json()) for theme in ("light", "dark"))
    pairs: dict[tuple[str, str], int] = {}
    merged = merge(light, dark, pairs)
    every = list(pairs)

    def themed(value: object, k: int) -> object:
        if isinstance(value, str) and value.startswith("\x01"):
            return every[int(value[1:])][k]
        if isinstance(value, list):
            return [themed(part, k) for part in value]
        return {key: themed(part, k) for key, part in value.items()} if isinstance(value, dict) else value

    assert themed(merged, 0) == light
    assert themed(merged, 1) == dark


def test_themes_that_differ_in_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in more than colours"):
        merge({"x": 1}, {"x": 2}, {})


def test_the_explorer_has_native_sliders_and_a_table_for_paper() -> None:
    words = {key.removeprefix("explorer.page."): text for key, text in texts("en").items() if "explorer.page." in key}
    cell = {"sources": [0], "sd": [0.5], "sd_covariance": None, "points": None, "points_covariance": None}
    content = {
        "z": 1.96, "reach": 2.0, "rounding": 1e-18, "constructs": ["a", "b"], "names": [EVIL, "b"],
        "levers": [0], "others": [],
        "targets": [1], "outcome": 1, "words": words,
        "groups": [{"label": "", "scores": [None, None], "cells": {"1": cell}}],
    }  # fmt: skip
    text, page = page_of(document(ExplorerBlock("Try", content, TABLE)))
    assert "<script>alert" not in text
    slider = next(attributes for attributes in page.all("input") if attributes["type"] == "range")
    assert slider["id"] in {attributes.get("for") for attributes in page.all("label")}
    assert {attributes.get("aria-live") for attributes in page.all("output")} == {"off", "polite"}
    assert f"row {EVIL}" in page.texts["th"]
