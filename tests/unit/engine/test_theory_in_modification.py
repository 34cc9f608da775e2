"""Modification indices know which paths the theory draws."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError


@cache
def recursive() -> ts.Fit:
    return ts.fit("trust_formation_recursive", ts.samples_dir() / "trust_patients.csv")


def test_the_arrow_that_the_recursive_model_lacks_comes_first() -> None:
    """The sample's population has the feedback loop: its missing arrow is the largest index, and the theory's."""
    first = recursive().modification_indices(top=1).iloc[0]
    assert (first["lhs"], first["op"], first["rhs"]) == ("interpersonal_trust", "~", "intergroup_trust")
    assert first["theory"] == "allowed by the theory"
    assert first["mi"] > 10


def test_only_what_the_theory_allows() -> None:
    frame = recursive().modification_indices(allowed_only=True)
    assert set(frame["theory"]) == {"allowed by the theory"}
    assert set(frame["op"]) == {"~"}
    theory = ts.load_theory()
    assert all(theory.path(row.rhs, row.lhs) is not None for row in frame.itertuples())


def test_a_model_of_other_constructs_has_no_theory() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(100, 1)) + rng.normal(size=(100, 3)), columns=["x0", "x1", "x2"])
    fit = ts.fit("f =~ x0 + x1 + x2", data)
    assert "theory" not in fit.modification_indices().columns
    with pytest.raises(UsageError, match="no constructs of the theory"):
        fit.modification_indices(allowed_only=True)
