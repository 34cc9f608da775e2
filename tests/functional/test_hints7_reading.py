"""HINTS 7: the real half sample where it is at hand, and its synthetic twin."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trustsem.errors import CodebookError
from trustsem.instruments import load_codebook
from trustsem.resources import samples_dir
from trustsem.survey import LogAction, apply_codebook, read_survey

HALF = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "hints7"
needs_half = pytest.mark.skipif(not HALF.is_dir(), reason="the HINTS 7 half sample is not beside the checkout")
COMMUNICATION = [item.name for item in load_codebook("hints7").items_of("communication")]
TRUST = [item.name for item in load_codebook("hints7").items_of("institutional_trust")]


@pytest.fixture(scope="module")
def half():
    return read_survey(HALF / "hints7_half.csv", "hints7")


@pytest.fixture(scope="module")
def twin():
    return read_survey(samples_dir() / "hints7_twin.csv", "hints7")


@needs_half
@pytest.mark.slow
def test_csv_and_sav_give_the_same_scores_and_kinds_of_missing(half):
    from_sav = read_survey(HALF / "hints7_half.sav", "hints7")
    pd.testing.assert_frame_equal(half.frame, from_sav.frame)
    assert half.missing_reasons == from_sav.missing_reasons


@needs_half
def test_every_cell_of_the_codebook_columns_is_accounted_for(half):
    raw = pd.read_csv(HALF / "hints7_half.csv", dtype=str, keep_default_na=False)
    for name in half.items:
        expected: dict[str, int] = {}
        for text, reason in {
            "Inapplicable": "inapplicable",
            "Question answered in error": "commission_error",
            "Multiple responses": "multiple_responses",
            "Missing data (Web partial": "never_seen",
            "Missing data (Not Ascertained)": "not_ascertained",
        }.items():
            count = int(np.sum(raw[name].str.startswith(text)))
            if count:
                expected[reason] = count
        assert half.missing_reasons[name] == expected
        assert half.frame[name].isna().sum() == sum(expected.values())


@needs_half
def test_labels_are_scored_in_the_right_direction(half):
    raw = pd.read_csv(HALF / "hints7_half.csv", dtype=str, keep_default_na=False)
    for label, score in {"Always": 4, "Usually": 3, "Sometimes": 2, "Never": 1}.items():
        assert set(half.frame["FeelingsAddressed"][raw["FeelingsAddressed"] == label]) == {score}
    for label, score in {"Excellent": 5, "Poor": 1}.items():
        assert set(half.frame["QualityCare"][raw["QualityCare"] == label]) == {score}
    for label, score in {"A lot": 4, "Not at all": 1}.items():
        assert set(half.frame["TrustHCSystem"][raw["TrustHCSystem"] == label]) == {score}
    assert np.sum(half.frame["FreqGoProvider"] == 0) == np.sum(raw["FreqGoProvider"] == "None") == 417


@needs_half
def test_items_of_a_construct_correlate_positively(half):
    assert half.frame[COMMUNICATION].corr().to_numpy().min() > 0.3
    assert half.frame[TRUST].corr().to_numpy().min() > 0.1
    assert (
        half.frame[[*COMMUNICATION, "QualityCare", "CancerTrustDoctor", "TrustHCSystem"]].corr().to_numpy().min() > 0.1
    )


@needs_half
def test_weights_and_design_come_through(half):
    weights = half.frame[["PERSON_FINWT0", *(f"PERSON_FINWT{i}" for i in range(1, 51))]]
    assert weights.notna().all(axis=None)
    assert set(weights.dtypes) == {np.dtype(np.float64)}
    assert half.frame["VAR_CLUSTER"].nunique() == 25
    assert half.frame["Age"].min() == 18


def test_numbers_are_refused_because_they_mean_different_things_in_different_files():
    with pytest.raises(CodebookError, match="takes labels only"):
        apply_codebook(pd.DataFrame({"QualityCare": [1.0, 10.0]}), load_codebook("hints7"))


def test_the_twin_reads_without_a_warning(twin):
    assert len(twin.frame) == 600
    assert {finding.code for finding in twin.findings} == {"missing-covariates"}  # the replicate weights
    assert set(twin.missing_reasons["QualityCare"]) >= {"inapplicable", "commission_error", "not_ascertained"}
    assert any(entry.action is LogAction.REVERSED for entry in twin.log)


def test_the_twin_has_the_shape_of_its_population(twin):
    assert twin.frame[COMMUNICATION].corr().to_numpy().min() > 0.35
    assert twin.frame[TRUST].corr().to_numpy().min() > 0.2
    assert twin.frame[[*COMMUNICATION, "CancerTrustDoctor"]].corr()["CancerTrustDoctor"].min() > 0.1


def test_skips_follow_the_visits(twin):
    no_visit = twin.frame["FreqGoProvider"] == 0
    assert twin.frame.loc[no_visit, COMMUNICATION].isna().all(axis=None)


def test_the_generator_writes_the_bundled_file(tmp_path):
    script = samples_dir() / "make_hints7_twin.py"
    spec = importlib.util.spec_from_file_location("make_hints7_twin", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write_twin(tmp_path / "twin.csv")
    assert (tmp_path / "twin.csv").read_bytes() == (samples_dir() / "hints7_twin.csv").read_bytes()


@needs_half
def test_no_row_of_the_real_survey_is_in_the_twin(half, twin):
    # Only the many-decimal weights identify a row; the twin's are drawn.
    assert not set(twin.frame["PERSON_FINWT0"]) & set(half.frame["PERSON_FINWT0"])
