"""Readers of the theory's data files; each file is read once per folder, when it is first needed.

A file costs a few milliseconds, so `trustsem constructs` does not pay for the hypotheses.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trustsem.theory.checks import FileCheck
from trustsem.theory.types import Construct, Lever, LeverEffect, Source, Text
from trustsem.theory.types import Path as TheoryPath

CONSTRUCT_KINDS = (
    "factor",
    "process",
    "trust",
    "relationship",
    "facet",
    "context",
    "outcome",
    "condition",
    "practice",
    "barrier",
    "covariate",
    "group",
    "quantity",
)
LEVELS = ("interpersonal", "intergroup", "overarching")
PATH_GROUPS = (
    "interpersonal",
    "intergroup",
    "feedback",
    "relationship",
    "first_trust",
    "crossed",
    "individual_differences",
)
_CONCEPT_COLUMNS = ("kind", "level", "source", "basis", "en", "zh")
_STATION_COLUMNS = (*_CONCEPT_COLUMNS, "positive_en", "positive_zh", "negative_en", "negative_zh")
_PATH_COLUMNS = ("group", "from", "to", "sign", "basis", "source", "section", "hypotheses")
_PATH_SIGNS = {"+": 1, "-": -1, "": None}


@cache
def read_sources(folder: Path) -> Mapping[str, Source]:
    """Read sources.toml."""
    check = FileCheck(folder / "sources.toml")
    sources: dict[str, Source] = {}
    for key, table in check.content.items():
        if check.keys(key, table, ("title", "kind"), ("authors", "year", "published", "doi", "note")):
            sources[key] = Source(key, **{name: table[name] for name in table if name in Source.__slots__})
    check.raise_faults()
    return MappingProxyType(sources)


@cache
def read_constructs(folder: Path) -> Mapping[str, Construct]:
    """Read the constructs proper: constructs.toml (Figure 1, facets, context)."""
    check = FileCheck(folder / "constructs.toml")
    required = ("kind", "level", "name", "positive", "negative", "definition", "source", "section", "basis", "short")
    constructs = {}
    for key, table in check.content.items():
        if check.keys(key, table, required, ()):
            poles = {name: check.text(key, name, table[name]) for name in ("name", "positive", "negative")}
            constructs[key] = _construct(
                check, folder, key, {**table, **poles}, short=table["short"], definition=table["definition"]
            )
    shorts = [construct.short for construct in constructs.values()]
    for key, construct in constructs.items():
        if shorts.count(construct.short) > 1:
            check.fault(key, f"short '{construct.short}' is used twice.")
    check.raise_faults()
    return MappingProxyType(constructs)


@cache
def read_covariates(folder: Path) -> Mapping[str, Construct]:
    """Read covariates.toml: observed variables that a model may use."""
    return MappingProxyType(_read_rows(folder, "covariates.toml", _CONCEPT_COLUMNS, read_constructs(folder)))


@cache
def read_concepts(folder: Path) -> Mapping[str, Construct]:
    """Read stations.toml (outcomes, stations, modules) and concepts.toml (what else a hypothesis names)."""
    known = {**read_constructs(folder), **read_covariates(folder)}
    stations = _read_rows(folder, "stations.toml", _STATION_COLUMNS, known)
    concepts = _read_rows(folder, "concepts.toml", _CONCEPT_COLUMNS, {**known, **stations})
    return MappingProxyType({**stations, **concepts})


def read_all_constructs(folder: Path) -> Mapping[str, Construct]:
    """Return constructs proper, covariates and concepts together."""
    return MappingProxyType({**read_constructs(folder), **read_covariates(folder), **read_concepts(folder)})


@cache
def read_paths(folder: Path) -> Mapping[tuple[str, str], TheoryPath]:
    """Read paths.toml; keys are (predictor, outcome)."""
    check = FileCheck(folder / "paths.toml")
    check.keys("(file)", check.content, ("columns", "rows"), ())
    rows = [(f"row {i}", row) for i, row in enumerate(check.content.get("rows", ()), 1)]
    paths: dict[tuple[str, str], TheoryPath] = {}
    for entry, cells in check.rows(_PATH_COLUMNS, rows):
        key = (cells["from"], cells["to"])
        where = f"{entry}: {key[0]} -> {key[1]}"
        if key in paths:
            check.fault(where, "is defined twice.")
        paths[key] = _path(check, folder, where, cells)
    check.raise_faults()
    return MappingProxyType(paths)


@cache
def read_levers(folder: Path) -> tuple[Lever, ...]:
    """Read levers.toml."""
    check = FileCheck(folder / "levers.toml")
    check.keys("(file)", check.content, ("levers",), ())
    levers = []
    for number, table in enumerate(check.content.get("levers", ()), 1):
        entry = str(table.get("id", f"lever {number}"))
        if not check.keys(entry, table, ("id", "actor", "lever", "acts_on", "sources"), ()):
            continue
        for source in table["sources"]:
            check.known(entry, "source", source, read_sources(folder))
        effects = [LeverEffect(*parts) for text in table["acts_on"] if (parts := check.effect(entry, text))]
        for effect in effects:
            check.known(entry, "construct", effect.construct, read_all_constructs(folder))
        actor = check.text(entry, "actor", table["actor"])
        levers.append(Lever(entry, actor, table["lever"], tuple(effects), tuple(table["sources"])))
    check.raise_faults()
    return tuple(levers)


def _read_rows(
    folder: Path, name: str, columns: tuple[str, ...], known: Mapping[str, Construct]
) -> dict[str, Construct]:
    check = FileCheck(folder / name)
    check.keys("(file)", check.content, ("columns", "rows"), ())
    constructs = {}
    for key, cells in check.rows(columns, check.content.get("rows", {}).items()):
        if key in known:
            check.fault(key, "is defined twice.")
        constructs[key] = _construct(check, folder, key, _texts_of_row(check, key, cells))
    check.raise_faults()
    return constructs


def _construct(
    check: FileCheck,
    folder: Path,
    key: str,
    cells: Mapping[str, Any],
    *,
    short: str | None = None,
    definition: str | None = None,
) -> Construct:
    check.known(key, "kind", cells["kind"], CONSTRUCT_KINDS)
    check.known(key, "level", cells["level"], LEVELS)
    check.known(key, "source", cells["source"], read_sources(folder))
    return Construct(
        id=key,
        kind=cells["kind"],
        level=cells["level"],
        name=cells["name"],
        source=cells["source"],
        basis=check.basis(key, cells["basis"]),
        short=short,
        positive=cells.get("positive"),
        negative=cells.get("negative"),
        definition=definition,
        section=cells.get("section"),
    )


def _texts_of_row(check: FileCheck, key: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    texts: dict[str, Text] = {"name": check.text(key, "name", {"en": cells["en"], "zh": cells["zh"]})}
    for pole in ("positive", "negative"):
        if f"{pole}_en" in cells:
            texts[pole] = check.text(key, pole, {"en": cells[f"{pole}_en"], "zh": cells[f"{pole}_zh"]})
    return {**cells, **texts}


def _path(check: FileCheck, folder: Path, where: str, cells: Mapping[str, Any]) -> TheoryPath:
    check.known(where, "path group", cells["group"], PATH_GROUPS)
    check.known(where, "source", cells["source"], read_sources(folder))
    check.known(where, "sign", cells["sign"], _PATH_SIGNS)
    for end in (cells["from"], cells["to"]):
        if end not in read_constructs(folder) and end not in read_covariates(folder):  # spare reading the concepts
            check.known(where, "construct", end, read_all_constructs(folder))
    return TheoryPath(
        predictor=cells["from"],
        outcome=cells["to"],
        group=cells["group"],
        sign=_PATH_SIGNS.get(cells["sign"]),
        basis=check.basis(where, cells["basis"]),
        source=cells["source"],
        section=cells["section"] or None,
        hypotheses=tuple(cells["hypotheses"].split()),
    )
