"""`read_moments`: the same numbers as in memory, whatever the pieces and whoever sums them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError

MODEL = "f =~ a + b + c\ng =~ d + e + h\ng ~ f + age"
ITEMS = ("a", "b", "c", "d", "e", "h")
ROUNDING = 1e-12
AGREEMENT = 1e-8  # of estimates whose moments agree to rounding


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 3000
    age = rng.integers(18, 90, n)
    f = rng.normal(size=n)
    g = 0.5 * f + 0.01 * age + rng.normal(size=n)
    answers = np.round(3 + 0.8 * np.column_stack([f, f, f, g, g, g]) + 0.6 * rng.normal(size=(n, 6)))
    frame = pd.DataFrame(answers, columns=list(ITEMS))
    for name in ITEMS:
        frame.loc[rng.choice(n, 20, replace=False), name] = np.nan
    frame["age"], frame["site"], frame["w"] = age, rng.choice(["north", "south"], n), rng.uniform(0.3, 2, n)
    return frame


@pytest.fixture(scope="module")
def folder(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("parts")
    for number, start in enumerate((0, 400, 1900)):
        part = rows.iloc[start : (400, 1900, 3000)[number]]
        for suffix in ("parquet", "csv", "csv.gz"):
            (place / suffix).mkdir(exist_ok=True)
        part.to_parquet(place / "parquet" / f"p{number}.parquet", row_group_size=170, index=False)
        part.to_csv(place / "csv" / f"p{number}.csv", index=False)
        part.to_csv(place / "csv.gz" / f"p{number}.csv.gz", index=False)
    return place


def _pieces(rows: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    return (rows.iloc[start : start + size] for start in range(0, len(rows), size))


def _same_fit(first: ts.Fit, second: ts.Fit) -> None:
    for column in ("est", "se"):
        np.testing.assert_allclose(first.estimates[column], second.estimates[column], rtol=0, atol=AGREEMENT)
    assert first.n_obs == second.n_obs
    for name, value in second.fit_measures.items():
        expected = None if value is None else pytest.approx(value, rel=AGREEMENT, abs=AGREEMENT)
        assert first.fit_measures[name] == expected, name


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "folder", "list", "frames"])
def test_a_fit_is_that_of_the_rows_in_memory(kind: str, rows: pd.DataFrame, folder: Path) -> None:
    data: Any = {
        "folder": folder / "parquet",
        "list": sorted((folder / "csv").iterdir()),
        "frames": _pieces(rows, 700),
    }.get(kind, str(folder / kind / f"*.{kind}"))
    moments = ts.read_moments(data, model=MODEL, chunk_rows=97)
    _same_fit(ts.fit(MODEL, moments), ts.fit(MODEL, rows))
    assert moments.n_rows == len(rows)
    assert moments.n_dropped == int(rows[[*ITEMS, "age"]].isna().any(axis=1).sum())
    assert moments.dropped_by == dict.fromkeys(ITEMS, 20)


@pytest.mark.parametrize("chunk_rows", [5, 130, 5000])
def test_moments_are_those_of_numpy(chunk_rows: int, rows: pd.DataFrame) -> None:
    moments = ts.read_moments(_pieces(rows, 613), columns=ITEMS, chunk_rows=chunk_rows)
    complete = rows[list(ITEMS)].dropna()
    np.testing.assert_allclose(moments.mean(), complete.mean(), rtol=ROUNDING)
    np.testing.assert_allclose(moments.covariance(), complete.cov(ddof=0), rtol=0, atol=ROUNDING)
    assert list(moments.mean().index) == list(ITEMS) == list(moments.names)


class _Backwards:
    """Sums the last part first; results come in the order of the parts all the same."""

    def map(self, fn: Any, items: Any, /) -> list[Any]:
        listed = list(items)
        done = {position: fn(listed[position]) for position in reversed(range(len(listed)))}
        return [done[position] for position in range(len(listed))]


@pytest.mark.parametrize("frames", [True, False])
def test_workers_do_not_change_a_bit(frames: bool, rows: pd.DataFrame, folder: Path) -> None:
    def read(executor: Any) -> ts.SurveyMoments:
        data = _pieces(rows, 41) if frames else str(folder / "parquet" / "*")
        return ts.read_moments(data, model=MODEL, group="site", chunk_rows=50, executor=executor)

    alone = read(None)
    with ThreadPoolExecutor(3) as threads:
        for other in (read(threads), read(_Backwards())):
            assert other.labels == alone.labels
            for first, second in zip(alone.groups, other.groups, strict=True):
                assert np.array_equal(first.cov, second.cov)
                assert np.array_equal(np.asarray(first.mean), np.asarray(second.mean))
            assert other.findings == alone.findings


def test_groups_are_those_of_the_rows(rows: pd.DataFrame, folder: Path) -> None:
    moments = ts.read_moments(str(folder / "csv" / "*.csv"), model=MODEL, group="site")
    inside = ts.fit(MODEL, rows, group="site", group_equal="loadings")
    outside = ts.fit(MODEL, moments, group="site", group_equal="loadings")
    _same_fit(outside, inside)
    assert outside.group_labels == inside.group_labels
    turned = tuple(reversed(moments.labels))
    again = ts.fit(MODEL, moments, group_label=turned, group_equal="loadings")
    _same_fit(again, ts.fit(MODEL, rows, group="site", group_label=turned, group_equal="loadings"))


def test_numbers_of_groups_in_text_files_are_one_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for number, labels in enumerate((["1", "2"], ["1.0", " 2"])):
        frame = pd.DataFrame(rng.normal(size=(20, 2)).round(3), columns=["x", "y"])
        frame["k"] = labels * 10
        frame.to_csv(tmp_path / f"{number}.csv", index=False)
    assert ts.read_moments(tmp_path, ["x", "y"], group="k").labels == ("1", "2")


def test_arguments_are_those_of_a_fit(rows: pd.DataFrame) -> None:
    moments = ts.read_moments(_pieces(rows, 500), model=MODEL)
    _same_fit(ts.fit(MODEL, **moments.arguments()), ts.fit(MODEL, rows))
    grouped = ts.read_moments(_pieces(rows, 500), model=MODEL, group="site")
    _same_fit(ts.fit(MODEL, **grouped.arguments()), ts.fit(MODEL, rows, group="site"))


def test_weighted_estimates_are_those_of_the_rows(rows: pd.DataFrame) -> None:
    moments = ts.read_moments(_pieces(rows, 500), model=MODEL, weights="w")
    plain = {"se": "standard", "test": "standard"}
    fit = ts.fit(MODEL, moments, **plain)
    _same_fit(fit, ts.fit(MODEL, rows, sampling_weights="w", **plain))
    assert "weights-without-rows" in {finding.code for finding in fit.findings}
    with pytest.raises(UsageError, match="needs the respondents' answers"):
        ts.fit(MODEL, moments)  # robust errors, as the rows would have them, cannot be had
    with pytest.raises(UsageError, match="weighted by 'w'"):
        ts.fit(MODEL, moments, sampling_weights="age")
    with pytest.raises(UsageError, match="would not know of the weights"):
        moments.arguments()


def test_products_are_variables(rows: pd.DataFrame) -> None:
    model = "a ~ b + age + b:age"
    moments = ts.read_moments(_pieces(rows, 500), model=model)
    _same_fit(ts.fit(model, moments), ts.fit(model, rows))


def test_arrays_take_their_names_from_columns(rows: pd.DataFrame) -> None:
    values = rows[["age", "w"]].to_numpy()
    moments = ts.read_moments((values[start : start + 300] for start in range(0, 3000, 300)), ["age", "w"])
    np.testing.assert_allclose(moments.covariance(), np.cov(values, rowvar=False, bias=True), rtol=1e-12)
    assert moments.n_parts == 10


@pytest.mark.parametrize("name", ["interpersonal_path", "care_setting"])
def test_codebook_and_groups_of_a_shipped_model_are_used(name: str, tmp_path: Path) -> None:
    sample = ts.samples_dir() / f"{ts.load_model(name).sample}.csv"
    header, *lines = sample.read_text(encoding="utf-8").splitlines()
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("\n".join([header, *lines[number::3]]) + "\n", encoding="utf-8")
    inside = ts.fit(name, sample)
    moments = ts.read_moments(tmp_path, model=name, chunk_rows=50)
    assert moments.codebook == "dpt_patient"
    assert moments.log
    _same_fit(ts.fit(name, moments, group_label=inside.group_labels or None), inside)
    kinds = [f.message.partition("Kinds")[2] for f in inside.findings if f.code == "listwise-deletion"]
    assert kinds == [f.message.partition("Kinds")[2] for f in moments.findings if f.code == "listwise-deletion"]


def test_codes_of_missing_answers_are_noticed_across_parts(rows: pd.DataFrame) -> None:
    coded = rows[list(ITEMS)].fillna(-9)
    moments = ts.read_moments(_pieces(coded, 100), columns=ITEMS, chunk_rows=7)
    expected = {f.message for f in ts.fit("f =~ a + b + c + d + e + h", coded).findings if "-9" in f.message}
    assert expected == {f.message for f in moments.findings if f.code == "possible-missing-code"}
    assert expected


def test_rows_dropped_for_other_variables_are_said(rows: pd.DataFrame) -> None:
    moments = ts.read_moments(_pieces(rows, 500), columns=ITEMS)
    codes = {finding.code for finding in ts.fit("f =~ a + b + c", moments).findings}
    assert "rows-dropped-for-others" in codes
    codes = {finding.code for finding in ts.fit(f"f =~ {' + '.join(ITEMS)}", moments).findings}
    assert "rows-dropped-for-others" not in codes


def test_what_needs_rows_is_refused(rows: pd.DataFrame) -> None:
    fit = ts.fit(MODEL, ts.read_moments(_pieces(rows, 500), model=MODEL))
    for job in (lambda: fit.bootstrap(10, seed=1), fit.factor_scores):
        with pytest.raises(UsageError, match="respondents' answers"):
            job()
    for options in ({"estimator": "MLR"}, {"missing": "fiml"}, {"cluster": "site"}, {"ordered": ["a"]}):
        with pytest.raises(UsageError, match="respondents' answers"):
            ts.fit(MODEL, ts.read_moments(_pieces(rows, 500), model=MODEL), **options)
    with pytest.raises(UsageError, match="moments do not hold"):
        ts.read_moments(_pieces(rows, 500), model=MODEL, missing="fiml")


def test_moments_survive_pickling(rows: pd.DataFrame) -> None:
    moments = ts.read_moments(_pieces(rows, 500), model=MODEL, group="site")
    again = pickle.loads(pickle.dumps(moments))
    assert again.labels == moments.labels
    assert again.dropped_by == moments.dropped_by
    assert np.array_equal(again.groups[1].cov, moments.groups[1].cov)


def test_progress_is_told(folder: Path, rows: pd.DataFrame) -> None:
    told: list[tuple[int, int | None]] = []
    ts.read_moments(folder / "csv", model=MODEL, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    ts.read_moments(_pieces(rows, 2000), model=MODEL, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, None), (2, None)]
