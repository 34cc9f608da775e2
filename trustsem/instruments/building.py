"""Turn the tables of a codebook file into a `Codebook`, collecting every fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from trustsem.instruments.codebook import (
    Accept,
    Category,
    Codebook,
    Covariate,
    CovariateKind,
    Item,
    MissingCode,
    OwnConstruct,
    Scale,
    canonical_cell,
)
from trustsem.instruments.entries import Entry
from trustsem.suggestions import count_of, shortened, suggest

_UNKNOWN_SCALE = Scale("", ())
T = TypeVar("T")

Locate = Callable[[str, int], str]  # ("items", 3) -> "line 40, items 4"


def build_codebook(document: dict[str, Any], path: Path, locate: Locate, faults: list[str]) -> Codebook:
    """Return the codebook that the tables describe; with faults noted, it must not be used.

    Args:
        document: The file as TOML gave it.
        path: The file.
        locate: Says where the n-th table of a list stands.
        faults: List that faults are added to.
    """
    top = Entry(document, "the file", faults)
    scales = {
        name: _build_scale(name, Entry(table, f"scale '{name}'", faults))
        for name, table in top.mapping("scales").items()
    }
    constructs = tuple(
        _build_construct(name, Entry(table, f"construct '{name}'", faults))
        for name, table in top.mapping("constructs").items()
    )
    missing = _build_all(top, "missing", locate, faults, _build_missing)
    items = _build_all(top, "items", locate, faults, lambda entry: _build_item(entry, scales))
    covariates = _build_all(top, "covariates", locate, faults, lambda entry: _build_covariate(entry, scales))
    head = Entry(top.get("codebook", required=True) or {}, "[codebook]", faults)
    top.finish()
    book = Codebook(
        id=head.text("id", required=True),
        title=head.local("title", required=True),
        version=head.text("version", required=True),
        source=head.text("source", required=True),
        licence=head.text("licence", required=True),
        respondent_role=head.text("respondent_role", required=True),
        description=head.local("description"),
        notes=head.local("notes"),
        missing=missing,
        scales=tuple(scales.values()),
        items=items,
        covariates=covariates,
        constructs=constructs,
        path=path,
    )
    head.finish()
    return book


def _build_all(top: Entry, key: str, locate: Locate, faults: list[str], build: Callable[[Entry], T]) -> tuple[T, ...]:
    return tuple(
        build(Entry(table, _where(key, i, table, locate), faults)) for i, table in enumerate(top.children(key))
    )


def _where(key: str, index: int, table: Any, locate: Locate) -> str:
    named = next((table[k] for k in ("name", "code", "pattern") if isinstance(table, dict) and k in table), None)
    return locate(key, index) + ("" if named is None else f" {named!r}")


def _build_scale(name: str, entry: Entry) -> Scale:
    points = entry.numbers("points")
    labels = entry.local_lists("labels")
    accept = entry.choice("accept", Accept, Accept.BOTH) or Accept.BOTH
    entry.finish()
    if points and len(points) < 2:
        entry.fault("needs two points at least.")
    if len(set(points)) != len(points):
        entry.fault("a point is listed twice.")
    for language, texts in labels.items():
        if texts and len(texts) != len(points):
            entry.fault(f"{count_of(len(points), 'point')}, but {len(texts)} labels.{language}.")
        if len({canonical_cell(text) for text in texts}) != len(texts):
            entry.fault(f"labels.{language} repeats a label.")
    if accept is Accept.LABELS and not labels:
        entry.fault("accept = 'labels' needs labels.")
    return Scale(name, points, labels.get("en", ()), labels.get("zh", ()), accept)


def _build_construct(name: str, entry: Entry) -> OwnConstruct:
    own = OwnConstruct(name, entry.local("name", required=True), entry.local("definition", required=True))
    entry.finish()
    return own


def _build_missing(entry: Entry) -> MissingCode:
    code = entry.get("code")
    pattern = entry.text("pattern") or None
    if (code is None) == (pattern is None):
        entry.fault("give either 'code' or 'pattern'.")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int | float | str)):
        entry.fault("'code' must be a number or text.")
    only = entry.texts("only")
    missing = MissingCode(
        code=None if code is None else canonical_cell(code),
        pattern=pattern,
        reason=entry.text("reason", required=True),
        label=entry.local("label", required=True),
        only=only,
    )
    entry.finish()
    if missing.reason and not missing.reason.isidentifier():
        entry.fault("'reason' must be an identifier such as dont_know.")
    return missing


def _build_item(entry: Entry, scales: dict[str, Scale]) -> Item:
    name = entry.text("name", required=True)
    item = Item(
        name=name,
        construct=entry.text("construct", required=True),
        scale=_find_scale(entry, scales, required=True) or _UNKNOWN_SCALE,
        reverse=entry.flag("reverse"),
        wording=entry.local("wording", required=True),
        column=entry.text("column") or name,
        facet=entry.text("facet") or None,
        source=entry.text("source") or None,
        basis=entry.text("basis") or None,
    )
    entry.finish()
    return item


def _build_covariate(entry: Entry, scales: dict[str, Scale]) -> Covariate:
    name = entry.text("name", required=True)
    kind = entry.choice("kind", CovariateKind, None)
    covariate = Covariate(
        name=name,
        kind=kind or CovariateKind.NUMERIC,
        label=entry.local("label", required=True),
        column=entry.text("column") or name,
        scale=_find_scale(entry, scales, required=kind is CovariateKind.ORDINAL),
        categories=_build_categories(entry),
        minimum=entry.number("minimum"),
        maximum=entry.number("maximum"),
        unit=entry.text("unit") or None,
        source=entry.text("source") or None,
        basis=entry.text("basis") or None,
    )
    entry.finish()
    if kind is not None:
        _check_covariate(covariate, entry)
    return covariate


def _build_categories(entry: Entry) -> tuple[Category, ...]:
    categories = []
    for table in entry.children("categories"):
        child = Entry(table, f"{entry.where}, a category", entry.faults)
        value = child.get("value", required=True)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | str)):
            child.fault("'value' must be text or a number.")
        text = value.strip() if isinstance(value, str) else canonical_cell(value)
        categories.append(Category(text, child.local("label")))
        child.finish()
    if len({canonical_cell(category.value) for category in categories}) != len(categories):
        entry.fault("a category is listed twice.")
    return tuple(categories)


def _check_covariate(covariate: Covariate, entry: Entry) -> None:
    kind = covariate.kind
    if covariate.scale and kind is not CovariateKind.ORDINAL:
        entry.fault(f"'scale' belongs to kind = 'ordinal', not to '{kind.value}'.")
    if covariate.categories and kind is not CovariateKind.NOMINAL:
        entry.fault(f"'categories' belongs to kind = 'nominal', not to '{kind.value}'.")
    low, high = covariate.minimum, covariate.maximum
    if (low is not None or high is not None) and kind not in (CovariateKind.NUMERIC, CovariateKind.WEIGHT):
        entry.fault(f"'minimum' and 'maximum' belong to numbers, not to kind = '{kind.value}'.")
    if low is not None and high is not None and low > high:
        entry.fault("'minimum' is above 'maximum'.")


def _find_scale(entry: Entry, scales: dict[str, Scale], *, required: bool) -> Scale | None:
    name = entry.text("scale", required=required)
    if not name or name in scales:
        return scales.get(name)
    entry.fault(f"scale '{name}' is not defined.{suggest(name, scales)} Scales: {shortened(scales) or 'none'}.")
    return None
