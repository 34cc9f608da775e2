"""The model library: shipped models by name, models of one's own by path, each with what is known about it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trustsem.errors import ModelError
from trustsem.instruments import LocalText
from trustsem.resources import models_dir
from trustsem.spec.trust_model import TrustModel
from trustsem.suggestions import count_of, suggest
from trustsem.theory import Basis

_TEXT_KEYS = ("title", "question")
_WORD_KEYS = ("instrument", "sample", "estimator", "parameterization", "group")
_GROUP_LISTS = ("group_label", "group_equal", "group_partial")
_LIST_KEYS = ("sources", "covariates", "notes", *_GROUP_LISTS)
_KEYS = (*_TEXT_KEYS, *_WORD_KEYS, *_LIST_KEYS, "ordered", "expected_df", "paths", "variants", "trust_model")
_PATH_KEYS = ("from", "to", "op", "basis", "source", "hypotheses")
_VARIANT_KEYS = ("name", "difference", "expected_df")
_BASES = {basis.value: basis for basis in Basis}


@dataclass(frozen=True, slots=True)
class PathBasis:
    """On what ground an arrow of a model stands; `op` is "~" for a path, "=~" for a loading of a higher factor."""

    predictor: str
    outcome: str
    basis: Basis
    source: str
    hypotheses: tuple[str, ...] = ()
    op: str = "~"


@dataclass(frozen=True, slots=True)
class Variant:
    """A neighbouring model to report beside this one: what differs and its degrees of freedom."""

    name: str
    difference: str
    expected_df: int | None = None


@dataclass(frozen=True, slots=True)
class LibraryModel:
    """A model text and what is known about it; what a model of one's own does not tell is None or empty.

    `expected_df` holds for complete data with lavaan's defaults: without a mean structure for one group, with one and
    over all groups where there is a `group`. `options` are the TrustModel options that render the same text, for the
    models that are built that way.

    A model with a `group` (a column of the data) is meant to be fitted to the groups `group_label`, in that order,
    with the sets of parameters in `group_equal` equal across them except those in `group_partial`; names and writing
    are those of `trustsem.fit`.
    """

    name: str
    path: Path
    syntax: str
    title: LocalText | None = None
    question: LocalText | None = None
    sources: tuple[str, ...] = ()
    path_basis: tuple[PathBasis, ...] = ()
    instrument: str | None = None
    sample: str | None = None
    estimator: str | None = None
    ordered: bool = False
    parameterization: str | None = None
    expected_df: int | None = None
    covariates: tuple[str, ...] = ()
    group: str | None = None
    group_label: tuple[str, ...] = ()
    group_equal: tuple[str, ...] = ()
    group_partial: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    options: tuple[tuple[str, Any], ...] | None = None

    def trust_model(self) -> TrustModel | None:
        """Return the TrustModel that renders this text; None for a text written by hand."""
        return None if self.options is None else TrustModel(**dict(self.options))


def model_names() -> tuple[str, ...]:
    """Return the names of the shipped models, sorted."""
    return tuple(sorted(path.stem for path in models_dir().glob("*.sem")))


def list_models() -> tuple[LibraryModel, ...]:
    """Return all shipped models, sorted by name."""
    return tuple(load_model(name) for name in model_names())


def load_model(name_or_path: str | Path) -> LibraryModel:
    """Return a shipped model by name, or a model of one's own by the path of its `.sem` file.

    A `.toml` file of the same name beside the text is read if there is one; all its keys are optional.

    Raises:
        ModelError: There is no such model, or one of its files cannot be used.

    >>> load_model("interpersonal_path").expected_df
    176
    """
    path = _find(name_or_path)
    syntax = _read(path)
    if not any(line.split("#")[0].split("!")[0].strip() for line in syntax.splitlines()):
        raise ModelError(
            f"The model file {path} is empty.",
            remedy="Write one formula at least, e.g. trust =~ item1 + item2 + item3.",
            code="model-empty",
        )
    facts_path = path.with_suffix(".toml")
    facts = _read_facts(facts_path) if path.suffix != ".toml" and facts_path.is_file() else {}
    return LibraryModel(name=path.stem, path=path, syntax=syntax, **facts)


def _find(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and name_or_path in model_names():
        return models_dir() / f"{name_or_path}.sem"
    path = Path(name_or_path)
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a model file.", code="model-not-found")
    if path.suffix == ".toml" and path.is_file():
        raise ModelError(
            f"{path} describes a model, the model's text is in the .sem file.",
            remedy=f"Give {path.with_suffix('.sem')} instead.",
            code="model-not-found",
        )
    if path.is_file():
        return path
    neighbours = sorted(p.name for p in path.parent.glob("*.sem")) if path.parent.is_dir() else []
    hint = suggest(path.name, neighbours) or suggest(str(name_or_path), model_names())
    raise ModelError(
        f"There is no model '{name_or_path}'.{hint}",
        remedy=f"Shipped models: {', '.join(model_names())}. Your own: give the path of a .sem file.",
        code="model-not-found",
    )


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", code="model-unreadable") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ModelError(
            f"{path} is not UTF-8 (line {line}).", remedy="Save it as UTF-8 in your editor.", code="model-encoding"
        ) from None


def _read_facts(path: Path) -> dict[str, Any]:
    """Return the fields of LibraryModel that a description file gives; all its faults are raised at once."""
    try:
        table = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path} is not valid TOML: {error}.", code="model-description") from None
    faults: list[str] = []
    _check_keys("the file", table, _KEYS, faults)
    facts: dict[str, Any] = {key: _local(key, table[key], faults) for key in _TEXT_KEYS if key in table}
    facts |= {key: _typed(key, table[key], str, "text", faults) for key in _WORD_KEYS if key in table}
    facts |= {key: _texts(key, table[key], faults) for key in _LIST_KEYS if key in table}
    _check_group(facts, faults)
    if "ordered" in table:
        facts["ordered"] = bool(_typed("ordered", table["ordered"], bool, "true or false", faults))
    if "expected_df" in table:
        facts["expected_df"] = _count("expected_df", table["expected_df"], faults)
    facts["path_basis"] = tuple(_path_basis(entry, faults) for entry in _tables("paths", table, faults))
    facts["variants"] = tuple(_variant(entry, faults) for entry in _tables("variants", table, faults))
    if "trust_model" in table:
        options = _typed("trust_model", table["trust_model"], dict, "a table of TrustModel options", faults) or {}
        _check_keys("[trust_model]", options, TrustModel.__slots__, faults)
        facts["options"] = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in options.items())
    if faults:
        raise ModelError(
            f"{path} has {count_of(len(faults), 'fault')}.",
            remedy="Correct the entries named above.",
            code="model-description",
            faults=faults,
        )
    return facts


def _check_group(facts: Mapping[str, Any], faults: list[str]) -> None:
    """Note choices on groups that lead nowhere."""
    given = [key for key in _GROUP_LISTS if facts.get(key)]
    if given and not facts.get("group"):
        faults.append(f"{', '.join(repr(key) for key in given)} without 'group', the column that tells the groups.")
    if facts.get("group_partial") and not facts.get("group_equal"):
        faults.append("'group_partial' exempts from 'group_equal', which is missing.")
    labels = facts.get("group_label", ())
    if labels and (len(labels) < 2 or len(set(labels)) < len(labels)):
        faults.append("'group_label' must name two groups at least, each once.")


def _path_basis(entry: Mapping[str, Any], faults: list[str]) -> PathBasis:
    where = f"[[paths]] {entry.get('from', '?')} -> {entry.get('to', '?')}"
    _check_keys(where, entry, _PATH_KEYS, faults, required=("from", "to", "basis", "source"))
    basis = _BASES.get(str(entry.get("basis", "ours")))
    if basis is None:
        faults.append(f"{where}: unknown basis '{entry['basis']}'. Allowed: {', '.join(_BASES)}.")
    op = entry.get("op", "~")
    if op not in ("~", "=~"):
        faults.append(f"{where}: op must be '~' or '=~'.")
    return PathBasis(
        predictor=str(entry.get("from", "")),
        outcome=str(entry.get("to", "")),
        basis=basis or Basis.OURS,
        source=str(entry.get("source", "")),
        hypotheses=_texts("hypotheses", entry.get("hypotheses", []), faults),
        op=str(op),
    )


def _variant(entry: Mapping[str, Any], faults: list[str]) -> Variant:
    where = f"[[variants]] {entry.get('name', '?')}"
    _check_keys(where, entry, _VARIANT_KEYS, faults, required=("name", "difference"))
    df = _count(f"{where}: expected_df", entry["expected_df"], faults) if "expected_df" in entry else None
    return Variant(str(entry.get("name", "")), str(entry.get("difference", "")), df)


def _check_keys(
    where: str, table: Mapping[str, Any], allowed: Iterable[str], faults: list[str], required: Iterable[str] = ()
) -> None:
    allowed = tuple(allowed)
    for key in table:
        if key not in allowed:
            faults.append(f"{where}: unknown key '{key}'.{suggest(key, allowed)} Allowed: {', '.join(allowed)}.")
    faults += [f"{where}: '{key}' is missing." for key in required if key not in table]


def _tables(key: str, table: Mapping[str, Any], faults: list[str]) -> list[Mapping[str, Any]]:
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return value
    faults.append(f"'{key}' must be a list of tables, written [[{key}]].")
    return []


def _local(key: str, value: Any, faults: list[str]) -> LocalText | None:
    if isinstance(value, str) and value.strip():
        return LocalText(en=value.strip())
    if isinstance(value, dict) and value and set(value) <= {"en", "zh"}:
        return LocalText(**{language: str(text) for language, text in value.items()})
    faults.append(f"'{key}' must be text, or {key}.en = ... and {key}.zh = ...")
    return None


def _typed(key: str, value: Any, kind: type, wanted: str, faults: list[str]) -> Any:
    if isinstance(value, kind):
        return value
    faults.append(f"'{key}' must be {wanted}.")
    return None


def _texts(key: str, value: Any, faults: list[str]) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return tuple(value)
    faults.append(f"'{key}' must be a list of texts.")
    return ()


def _count(key: str, value: Any, faults: list[str]) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    faults.append(f"'{key}' must be a whole number of at least 0.")
    return None
