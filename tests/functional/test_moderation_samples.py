"""The samples with moderation are what generator and provenance say, and the product effects are found again."""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import cache
from types import ModuleType

import numpy as np
import pytest

import trustsem as ts
from trustsem.instruments import load_codebook
from trustsem.resources import samples_dir
from trustsem.spec import build_table, load_model
from trustsem.survey import read_survey
from trustsem.syntax import parse_model

SAME_TRUTH = 1e-5  # optimisers on another machine end within the stopping rule's distance
NAMES = ("clinician_practices", "group_relations")
PRODUCTS = {
    "clinician_practices": ("feeling_heard", "clinician_practices:time_constraint"),
    "rights_buffer": ("interpersonal_trust", "conflict:rights_protection"),
    "ingroup_bias": ("intergroup_anxiety", "conflict:ingroup_identification"),
}


@cache
def generator() -> ModuleType:
    for name in ("make_module_samples", "make_moderation_samples"):  # the second imports the first
        spec = importlib.util.spec_from_file_location(name, samples_dir() / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules["make_moderation_samples"]


def design(name: str):
    return {one.name: one for one in generator().DESIGNS}[name]


@cache
def truth(name: str) -> dict:
    return json.loads((samples_dir() / f"{name}.truth.json").read_text(encoding="utf-8"))


@cache
def fitted(name: str) -> ts.Fit:
    return ts.fit(name, samples_dir() / f"{load_model(name).sample}.csv", estimator="MLR")


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_writes_the_same_bytes(name, tmp_path):
    generator().write_sample(design(name), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (samples_dir() / f"{name}.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_generator_writes_the_same_truth(name):
    again = generator().make_truth(design(name))
    assert truth(name)["_meta"] == again["_meta"]
    assert truth(name)["models"].keys() == again["models"].keys()
    for model, stored in truth(name)["models"].items():
        assert stored["parameters"] == pytest.approx(again["models"][model]["parameters"], abs=SAME_TRUTH)
        assert stored["defined"] == pytest.approx(again["models"][model]["defined"], abs=SAME_TRUTH)


def test_more_nodes_change_no_moment():
    table = build_table(parse_model(load_model("rights_buffer").syntax))
    coarse = generator().population_moments(design("group_relations"), table)
    fine = generator().population_moments(design("group_relations"), table, n_nodes=44)
    for one, other in zip(coarse, fine, strict=True):
        assert one == pytest.approx(other, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRODUCTS)
def test_integrals_are_the_moments_of_a_large_sample(name):
    """200,000 respondents: no moment is further off than chance allows."""
    from dataclasses import replace

    one = replace(design(load_model(name).sample), size=200_000)
    table = build_table(parse_model(load_model(name).syntax))
    mean, cov = generator().population_moments(one, table)
    rng = np.random.default_rng(9)
    ratings = {k: rng.choice(np.arange(1.0, len(s) + 1), size=one.size, p=s) for k, s in one.ratings.items()}
    values = one.variables(ratings, {e.outcome: rng.standard_normal(one.size) for e in one.equations})
    scores = dict(ratings)
    for factor, items in one.loadings.items():
        for item, loading in items.items():
            response = loading * values[factor] + np.sqrt(1 - loading**2) * rng.standard_normal(one.size)
            scale = next(scale for scale in one.scales if scale.name == item)
            scores[item] = 1.0 + np.searchsorted(scale.thresholds, response)
    centred = {item: column - column.mean() for item, column in scores.items()}
    made = generator().parts_of(table.products)
    columns = [np.prod([centred[part] for part in made.get(k, (k,))], axis=0) for k in table.variables.observed]
    drawn = np.array(columns)
    z = (drawn.mean(axis=1) - mean) / (drawn.std(axis=1) / np.sqrt(one.size))
    assert np.abs(z).max() < 4
    away = drawn - drawn.mean(axis=1, keepdims=True)
    spread = np.sqrt((away**2) @ (away**2).T / one.size - np.cov(away, ddof=0) ** 2) / np.sqrt(one.size)
    assert np.abs((np.cov(away, ddof=0) - cov) / spread).max() < 4.5


@pytest.mark.parametrize("name", NAMES)
def test_provenance_quotes_population_and_seed(name):
    text = (samples_dir() / "PROVENANCE.md").read_text(encoding="utf-8")
    section = text.partition(f"## {name}.csv")[2].partition("\n## ")[0]
    assert design(name).text in section
    assert f"| seed | {design(name).seed}" in section


@pytest.mark.parametrize("name", NAMES)
def test_rows_and_missing_answers(name):
    one = design(name)
    survey = read_survey(samples_dir() / f"{name}.csv", one.codebook)
    items = list(load_codebook(one.codebook).item_names)
    assert len(survey.frame) == one.size
    assert set(items) == set(one.items)
    incomplete = np.isnan(survey.frame[items].to_numpy(dtype=float)).any(axis=1).mean()
    assert 0.05 <= incomplete <= 0.08
    assert {finding.code for finding in survey.findings} == {"columns-not-in-codebook"}  # the running number


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_product_effect_is_recovered_within_its_interval(name):
    outcome, product = PRODUCTS[name]
    row = fitted(name).estimates.set_index(["lhs", "op", "rhs"]).loc[(outcome, "~", product)]
    true = truth(load_model(name).sample)["models"][name]["parameters"][f"{outcome}~{product}"]
    assert row["ci_lower"] < true < row["ci_upper"]
    assert row["pvalue"] < 0.001
    assert not row["ci_lower"] < 0 < row["ci_upper"]


@pytest.mark.parametrize(
    ("name", "x", "y", "through", "moderator"),
    [
        ("clinician_practices", "clinician_practices", "interpersonal_trust", "feeling_heard", "time_constraint"),
        ("ingroup_bias", "conflict", "willingness_to_communicate", "intergroup_anxiety", "ingroup_identification"),
    ],
)
def test_the_index_of_moderated_mediation_is_recovered(name, x, y, through, moderator):
    found = fitted(name).moderated_mediation_index(x, y, through, moderator=moderator).frame.iloc[0]
    assert found["ci_lower"] < truth(load_model(name).sample)["models"][name]["defined"]["index"] < found["ci_upper"]
