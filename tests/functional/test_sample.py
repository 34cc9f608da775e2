"""The bundled samples are what their generator, their provenance and their codebook say."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
from collections import Counter
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from trustsem.instruments import load_codebook
from trustsem.resources import samples_dir
from trustsem.simulate import Population, cut_responses, scored_moments
from trustsem.spec.library import list_models
from trustsem.survey import Survey, read_survey

SAMPLE = samples_dir() / "trust_patients.csv"
# Optimisers on another machine end within the stopping rule's distance, not on the same bits.
SAME_TRUTH = 1e-5


@cache
def generator() -> ModuleType:
    path = samples_dir() / "make_trust_patients.py"
    spec = importlib.util.spec_from_file_location("make_trust_patients", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def survey() -> Survey:
    return read_survey(SAMPLE, "dpt_patient")


@cache
def cells() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_generator_writes_the_same_bytes(tmp_path):
    generator().write_sample(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == SAMPLE.read_bytes()


def test_the_generator_writes_the_same_truth():
    stored = json.loads((samples_dir() / "trust_patients.truth.json").read_text(encoding="utf-8"))
    again = generator().make_truth()
    assert stored["_meta"] == again["_meta"]
    assert stored["models"].keys() == again["models"].keys()
    for name, model in stored["models"].items():
        assert model["parameters"] == pytest.approx(again["models"][name]["parameters"], abs=SAME_TRUTH)
        assert model["defined"] == pytest.approx(again["models"][name]["defined"], abs=SAME_TRUTH)
        assert model["discrepancy"] == pytest.approx(again["models"][name]["discrepancy"], abs=1e-7)


@pytest.mark.parametrize("path", sorted(samples_dir().glob("*.csv")), ids=lambda path: path.name)
def test_provenance_names_every_sample_with_its_hash(path):
    text = (samples_dir() / "PROVENANCE.md").read_text(encoding="utf-8")
    section = text.partition(f"## {path.name}")[2].partition("\n## ")[0]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in section
    assert "ynthetic" in section


def test_provenance_quotes_the_population():
    text = (samples_dir() / "PROVENANCE.md").read_text(encoding="utf-8")
    assert generator().POPULATION.strip() in text
    assert f"| seed | {generator().SEED}" in text


def test_samples_of_the_models_are_there():
    assert all((samples_dir() / f"{model.sample}.csv").is_file() for model in list_models())


def test_columns_and_rows():
    book = load_codebook("dpt_patient")
    columns = list(cells()[0])
    assert columns[0] == "respondent"
    assert columns[1:43] == list(book.item_names)
    assert set(columns[43:]) == {covariate.name for covariate in book.covariates}
    assert [row["respondent"] for row in cells()] == [str(number) for number in range(1, 1201)]


def test_missing_answers_are_concentrated_in_a_tenth_of_the_rows():
    items = survey().frame[list(survey().items)].to_numpy(dtype=float)
    complete = (~np.isnan(items)).all(axis=1).mean()
    assert 0.89 <= complete <= 0.92
    reasons = Counter()
    for counts in survey().missing_reasons.values():
        reasons.update(counts)
    assert set(reasons) == {"dont_know", "no_answer", "empty"}
    assert min(reasons.values()) > 50


def test_answers_are_stored_as_given():
    """The reversed third items correlate negatively with their neighbours in the file, positively once scored."""
    raw = {name: np.array([float(row[name] or "nan") for row in cells()]) for name in ("ipt1", "ipt3")}
    answered = (raw["ipt1"] > 0) & (raw["ipt3"] > 0)
    assert np.corrcoef(raw["ipt1"][answered], raw["ipt3"][answered])[0, 1] < -0.3
    scored = survey().frame[["ipt1", "ipt3"]].dropna().to_numpy(dtype=float)
    assert np.corrcoef(scored, rowvar=False)[0, 1] > 0.3


def test_one_hospital_has_one_grade_and_one_region():
    hospitals = {(row["hospital"], row["hospital_grade"], row["region"]) for row in cells()}
    assert len(hospitals) == len({hospital for hospital, _, _ in hospitals}) == 24
    assert len({region for _, _, region in hospitals}) == 12


def test_groups_are_large_enough_to_compare():
    for column in ("setting", "hospital_grade"):
        assert min(Counter(row[column] for row in cells()).values()) > 400


def test_nothing_but_the_running_number_is_outside_the_codebook():
    codes = {finding.code for finding in survey().findings}
    assert codes == {"columns-not-in-codebook"}


@pytest.mark.slow
def test_stated_moments_are_those_of_a_large_sample():
    """The covariance matrix behind the truth file, checked by drawing a million respondents."""
    script = generator()
    whole: Population = script.population()
    scales = script.answer_scales(whole.observed)
    exact = scored_moments(whole.observed_cov, scales)
    sd = np.sqrt(np.diag(exact.cov))
    rng = np.random.default_rng(99)
    total = np.zeros_like(exact.cov)
    batches, size = 20, 50_000
    for _ in range(batches):
        draws = whole.draw(size, rng)
        scores = (cut_responses(draws, scales, whole.observed_mean, np.ones(len(scales))) - exact.mean) / sd
        total += scores.T @ scores
    sample = total / (batches * size)
    # Largest of 1,275 deviations, each with a standard error of about .001 (variances up to .0015).
    assert np.abs(sample - exact.cov / np.outer(sd, sd)).max() < 0.006
