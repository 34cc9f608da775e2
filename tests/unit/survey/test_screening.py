"""Screening of items before a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsem.errors import DataError, ModelError
from trustsem.instruments import load_codebook
from trustsem.survey import apply_codebook, screen_items, screen_values

NAMES = ("a", "b", "c")


def answers(n=100, p=3, seed=1):
    return np.random.default_rng(seed).integers(1, 6, size=(n, p)).astype(float)


def codes(values, names=NAMES):
    return [finding.code for finding in screen_values(values, names)]


def test_ordinary_items_raise_no_doubt():
    assert codes(answers()) == []


def test_impossible_items_are_refused_all_at_once():
    values = answers()
    values[:, 0], values[:, 1], values[4, 2] = 3.0, np.nan, np.inf
    with pytest.raises(DataError) as caught:
        screen_values(values, NAMES)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["a", "b", "c"]
    assert "all 100 answers are the same" in caught.value.faults[0]


def test_duplicated_items_also_reversed_and_with_gaps():
    values = answers()
    values[:, 2] = 6 - values[:, 0]
    values[0, 1] = np.nan
    (finding,) = screen_values(values, NAMES)
    assert finding.code == "duplicated-items"
    assert finding.parameter == "a, c"
    assert "-1" in finding.message


def test_a_sum_score_among_its_items():
    values = answers()
    values[:, 2] = values[:, 0] + values[:, 1]
    assert codes(values) == ["linear-dependence"]


def test_nearly_constant_item():
    values = answers()
    values[:96, 1] = 5.0
    assert "near-zero-variance" in codes(values)


def test_too_few_rows():
    assert codes(answers(n=3)) == ["few-rows"]
    assert "few-rows" not in codes(answers(n=50))


def test_unknown_items_are_refused():
    with pytest.raises(ModelError, match="Did you mean 'item_1'"):
        screen_items(pd.DataFrame({"item_1": [1.0, 2.0]}), ["itm_1"])


def test_text_items_are_refused():
    with pytest.raises(DataError, match="not numeric"):
        screen_items(pd.DataFrame({"a": ["x", "y"]}), ["a"])


def test_straightlining_counts_equal_answers_as_given_not_as_scored():
    book = load_codebook("dpt_patient")
    raw = pd.DataFrame(answers(60, len(book.items)).astype(int).astype(str), columns=list(book.item_names))
    raw.iloc[:4] = "2"  # the same answer everywhere, on reversed items too
    survey = apply_codebook(raw, book)
    (finding,) = [f for f in screen_items(survey, book.item_names) if f.code == "straightlining"]
    assert finding.message.startswith("4 of 60")
    assert "reversed ones included" in finding.message
    # Scored frames without the codebook cannot tell: reflected items differ.
    assert "straightlining" not in [f.code for f in screen_items(survey.frame, book.item_names)]


def test_equal_answers_to_items_of_one_direction_are_said_to_be_such():
    book = load_codebook("hints7")
    names = [item.name for item in book.items_of("communication")]
    labels = np.array(["Always", "Usually", "Sometimes", "Never"], dtype=object)
    raw = pd.DataFrame(labels[answers(50, len(names)).astype(int) % 4], columns=names)
    raw.iloc[0] = "Always"
    (finding,) = [f for f in screen_items(apply_codebook(raw, book), names) if f.code == "straightlining"]
    assert finding.message.startswith("1 of 50")
    assert "one direction" in finding.message
