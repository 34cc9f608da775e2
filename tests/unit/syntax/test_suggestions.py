"""Names for "Did you mean ...?"."""

from __future__ import annotations

import time

import pytest

from trustsem.syntax import closest_names, did_you_mean

NAMES = ["trust_1", "trust_2", "trust_10", "age", "sex", "educ_level", "信任"]


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("trsut_1", "trust_1"),
        ("TRUST_2", "trust_2"),
        ("trust.10", "trust_10"),
        ("trust1", "trust_1"),
        ("educ", "educ_level"),
        ("aeg", "age"),
        ("ａｇｅ", "age"),
        ("信任1", "信任"),
    ],
)
def test_best_suggestion(name: str, best: str) -> None:
    assert closest_names(name, NAMES)[0] == best


def test_nothing_close() -> None:
    assert closest_names("zzz", NAMES) == ()
    assert did_you_mean("zzz", NAMES) == ""


def test_at_most_three_and_never_the_name_itself() -> None:
    names = [f"trust_{i}" for i in range(20)]
    assert len(closest_names("trust_99", names)) == 3
    assert "trust_1" not in closest_names("trust_1", names)


def test_question() -> None:
    assert did_you_mean("trsut_10", ["trust_10"]) == "Did you mean 'trust_10'?"


def test_long_lists_are_quick() -> None:
    begin = time.perf_counter()
    closest_names("item_x_4999", [f"item_{i}_{i % 7}" for i in range(5000)])
    assert time.perf_counter() - begin < 2.0
