"""Words of reports: both languages have the same keys and places, and no text of one is left in the other."""

from __future__ import annotations

import re

import pytest

from trustsem.fitting.data_options import Missing
from trustsem.inference.chisquares import TestKind
from trustsem.inference.standard_errors import ErrorKind
from trustsem.measurement.ladder import Status
from trustsem.measurement.levels import LEVELS
from trustsem.report.checklists.evaluators import EVALUATORS
from trustsem.report.checklists.evaluators.measurement import rate_sample
from trustsem.report.checklists.filling import APPLIES
from trustsem.report.checklists.reading import NAMES, load_checklist
from trustsem.resample.intervals import IntervalKind
from trustsem.theory.types import Basis
from trustsem.wording import texts

_PLACE = re.compile(r"\{(\w*)[^}]*\}")
# Words of Chinese texts that stay as they are: names of indices, methods, programs, people.
KEPT = {
    "AGReMA", "AIC", "APA", "AVE", "BIC", "Bartlett", "Bentler", "Bollen", "Browne", "ADF", "CFI", "COSMIN", "Cudeck",
    "Delta", "F", "Feldt", "Fornell", "HTMT", "Henseler", "Hu", "Huber", "Imai", "JARS", "KR", "Kaiser", "Keele",
    "Larcker", "Little", "Lorenzo", "MIIV", "MSA", "Mplus", "Python", "R", "RMSEA", "Ringle", "Rönkkö", "SHA", "SLS",
    "SRMR", "Sargan", "Sarstedt", "Satorra", "Seva", "TLI", "Tingley", "Tucker", "White", "Yuan", "Cho", "Berge",
    "al", "dMACS", "describe", "et", "org", "p", "reproduce", "rho", "statement", "ten", "trustsem", "agrema", "Lee",
    "Mokkink", "Appelbaum", "SD", "HTML", "JavaScript", "Word", "install", "pip", "py", "resvg", "word",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-zö]+")


def test_both_languages_have_the_same_keys() -> None:
    assert set(texts("zh")) == set(texts("en"))


@pytest.mark.parametrize("key", texts("en"))
def test_both_languages_have_the_same_places(key: str) -> None:
    assert sorted(_PLACE.findall(texts("zh")[key])) == sorted(_PLACE.findall(texts("en")[key]))


@pytest.mark.parametrize("key", texts("zh"))
def test_a_chinese_text_has_no_english_words(key: str) -> None:
    assert set(_WORD.findall(_PLACE.sub("", texts("zh")[key]))) <= KEPT


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("checklists.errors", [*(kind.value for kind in ErrorKind), "bootstrap"]),
        ("checklists.tests", [kind.value for kind in TestKind]),
        ("checklists.missing", [kind.value for kind in Missing]),
        ("checklists.intervals", [kind.value for kind in IntervalKind]),
        ("checklists.basis", [basis.value for basis in Basis]),
        ("invariance.levels", [level.name for level in LEVELS.values()]),
        ("invariance.statuses", [status.value.replace(" ", "_") for status in Status]),
    ],
)
def test_every_choice_has_a_word(table: str, names: list[str]) -> None:
    assert {f"{table}.{name}" for name in names} == {key for key in texts("en") if key.startswith(f"{table}.")}


@pytest.mark.parametrize("name", NAMES)
def test_a_checklist_is_complete_data(name: str) -> None:
    checklist = load_checklist(name)
    assert checklist.applies in APPLIES
    assert len({item.id for item in checklist.items}) == len(checklist.items)
    for item in checklist.items:
        assert item.evaluator in EVALUATORS
        assert item.wording.en
        assert item.wording.zh
        assert not item.where or f"{item.where}.title" in texts("en")


def test_no_evaluator_is_left_over() -> None:
    assert {item.evaluator for name in NAMES for item in load_checklist(name).items} == set(EVALUATORS)


@pytest.mark.parametrize(
    ("n", "n_items", "box3", "box5"),
    [
        (100, 14, "very_good", "very_good"),  # 7.1 per item
        (140, 21, "adequate", "adequate"),  # 6.7 per item, 100 or more
        (105, 21, "adequate", "adequate"),  # 5 per item, 100 or more
        (99, 14, "adequate", "adequate"),  # 7.1 per item, but fewer than 100
        (60, 10, "adequate", "adequate"),  # 6 per item, fewer than 100
        (55, 10, "doubtful", "adequate"),  # 5.5 per item: box 5 takes 5 to 7
        (50, 10, "doubtful", "doubtful"),  # 5 per item
        (49, 10, "inadequate", "inadequate"),
        (1000, 201, "inadequate", "inadequate"),
    ],
)
def test_sample_sizes_are_rated_as_cosmin_does(n: int, n_items: int, box3: str, box5: str) -> None:
    assert rate_sample(n, n_items, small_factor=6) == box3
    assert rate_sample(n, n_items, small_factor=5 + 1e-9) == box5
