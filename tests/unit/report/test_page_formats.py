"""Word and LaTeX: the numbers of the document, APA tables, nothing that breaks the file."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from trustsem.fitting import fit
from trustsem.plots.plot import Plot
from trustsem.report.building import build_document
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
from trustsem.report.formats import FORMATS, picture
from trustsem.report.formats.latex_text import _SYMBOLS, escape, foreign, number
from trustsem.report.formats.layout import is_heading
from trustsem.report.wording import texts
from trustsem.resources import samples_dir
from trustsem.study import run_study

LABELS = {key.removeprefix("labels."): text for key, text in texts("en").items() if key.startswith("labels.")}
ZH_LABELS = {**LABELS, "table": "表", "figure": "图", "note": "注", "none": "无"}
SPECIAL = r"50% of A & B cost $5, #1: a_b {c} ~d ^e \f <g> |h| [i] -0.5 --- `j' 'k' ''l'' → – − ≥ χ² λ “m” é"
STUDY = """
[study]
title = "Trust"
data = "{data}"
seed = 3
[[models]]
model = "{model}"
[effects]
draws = {draws}
{more}
"""


class Words(Plot):
    """A figure that is a sentence and a line of text."""

    def __init__(self, said: str) -> None:
        self.said = said

    def to_dict(self) -> dict[str, str]:
        return {"said": self.said}

    def text(self) -> str:
        return self.said

    def figure(self, theme: str = "light") -> None:
        raise NotImplementedError

    def svg(self, theme: str = "light") -> str:  # noqa: ARG002
        said = f'<text x="9" y="30" font-family="Arial">{self.said}</text>'
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="960" height="96">{said}</svg>'


def document(*blocks: object, language: str = "en") -> Document:
    labels = ZH_LABELS if language == "zh" else LABELS
    return Document("Title", "Subtitle", language, (Section("one", "Section one", tuple(blocks)),), {}, labels)  # type: ignore[arg-type]


def table(rows: list[tuple[str, ...]], *titles: str, note: str = "") -> TableBlock:
    first, *others = titles
    columns = (Column(first, Align.LEFT), *(Column(title) for title in others))
    return TableBlock("A table", columns, tuple(rows), note)


def word(made: Document) -> docx.document.Document:
    return docx.Document(io.BytesIO(FORMATS["docx"].render(made)))


def latex(made: Document) -> str:
    return FORMATS["latex"].render(made).decode()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    """Return the reports of a model with bootstrap and invariance, and of a model in two groups."""
    made = []
    for data, model, draws, more in (
        ("trust_patients", "interpersonal_path", 20, '[invariance]\ngroup = "setting"'),
        ("trust_settings", "care_setting", 0, ""),
    ):
        path = tmp_path_factory.mktemp("study") / "study.toml"
        path.write_text(STUDY.format(data=data, model=model, draws=draws, more=more), encoding="utf-8")
        made.append(build_document(run_study(path)))
    return made


def expected_cells(made: Document) -> list[list[list[str]]]:
    return [[list(row[:1] if is_heading(row) else row) for row in block.rows] for block in made.tables()]


def markdown_cells(made: Document) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = []
    lines = FORMATS["markdown"].render(made).decode().splitlines()
    for before, line in zip(["", *lines], lines):
        if not line.startswith("| "):
            continue
        cells = [cell.replace(r"\|", "|") for cell in re.split(r" (?<!\\)\| ", line[2:-2])]
        if not before:
            tables.append([])  # the row of headings
        elif not cells[0].startswith("---"):
            tables[-1].append(cells[:1] if is_heading(cells) else cells)
    return tables


def word_cells(made: Document) -> list[list[list[str]]]:
    return [
        [["".join(t.text or "" for t in tc.iter(qn("w:t"))) for tc in row.tc_lst] for row in found._tbl.tr_lst[1:]]
        for found in word(made).tables
    ]


def plain(text: str) -> str:
    """Undo what LaTeX needs."""
    text = re.sub(r"\\multicolumn\{\d+\}\{L\{[\d.]+\}\}\{\\textbf\{(.*)\}\}", r"\1", text)
    text = text.replace(r"\allowbreak{}", "").replace(r"\ensuremath{-}", "-").replace("~", " ")
    for symbol, command in _SYMBOLS.items():
        text = text.replace(rf"\ensuremath{{{command}}}", symbol)
    for command, character in (
        (r"\textless{}", "<"), (r"\textgreater{}", ">"), (r"\textendash{}", "–"), (r"\ensuremath{\rightarrow}", "→"),
        (r"\textasciitilde{}", "~"), ("{[}", "["), ("{]}", "]"), (r"\textquotesingle{}", "'"),
    ):  # fmt: skip
        text = text.replace(command, character)
    return re.sub(r"\\([&%$#_{}])", r"\1", text)


def latex_cells(made: Document) -> list[list[list[str]]]:
    bodies = re.findall(r"\\endfoot\n(.*?)\n\\end\{longtable\}", latex(made), flags=re.S)
    return [
        [[plain(cell) for cell in re.sub(r" \\\\\*?$", "", line).split(" & ")] for line in body.splitlines()]
        for body in bodies
    ]


@pytest.mark.parametrize("read", [markdown_cells, word_cells, latex_cells])
def test_every_cell_is_in_every_format(reports, read):
    for made in reports:
        expected = expected_cells(made)
        assert sum(len(rows) for rows in expected) > 20
        assert one_minus(read(made)) == one_minus(expected)


def one_minus(tables: list[list[list[str]]]) -> list[list[list[str]]]:
    """LaTeX has one minus sign for the sign and for the hyphen between words."""
    return [[[cell.replace("−", "-") for cell in row] for row in rows] for rows in tables]


@pytest.mark.parametrize("name", ["docx", "latex"])
def test_two_runs_give_the_same_bytes(name, reports, monkeypatch):
    made = replace(reports[0], sections=(*reports[0].sections, document(FigureBlock("f", "F", Words("A"))).sections[0]))
    first = FORMATS[name].render(made)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert FORMATS[name].render(made) == first


def test_word_file_has_no_date_of_writing():
    with zipfile.ZipFile(io.BytesIO(FORMATS["docx"].render(document(Paragraph("x"))))) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert word(document()).core_properties.created.year == 2000


def test_word_tables_are_in_apa_style():
    rows = [("Group", ""), ("a", "0.123"), ("b", "-1.000")]
    made = word(document(table(rows, "Name", "est", note="What it means.")))
    found = made.tables[0]
    borders = found._tbl.tblPr.find(qn("w:tblBorders"))
    assert [edge.tag for edge in borders] == [qn("w:top"), qn("w:bottom")]
    assert all(cell._tc.find(f".//{qn('w:tcBorders')}/{qn('w:bottom')}") is not None for cell in found.rows[0].cells)
    assert found.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in found.rows)
    assert len(found._tbl.tr_lst[1].tc_lst) == 1
    assert found.cell(1, 0).paragraphs[0].runs[0].bold
    assert found.cell(2, 1).paragraphs[0].alignment == 2  # right
    said = [paragraph.text for paragraph in made.paragraphs]
    assert said[3:] == ["Table 1", "A table", "Note. What it means."]
    label, title = made.paragraphs[3:5]
    assert all(run.bold for run in label.runs)
    assert title.runs[0].italic


def test_word_has_headings_and_a_language():
    inner = Section("two", "Inner", (Bullets(("x",)),))
    made = document()
    made = replace(made, sections=(replace(made.sections[0], subsections=(inner,)),))
    styles = [paragraph.style.name for paragraph in word(made).paragraphs]
    assert styles == ["Title", "Subtitle", "Heading 1", "Heading 2", "List Bullet"]
    for language, mark in (("en", "en-US"), ("zh", "zh-CN")):
        defaults = word(document(language=language)).styles.element.find(f".//{qn('w:lang')}")
        assert (defaults.get(qn("w:val")), defaults.get(qn("w:eastAsia"))) == (mark, "zh-CN")
    fonts = word(document(language="zh")).styles["Heading 1"].element.find(f".//{qn('w:rFonts')}")
    assert fonts.get(qn("w:eastAsia")) == "SimSun"


def test_wide_tables_turn_the_page_and_back():
    wide = table([tuple(f"{1000 + i}.123" for i in range(14))], *(f"measure {i}" for i in range(14)))
    explorer = ExplorerBlock("e", {}, wide)
    made = word(document(Paragraph("a"), wide, explorer, Paragraph("b")))
    assert [section.orientation for section in made.sections] == [
        WD_ORIENT.PORTRAIT,
        WD_ORIENT.LANDSCAPE,
        WD_ORIENT.PORTRAIT,
    ]
    assert len(made.tables) == 2
    text = latex(document(wide))
    assert r"\begin{landscape}" in text
    assert r"\begin{landscape}" not in latex(document(table([("a", "1")], "Name", "est")))


def test_columns_never_exceed_the_page():
    long_words = table([("x" * 90, "y" * 30, "0.1")], "A", "B" * 40, "c")
    made = word(document(long_words))
    section = made.sections[-1]
    room = section.page_width - section.left_margin - section.right_margin
    assert sum(column.width for column in made.tables[0].columns) <= room
    assert re.findall(r"x+\\allowbreak", latex(document(long_words)))


def test_empty_table_says_so():
    assert word_cells(document(table([], "Name", "est"))) == [[["none"]]]
    assert latex_cells(document(table([], "Name", "est"))) == [[["none"]]]


def test_one_column_is_not_a_heading():
    assert word_cells(document(table([("a",), ("b",)], "Name"))) == [[["a"], ["b"]]]


def test_control_characters_do_not_break_a_file():
    made = document(Paragraph("a\x00b"), table([("c\x0b", "1")], "Name", "est"))
    assert word(made).paragraphs[3].text == "a\ufffdb"
    assert "a\x00b" not in latex(made)


def test_picture_has_alternative_text():
    pytest.importorskip("resvg_py")
    if isinstance(picture.draw(Words("A").svg()), picture.NoPicture):
        pytest.skip("no fonts are installed")
    made = word(document(FigureBlock("f", "Shown", Words("It shows A."))))
    shape = made.inline_shapes[0]
    assert shape._inline.docPr.get("descr") == "It shows A."
    assert shape.width <= made.sections[0].page_width
    assert abs(shape.width / shape.height - 10) < 0.1


def test_without_the_package_a_figure_is_said_in_words(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    made = word(document(FigureBlock("f", "Shown", Words("It shows A."))))
    assert not made.inline_shapes
    assert [paragraph.text for paragraph in made.paragraphs[-2:]] == ["It shows A.", LABELS["picture_needs_package"]]


def test_without_a_font_a_figure_is_said_in_words():
    pytest.importorskip("resvg_py")

    class Boxes:
        """Draws the same box for every character."""

        @staticmethod
        def svg_to_bytes(**_: object) -> bytes:
            return b"box"

    assert not picture._is_drawn(Boxes, "信")


def test_escaping():
    assert escape("a_b & 5%") == r"a\_\allowbreak{}b \& 5\%"
    assert escape("\\{}~^#$") == r"\textbackslash{}\{\}\textasciitilde{}\textasciicircum{}\#\$"
    assert number("[-0.100, 0.200]") == r"{[}\ensuremath{-}0.100,~0.200{]}"
    assert escape("--out ,, *") == "-{}-out ,{}, {*}"
    assert number("<.001") == r"\textless{}.001"
    assert foreign(SPECIAL) == ""
    assert foreign("信任 Ж 信") == "信任Ж"


def test_engine_follows_the_characters():
    assert latex(document(Paragraph(SPECIAL))).startswith("% Compile it twice with pdflatex")
    chinese = latex(document(Paragraph("医患信任"), language="zh"))
    assert chinese.startswith("% Compile it twice with xelatex")
    assert "scheme=chinese" in chinese
    mixed = latex(document(Paragraph("医患信任 Ж")))
    assert "scheme=plain" in mixed
    assert "% Choose a font by \\setmainfont that has these characters: Ж\n" in mixed


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "xelatex"])
def test_latex_compiles(engine, reports, tmp_path):
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    blocks = [
        Paragraph(SPECIAL),
        Bullets(("[first] in brackets", "*")),
        table([(SPECIAL, "1"), ("*", "2"), ("Group", "")], SPECIAL, "est", note=SPECIAL),
        table([], "Name", "est"),
        table([tuple(f"{1000 + i}.123" for i in range(14))], *(f"measure {i}" for i in range(14))),
        FigureBlock("f", SPECIAL, Words(SPECIAL)),
        *([Paragraph("医患信任")] if engine == "xelatex" else []),
    ]
    odd = document(*blocks, language="zh" if engine == "xelatex" else "en")
    made = replace(odd, sections=(*reports[0].sections, *odd.sections))
    (tmp_path / "report.tex").write_bytes(FORMATS["latex"].render(made))
    run = [engine, "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    if "not found" in done.stdout:
        pytest.skip("a package of LaTeX is missing: " + next(x for x in done.stdout.splitlines() if "not found" in x))
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in (tmp_path / "report.log").read_text(encoding="utf-8", errors="replace")


@pytest.mark.slow
def test_real_figures_become_pictures():
    pytest.importorskip("resvg_py")
    main = fit("interpersonal_path", samples_dir() / "trust_patients.csv")
    for options in ({}, {"language": "zh"}):
        drawn = picture.draw(main.plot("path_diagram", **options).svg())
        if isinstance(drawn, picture.NoPicture):
            assert drawn.label == "picture_needs_font"
        else:
            assert drawn.png.startswith(b"\x89PNG")
            assert drawn.width > 5
