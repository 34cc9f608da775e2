"""Read study.toml: every fault with its place, all of them at once."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from trustsem.errors import StudyError, UsageError
from trustsem.fitting import fit
from trustsem.fitting.options import read_options, with_lists
from trustsem.resources import samples_dir
from trustsem.spec import model_names
from trustsem.study.places import line_of
from trustsem.study.spec import Design, EffectQuestion, InvarianceQuestion, ModelEntry, ScenarioQuestion, StudySpec
from trustsem.suggestions import suggest

LANGUAGES = ("en", "zh")
INTERVALS = ("percentile", "basic", "normal", "bias_corrected", "bca")
FORMATS = ("html", "docx", "latex", "markdown", "json")
_TABLES: Mapping[str, tuple[str, ...]] = {
    "study": ("title", "data", "codebook", "language", "design", "seed", "smallest_group"),
    "effects": ("x", "y", "through", "draws", "interval", "pairs"),
    "invariance": ("group", "levels", "model"),
    "levers": ("outcome",),
    "report": ("formats", "output"),
}
_LISTS: Mapping[str, tuple[str, ...]] = {
    "models": ("name", "model", "options"),
    "scenarios": ("name", "levers"),
}
_PAIR = ("x", "y", "through")

Place = tuple[str | int, ...]


def read_study(path: str | PathLike[str]) -> StudySpec:
    """Read and check a study file; paths in it are relative to it.

    Raises:
        StudyError: no such file, no TOML, or faults, each with its line.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(
            f"There is no study file {file}.", remedy="`trustsem init DATA` writes one.", code="study-not-found"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{file} cannot be read as UTF-8 text: {type(error).__name__}.", code="study-unreadable"
        ) from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(
            f"{file} is no TOML: {error}.", remedy="See https://toml.io for the notation.", code="study-toml"
        ) from None
    reader = _Reader(file, text, content)
    spec = reader.spec()
    if reader.faults:
        raise StudyError(
            f"The study file {file} has {len(reader.faults)} fault{'s' if len(reader.faults) > 1 else ''}.",
            faults=reader.faults,
            remedy="docs/reports.md lists every key.",
            code="study-faults",
        )
    assert spec is not None
    return spec


class _Reader:
    """One pass over a study file that collects faults."""

    def __init__(self, file: Path, text: str, content: Mapping[str, Any]) -> None:
        self.file, self.text, self.content = file, text, content
        self.faults: list[str] = []

    def spec(self) -> StudySpec | None:
        """Return the study; None where faults leave none."""
        self._known_keys()
        study = self._table("study")
        models = self._models()
        data = self._data(study)
        title = self._value(study, ("study", "title"), str, required=True)
        defaults = StudySpec(title or "", data or Path(), models)
        effects = self._table("effects")
        spec = replace(
            defaults,
            codebook=self._codebook(study),
            language=self._choice(study, ("study", "language"), LANGUAGES) or defaults.language,
            design=Design(self._choice(study, ("study", "design"), [d.value for d in Design]) or defaults.design.value),
            seed=self._whole(study, ("study", "seed"), 0, defaults.seed),
            smallest_group=self._whole(study, ("study", "smallest_group"), 1, defaults.smallest_group),
            draws=self._draws(effects, defaults.draws),
            interval=self._choice(effects, ("effects", "interval"), INTERVALS) or defaults.interval,
            effects=self._effects(effects),
            invariance=self._invariance(models),
            scenarios=self._scenarios(),
            outcome=self._value(self._table("levers"), ("levers", "outcome"), str),
            path=self.file.resolve(),
            text=self.text,
            **self._report(defaults),
        )
        return None if self.faults else spec

    # --- tables ---

    def _known_keys(self) -> None:
        for name, value in self.content.items():
            allowed = _TABLES.get(name) or _LISTS.get(name)
            if allowed is None:
                self._fault(
                    (name,),
                    f"unknown table.{suggest(name, (*_TABLES, *_LISTS))} Allowed: {', '.join((*_TABLES, *_LISTS))}",
                )
            elif name in _TABLES:
                if not isinstance(value, dict):
                    self._fault((name,), f"write it as a table: [{name}]")
                else:
                    self._only(value, (name,), allowed)
            elif not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
                self._fault((name,), f"write each entry as a table of its own: [[{name}]]")
            else:
                for number, entry in enumerate(value):
                    self._only(entry, (name, number), allowed)

    def _only(self, table: Mapping[str, Any], place: Place, allowed: Sequence[str]) -> None:
        for key in table:
            if key not in allowed:
                self._fault((*place, key), f"unknown key.{suggest(key, allowed)} Allowed: {', '.join(allowed)}")

    def _table(self, name: str) -> Mapping[str, Any]:
        value = self.content.get(name, {})
        return value if isinstance(value, dict) else {}

    def _entries(self, name: str) -> list[Mapping[str, Any]]:
        value = self.content.get(name, [])
        return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []

    # --- values ---

    def _value(self, table: Mapping[str, Any], place: Place, kind: type, *, required: bool = False) -> Any:
        key = place[-1]
        if key not in table:
            if required:
                self._fault(place[:-1], f"{key} is missing: {_HINTS.get(str(key), 'it is needed')}")
            return None
        value = table[str(key)]
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool) or value == "":
            self._fault(place, f"takes {_KINDS[kind]}, not {value!r}")
            return None
        return value

    def _choice(self, table: Mapping[str, Any], place: Place, allowed: Sequence[str]) -> str | None:
        value = self._value(table, place, str)
        if value is not None and value not in allowed:
            self._fault(place, f"{value!r} is unknown.{suggest(value, allowed)} Allowed: {', '.join(allowed)}")
            return None
        return value

    def _whole(self, table: Mapping[str, Any], place: Place, least: int, default: int) -> int:
        value = self._value(table, place, int)
        if value is not None and value < least:
            self._fault(place, f"takes a whole number of at least {least}, not {value}")
            return default
        return default if value is None else value

    def _names(self, table: Mapping[str, Any], place: Place) -> tuple[str, ...]:
        value = table.get(str(place[-1]), [])
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            self._fault(place, f"takes a name or a list of names, not {value!r}")
            return ()
        return tuple(names)

    # --- parts ---

    def _data(self, study: Mapping[str, Any]) -> Path | None:
        given = self._value(study, ("study", "data"), str, required=True)
        if given is None:
            return None
        candidates = [self.file.parent / given, samples_dir() / given, samples_dir() / f"{given}.csv"]
        found = next((path.resolve() for path in candidates if path.is_file()), None)
        if found is None:
            self._fault(
                ("study", "data"), f"there is no file {given!r} beside the study file, and no sample of that name"
            )
        return found

    def _codebook(self, study: Mapping[str, Any]) -> str | None:
        given = self._value(study, ("study", "codebook"), str)
        if given is None or not given.endswith(".toml"):
            return given
        path = self.file.parent / given
        if not path.is_file():
            self._fault(("study", "codebook"), f"there is no file {given!r} beside the study file")
        return str(path.resolve())

    def _models(self) -> tuple[ModelEntry, ...]:
        entries = self._entries("models")
        if not entries and isinstance(self.content.get("models", []), list):
            self._fault(
                ("models",), 'no model: write [[models]] and model = "trust_formation", or the path of a .sem file'
            )
        models = []
        for number, entry in enumerate(entries):
            place = ("models", number)
            model = self._model(entry, place)
            name = self._value(entry, (*place, "name"), str) or (Path(model).stem if model else "")
            options = self._options(entry, place)
            if name and name in [other.name for other in models]:
                self._fault((*place, "name"), f"a second model named {name!r}: names tell models apart")
            models.append(ModelEntry(name, model or "", options))
        return tuple(models)

    def _model(self, entry: Mapping[str, Any], place: Place) -> str | None:
        given = self._value(entry, (*place, "model"), str, required=True)
        if given is None:
            return None
        if not given.endswith(".sem"):
            if given not in model_names():
                self._fault((*place, "model"), f"there is no shipped model {given!r}.{suggest(given, model_names())}")
            return given
        path = self.file.parent / given
        if not path.is_file():
            self._fault((*place, "model"), f"there is no file {given!r} beside the study file")
        return str(path.resolve())

    def _options(self, entry: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
        value = entry.get("options", {})
        if not isinstance(value, dict):
            self._fault((*place, "options"), f"takes a table of options of a fit, not {value!r}")
            return {}
        allowed = fit_option_defaults()
        self._only(value, (*place, "options"), tuple(allowed))
        known = {name: option for name, option in value.items() if name in allowed}
        try:
            if known.get("estimator") != "auto":
                read_options(with_lists({**allowed, **known}))
        except UsageError as error:
            for fault in error.faults or (error.message,):
                self._fault((*place, "options"), fault.rstrip("."))
        return known

    def _draws(self, effects: Mapping[str, Any], default: int) -> int:
        draws = self._whole(effects, ("effects", "draws"), 0, default)
        if draws == 1:
            self._fault(("effects", "draws"), "takes 0 (delta method) or at least 2 draws, not 1")
        return draws

    def _effects(self, effects: Mapping[str, Any]) -> tuple[EffectQuestion, ...]:
        pairs = effects.get("pairs")
        if pairs is None:
            return (EffectQuestion(*(self._names(effects, ("effects", key)) for key in _PAIR)),)
        place: Place = ("effects", "pairs")
        if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
            self._fault(place, 'takes a list of tables, e.g. [{x = "humanistic_quality", y = "interpersonal_trust"}]')
            return ()
        if any(key in effects for key in _PAIR):
            self._fault(place, "pairs and x, y, through were both given: one of them")
        for number, pair in enumerate(pairs):
            self._only(pair, (*place, number), _PAIR)
        return tuple(EffectQuestion(*(self._names(pair, (*place, key)) for key in _PAIR)) for pair in pairs)

    def _invariance(self, models: Sequence[ModelEntry]) -> InvarianceQuestion | None:
        if "invariance" not in self.content:
            return None
        table = self._table("invariance")
        group = self._value(table, ("invariance", "group"), str, required=True)
        model = self._value(table, ("invariance", "model"), str)
        names = [entry.name for entry in models]
        if model is not None and model not in names:
            self._fault(("invariance", "model"), f"no [[models]] is named {model!r}. There are: {', '.join(names)}")
        return InvarianceQuestion(group or "", self._names(table, ("invariance", "levels")), model)

    def _scenarios(self) -> tuple[ScenarioQuestion, ...]:
        scenarios = []
        for number, entry in enumerate(self._entries("scenarios")):
            place: Place = ("scenarios", number)
            name = self._value(entry, (*place, "name"), str) or f"{number + 1}"
            levers = entry.get("levers")
            if not isinstance(levers, dict) or not levers or not all(isinstance(step, str) for step in levers.values()):
                self._fault((*place, "levers"), 'takes a table of steps, e.g. {rights_protection = "+0.5sd"}')
                continue
            scenarios.append(ScenarioQuestion(name, levers))
        return tuple(scenarios)

    def _report(self, defaults: StudySpec) -> dict[str, Any]:
        table = self._table("report")
        formats = self._names(table, ("report", "formats")) or defaults.formats
        for name in formats:
            if name not in FORMATS:
                self._fault(
                    ("report", "formats"), f"{name!r} is unknown.{suggest(name, FORMATS)} Allowed: {', '.join(FORMATS)}"
                )
        output = self._value(table, ("report", "output"), str) or str(defaults.output)
        return {"formats": tuple(dict.fromkeys(formats)), "output": (self.file.parent / output).resolve()}

    def _fault(self, place: Place, message: str) -> None:
        line = line_of(self.text, place)
        where = f"line {line}, " if line is not None else ""
        self.faults.append(f"{where}{_dotted(place)}: {message}.")


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


_KINDS: Mapping[type, str] = {str: "text", int: "a whole number", bool: "true or false"}
_HINTS: Mapping[str, str] = {
    "title": 'title = "Trust in our hospital"',
    "data": 'data = "answers.csv", the file with the answers',
    "model": 'model = "trust_formation", or the path of a .sem file',
    "group": "the column that splits the sample",
}


def fit_option_defaults() -> dict[str, Any]:
    """Return every option of a fit of rows with its default."""
    parameters = inspect.signature(fit).parameters
    without = ("model", "data", "sample_cov", "sample_mean", "n_obs")
    return {name: parameter.default for name, parameter in parameters.items() if name not in without}
