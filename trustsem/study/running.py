"""Run a study: read, fit, resample, compare; a part that cannot be done is skipped with its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypeVar

import pandas as pd

from trustsem.errors import TrustSemError
from trustsem.fitting import Fit, compare, fit
from trustsem.fitting.bootstrap import Bootstrap
from trustsem.fitting.claims import path_claims
from trustsem.fitting.invariance import Invariance, invariance
from trustsem.fitting.serialise import plain
from trustsem.spec import load_model
from trustsem.study.manifest import Manifest, own_files, package_versions, platform_name, settings_of, text_digest
from trustsem.study.names import require_names
from trustsem.study.parts import PARTS, Context, Part
from trustsem.study.privacy import groups_of, require_large_group_fits, require_large_groups
from trustsem.study.reading import read_study
from trustsem.study.result import NamedFit, Skipped, StudyResult
from trustsem.study.spec import ModelEntry, StudySpec
from trustsem.survey import Survey, read_survey

Progress = Callable[[str, int, int], None]
Made = TypeVar("Made")

_MANY_DRAWS = 500  # fewer are done before other processes have started


def run_study(
    study: StudySpec | str | PathLike[str], *, workers: int | None = None, progress: Progress | None = None
) -> StudyResult:
    """Run everything that a study asks for.

    Args:
        study: A study file, or a study made in Python.
        workers: Processes of this machine that draw; -1: one per core; None: one per core for 500 draws or more, this
            process alone for fewer. Numbers do not depend on it.
        progress: Called with the name of a part, and how much of it is done and wanted.

    Raises:
        StudyError: faults of the study file, names that model and data do not have among them.
        TrustSemError: data, codebook or main model that cannot be used. Other parts that fail are skipped, and the
            result says why.
    """
    spec = study if isinstance(study, StudySpec) else read_study(study)
    return _Run(spec, workers, progress or (lambda _name, _done, _wanted: None)).result()


class _Run:
    """One run of a study."""

    def __init__(self, spec: StudySpec, workers: int | None, progress: Progress) -> None:
        self.spec, self.workers, self.progress = spec, workers, progress
        self.skipped: list[Skipped] = []

    def result(self) -> StudyResult:
        """Run all parts."""
        spec = self.spec
        survey = self._survey()
        require_names(spec, survey)
        fits = self._fits(survey)
        main = fits[0].fit
        bootstrap = self._try("bootstrap", lambda: self._bootstrap(main))
        found = self._try("effects", lambda: self._effects(main, bootstrap))
        effects = pd.DataFrame() if found is None else found
        comparison = self._try("comparison", lambda: self._comparison(fits))
        ladder = self._try("invariance", lambda: self._invariance(survey))
        parts = self._parts(Context(spec, survey, main, effects, bootstrap, self._skip))
        return StudyResult(
            spec,
            survey,
            fits,
            path_claims(main, spec.language),
            effects,
            bootstrap,
            comparison,
            ladder,
            tuple(self.skipped),
            self._manifest(survey, fits),
            parts,
        )

    def _try(self, part: str, make: Callable[[], Made | None]) -> Made | None:
        self.progress(part, 0, 1)
        try:
            made = make()
        except (TrustSemError, ArithmeticError, ValueError) as error:  # numerical trouble of one part ends that part
            self._skip(part, error)
            return None
        self.progress(part, 1, 1)
        return made

    def _skip(self, part: str, error: Exception) -> None:
        reason = " ".join(str(error).split())
        if not isinstance(error, TrustSemError):
            reason = f"the computation broke off ({type(error).__name__}: {reason})"
        self.skipped.append(Skipped(part, reason))

    def _parts(self, context: Context) -> dict[str, Part]:
        made = {name: self._try(name, lambda make=make: make(context)) for name, make in PARTS.items()}
        return {name: part for name, part in made.items() if part is not None}

    def _survey(self) -> Survey:
        self.progress("data", 0, 1)
        codebook = self.spec.codebook or load_model(self.spec.models[0].model).instrument
        survey = read_survey(self.spec.data, codebook)
        self.progress("data", 1, 1)
        return survey

    def _fits(self, survey: Survey) -> tuple[NamedFit, ...]:
        fits = []
        for number, entry in enumerate(self.spec.models):
            self.progress("models", number, len(self.spec.models))
            try:
                fits.append(NamedFit(entry.name, self._fit(entry, survey)))
            except TrustSemError as error:
                if number == 0:
                    raise
                self.skipped.append(Skipped(f"model {entry.name}", str(error)))
        self.progress("models", len(self.spec.models), len(self.spec.models))
        return tuple(fits)

    def _fit(self, entry: ModelEntry, survey: Survey) -> Fit:
        model = load_model(entry.model)
        column, labels = groups_of(model, entry.options)
        require_large_groups(survey, column, self.spec.smallest_group, labels)
        found = fit(model, survey, **self._options(entry.options))
        require_large_group_fits(found, self.spec.smallest_group)
        return found

    def _options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        draws = options.get("bootstrap") is not None or options.get("se") == "bootstrap"
        seed = {"seed": self.spec.seed} if draws and "seed" not in options else {}
        return {**options, **seed}

    def _bootstrap(self, main: Fit) -> Bootstrap | None:
        if not self.spec.draws:
            return None
        return main.bootstrap(
            self.spec.draws,
            seed=self.spec.seed,
            workers=self.workers or (-1 if self.spec.draws >= _MANY_DRAWS else None),
            progress=lambda done, wanted: self.progress("bootstrap", done, wanted),
        )

    def _effects(self, main: Fit, bootstrap: Bootstrap | None) -> pd.DataFrame:
        frames = []
        for question in self.spec.effects:
            ends = (question.x or None, question.y or None, question.through or None)
            frame = main.effects(*ends)
            if bootstrap is not None:
                frame = frame.assign(**self._drawn(bootstrap, ends), z=float("nan"), pvalue=float("nan"))
            frames.append(frame)
        return pd.concat(frames, ignore_index=True).drop_duplicates(["x", "y", "effect", "path", "group"])

    def _drawn(self, bootstrap: Bootstrap, ends: tuple[Any, Any, Any]) -> dict[str, Any]:
        """Return standard errors and limits of effects from the draws, unstandardised and standardised."""
        raw, std = (
            bootstrap.effects(*ends, kind=self.spec.interval, standardized=standardized)
            for standardized in (False, True)
        )
        limits = ("se", "ci_lower", "ci_upper")
        return {
            **{name: raw[name] for name in (*limits, "n_draws")},
            **{f"std_{name}": std[name] for name in limits},
        }

    def _comparison(self, fits: tuple[NamedFit, ...]) -> Any:
        return compare(*(named.fit for named in fits)) if len(fits) > 1 else None

    def _invariance(self, survey: Survey) -> Invariance | None:
        question = self.spec.invariance
        if question is None:
            return None
        by_name = {entry.name: entry for entry in self.spec.models}
        entry = by_name.get(question.model or "", self.spec.models[0])
        require_large_groups(survey, question.group, self.spec.smallest_group)
        taken = set(inspect.signature(invariance).parameters) - {"group", "group_label"}
        options: dict[str, Any] = {name: value for name, value in entry.options.items() if name in taken}
        if question.levels:
            options["levels"] = question.levels
        found = invariance(load_model(entry.model), survey, group=question.group, **options)
        require_large_group_fits(found.configural, self.spec.smallest_group)
        return found

    def _manifest(self, survey: Survey, fits: tuple[NamedFit, ...]) -> Manifest:
        source = {} if survey.source is None else survey.source.to_dict()
        codebook = None
        if survey.codebook is not None:
            assert survey.codebook.path is not None
            codebook = {
                "id": survey.codebook.id,
                "sha256": text_digest(survey.codebook.path.read_text(encoding="utf-8-sig")),
            }
        return Manifest(
            self.spec.text,
            own_files(self.spec),
            settings_of(self.spec),
            source,
            codebook,
            {named.name: text_digest(named.fit.model.syntax.text) for named in fits},
            {named.name: {k: plain(v) for k, v in named.fit.options.to_dict().items()} for named in fits},
            self.spec.seed,
            package_versions(),
            platform_name(),
        )
