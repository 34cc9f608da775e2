"""The short modules: own items in both languages, and items of the patient form taken over word for word."""

from __future__ import annotations

import re

import pytest

from trustsem.instruments import list_codebooks, load_codebook

PATIENT = load_codebook("dpt_patient")
OWN = {
    "outcomes": ("trust_rational", "trust_emotional", "adherence", "felt_benefit", "patient_openness", "satisfaction"),
    "culture": ("cultural_mentality",),
    "perception": ("psychological_attention",),
    "conflict": ("root_legal", "root_institutional", "root_cultural", "relief_channels", "conflict"),
    "practices": ("clinician_practices", "feeling_heard"),
    "group_relations": ("conflict", "ingroup_identification", "intergroup_anxiety", "willingness_to_communicate"),
}


def test_what_ships():
    assert set(list_codebooks()) == {"dpt_patient", "dpt_clinician", "hints7", *OWN}


@pytest.mark.parametrize("name", OWN)
def test_own_items_and_those_taken_over(name):
    book = load_codebook(name)
    own = {item.name for construct in OWN[name] for item in book.items_of(construct)}
    taken = [item for item in book.items if item.name not in own]
    assert not own & set(PATIENT.item_names)
    for item in taken:
        original = PATIENT.item(item.name)
        assert (item.wording, item.construct, item.reverse, item.scale) == (
            original.wording, original.construct, original.reverse, original.scale
        )  # fmt: skip
    assert book.missing == PATIENT.missing


@pytest.mark.parametrize("name", OWN)
def test_third_items_are_reversed_and_every_construct_has_three_at_least(name):
    book = load_codebook(name)
    assert {item.name for item in book.items if item.reverse} == {n for n in book.item_names if n.endswith("3")}
    assert min(len(book.items_of(construct)) for construct in book.construct_names) >= 3


@pytest.mark.parametrize("name", OWN)
def test_wording_in_both_languages_once_each(name):
    book = load_codebook(name)
    for language in ("en", "zh"):
        assert len({item.wording.text(language) for item in book.items}) == len(book.items)
    for item in book.items:
        assert item.wording.text("en").endswith(".")
        assert item.wording.text("zh").endswith("。")
        assert not re.search(r"[A-Za-z,;:?()]", item.wording.text("zh")), item.name


def test_facets_of_trust_do_not_borrow_from_each_other():
    book = load_codebook("outcomes")
    for item in book.items_of("trust_rational"):
        assert not re.search(r"\b(feel|ease|safe|beside|stranger)", item.wording.text("en"))
    for item in book.items_of("trust_emotional"):
        assert not re.search(r"\b(skill|masters|facts|reasons|judge)", item.wording.text("en"))


def test_both_sides_rate_the_same_object():
    for item in load_codebook("perception").items:
        assert item.wording.text("en").startswith("Staff here ")
        assert item.wording.text("zh").startswith("这里的医务人员")
        assert not re.search(r"\b(I|my|me)\b", item.wording.text("en"))
