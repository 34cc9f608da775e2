"""Products of variables and of factors against lavaan, which gets the same product columns (`make_moderation.R`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FILE = json.loads((GOLDEN / "moderation.json").read_text("utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
FIELDS = {"id", "model", "options", "n_obs", "measures", "estimates"}

# lavaan stops within 1e-5 of the minimum; DESIGN's limits are 1e-4 and 1e-3
ESTIMATE = 1e-4
ERROR = 1e-3


@cache
def fitted(name: str) -> ts.Fit:
    case = CASES[name]
    return ts.fit(case["model"], pd.read_csv(GOLDEN / FILE["_meta"]["data"]), **case["options"])


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    """Index by parameter; a covariance is the same either way round."""
    turned = (frame["op"] == "~~") & (frame["lhs"] > frame["rhs"])
    left, right = frame["lhs"].where(~turned, frame["rhs"]), frame["rhs"].where(~turned, frame["lhs"])
    return frame.set_index([left.rename("left"), frame["op"], right.rename("right"), frame["group"]]).sort_index()


def test_every_field_is_asserted() -> None:
    assert all(set(case) == FIELDS for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_estimates(name: str) -> None:
    expected, ours = keyed(pd.DataFrame(CASES[name]["estimates"])), keyed(fitted(name).estimates)
    assert set(expected.index) == set(ours.index)
    ours = ours.loc[expected.index]
    assert ours["est"].to_numpy() == pytest.approx(expected["est"].to_numpy(), abs=ESTIMATE, rel=ESTIMATE)
    free = expected["se"].to_numpy(dtype=float) > 0
    assert np.isnan(ours["se"].to_numpy()[~free]).all()
    assert ours["se"].to_numpy()[free] == pytest.approx(expected["se"].to_numpy()[free], abs=ERROR, rel=ERROR)
    known = expected["std_all"].notna().to_numpy()
    std = expected["std_all"].to_numpy()[known]
    assert ours["std_all"].to_numpy()[known] == pytest.approx(std, abs=ESTIMATE, rel=ESTIMATE)


@pytest.mark.parametrize("name", CASES)
def test_measures(name: str) -> None:
    fit, case = fitted(name), CASES[name]
    assert fit.n_obs == case["n_obs"]
    for measure, value in case["measures"].items():
        assert fit.fit_measures[measure] == pytest.approx(value, abs=ERROR, rel=ERROR), measure
