"""README and guides: examples run, links lead somewhere, commands exist, pictures and tables are those of the code."""

from __future__ import annotations

import importlib.util
import json
import re
import runpy
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
DOCUMENTS = tuple(
    sorted(
        path
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data" / "samples").glob("*.md"))
        if path.is_file()
    )
)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

# A path of one machine, not of the project: somebody's home, a scratch folder, a drive.
MACHINE_PATH = re.compile(r"(?:/home/|/Users/|/root/|/tmp/|/mnt/|\b[A-Z]:\\)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PICTURE_LIMIT = 150_000  # bytes


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def without_blocks(text: str) -> str:
    return BLOCK.sub("", text)


def test_the_documents_are_there() -> None:
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md", "docs/index.md"} <= set(NAMES)


# --- examples -----------------------------------------------------------------------------------------------------

PYTHON = [(name, index) for name in NAMES for index in range(len(blocks(read(name), "python")))]


@pytest.mark.parametrize("name", sorted({name for name, _ in PYTHON}))
def test_python_examples_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All examples of one document run one after another, as a reader types them."""
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks(read(name), "python")), encoding="utf-8")
    runpy.run_path(str(script))
    if name == "README.md":
        shown = capsys.readouterr().out
        assert "Chi-square" in shown
        assert "total indirect" in shown


def test_readme_example_is_short() -> None:
    (example,) = blocks(read("README.md"), "python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 5


# --- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_lead_somewhere(name: str) -> None:
    here = (ROOT / name).parent
    targets = [link.split("#")[0] for link in LINK.findall(without_blocks(read(name)))]
    relative = [link for link in targets if link and not re.match(r"[a-z]+:", link)]
    missing = [link for link in relative if not (here / link).exists()]
    assert not missing, f"{name}: {missing}"


@pytest.mark.parametrize("name", NAMES)
def test_anchors_are_headings(name: str) -> None:
    here = ROOT / name
    for link in LINK.findall(without_blocks(read(name))):
        path, _, anchor = link.partition("#")
        if anchor and not re.match(r"[a-z]+:", link):
            target = here if not path else here.parent / path
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{name}: {link}"


def test_every_guide_is_in_the_table_of_contents() -> None:
    index = read("docs/index.md")
    guides = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert guides <= {link.split("#")[0] for link in LINK.findall(index)}


@pytest.mark.parametrize("name", NAMES)
def test_no_path_of_a_machine(name: str) -> None:
    found = MACHINE_PATH.findall(read(name))
    assert not found, f"{name}: {found}"


# --- commands -----------------------------------------------------------------------------------------------------


@cache
def commands() -> dict[tuple[str, ...], frozenset[str]]:
    """Return every command of the program as words, with its options; groups as well."""
    typer = pytest.importorskip("typer")
    app = pytest.importorskip("trustsem.cli.app", reason="the command line is not built").app
    found: dict[tuple[str, ...], frozenset[str]] = {}

    def visit(command: object, words: tuple[str, ...]) -> None:
        found[words] = frozenset(
            option
            for parameter in command.params  # type: ignore[attr-defined]
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("-")
        ) | {"--help", "-h"}
        for word, child in getattr(command, "commands", {}).items():
            visit(child, (*words, word))

    visit(typer.main.get_command(app), ())
    return found


def mentions(text: str) -> list[str]:
    """Return every command line in a document: lines of shell blocks, and code spans that start with the program."""
    shell = (*blocks(text, "sh"), *blocks(text, "console"))
    lines = [line.split("#")[0].strip() for block in shell for line in block.splitlines()]
    lines += [span.strip() for span in re.findall(r"`(trustsem [^`]+)`", without_blocks(text))]
    return [line for line in lines if line.startswith("trustsem ") and "..." not in line]


def explain(line: str) -> str | None:
    """Return what is wrong with a command line, None when the program has it."""
    known = commands()
    words = line.split()[1:]
    depth = 0
    while depth < len(words) and tuple(words[: depth + 1]) in known:
        depth += 1
    if depth == 0 and words[0].isupper():
        return None  # a placeholder: trustsem COMMAND --help
    if depth == 0 and not words[0].startswith("-"):
        return f"no command '{words[0]}' in: {line}"
    options = [word.split("=")[0] for word in words[depth:] if re.match(r"--?[a-z]", word)]
    unknown = [option for option in options if option not in known[tuple(words[:depth])]]
    return f"no option {', '.join(unknown)} in: {line}" if unknown else None


@pytest.mark.parametrize("name", NAMES)
def test_commands_exist(name: str) -> None:
    faults = [fault for line in mentions(read(name)) if (fault := explain(line)) is not None]
    assert not faults, f"{name}: {faults}"


def test_the_command_test_can_fail() -> None:
    assert explain("trustsem fitt trust_formation trust_patients") is not None
    assert explain("trustsem fit trust_formation trust_patients --colour red") is not None
    assert explain("trustsem models list --json") is None
    assert len(mentions(read("README.md"))) >= 5


def test_every_command_takes_json() -> None:
    """README says so."""
    known = commands()
    groups = {words for words in known for other in known if other != words and other[: len(words)] == words}
    assert [words for words, options in known.items() if words not in groups and "--json" not in options] == []


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", read("README.md"), re.MULTILINE))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE)


# --- pictures and tables ------------------------------------------------------------------------------------------


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_of_documents_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_that_of_the_fit() -> None:
    script = load_script(ROOT / "docs" / "images" / "draw_trust_formation.py")
    drawn = script.TARGET.read_text(encoding="utf-8")
    assert drawn == script.draw(), "run docs/images/draw_trust_formation.py"
    assert len(drawn.encode()) < PICTURE_LIMIT


def test_validation_names_every_golden_file_and_number() -> None:
    """The table of agreement lists each golden file with as many numbers as the file has to compare."""
    text = read("docs/validation.md").split("<!-- agreement -->")[1].split("<!-- /agreement -->")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \| (.+) \|$", text, re.MULTILINE)
    script = load_script(ROOT / "benchmarks" / "agreement.py")
    assert {case for case, _, _ in rows} == set(script.comparable()), "run benchmarks/agreement.py --write"
    others = {path.stem for path in GOLDEN.glob("*.json")} - set(script.comparable())
    assert [name for name in others if f"`{name}.json`" not in read("docs/validation.md")] == []
    case = "hs-cfa-ml"
    golden = json.loads((GOLDEN / f"{case}.json").read_text(encoding="utf-8"))
    differences = script.compare_case(golden, script.fit_case(golden))
    assert int(next(count for name, count, _ in rows if name == case)) == len(differences)
    assert max(item.size for item in differences) < 1e-4
    for _, _, cells in rows:
        sizes = np.array([float(cell) for cell in re.split(r" *\| *", cells) if cell])
        assert sizes.max() <= 1e-3  # the tolerance of the oracle tests


def test_validation_lists_what_is_waiting() -> None:
    waiting = load_script(ROOT / "tests" / "oracle" / "test_lavaan_ml.py").WAITING
    text = read("docs/validation.md")
    assert [field for field in waiting if f"`{field}`" not in text] == []


def test_conventions_cover_every_fit_measure() -> None:
    """Every measure is named in the conventions, itself or by its family."""
    text = read("docs/numerical-conventions.md")
    golden = json.loads((GOLDEN / "hs-cfa-stdlv-means.json").read_text(encoding="utf-8"))["fit_measures"]
    plain = {"chisq", "df", "pvalue", "npar", "ntotal", "logl", "unrestricted_logl", "fmin"}
    families = ("baseline_", "rmsea_", "gfi_ci_")
    names = {name.replace(".", "_").removesuffix("_nomean") for name in golden} - plain
    missing = [name for name in names if f"`{name}`" not in text and not name.startswith(families)]
    assert not missing


def test_findings_named_in_the_conventions_exist() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "trustsem").rglob("*.py"))
    named = re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", read("docs/numerical-conventions.md"))
    assert named
    assert [name for name in named if f'"{name}"' not in code] == []


def test_layout_picture_names_every_package() -> None:
    picture = read("CONTRIBUTING.md")
    packages = {path.parent.name for path in (ROOT / "trustsem").glob("*/__init__.py")}
    assert [name for name in packages if not re.search(rf"\b{name}/", picture)] == []
