"""The samples of the short modules and of several groups are what generator, provenance and codebook say."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from trustsem.cli.inputs import fitting_codebook
from trustsem.instruments import load_codebook
from trustsem.resources import samples_dir
from trustsem.simulate import cut_responses
from trustsem.spec.library import list_models
from trustsem.survey import read_survey

# Optimisers on another machine end within the stopping rule's distance, not on the same bits.
SAME_TRUTH = 1e-5
NAMES = ("trust_settings", "perception_gap", "trust_facets", "trust_culture", "conflict_survey")


@cache
def generator() -> ModuleType:
    path = samples_dir() / "make_module_samples.py"
    spec = importlib.util.spec_from_file_location("make_module_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def design(name: str):
    return {one.name: one for one in generator().DESIGNS}[name]


def test_what_the_generator_makes():
    assert tuple(one.name for one in generator().DESIGNS) == NAMES
    used = {model.sample for model in list_models()}
    assert set(NAMES) <= used


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_writes_the_same_bytes(name, tmp_path):
    generator().write_sample(design(name), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (samples_dir() / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_writes_the_same_truth(name):
    stored = json.loads((samples_dir() / f"{name}.truth.json").read_text(encoding="utf-8"))
    again = generator().make_truth(design(name))
    assert stored["_meta"] == again["_meta"]
    assert stored["models"].keys() == again["models"].keys()
    for model, truth in stored["models"].items():
        for one, other in zip(parts(truth), parts(again["models"][model]), strict=True):
            assert one["parameters"] == pytest.approx(other["parameters"], abs=SAME_TRUTH)
            assert one.get("defined") == pytest.approx(other.get("defined"), abs=SAME_TRUTH)
            assert one["discrepancy"] == pytest.approx(other["discrepancy"], abs=1e-7)


def parts(truth: dict) -> list[dict]:
    """The truth of a model, or with groups of all together and of each by itself."""
    return [truth["together"], *truth["groups"].values()] if "groups" in truth else [truth]


@pytest.mark.parametrize("name", NAMES)
def test_provenance_quotes_population_and_seed(name):
    text = (samples_dir() / "PROVENANCE.md").read_text(encoding="utf-8")
    section = text.partition(f"## {name}.csv")[2].partition("\n## ")[0]
    assert design(name).population.strip() in section
    assert all(part.strip() in section for part in design(name).differences.values())
    assert f"| seed | {design(name).seed}" in section


@pytest.mark.parametrize("name", NAMES)
def test_rows_groups_and_missing_answers(name):
    one = design(name)
    survey = read_survey(samples_dir() / f"{name}.csv", one.codebook)
    assert len(survey.frame) == sum(one.sizes.values())
    if one.group is not None:
        assert Counter(survey.frame[one.group]) == one.sizes
    items = [item for item in load_codebook(one.codebook).item_names if item in survey.frame]
    assert items == [
        item for item in load_codebook(one.codebook).item_names if item in one.groups[min(one.sizes)].observed
    ]
    incomplete = np.isnan(survey.frame[items].to_numpy(dtype=float)).any(axis=1).mean()
    assert 0.05 <= incomplete <= 0.08  # a few of the 8 % miss nothing but age or a rating
    allowed = {"columns-not-in-codebook"}  # the running number
    allowed |= {"missing-items", "missing-covariates"} if name == "trust_settings" else set()  # half of the form
    assert {finding.code for finding in survey.findings} == allowed


def test_groups_share_thresholds():
    """The same response is the same answer in both groups."""
    one = design("trust_settings")
    responses = np.linspace(-2.5, 2.5, 41)
    answers = []
    for label in one.sizes:
        whole = one.groups[label]
        spread = np.sqrt(np.diag(whole.observed_cov))
        same = np.repeat(responses[:, None], len(whole.observed), axis=1)
        answers.append(cut_responses(same, one.scales(label), whole.observed_mean, spread))
    assert (answers[0] == answers[1]).all()


@pytest.mark.parametrize("name", ["trust_settings", "perception_gap"])
def test_the_first_group_is_the_unit_of_all_others(name):
    first = next(iter(design(name).groups.values()))
    assert np.diag(first.cov) == pytest.approx(np.ones(len(first.names)), abs=1e-10)
    assert first.mean == pytest.approx(np.zeros(len(first.names)))


def test_a_raw_file_is_told_the_form_that_it_was_filled_in_on(tmp_path):
    """Forms share the names of items; covariates tell them apart, and where nothing does, all are named."""
    hint = fitting_codebook(read_survey(samples_dir() / "trust_culture.csv"))
    assert hint is not None
    assert hint.remedy == "--codebook culture, or --codebook none to leave this out."
    names = load_codebook("dpt_clinician").item_names
    (tmp_path / "bare.csv").write_text("\n".join([",".join(names), *[",".join("3" * 42)] * 3]), encoding="utf-8")
    hint = fitting_codebook(read_survey(tmp_path / "bare.csv"))
    assert hint is not None
    assert "dpt_clinician (or dpt_patient: see who was asked)" in hint.message
