"""The shipped theory: complete, consistent, quick to load, and its signs say on what ground they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trustsem.errors import UsageError
from trustsem.theory import Basis, load_theory

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
FIGURE_1 = [
    "humanistic_quality",
    "individual_quality",
    "medical_situation",
    "rights_protection",
    "group_identity",
    "social_trust",
    "public_opinion",
    "interpersonal_interaction",
    "emotional_communication",
    "interpersonal_trust",
    "intergroup_interaction",
    "social_knowledge",
    "intergroup_trust",
    "trust_relationship",
]


@pytest.fixture(scope="module")
def theory():
    return load_theory()


def test_every_file_is_sound(theory):
    theory.check()


def test_figure_1_comes_first_and_in_order(theory):
    assert [construct.id for construct in theory.constructs()][:14] == FIGURE_1


def test_constructs_have_names_and_poles_in_both_languages(theory):
    for construct in theory.constructs():
        for text in (construct.name, construct.positive, construct.negative):
            assert text is not None
            assert re.search("[a-z]", text.en)
            assert re.search("[\u4e00-\u9fff]", text.zh)
        assert construct.definition
        assert construct.source in theory.sources


def test_constructs_by_level_and_kind(theory):
    assert [c.id for c in theory.constructs(level="intergroup", kind="factor")] == FIGURE_1[4:7]
    assert len(theory.constructs(kind="factor")) == 7
    assert len(theory.constructs(with_concepts=True)) > 150


@pytest.mark.parametrize("what", ["construct", "level", "kind", "path group"])
def test_unknown_names_get_a_suggestion(theory, what):
    calls = {
        "construct": lambda: theory.construct("humanistic_qualty"),
        "level": lambda: theory.constructs(level="interpersonl"),
        "kind": lambda: theory.constructs(kind="facter"),
        "path group": lambda: theory.paths(group="feedbak"),
    }
    with pytest.raises(UsageError, match="Did you mean"):
        calls[what]()


def test_paths_of_figure_1(theory):
    counts = {g: len(theory.paths(group=g)) for g in ("interpersonal", "intergroup", "feedback", "relationship")}
    assert counts == {"interpersonal": 7, "intergroup": 6, "feedback": 2, "relationship": 2}
    assert theory.path("interpersonal_interaction", "interpersonal_trust").basis is Basis.READING
    assert theory.path("intergroup_trust", "interpersonal_trust").basis is Basis.STATED
    assert theory.path("trust_relationship", "humanistic_quality") is None


def test_all_hypotheses_are_there_in_order(theory):
    assert list(theory.hypotheses) == [f"H{i}" for i in range(1, 62)]
    by_source = {}
    for hypothesis in theory.hypotheses.values():
        by_source.setdefault(hypothesis.source, []).append(hypothesis.id)
        assert hypothesis.arrows or hypothesis.comparisons
    assert {source: len(found) for source, found in by_source.items()} == {
        "li2021": 39,
        "harmony": 8,
        "practices": 6,
        "humanity": 4,
        "communication": 4,
    }


def test_hypotheses_have_the_basis_of_the_list(theory):
    listing = SHARED / "HYPOTHESES.md"
    if not listing.is_file():
        pytest.skip("the list of hypotheses is not beside the checkout")
    letters = {"S": Basis.STATED, "C": Basis.CITED, "R": Basis.READING}
    seen = 0
    for line in listing.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"H\d+", cells[0]) and cells[-1][:1] in letters and cells[-1] != "":
            assert theory.hypotheses[cells[0]].basis is letters[cells[-1][0]], cells[0]
            seen += 1
    assert seen == 60  # H61 is a norm, not a prediction


def test_sections_of_hypotheses_agree_with_the_list(theory):
    listing = SHARED / "HYPOTHESES.md"
    if not listing.is_file():
        pytest.skip("the list of hypotheses is not beside the checkout")
    for line in listing.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"H\d+", cells[0]) and len(cells) == 5:
            assert theory.hypotheses[cells[0]].section == cells[3], cells[0]


@pytest.mark.parametrize(
    ("predictor", "outcome", "sign", "basis", "hypothesis"),
    [
        ("humanistic_quality", "interpersonal_interaction", 1, Basis.STATED, "H1"),
        ("humanistic_quality", "conflict", -1, Basis.STATED, "H1"),
        ("education", "trust", -1, Basis.CITED, "H4"),
        ("interpersonal_trust", "intergroup_trust", 1, Basis.STATED, "H24"),
        ("social_trust", "intergroup_distance", -1, Basis.STATED, "H16"),
        ("relationship_tension", "treatment_effect", -1, Basis.STATED, "H42"),
    ],
)
def test_expected_signs_of_claims(theory, predictor, outcome, sign, basis, hypothesis):
    expected = theory.expected_sign(predictor, outcome)
    assert (expected.sign, expected.basis) == (sign, basis)
    assert hypothesis in expected.hypotheses
    assert not expected.is_expectation_only


def test_a_reading_is_an_expectation_only(theory):
    expected = theory.expected_sign("interpersonal_interaction", "interpersonal_trust")
    assert expected.sign == 1
    assert expected.is_expectation_only


def test_own_additions_and_norms_give_no_expected_sign(theory):
    assert theory.path("public_opinion", "interpersonal_interaction").basis is Basis.OURS
    assert theory.expected_sign("public_opinion", "interpersonal_interaction") is None
    assert theory.hypotheses["H61"].arrows[0].sign == 0
    assert theory.expected_sign("treatment_effect", "trust") is None
    assert theory.hypotheses["H60"].is_norm
    assert theory.expected_sign("sincerity", "relation_harmony") is None


def test_contested_claims_are_marked(theory):
    assert theory.expected_sign("education", "trust").is_contested
    assert not theory.expected_sign("age", "trust").is_contested
    assert ".09" in theory.hypotheses["H4"].contested


def test_hypotheses_and_levers_for_a_construct(theory):
    assert [h.id for h in theory.hypotheses_for("emotional_communication", "interpersonal_trust")] == ["H10", "H33"]
    assert {h.id for h in theory.hypotheses_for(outcome="adherence")} == {"H11", "H50"}
    assert [lever.id for lever in theory.levers_for("public_opinion")] == ["media_report_fairly"]
    stated = [e for lever in theory.levers for e in lever.acts_on if e.is_stated]
    assert {(e.construct, e.sign) for e in stated} == {("patient_anxiety", -1), ("satisfaction", 1)}
    assert len(theory.levers) == 12


def test_moderators_keep_their_basis(theory):
    moderator = theory.hypotheses["H9"].moderators[0]
    assert (moderator.construct, moderator.direction, moderator.basis) == (
        "rights_protection",
        "weakens",
        Basis.READING,
    )
    assert theory.hypotheses["H9"].moderated == (("conflict", "trust"),)


def test_a_difference_in_where_trust_comes_from_moderates_no_arrow(theory):
    assert theory.hypotheses["H13"].moderators == ()
    assert "where first trust comes from" in theory.hypotheses["H13"].remark


def test_every_path_that_a_source_states_has_a_sign(theory):
    for path in theory.paths():
        if path.basis is not Basis.OURS:
            assert path.sign in (1, -1), path
