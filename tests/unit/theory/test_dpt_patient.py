"""The patient questionnaire: fourteen constructs, three items each, the third reversed, both languages."""

from __future__ import annotations

import re

import pytest

from trustsem.instruments import load_codebook
from trustsem.theory import load_theory

BOOK = load_codebook("dpt_patient")
THIS_DOCTOR = ("humanistic_quality", "interpersonal_interaction", "emotional_communication", "interpersonal_trust")
FEELINGS = re.compile(r"\b(feel|afraid|glad|worr|calm)")


def test_three_items_for_each_construct_of_figure_1():
    constructs = load_theory().constructs()[:14]
    assert set(BOOK.construct_names) == {construct.id for construct in constructs}
    assert len(BOOK.items) == 42
    for construct in constructs:
        names = [item.name for item in BOOK.items_of(construct.id)]
        assert names == [f"{construct.short}{i}" for i in (1, 2, 3)]


def test_the_third_item_is_reversed_and_no_other():
    assert {item.name for item in BOOK.items if item.reverse} == {n for n in BOOK.item_names if n.endswith("3")}


def test_wording_in_both_languages_once_each():
    for language in ("en", "zh"):
        wordings = [item.wording.text(language) for item in BOOK.items]
        assert len(set(wordings)) == len(wordings)
    for item in BOOK.items:
        assert item.wording.text("en").endswith(".")
        assert item.wording.text("zh").endswith("。")
        assert not re.search(r"[A-Za-z,;:?()]", item.wording.text("zh")), item.name  # Chinese punctuation in Chinese


@pytest.mark.parametrize("construct", THIS_DOCTOR)
def test_items_on_one_doctor_speak_of_this_doctor(construct):
    for item in BOOK.items_of(construct):
        assert re.search(r"\b(this|my) doctor\b", item.wording.text("en"), re.IGNORECASE), item.name


def test_boundaries_between_neighbours():
    for item in BOOK.items_of("interpersonal_interaction"):
        assert not FEELINGS.search(item.wording.text("en"))
    for construct in ("group_identity", "social_knowledge"):
        for item in BOOK.items_of(construct):
            assert "trust" not in item.wording.text("en").lower()
            assert "信任" not in item.wording.text("zh")
    for item in BOOK.items_of("public_opinion"):
        assert re.search(r"news|reports|media", item.wording.text("en"), re.IGNORECASE)


def test_covariates_are_those_the_models_use():
    names = {covariate.name for covariate in BOOK.covariates}
    assert {path.predictor for path in load_theory().paths(group="individual_differences")} <= names
    assert {"setting", "hospital", "hospital_grade", "region"} <= names


def test_missing_codes():
    assert {code.code: code.reason for code in BOOK.missing} == {"-8": "dont_know", "-9": "no_answer", "": "empty"}
