"""Page, fonts, languages and properties of a Word file."""

from __future__ import annotations

import datetime
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from trustsem.report.formats.layout import Page, printable

PAGE = Page(portrait=94, small=112, landscape=144)  # characters half as wide as high, between the margins
_TABLE_SIZE, _SMALL_SIZE = 9.5, 8  # points; `PAGE` follows from them
_LATIN, _EAST_ASIAN = "Times New Roman", "SimSun"
_LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)  # a date of writing would make every file another one
_HEADING_SIZES = {1: 15, 2: 13, 3: 12}
_INK = RGBColor(0, 0, 0)


def set_up(word: WordDocument, title: str, subtitle: str, language: str) -> None:
    """Set page, styles, languages and properties of an empty document."""
    _set_page(word)
    _set_language(word, _LANGUAGES[language])
    _set_styles(word)
    _set_properties(word, title, subtitle, _LANGUAGES[language])


def add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    """Add a field that Word can renew, e.g. the number of a table, and its present value."""
    _field_part(paragraph.add_run(), "begin")
    code: Any = OxmlElement("w:instrText")
    code.set(qn("xml:space"), "preserve")
    code.text = f" {instruction} "
    paragraph.add_run()._r.append(code)
    _field_part(paragraph.add_run(), "separate")
    paragraph.add_run(shown)
    _field_part(paragraph.add_run(), "end")


def text_width(word: WordDocument) -> int:
    """Return the room between the margins of the last page, in Word's unit of length."""
    page = word.sections[-1]
    lengths = [length for length in (page.page_width, page.left_margin, page.right_margin) if length is not None]
    width, left, right = lengths
    return width - left - right


def _field_part(run: Run, kind: str) -> None:
    part: Any = OxmlElement("w:fldChar")
    part.set(qn("w:fldCharType"), kind)
    run._r.append(part)


def _set_page(word: WordDocument) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.54)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_field(footer, "PAGE", "1")


def _set_language(word: WordDocument, language: str) -> None:
    """Say what language the words are in, for spelling and screen readers."""
    defaults: Any = word.styles.element.find(qn("w:docDefaults"))
    mark = defaults.find(".//" + qn("w:lang"))
    mark.set(qn("w:val"), language)
    mark.set(qn("w:eastAsia"), "zh-CN")
    settings: Any = word.settings.element
    theme = settings.find(qn("w:themeFontLang"))
    theme.set(qn("w:val"), language)
    theme.set(qn("w:eastAsia"), "zh-CN")
    for setting in settings.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")  # Word 2013 and later, or it opens the file in compatibility mode


def _set_styles(word: WordDocument) -> None:
    normal: Any = word.styles["Normal"]
    _set_font(normal, 11)
    normal.paragraph_format.space_after = Pt(6)
    for level in range(1, 10):
        _set_font(word.styles[f"Heading {level}"], _HEADING_SIZES.get(level, 11), bold=True)
    _set_font(word.styles["Title"], 20, bold=True)
    _set_font(word.styles["Subtitle"], 12)
    _without_rule(word.styles["Title"])
    caption: Any = word.styles["Caption"]
    _set_font(caption, 11)
    caption.paragraph_format.space_after = Pt(3)
    caption.paragraph_format.keep_with_next = True
    for name, size, below in (
        ("Table Text", _TABLE_SIZE, 0),
        ("Small Table Text", _SMALL_SIZE, 0),
        ("Table Note", _TABLE_SIZE, 12),
    ):
        style: Any = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _set_font(style, size)
        style.paragraph_format.space_before = Pt(1.5)
        style.paragraph_format.space_after = Pt(1.5 + below)
        style.paragraph_format.line_spacing = 1.0


def _set_font(style: Any, size: float, *, bold: bool = False) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = _INK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()  # names of the theme would go before ours
    for script, font in (("ascii", _LATIN), ("hAnsi", _LATIN), ("cs", _LATIN), ("eastAsia", _EAST_ASIAN)):
        fonts.set(qn(f"w:{script}"), font)


def _without_rule(style: Any) -> None:
    for rule in style.element.findall(".//" + qn("w:pBdr")):
        rule.getparent().remove(rule)


def _set_properties(word: WordDocument, title: str, subtitle: str, language: str) -> None:
    core = word.core_properties
    core.title, core.subject, core.language = printable(title)[:255], printable(subtitle)[:255], language
    core.author, core.last_modified_by, core.comments = "trustsem", "trustsem", ""
    core.created = core.modified = _DATE
    core.revision = 1
