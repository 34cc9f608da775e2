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
from trustsem.fitting.scenario_levers import read_amounts
from trustsem.instruments import list_codebooks
from trustsem.measurement.levels import read_levels
from trustsem.places import Place, syntax_place
from trustsem.resample.intervals import IntervalKind
from trustsem.resources import samples_dir
from trustsem.spec import model_names
from trustsem.study.entries import Entries, fault_lines
from trustsem.study.spec import Design, EffectQuestion, InvarianceQuestion, ModelEntry, ScenarioQuestion, StudySpec
from trustsem.suggestions import count_of, suggest

LANGUAGES = ("en", "zh")
INTERVALS = tuple(kind.value for kind in IntervalKind)
FORMATS = ("html", "docx", "latex", "markdown", "json")
TABLES: Mapping[str, tuple[str, ...]] = {
    "study": ("title", "data", "codebook", "language", "design", "seed", "smallest_group"),
    "effects": ("x", "y", "through", "draws", "interval", "pairs"),
    "invariance": ("group", "levels", "model"),
    "levers": ("outcome",),
    "report": ("formats", "output"),
}
LISTS: Mapping[str, tuple[str, ...]] = {
    "models": ("name", "model", "options"),
    "scenarios": ("name", "levers"),
}
_PAIR = ("x", "y", "through")
_LIST_OF_PAIRS = 'takes a list of tables, e.g. [{x = "humanistic_quality", y = "interpersonal_trust"}]'
_STEPS = 'takes a table of steps, e.g. {rights_protection = "+0.5sd"}'


def read_study(path: str | PathLike[str]) -> StudySpec:
    """Read and check a study file; paths in it are relative to it.

    Raises:
        StudyError: no such file, no TOML, or faults, each with its line.
    """
    file = Path(path)
    return parse_study(_read_text(file), file)


def parse_study(text: str, file: Path, located: Mapping[str, Path] | None = None) -> StudySpec:
    """Check the text of a study file.

    Args:
        text: Its content.
        file: Where it stands; paths in it are relative to its folder.
        located: Files that are elsewhere, by their path as the study writes it.

    Raises:
        StudyError: no TOML, or faults, each with its line.
    """
    if not text.strip():
        raise StudyError(
            f"The study file {file} is empty.", remedy="`trustsem init DATA` writes one.", code="study-empty"
        )
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = syntax_place(error)
        raise StudyError(
            f"The study file {file} {place.where()} is not valid TOML: {place.what}.",
            remedy="Text stands in quotes, tables under [name] or [[name]]; docs/reports.md has an example.",
            code="study-syntax",
        ) from None
    reader = _Reader(file, text, content, located or {})
    spec = reader.spec()
    if reader.entries.faults:
        raise study_faults(file, text, reader.entries.faults)
    return spec


def study_faults(file: Path | None, text: str, faults: Sequence[tuple[Place, str]]) -> StudyError:
    """Return the error that names all faults of a study file, each a place and a message without full stop."""
    what = "The study" if file is None else f"The study file {file}"
    return StudyError(
        f"{what} has {count_of(len(faults), 'fault')}.",
        faults=fault_lines(text, faults),
        remedy="docs/reports.md lists every key.",
        code="study-faults",
    )


def fit_option_defaults() -> dict[str, Any]:
    """Return every option of a fit of rows with its default."""
    parameters = inspect.signature(fit).parameters
    without = ("model", "data", "sample_cov", "sample_mean", "n_obs")
    return {name: parameter.default for name, parameter in parameters.items() if name not in without}


def _read_text(file: Path) -> str:
    if file.is_dir():
        raise StudyError(
            f"{file} is a folder, not a study file.", remedy="Name the .toml file.", code="study-not-found"
        )
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise StudyError(
            f"There is no study file {file}.", remedy="`trustsem init DATA` writes one.", code="study-not-found"
        ) from None
    except OSError as error:
        raise StudyError(f"{file} cannot be read: {error.strerror}.", code="study-unreadable") from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudyError(
            f"The study file {file} is not UTF-8 (line {line}).",
            remedy="Save it as UTF-8 in your editor.",
            code="study-encoding",
        ) from None


class _Reader:
    """One pass over a study file that collects faults."""

    def __init__(self, file: Path, text: str, content: Mapping[str, Any], located: Mapping[str, Path]) -> None:
        self.file, self.text, self.located = file, text, located
        self.entries = Entries(content)

    def spec(self) -> StudySpec:
        """Return the study; with faults noted, it must not be used."""
        entries = self.entries
        entries.require_known(TABLES, LISTS)
        study = entries.table("study")
        title = entries.value(study, ("study", "title"), str, required=True)
        defaults = StudySpec(title or "", self._data(study), self._models())
        return replace(
            defaults,
            codebook=self._codebook(study),
            language=entries.choice(study, ("study", "language"), LANGUAGES, defaults.language),
            design=Design(entries.choice(study, ("study", "design"), [d.value for d in Design], defaults.design.value)),
            seed=entries.whole(study, ("study", "seed"), 0, defaults.seed),
            smallest_group=entries.whole(study, ("study", "smallest_group"), 1, defaults.smallest_group),
            invariance=self._invariance(defaults.models),
            scenarios=self._scenarios(),
            outcome=entries.value(entries.table("levers"), ("levers", "outcome"), str),
            path=self.file.resolve(),
            text=self.text,
            **self._effects(defaults),
            **self._report(defaults),
        )

    # --- files ---

    def _found(self, given: str) -> Path:
        """Return where a file of the study is."""
        return (self.located.get(given) or self.file.parent / given).resolve()

    def _file(self, given: str, place: Place) -> str:
        path = self._found(given)
        if not path.is_file():
            neighbours = [p.name for p in path.parent.glob(f"*{path.suffix}")] if path.parent.is_dir() else []
            self.entries.fault(
                place, f"there is no file {given!r} beside the study file.{suggest(path.name, neighbours)}"
            )
        return str(path)

    def _data(self, study: Mapping[str, Any]) -> Path:
        place = ("study", "data")
        given = self.entries.value(study, place, str, required=True)
        if given is None:
            return Path()
        candidates = (self._found(given), samples_dir() / given, samples_dir() / f"{given}.csv")
        found = next((path for path in candidates if path.is_file()), None)
        if found is None:
            samples = [path.stem for path in samples_dir().glob("*.csv")]
            neighbours = [path.name for path in self.file.parent.glob(f"*{Path(given).suffix or '.csv'}")]
            hint = suggest(given, sorted([*neighbours, *samples]))
            self.entries.fault(
                place, f"there is no file {given!r} beside the study file, and no sample of that name.{hint}"
            )
        return found or Path()

    def _codebook(self, study: Mapping[str, Any]) -> str | None:
        place = ("study", "codebook")
        given = self.entries.value(study, place, str)
        if given is None or given in list_codebooks():
            return given
        if given.endswith(".toml"):
            return self._file(given, place)
        known = list_codebooks()
        self.entries.fault(
            place,
            f"there is no codebook {given!r}.{suggest(given, known)} "
            f"Bundled: {', '.join(known)}; your own: the path of a .toml file",
        )
        return None

    # --- models ---

    def _models(self) -> tuple[ModelEntry, ...]:
        rows = self.entries.rows("models")
        if not rows and isinstance(self.entries.content.get("models", []), list):
            self.entries.fault(
                ("models",), 'no model: write [[models]] and model = "trust_formation", or the path of a .sem file'
            )
        models: list[ModelEntry] = []
        for number, entry in enumerate(rows):
            place: Place = ("models", number)
            model = self._model(entry, (*place, "model"))
            name = self.entries.value(entry, (*place, "name"), str) or Path(model).stem
            if name and name in [other.name for other in models]:
                where = "name" if "name" in entry else "model"
                self.entries.fault((*place, where), f"a second model named {name!r}: give it a name of its own")
            models.append(ModelEntry(name, model, self._options(entry, (*place, "options"))))
        return tuple(models)

    def _model(self, entry: Mapping[str, Any], place: Place) -> str:
        given = self.entries.value(entry, place, str, required=True)
        if given is None or given in model_names():
            return given or ""
        if given.endswith(".sem"):
            return self._file(given, place)
        self.entries.fault(
            place, f"there is no shipped model {given!r}.{suggest(given, model_names())} Your own: a .sem file"
        )
        return ""

    def _options(self, entry: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
        value = entry.get("options", {})
        if not isinstance(value, dict):
            self.entries.fault(place, f"takes a table of options of a fit, not {value!r}")
            return {}
        allowed = fit_option_defaults()
        self.entries.require_keys(value, place, tuple(allowed))
        known = {name: option for name, option in value.items() if name in allowed}
        try:
            if known.get("estimator") != "auto":  # it is chosen by the data
                read_options(with_lists({**allowed, **known}))
        except UsageError as error:
            for fault in error.faults or (error.message,):
                name = fault.partition("=")[0].strip("' ")
                self.entries.fault((*place, name) if name in known else place, fault.rstrip("."))
        return known

    # --- questions ---

    def _effects(self, defaults: StudySpec) -> dict[str, Any]:
        table, place = self.entries.table("effects"), ("effects",)
        draws = self.entries.whole(table, (*place, "draws"), 0, defaults.draws)
        if draws == 1:
            self.entries.fault((*place, "draws"), "takes 0 (delta method) or at least 2 draws, not 1")
        interval = self.entries.choice(table, (*place, "interval"), INTERVALS, defaults.interval)
        if draws == 0 and "interval" in table:
            self.entries.fault((*place, "interval"), "is a kind of bootstrap interval, and draws = 0 asks for none")
        return {"draws": draws, "interval": interval, "effects": self._questions(table)}

    def _questions(self, table: Mapping[str, Any]) -> tuple[EffectQuestion, ...]:
        if "pairs" not in table:
            return (EffectQuestion(*(self.entries.names(table, ("effects", key)) for key in _PAIR)),)
        place: Place = ("effects", "pairs")
        pairs = table["pairs"]
        if not isinstance(pairs, list) or not pairs or not all(isinstance(pair, dict) for pair in pairs):
            self.entries.fault(place, _LIST_OF_PAIRS)
            return ()
        if any(key in table for key in _PAIR):
            self.entries.fault(place, "pairs and x, y, through were both given: one of them")
        for number, pair in enumerate(pairs):
            self.entries.require_keys(pair, (*place, number), _PAIR)
        return tuple(
            EffectQuestion(*(self.entries.names(pair, (*place, number, key)) for key in _PAIR))
            for number, pair in enumerate(pairs)
        )

    def _invariance(self, models: Sequence[ModelEntry]) -> InvarianceQuestion | None:
        if "invariance" not in self.entries.content:
            return None
        table = self.entries.table("invariance")
        group = self.entries.value(table, ("invariance", "group"), str, required=True)
        model = self.entries.value(table, ("invariance", "model"), str)
        names = [entry.name for entry in models if entry.name]
        if model is not None and model not in names:
            known = f"There are: {', '.join(names)}"
            self.entries.fault(
                ("invariance", "model"), f"no [[models]] is named {model!r}.{suggest(model, names)} {known}"
            )
        levels = self.entries.names(table, ("invariance", "levels"))
        self._note(("invariance", "levels"), lambda: read_levels(levels))
        return InvarianceQuestion(group or "", levels, model)

    def _scenarios(self) -> tuple[ScenarioQuestion, ...]:
        scenarios: list[ScenarioQuestion] = []
        for number, entry in enumerate(self.entries.rows("scenarios")):
            place: Place = ("scenarios", number)
            name = self.entries.value(entry, (*place, "name"), str) or f"{number + 1}"
            if name in [other.name for other in scenarios]:
                self.entries.fault((*place, "name"), f"a second scenario named {name!r}: give it a name of its own")
            levers = entry.get("levers")
            if not isinstance(levers, dict) or not levers:
                self.entries.fault((*place, "levers"), _STEPS)
                continue
            self._note((*place, "levers"), lambda levers=levers: read_amounts(levers))
            scenarios.append(ScenarioQuestion(name, {lever: str(step) for lever, step in levers.items()}))
        return tuple(scenarios)

    def _report(self, defaults: StudySpec) -> dict[str, Any]:
        table = self.entries.table("report")
        formats = self.entries.names(table, ("report", "formats")) or defaults.formats
        for name in formats:
            if name not in FORMATS:
                self.entries.fault(
                    ("report", "formats"), f"{name!r} is unknown.{suggest(name, FORMATS)} Allowed: {', '.join(FORMATS)}"
                )
        output = self.entries.value(table, ("report", "output"), str) or str(defaults.output)
        return {"formats": tuple(dict.fromkeys(formats)), "output": (self.file.parent / output).resolve()}

    def _note(self, place: Place, read: Any) -> None:
        """Note the faults that a reader of words finds."""
        try:
            read()
        except UsageError as error:
            remedy = f" {error.remedy}" if error.remedy else ""
            for fault in error.faults or (error.message,):
                self.entries.fault(place, f"{fault}{remedy}".rstrip("."))
