"""Missing-data patterns against loops over rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trustsem.moments import patterns as module
from trustsem.moments.patterns import available_moments, missing_patterns, vech_cells, vech_diagonal, vech_lookup

FloatArray = NDArray[np.float64]
EXACT = 1e-12  # sums of a few hundred products of order one


def answers(n: int, p: int, share: float, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + 50.0
    missing = rng.random((n, p)) < share
    missing[:, 0] &= ~missing.all(axis=1)
    values[missing] = np.nan
    return values


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("chunk_bytes", [16 * 2**20, 1, 2000])
def test_moments_of_each_pattern(weighted: bool, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one pattern or of a few rows give the same moments as one chunk; so do patterns large and small."""
    monkeypatch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
    values = answers(300, 4, 0.2, 1)
    weights = np.random.default_rng(2).uniform(0.2, 2.0, len(values)) if weighted else np.ones(len(values))
    patterns = missing_patterns(values, weights if weighted else None)
    row, column = vech_cells(4)
    sizes = np.bincount(patterns.of_row)
    assert sizes[0] > len(row), "one pattern is large enough for a matrix product of its own"
    assert (sizes[:-1] >= sizes[1:]).all()
    assert len(patterns.scatters) == (sizes > 1).sum()
    for k, mask in enumerate(patterns.observed):
        rows = np.flatnonzero((~np.isnan(values) == mask).all(axis=1))
        assert sorted(rows) == sorted(np.flatnonzero(patterns.of_row == k))
        share = weights[rows] / weights[rows].sum()
        mean = np.where(mask, share @ np.nan_to_num(values[rows]), 0.0)
        centred = np.where(mask, np.nan_to_num(values[rows]) - mean, 0.0)
        assert patterns.counts[k] == pytest.approx(weights[rows].sum(), rel=EXACT)
        assert patterns.means[k] == pytest.approx(mean, rel=EXACT, abs=EXACT)
        if k < len(patterns.scatters):
            assert patterns.scatters[k] == pytest.approx(((centred.T * share) @ centred)[row, column], abs=1e-10)


def test_nine_and_more_variables_take_more_than_one_byte() -> None:
    values = answers(50, 17, 0.3, 3)
    patterns = missing_patterns(values)
    assert np.array_equal(patterns.observed[patterns.of_row], ~np.isnan(values))
    assert patterns.n_patterns == len({tuple(mask) for mask in (~np.isnan(values)).tolist()})


def test_coverage_and_pairs_never_answered_together() -> None:
    nan = np.nan
    patterns = missing_patterns(np.array([[1.0, 2.0, nan], [3.0, nan, 4.0], [5.0, 1.0, nan], [2.0, nan, 1.0]]))
    assert patterns.coverage == pytest.approx(np.array([[1, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5]]))
    assert patterns.never_together == ((2, 1),)
    assert not patterns.is_complete


def test_a_pattern_whose_cases_have_no_weight_does_not_count() -> None:
    values = np.array([[1.0, 2.0], [2.0, 5.0], [9.0, np.nan], [3.0, 1.0]])
    patterns = missing_patterns(values, np.array([1.5, 1.0, 0.0, 1.5]))
    assert patterns.counts.tolist() == [4.0, 0.0]
    assert patterns.means[1].tolist() == [0.0, 0.0]
    mean, _ = available_moments(patterns)
    assert mean == pytest.approx([(1.5 + 2 + 4.5) / 4, (3 + 5 + 1.5) / 4])


def test_available_moments_are_those_of_each_variable_alone() -> None:
    values = answers(200, 5, 0.3, 4)
    mean, variances = available_moments(missing_patterns(values))
    assert mean == pytest.approx(np.nanmean(values, axis=0), rel=EXACT)
    assert variances == pytest.approx(np.nanvar(values, axis=0), rel=1e-10)


def test_vech_runs_down_the_columns_of_the_lower_triangle() -> None:
    row, column = vech_cells(3)
    cells = list(zip(row.tolist(), column.tolist(), strict=True))
    assert cells == [(0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (2, 2)]
    assert vech_lookup(3)[row, column].tolist() == list(range(6))
    assert vech_diagonal(3).tolist() == [0, 3, 5]


@pytest.mark.parametrize(
    ("values", "weights", "phrase"),
    [
        ([[1.0, np.nan], [np.nan, np.nan]], None, r"1 row\(s\) without any answer"),
        ([[1.0, np.nan], [2.0, np.nan]], None, r"positions \[1\]"),
        ([[1.0, np.inf], [2.0, 1.0]], None, "infinite"),
        ([[1.0, 2.0], [2.0, 1.0]], [1.0], "weights must be 2"),
        ([[1.0, 2.0], [2.0, 1.0]], [1.0, -1.0], "at least 0"),
        ([[1.0, 2.0], [2.0, np.nan]], [0.0, 2.0], "no case with an answer"),
        ([1.0, 2.0], None, "rows and columns"),
    ],
)
def test_what_cannot_be_sorted_into_patterns(values: list, weights: list | None, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        missing_patterns(np.array(values), None if weights is None else np.array(weights))
