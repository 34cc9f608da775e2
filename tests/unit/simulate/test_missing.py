"""Missing answers: exactly the planned share of rows, breaking off as a tail, and the three mechanisms."""

from __future__ import annotations

import numpy as np
import pytest

from trustsem.errors import UsageError
from trustsem.simulate import ANSWERED, BROKEN_OFF, REFUSED, SKIPPED, MissingPlan, draw_missing

PLAN = MissingPlan(row_share=0.10, break_off_share=0.30, skip_rate=0.05, refused_share=0.40)


def test_exactly_the_planned_share_of_rows_is_hit():
    kinds = draw_missing(1200, 42, PLAN, np.random.default_rng(1))
    assert (kinds != ANSWERED).any(axis=1).sum() == 120


def test_breaking_off_leaves_a_tail_and_excludes_skipping():
    kinds = draw_missing(5000, 42, PLAN, np.random.default_rng(2))
    gone = kinds == BROKEN_OFF
    rows = gone.any(axis=1)
    assert (np.diff(gone[rows].astype(int), axis=1) >= 0).all()
    assert not np.isin(kinds[rows], (SKIPPED, REFUSED)).any()


def test_rates_are_those_of_the_plan():
    kinds = draw_missing(100_000, 40, PLAN, np.random.default_rng(3))
    hit = kinds[(kinds != ANSWERED).any(axis=1)]
    breaks = (hit == BROKEN_OFF).any(axis=1)
    assert breaks.mean() == pytest.approx(0.30, abs=0.025)
    skipped = np.isin(hit[~breaks], (SKIPPED, REFUSED))
    assert skipped.sum(axis=1).mean() == pytest.approx(1 + 39 * 0.05, abs=0.1)
    assert (hit == REFUSED).sum() / skipped.sum() == pytest.approx(0.40, abs=0.02)


def test_completely_at_random_by_default_and_not_with_a_propensity():
    rng = np.random.default_rng(4)
    answers = rng.standard_normal(20_000)
    at_random = (draw_missing(20_000, 5, PLAN, rng) != ANSWERED).any(axis=1)
    assert abs(answers[at_random].mean()) < 5 / np.sqrt(2000)
    steered = (draw_missing(20_000, 5, PLAN, rng, propensity=np.exp(answers)) != ANSWERED).any(axis=1)
    assert steered.sum() == 2000
    assert answers[steered].mean() > 0.5


def test_nobody_and_everybody():
    assert not draw_missing(50, 4, MissingPlan(row_share=0), np.random.default_rng(5)).any()
    assert draw_missing(50, 4, MissingPlan(row_share=1), np.random.default_rng(5)).any(axis=1).all()


def test_impossible_plans_are_refused():
    with pytest.raises(UsageError, match="row_share is -1\n  - skip_rate"):
        MissingPlan(row_share=-1, skip_rate=1.2)
    with pytest.raises(UsageError, match="finite values"):
        draw_missing(10, 3, PLAN, np.random.default_rng(6), propensity=-np.ones(10))
    with pytest.raises(UsageError, match="only 0 have a chance"):
        draw_missing(10, 3, PLAN, np.random.default_rng(6), propensity=np.zeros(10))
