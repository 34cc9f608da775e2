"""Find and read codebook files."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from trustsem.errors import CodebookError
from trustsem.instruments.building import Locate, build_codebook
from trustsem.instruments.checks import cross_check
from trustsem.instruments.codebook import Codebook
from trustsem.places import Places, syntax_place
from trustsem.resources import package_data
from trustsem.suggestions import count_of, shortened, suggest


def list_codebooks() -> tuple[str, ...]:
    """Return the names of the bundled codebooks, sorted."""
    return tuple(sorted(path.stem for path in package_data("instruments", "codebooks").glob("*.toml")))


def load_codebook(name_or_path: str | Path) -> Codebook:
    """Return a bundled codebook by name, or one of your own by path.

    Args:
        name_or_path: A name from `list_codebooks()` or the path of a `.toml` file.

    Raises:
        CodebookError: There is no such codebook or its file has faults; all faults are listed.

    Example:
        >>> load_codebook("hints7").construct_names[0]
        'communication'
    """
    path = _find(name_or_path)
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _load(path: Path, _modified: int) -> Codebook:
    # The time of change is part of the key so that an edited file is read again.
    text = _read_text(path)
    document = _parse(text, path)
    faults: list[str] = []
    codebook = build_codebook(document, path, _locator(text), faults)
    faults.extend(cross_check(codebook, _theory_constructs(codebook)))
    if faults:
        raise CodebookError(
            f"The codebook {path} has {count_of(len(faults), 'fault')}.",
            remedy="Correct the file; docs/codebooks.md describes the format.",
            code="codebook-faults",
            faults=faults,
        )
    return codebook


def _find(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and name_or_path in list_codebooks():
        return package_data("instruments", "codebooks", f"{name_or_path}.toml")
    path = Path(name_or_path)
    if path.is_dir():
        raise CodebookError(f"{path} is a folder, not a codebook file.", code="codebook-not-found")
    if path.is_file() and path.suffix.lower() != ".toml":
        raise CodebookError(
            f"{path} is not a codebook: codebooks are .toml files.",
            remedy="A data file is given as the data; the codebook says what its columns mean. "
            f"Bundled codebooks: {shortened(list_codebooks())}.",
            code="codebook-suffix",
        )
    if path.is_file():
        return path
    neighbours = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
    hint = suggest(path.name, neighbours) or suggest(str(name_or_path), list_codebooks())
    raise CodebookError(
        f"There is no codebook '{name_or_path}'.{hint}",
        remedy=f"Bundled codebooks: {shortened(list_codebooks())}. Your own: give the path of a .toml file.",
        code="codebook-not-found",
    )


def _read_text(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CodebookError(
            f"The codebook {path} is not UTF-8 (line {line}).",
            remedy="Save it as UTF-8 in your editor.",
            code="codebook-encoding",
        ) from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = syntax_place(error)
        shown = "" if place.line is None else text.splitlines()[place.line - 1].strip()
        raise CodebookError(
            f"The codebook {path} {place.where()} is not valid TOML: {place.what}." + (f"\n  {shown}" if shown else ""),
            remedy="Text stands in quotes, a table of a list under [[items]]; docs/codebooks.md has an example.",
            code="codebook-syntax",
        ) from None


def _locator(text: str) -> Locate:
    """Return what says on which line the n-th `[[key]]` of a file stands."""
    places = Places(text)

    def locate(key: str, index: int) -> str:
        line = places.line((key, index))
        return f"[[{key}]] number {index + 1}" if line is None else f"line {line}, [[{key}]]"

    return locate


def _theory_constructs(codebook: Codebook) -> frozenset[str]:
    # Imported here: `list_codebooks` does not need the theory.
    from trustsem.theory import load_theory

    theory = load_theory()
    core = frozenset(construct.id for construct in theory.constructs())
    own = {construct.id for construct in codebook.constructs}
    if core.union(own).issuperset(codebook.construct_names):
        return core
    # Outcomes, stations of the cycle and further concepts are read only for a codebook that measures them.
    return frozenset(construct.id for construct in theory.constructs(with_concepts=True))
