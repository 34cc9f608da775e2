"""Ratios of correlations by hand, verdicts at their thresholds, congruence and matching."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trustsem.measurement import Distinct, elsewhere, match_factors, tucker_congruence
from trustsem.measurement.validity import htmt, htmt2

A, B = np.array([0, 1, 2]), np.array([3, 4])


def by_hand() -> np.ndarray:
    r = np.eye(5)
    for i, j, value in ((0, 1, 0.5), (0, 2, 0.4), (1, 2, 0.6), (3, 4, 0.7)):
        r[i, j] = r[j, i] = value
    for (i, j), value in zip([(i, j) for i in A for j in B], (0.2, 0.3, 0.25, 0.35, 0.1, 0.3), strict=True):
        r[i, j] = r[j, i] = value
    return r


def test_htmt_by_hand() -> None:
    between, first, second = (0.2 + 0.3 + 0.25 + 0.35 + 0.1 + 0.3) / 6, (0.5 + 0.4 + 0.6) / 3, 0.7
    assert htmt(by_hand(), A, B) == pytest.approx(between / math.sqrt(first * second), abs=1e-14)
    product = (0.2 * 0.3 * 0.25 * 0.35 * 0.1 * 0.3) ** (1 / 6)
    assert htmt2(by_hand(), A, B) == pytest.approx(product / math.sqrt((0.5 * 0.4 * 0.6) ** (1 / 3) * 0.7), abs=1e-14)


def test_htmt2_finds_the_correlation_of_unequal_items_and_htmt_does_not() -> None:
    """Congeneric items: loadings .9 .5 .3 and .8 .4, factors correlated .6 (Roemer, Schuberth & Henseler 2021)."""
    loadings = np.zeros((5, 2))
    loadings[:3, 0], loadings[3:, 1] = (0.9, 0.5, 0.3), (0.8, 0.4)
    r = loadings @ np.array([[1, 0.6], [0.6, 1]]) @ loadings.T
    np.fill_diagonal(r, 1.0)
    assert htmt2(r, A, B) == pytest.approx(0.6, abs=1e-14)
    assert abs((htmt(r, A, B) or 0) - 0.6) > 0.01


def test_the_way_items_are_scored_does_not_matter() -> None:
    turned = by_hand()
    turned[2] *= -1
    turned[:, 2] *= -1
    assert htmt(turned, A, B) == pytest.approx(htmt(by_hand(), A, B))
    assert htmt2(turned, A, B) == pytest.approx(htmt2(by_hand(), A, B))


def test_a_construct_whose_items_do_not_correlate_has_no_ratio() -> None:
    r = by_hand()
    r[3, 4] = r[4, 3] = 0.0
    assert htmt(r, A, B) is None
    assert htmt2(r, A, B) is None
    r = by_hand()
    r[0, 3] = r[3, 0] = 0.0
    assert htmt2(r, A, B) == 0.0


@pytest.mark.parametrize(
    ("size", "verdict"),
    [
        (0.0, Distinct.DISTINCT),
        (0.8499, Distinct.DISTINCT),
        (0.85, Distinct.DOUBTFUL),
        (0.8999, Distinct.DOUBTFUL),
        (0.90, Distinct.NOT_DISTINCT),
        (1.2, Distinct.NOT_DISTINCT),
        (None, None),
    ],
)
def test_verdicts_at_their_thresholds(size: float | None, verdict: Distinct | None) -> None:
    assert Distinct.of(size) is verdict


def test_congruence_by_hand() -> None:
    first, second = np.array([[0.8], [0.6], [0.0]]), np.array([[0.4, 0.0], [0.3, 0.1], [0.0, 0.9]])
    assert tucker_congruence(first, second)[0, 0] == pytest.approx(1.0)
    assert tucker_congruence(first, second)[0, 1] == pytest.approx(0.06 / (1.0 * math.sqrt(0.82)))


def test_factors_are_matched_and_strays_found() -> None:
    """The third item of the first construct loads on the factor of the second; signs and order are arbitrary."""
    loadings = np.array([[0.1, -0.8], [0.0, -0.7], [0.6, -0.2], [0.8, 0.1], [0.7, 0.0], [0.9, 0.05]])
    assignment = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], dtype=float)
    match = match_factors(loadings, assignment)
    assert match.factor_of.tolist() == [1, 0]
    assert elsewhere(loadings, assignment, match).tolist() == [-1, -1, 0, -1, -1, -1]


def test_constructs_without_a_factor_have_no_strays() -> None:
    loadings, assignment = (
        np.array([[0.8], [0.7], [0.6], [0.5]]),
        np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=float),
    )
    match = match_factors(loadings, assignment)
    assert match.factor_of.tolist() == [0, -1]
    assert elsewhere(loadings, assignment, match).tolist() == [-1, -1, -1, -1]
