"""Reading codebook files: what is refused, where, and with what advice."""

from __future__ import annotations

import pytest

from trustsem.errors import CodebookError
from trustsem.instruments import list_codebooks, load_codebook

GOOD = """
[codebook]
id = "mini"
title.en = "Mini"
version = "1"
source = "own"
licence = "MIT"
respondent_role = "patient"

[constructs.warmth_x]
name.en = "Warmth"
definition.en = "How warm."

[scales.agree3]
points = [1, 2, 3]
labels.en = ["no", "so-so", "yes"]

[[missing]]
code = 9
reason = "no_answer"
label.en = "No answer"

[[items]]
name = "w1"
construct = "warmth_x"
scale = "agree3"
wording.en = "Warm."

[[items]]
name = "w2"
construct = "warmth_x"
scale = "agree3"
reverse = true
wording.zh = "冷淡。"

[[covariates]]
name = "age"
kind = "numeric"
minimum = 18
label.en = "Age"
"""


@pytest.fixture
def write(tmp_path):
    def write_codebook(text, name="mini.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_codebook


def faults_of(path):
    with pytest.raises(CodebookError) as caught:
        load_codebook(path)
    assert caught.value.exit_code == 11
    return caught.value


def test_a_good_file_loads(write):
    book = load_codebook(write(GOOD))
    assert book.item_names == ("w1", "w2")
    assert book.construct_names == ("warmth_x",)
    assert book.item("w2").wording.text("en") == "冷淡。"
    assert book.covariate("age").minimum == 18


def test_an_edited_file_is_read_again(write):
    path = write(GOOD)
    assert load_codebook(path).version == "1"
    import os

    path.write_text(GOOD.replace('version = "1"', 'version = "2"'), encoding="utf-8")
    os.utime(path, ns=(10**9, 10**9))
    assert load_codebook(path).version == "2"


@pytest.mark.parametrize("name", list_codebooks())
def test_every_bundled_codebook_loads_and_speaks_both_languages(name):
    book = load_codebook(name)
    assert book.id == name
    for item in book.items:
        assert item.wording.en
        assert item.wording.zh
    for scale in book.scales:
        assert len(scale.labels_en) == len(scale.labels_zh) == len(scale.points)


@pytest.mark.parametrize(
    ("old", "new", "phrase"),
    [
        ("reverse = true", "revers = true", "Did you mean 'reverse'"),
        ("reverse = true", 'reverse = "yes"', "true or false"),
        ('name = "w2"', 'name = "w1"', "used 2 times"),
        ('name = "w2"', 'name = "2w"', "cannot stand in a model"),
        ('scale = "agree3"\nreverse', 'scale = "agre3"\nreverse', "Did you mean 'agree3'"),
        (
            'construct = "warmth_x"\nscale = "agree3"\nreverse',
            'construct = "warmt_x"\nscale = "agree3"\nreverse',
            "warmth_x",
        ),
        ('wording.zh = "冷淡。"', "", "'wording' is missing"),
        ('wording.zh = "冷淡。"', 'wording.zh = " "', "not empty"),
        ('wording.zh = "冷淡。"', 'wording = "cold"', "needs a language"),
        ('wording.zh = "冷淡。"', 'wording.fr = "froid"', "no language 'fr'"),
        ('labels.en = ["no", "so-so", "yes"]', 'labels.en = ["no", "yes"]', "3 points, but 2 labels.en"),
        ('labels.en = ["no", "so-so", "yes"]', 'labels.en = ["no", "No ", "yes"]', "repeats a label"),
        ("points = [1, 2, 3]", "points = [1, 2, 2]", "listed twice"),
        ("code = 9", "code = 3", "a missing code at once"),
        ("code = 9", 'code = 9\npattern = "x*"', "either 'code' or 'pattern'"),
        ("code = 9", 'code = 9\nonly = ["agee"]', "Did you mean 'age'"),
        ('kind = "numeric"', 'kind = "numerc"', "Did you mean 'numeric'"),
        ('kind = "numeric"', 'kind = "nominal"', "'minimum' and 'maximum' belong to numbers"),
        ("minimum = 18", "minimum = 18\nmaximum = 7", "above 'maximum'"),
        ("[constructs.warmth_x]", "[constructs.interpersonal_trust]", "already defined by the theory"),
        ('licence = "MIT"', "", "'licence' is missing"),
        ("[scales.agree3]", "[extra]\na = 1\n[scales.agree3]", "unknown key 'extra'"),
    ],
)
def test_each_fault_has_its_message(write, old, new, phrase):
    assert GOOD.count(old) >= 1
    assert phrase in str(faults_of(write(GOOD.replace(old, new))))


def test_all_faults_are_reported_at_once_with_their_lines(write):
    text = (
        GOOD.replace("reverse = true", "revers = true")
        .replace('kind = "numeric"', 'kind = "x"')
        .replace("code = 9", "")
    )
    error = faults_of(write(text))
    assert error.code == "codebook-faults"
    assert len(error.faults) >= 3
    line = text.splitlines().index('name = "w2"')  # the header [[items]] stands one line above, lines count from 1
    assert any(fault.startswith(f"line {line}, [[items]] 'w2'") for fault in error.faults)


def test_broken_toml_names_line_and_column(write):
    error = faults_of(write(GOOD.replace('version = "1"', "version = 1 2")))
    assert error.code == "codebook-syntax"
    assert "line 5, column" in str(error)


def test_a_file_that_ends_too_early(write):
    assert faults_of(write('[codebook]\nid = "x')).code == "codebook-syntax"


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "gbk.toml"
    path.write_bytes('[codebook]\nid = "x"\ntitle.zh = "信任"\n'.encode("gb18030"))
    error = faults_of(path)
    assert error.code == "codebook-encoding"
    assert "line 3" in str(error)


def test_an_unknown_name_gets_a_suggestion(tmp_path):
    assert "Did you mean 'hints7'" in str(faults_of("hint7"))
    assert "folder" in str(faults_of(tmp_path))


def test_a_misspelt_path_gets_a_suggestion(write):
    path = write(GOOD)
    assert "Did you mean 'mini.toml'" in str(faults_of(path.with_name("mni.toml")))


def test_a_data_file_is_no_codebook(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("q1,q2\n4,2\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"answers\.csv is not a codebook") as caught:
        load_codebook(path)
    assert caught.value.code == "codebook-suffix"
    assert "dpt_patient" in str(caught.value)
    assert "4,2" not in str(caught.value)
