"""Names in a study file that only the model and the data can confirm, looked up before anything is fitted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence

from trustsem.errors import EffectError
from trustsem.fitting.inputs import read_model
from trustsem.fitting.scenario_levers import find_levers, read_amounts
from trustsem.places import Place
from trustsem.spec import load_model
from trustsem.spec.variables import Variables, classify_variables
from trustsem.study.reading import study_faults
from trustsem.study.spec import StudySpec
from trustsem.suggestions import shortened, suggest
from trustsem.survey import Survey

Fault = tuple[Place, str]


def require_names(spec: StudySpec, survey: Survey) -> None:
    """Refuse a study that names variables, levers or columns that are not there.

    Raises:
        StudyError: all of them, each with its line.
        ModelError: the text of the main model cannot be read.
    """
    parameters = read_model(load_model(spec.models[0].model)).syntax.parameters
    variables = classify_variables(parameters)
    on_paths = {name for p in parameters if p.op == "~" for name in (p.lhs, p.rhs)}
    constructs = (
        *variables.latent,
        *(name for name in variables.observed if name in on_paths and name not in variables.indicators),
    )
    faults = [
        *_effect_faults(spec, variables),
        *_outcome_faults(spec, constructs),
        *_lever_faults(spec, constructs, variables),
        *_group_faults(spec, [str(name) for name in survey.frame.columns]),
    ]
    if faults:
        raise study_faults(spec.path, spec.text, faults)


def _effect_faults(spec: StudySpec, variables: Variables) -> Iterator[Fault]:
    known = (*variables.latent, *variables.observed)
    for number, question in enumerate(spec.effects):
        for key in ("x", "y", "through"):
            for name in getattr(question, key):
                if name not in known:
                    shown = shortened(variables.latent or known, 14)
                    message = f"the model has no variable {name!r}.{suggest(name, known)} It has: {shown}"
                    yield _effect_place(spec, number, key), message


def _effect_place(spec: StudySpec, number: int, key: str) -> Place:
    is_pair = "pairs" in tomllib.loads(spec.text).get("effects", {}) or len(spec.effects) > 1
    return ("effects", "pairs", number, key) if is_pair else ("effects", key)


def _outcome_faults(spec: StudySpec, constructs: Sequence[str]) -> Iterator[Fault]:
    if spec.outcome is not None and spec.outcome not in constructs:
        hint = f"{suggest(spec.outcome, constructs)} It has: {shortened(constructs, 14)}"
        yield ("levers", "outcome"), f"the model has no construct {spec.outcome!r}.{hint}"


def _lever_faults(spec: StudySpec, constructs: Sequence[str], variables: Variables) -> Iterator[Fault]:
    for number, scenario in enumerate(spec.scenarios):
        try:
            find_levers(read_amounts(scenario.levers), constructs, variables.observed)
        except EffectError as error:
            for fault in error.faults:
                yield ("scenarios", number, "levers"), f"{fault} {error.remedy or ''}".rstrip(". ")


def _group_faults(spec: StudySpec, columns: Sequence[str]) -> Iterator[Fault]:
    question = spec.invariance
    if question is not None and question.group not in columns:
        yield (
            ("invariance", "group"),
            f"the data have no column {question.group!r}.{suggest(question.group, columns)} "
            "Name the column that splits the sample",
        )
