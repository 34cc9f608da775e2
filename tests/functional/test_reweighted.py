"""Refits under other weights are the weighted fits, one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import DataError, UsageError

HS = Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ a*visual\ntwice := 2 * a"
ITEMS = [f"x{k}" for k in range(1, 7)]


def survey() -> tuple[pd.DataFrame, pd.DataFrame]:
    data = pd.read_csv(HS)
    return data, pd.DataFrame(np.random.default_rng(3).uniform(0.2, 4, (301, 4)), columns=list("abcd"))


def incomplete(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(**data[ITEMS].mask(np.random.default_rng(1).random((301, 6)) < 0.1))


def categories(data: pd.DataFrame) -> pd.DataFrame:
    return data[ITEMS].apply(lambda column: pd.qcut(column, 3, labels=False, duplicates="drop"))


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({}, None),
        ({"group": "school"}, None),
        ({"group": "school", "weights_normalization": "total"}, None),
        ({"missing": "fiml"}, incomplete),
        ({"ordered": ITEMS}, categories),
    ],
)
def test_each_set_is_the_weighted_fit(options: dict[str, Any], change: Any) -> None:
    data, weights = survey()
    data = data if change is None else change(data)
    fit = ts.fit(MODEL, data, **{name: value for name, value in options.items() if name != "weights_normalization"})
    found = fit.reweight(weights, normalization=options.get("weights_normalization"))
    own = ts.fit(MODEL, data.assign(w=weights["c"]), sampling_weights="w", **options)
    errors = own.estimates["se"].fillna(1.0).to_numpy()
    gap = np.abs(found.estimates.loc["c"].to_numpy() - own.estimates["est"].to_numpy())
    # batched scoring stops a thousandth of a standard error from the minimum
    assert (gap <= 1e-3 * np.where(errors > 0, errors, 1.0)).all()
    assert list(found.estimates.index) == list("abcd")
    assert found.findings == ()


def test_rows_that_were_left_out_need_weights_too() -> None:
    data, weights = survey()
    data.loc[:9, "x1"] = np.nan
    own = ts.fit(MODEL, data.assign(w=weights["a"]), sampling_weights="w")
    found = ts.fit(MODEL, data).reweight(weights.to_numpy()[:, :1])
    assert found.estimates.iloc[0].to_numpy() == pytest.approx(own.estimates["est"].to_numpy(), abs=1e-4)


def test_weights_that_mean_nothing_are_named() -> None:
    data, weights = survey()
    fit = ts.fit(MODEL, data)
    bad = weights.copy()
    bad.loc[3, "b"], bad.loc[4, "c"], bad["d"] = -1.0, np.nan, 0.0
    with pytest.raises(DataError) as caught:
        fit.reweight(bad)
    text = str(caught.value)
    assert all(phrase in text for phrase in ("b: 1 weight below 0", "c: 1 weight missing", "d: every weight is 0"))
    with pytest.raises(DataError, match="300 rows; the data have 301"):
        fit.reweight(weights.iloc[:300])
    with pytest.raises(UsageError, match="group, total, none"):
        fit.reweight(weights, normalization="all")
    with pytest.raises(UsageError, match="GLS"):
        ts.fit(MODEL, data, estimator="GLS").reweight(weights)
