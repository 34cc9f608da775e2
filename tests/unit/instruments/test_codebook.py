"""Types of a codebook: scales, reversal, missing codes, the canonical form of cells."""

from __future__ import annotations

import pytest

from trustsem.instruments import Accept, LocalText, MissingCode, MissingIndex, Scale, canonical_cell, load_codebook

AGREE = Scale("agree5", (1.0, 2.0, 3.0, 4.0, 5.0), ("a", "b", "c", "d", "e"), ("甲", "乙", "丙", "丁", "戊"))


@pytest.mark.parametrize("cell", [1, 1.0, "1", " 1.0 ", "１", "+1", "1e0"])
def test_forms_of_one_number_are_one_code(cell):
    assert canonical_cell(cell) == "1"


@pytest.mark.parametrize("cell", ["", "  ", None, float("nan")])
def test_empty_cells_are_one_code(cell):
    assert canonical_cell(cell) == ""


def test_text_is_compared_without_case_width_and_blanks():
    assert canonical_cell(" Very  GOOD") == canonical_cell("very good")
    assert canonical_cell("非常同意 ") == "非常同意"


def test_the_answer_none_is_not_missing():
    assert canonical_cell("None") == "none"


def test_reflecting_twice_gives_the_answer_back():
    assert [AGREE.reflect(AGREE.reflect(p)) for p in AGREE.points] == list(AGREE.points)
    assert AGREE.reflect(1.0) == 5.0
    assert Scale("from0", (0.0, 1.0, 2.0)).reflect(0.0) == 2.0


def test_labels_by_language_fall_back_to_the_other():
    assert AGREE.label(2.0, "zh") == "乙"
    assert Scale("s", (1.0, 2.0), ("no", "yes")).label(2.0, "zh") == "yes"
    assert Scale("s", (1.0, 2.0)).label(1.0) is None
    assert LocalText(en="only").text("zh") == "only"


def test_allowed_points_read_as_a_range_where_they_are_one():
    assert AGREE.allowed() == "1..5"
    assert Scale("odd", (1.0, 3.0, 5.0)).allowed() == "1, 3, 5"


@pytest.mark.parametrize(
    ("variable", "cell", "reason"),
    [
        ("QualityCare", "Inapplicable, coded None in FreqGoProvider", "inapplicable"),
        ("QualityCare", "Missing data (Web partial - Question Never Seen)", "never_seen"),
        ("RaceEthn5", "Missing Data--Not Ascertained", "not_ascertained"),
        ("QualityCare", "Excellent", None),
        ("QualityCare", "-9", None),  # declared for Age only
        ("Age", "-9", "not_ascertained"),
    ],
)
def test_missing_codes_and_patterns(variable, cell, reason):
    code = load_codebook("hints7").missing_index(variable).find(canonical_cell(cell))
    assert (code and code.reason) == reason


def test_patterns_match_texts_and_never_numbers():
    code = MissingCode(None, "9*", "x", LocalText())
    index = MissingIndex({}, ((code.regex(), code),))
    assert index.find("9 of 9") is code
    assert index.find("99") is None


def test_pattern_characters_other_than_the_two_wildcards_are_literal():
    regex = MissingCode(None, "Missing (x?)*", "x", LocalText()).regex()
    assert regex.fullmatch("missing (x1) more")
    assert not regex.fullmatch("missing x1")


def test_item_scores_and_answers_are_inverse():
    item = load_codebook("hints7").item("ExplainedClearly")
    assert item.reverse
    assert item.score(1.0) == 4.0  # "Always"
    assert item.answer(item.score(2.0)) == 2.0


def test_hints_scales_refuse_numbers():
    assert {scale.accept for scale in load_codebook("hints7").scales} == {Accept.LABELS}
