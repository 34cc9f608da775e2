"""The clinician form: names, constructs and keys of the patient form, wording from the other side."""

from __future__ import annotations

import re

import pytest

from trustsem.instruments import load_codebook

BOOK, PATIENT = load_codebook("dpt_clinician"), load_codebook("dpt_patient")
MY_PATIENTS = ("interpersonal_interaction", "emotional_communication", "interpersonal_trust", "individual_quality")
FEELINGS = re.compile(r"\b(feel|afraid|glad|worr|calm)")
# Statements on hospital, groups, society and media that both sides can answer in the same words.
SAME_WORDS = {"ms1", "ms3", "gi1", "gi3", "st1", "st2", "st3", "po1", "po2", "po3", "igi1", "igi2", "igi3", "sk2",
              "tr1", "tr2", "tr3"}  # fmt: skip


def test_the_same_names_constructs_and_keys_as_the_patient_form():
    assert [(i.name, i.construct, i.reverse, i.scale) for i in BOOK.items] == [
        (i.name, i.construct, i.reverse, i.scale) for i in PATIENT.items
    ]
    assert BOOK.respondent_role == "clinician"


def test_only_statements_that_both_sides_can_answer_are_worded_alike():
    for language in ("en", "zh"):
        alike = {i.name for i in BOOK.items if i.wording.text(language) == PATIENT.item(i.name).wording.text(language)}
        assert alike == SAME_WORDS
    assert "Seventeen items" in BOOK.notes.text("en")


def test_wording_in_both_languages_once_each():
    for language in ("en", "zh"):
        wordings = [item.wording.text(language) for item in BOOK.items]
        assert len(set(wordings)) == len(wordings)
    for item in BOOK.items:
        assert item.wording.text("en").endswith(".")
        assert item.wording.text("zh").endswith("。")
        assert not re.search(r"[A-Za-z,;:?()]", item.wording.text("zh")), item.name


@pytest.mark.parametrize("construct", MY_PATIENTS)
def test_items_on_ones_own_patients_speak_of_them(construct):
    for item in BOOK.items_of(construct):
        assert re.search(r"\bmy patients\b", item.wording.text("en"), re.IGNORECASE), item.name
        assert "我的患者" in item.wording.text("zh"), item.name


def test_boundaries_between_neighbours():
    for item in BOOK.items_of("interpersonal_interaction"):
        assert not FEELINGS.search(item.wording.text("en"))
    for construct in ("group_identity", "social_knowledge"):
        for item in BOOK.items_of(construct):
            assert "trust" not in item.wording.text("en").lower()
            assert "信任" not in item.wording.text("zh")
    for item in BOOK.items_of("intergroup_trust"):
        assert "my patients" not in item.wording.text("en")


def test_missing_codes_and_covariates():
    assert BOOK.missing == PATIENT.missing
    names = {covariate.name for covariate in BOOK.covariates}
    assert {"profession", "years_in_practice", "setting", "hospital_grade", "hospital", "region"} <= names
