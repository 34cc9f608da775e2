"""Write a study file for a data file: what can be found out is filled in, what is a default stands as a comment."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from trustsem.errors import DataError
from trustsem.fitting.inputs import read_model
from trustsem.fitting.recommend import Recommendation, recommend_for_model
from trustsem.instruments import Codebook, CovariateKind, load_codebook, matching_codebooks
from trustsem.resources import samples_dir
from trustsem.spec import LibraryModel, list_models, load_model
from trustsem.spec.variables import classify_variables
from trustsem.study.spec import StudySpec
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey, read_survey
from trustsem.survey.frames import column_of, group_name, missing_in
from trustsem.theory import load_theory

MAIN_MODEL = "trust_formation"  # Figure 1 as a whole: preferred where its items are there
MOST_CATEGORIES = 6  # more are units such as hospitals, not groups to compare
LEAST_IN_GROUP = 100  # rows of the smallest group: fewer leave a model of its own little to go by
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A study file and what it rests on.

    Args:
        text: Its content.
        reasons: What was chosen and why, one sentence each.
    """

    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Choices:
    data: str
    codebook: str | None
    language: str
    model: LibraryModel
    model_name: str
    advice: Recommendation
    groups: tuple[str, ...]
    outcome: str | None
    lever: str | None
    reasons: tuple[str, ...]


def draft_study(
    data: str | PathLike[str], folder: Path, *, codebook: str | None = None, model: str | None = None
) -> Draft:
    """Return a study file for a data file, which runs as it is.

    Args:
        data: Path of the file.
        folder: Where the study file is going to stand; paths in it are relative to that.
        codebook: Name or path of a codebook; found among the bundled ones when None.
        model: Name or path of a model; found among the shipped ones when None.

    Raises:
        DataError, CodebookError, ModelError: the file cannot be used, or no shipped model has its items in it.
    """
    path = Path(data)
    raw = read_survey(path)
    columns = [str(name) for name in raw.frame.columns]
    book, why_book = _choose_codebook(columns, codebook)
    survey = raw if book is None else read_survey(path, book)
    found, why_model = _choose_model(survey, book, model)
    advice = recommend_for_model(survey, read_model(found))
    groups = _grouping_columns(survey, found)
    language, why_language = _choose_language(path, columns, book)
    outcome, lever = _ends(found)
    choices = _Choices(
        data=_written(path, folder),
        codebook=None if book is None else _codebook_name(book, codebook, folder),
        language=language,
        model=found,
        model_name=found.name if model is None or not model.endswith(".sem") else _written(Path(model), folder),
        advice=advice,
        groups=groups,
        outcome=outcome,
        lever=lever,
        reasons=(why_book, why_model, " ".join(advice.reasons), _why_groups(groups), why_language),
    )
    return Draft("\n".join(_lines(choices)) + "\n", choices.reasons)


# --- choices ------------------------------------------------------------------------------------------------------


def _choose_codebook(columns: Sequence[str], wanted: str | None) -> tuple[Codebook | None, str]:
    if wanted is not None:
        return load_codebook(wanted), f"Codebook {wanted}: as asked for."
    matches = matching_codebooks(columns, least=0.5)
    if not matches:
        return None, "No bundled codebook has half of its items in the file: columns are taken as they are."
    with_models = {model.instrument for model in list_models()}
    best = max(matches, key=lambda match: (match.n_variables, match.codebook.id in with_models))
    rivals = [m.codebook.id for m in matches if m.n_variables == best.n_variables and m is not best]
    also = f" {', '.join(rivals)} {'fit' if len(rivals) > 1 else 'fits'} as well: see who was asked." if rivals else ""
    return best.codebook, (
        f"Codebook {best.codebook.id}: {best.n_items} of its {len(best.codebook.items)} items and "
        f"{count_of(best.n_variables - best.n_items, 'covariate')} are columns; no other has more.{also}"
    )


def _choose_model(survey: Survey, book: Codebook | None, wanted: str | None) -> tuple[LibraryModel, str]:
    if wanted is not None:
        return load_model(wanted), f"Model {wanted}: as asked for."
    columns = set(map(str, survey.frame.columns))
    usable = [model for model in list_models() if _observed(model) <= columns and _has_groups(model, columns)]
    own = [model for model in usable if book is not None and model.instrument == book.id] or usable
    if not own:
        raise DataError(
            "No shipped model has all of its items in this file, so there is none to begin with.",
            remedy="Write a model and name it: trustsem init DATA --model my.sem. `trustsem models list` shows the "
            "shipped ones.",
            code="no-model",
        )
    best = min(own, key=lambda m: (m.name != MAIN_MODEL, -len(_observed(m)), m.group is not None, m.name))
    others = [model.name for model in own if model is not best]
    also = f" Others that would do: {', '.join(others)}." if others else ""
    return best, f"Model {best.name}: its {len(_observed(best))} items are in the file.{also}"


def _observed(model: LibraryModel) -> set[str]:
    return set(classify_variables(read_model(model).syntax.parameters).observed)


def _has_groups(model: LibraryModel, columns: set[str]) -> bool:
    return model.group is None or model.group in columns


def _grouping_columns(survey: Survey, model: LibraryModel) -> tuple[str, ...]:
    """Return the columns of a few categories that are no items, the one with the largest smallest group first."""
    observed = _observed(model)
    if survey.codebook is not None:
        apart = {c.name for c in survey.codebook.covariates if c.kind is not CovariateKind.NOMINAL}
        apart |= {item.name for item in survey.codebook.items}
    else:
        apart = set()
    found: dict[str, int] = {}
    for name in map(str, survey.frame.columns):
        if name not in observed and name not in apart:
            sizes = _group_sizes(survey, name)
            if 2 <= len(sizes) <= MOST_CATEGORIES and min(sizes.values()) >= LEAST_IN_GROUP:
                found[name] = min(sizes.values())
    return tuple(sorted(found, key=lambda name: -found[name]))


def _group_sizes(survey: Survey, name: str) -> dict[str, int]:
    column = column_of(survey.frame, name)
    return dict(Counter(map(group_name, column.to_numpy()[~missing_in(column)])))


def _why_groups(groups: Sequence[str]) -> str:
    if not groups:
        return f"No column splits the sample into 2 to {MOST_CATEGORIES} groups of {LEAST_IN_GROUP} rows or more."
    others = f" Others that would do: {shortened(groups[1:])}." if groups[1:] else ""
    return f"Groups by {groups[0]}: a few categories, none of them small.{others}"


def _choose_language(path: Path, columns: Sequence[str], book: Codebook | None) -> tuple[str, str]:
    from trustsem.survey.readers import read_raw

    if any(_CHINESE.search(name) for name in columns):
        return "zh", "Language zh: column names are Chinese."
    if book is not None:
        frame = read_raw(path).frame
        present = [item for item in book.items if item.column in frame.columns and item.scale.labels_zh]
        labels = {label for item in present for label in item.scale.labels_zh}
        if any(set(map(str, column_of(frame, item.column).unique())) & labels for item in present):
            return "zh", "Language zh: answers are the codebook's Chinese labels."
    return "en", "Language en: neither column names nor answers are Chinese."


def _ends(model: LibraryModel) -> tuple[str | None, str | None]:
    """Return the last outcome, and a predictor that can be moved, for the lines on levers; None without paths."""
    parameters = [p for p in read_model(model).syntax.parameters if p.op == "~"]
    if not parameters:
        return None, None
    outcomes, predictors = [p.lhs for p in parameters], [p.rhs for p in parameters]
    last = next((name for name in reversed(outcomes) if name not in predictors), outcomes[-1])
    latent = classify_variables(read_model(model).syntax.parameters).latent
    of_theory = [effect.construct for lever in load_theory().levers for effect in lever.acts_on]
    movable = [name for name in predictors if name in latent and name not in outcomes]
    return last, next((name for name in movable if name in of_theory), movable[0] if movable else None)


def _written(path: Path, folder: Path) -> str:
    """Return how the study file calls a file: a sample by its name, others relative to the study file."""
    if path.resolve().parent == samples_dir().resolve():
        return path.stem
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _codebook_name(book: Codebook, given: str | None, folder: Path) -> str:
    return _written(Path(given), folder) if given is not None and given.endswith(".toml") else book.id


# --- text ---------------------------------------------------------------------------------------------------------


def _lines(choices: _Choices) -> Iterator[str]:
    default = StudySpec("", Path(), ())
    yield "# A study for trustsem. Run it with `trustsem report FILE`; docs/reports.md explains every key."
    yield "# Lines that begin with # are defaults or suggestions."
    yield from ("# " + reason for reason in choices.reasons)
    yield ""
    yield "[study]"
    yield _key("title", f"Doctor-patient trust: {Path(choices.data).stem}", "heads the report")
    yield _key("data", choices.data, "the answers: a file beside this one, or a bundled sample")
    yield _key("codebook", choices.codebook or "dpt_patient", "what the columns mean; a name or a .toml file",
               commented=choices.codebook is None)  # fmt: skip
    yield _key("language", choices.language, "of the report: en or zh", commented=choices.language == default.language)
    yield _key(
        "design", default.design.value, "cross-sectional, longitudinal, randomised: is it causes?", commented=True
    )
    yield _key("seed", default.seed, "of everything that is drawn", commented=True)
    yield _key("smallest_group", default.smallest_group, "groups with fewer respondents are not shown", commented=True)
    yield from _model_lines(choices)
    yield from _question_lines(choices, default)
    yield ""
    yield "[report]"
    yield _key("formats", list(default.formats), "html, docx, latex, markdown, json", commented=True)
    yield _key("output", default.output.name, "folder beside this file", commented=True)


def _model_lines(choices: _Choices) -> Iterator[str]:
    yield ""
    yield "# The first model is the main one; others are compared with it."
    yield "[[models]]"
    yield _key("model", choices.model_name, "a shipped model (`trustsem models list`) or a .sem file")
    yield _key("name", choices.model.name, "what the report calls it", commented=True)
    yield "[models.options]  # options of a fit; docs/estimators.md"
    for name, value in _fit_options(choices.advice).items():
        yield _key(name, value, _OPTION_WORDS[name])
    variant = next((v.name for v in choices.model.variants if v.name in {m.name for m in list_models()}), None)
    if variant is not None:
        yield ""
        yield "# [[models]]"
        yield _key("model", variant, "a variant that belongs beside it", commented=True)


_OPTION_WORDS = {
    "estimator": "as recommended for these answers",
    "ordered": "answers analysed as ordered categories: true for all items, or names",
    "missing": "what becomes of missing answers",
}


def _fit_options(advice: Recommendation) -> dict[str, Any]:
    ordered = advice.options()["ordered"]
    return {**advice.options(), "ordered": ordered if isinstance(ordered, bool) else list(ordered)}


def _question_lines(choices: _Choices, default: StudySpec) -> Iterator[str]:
    outcome, lever = choices.outcome or "interpersonal_trust", choices.lever or "humanistic_quality"
    yield ""
    yield "[effects]"
    yield _key("x", [lever], "effects of these; all mediated ones when left out", commented=True)
    yield _key("y", [outcome], "on these", commented=True)
    yield _key("through", [], "through these only", commented=True)
    yield f'# pairs = [{{x = "{lever}", y = "{outcome}"}}]  # several questions instead of x, y, through'
    yield from _draw_lines(choices, default)
    yield _key("interval", default.interval, "percentile, basic, normal, bias_corrected or bca", commented=True)
    none = "" if choices.groups else "# "
    yield ""
    yield f"{none}[invariance]"
    group = choices.groups[0] if choices.groups else "setting"
    yield none + _key("group", group, "do items work alike in its groups?")
    yield _key("levels", ["metric", "scalar"], "all that the items have when left out", commented=True)
    yield _key("model", choices.model.name, "name of a model above; the main one when left out", commented=True)
    yield ""
    none = "" if choices.lever else "# "
    yield f"{none}[[scenarios]]"
    yield f"{none}{_key('name', 'one lever', 'what the report calls it')}"
    step = f'levers = {{{lever} = "+0.5sd"}}'
    yield f"{none}{step}  # constructs or levers of the theory; +0.5sd, +5points, +10%"
    yield ""
    yield "[levers]"
    yield _key("outcome", outcome, "what levers are ranked by; the last outcome of the model when left out",
               commented=True)  # fmt: skip


def _draw_lines(choices: _Choices, default: StudySpec) -> Iterator[str]:
    if choices.advice.missing == "fiml":  # each draw is a fit by all patterns of missing answers
        yield _key("draws", 0, f"delta intervals; {default.draws:,} bootstrap draws by full information take long")
    else:
        yield _key("draws", default.draws, "bootstrap draws for intervals; 0: delta method", commented=True)


def _key(name: str, value: Any, words: str, *, commented: bool = False) -> str:
    return f"{'# ' if commented else ''}{name} = {json.dumps(value, ensure_ascii=False)}  # {words}"
