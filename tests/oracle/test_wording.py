"""Wording effects: lavaan's numbers for the rendered texts, and known effects found again."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.moments import moments_from_arrays
from trustsem.pipeline import PipelineOptions, fit_table
from trustsem.simulate import Population, pseudo_true_parameters
from trustsem.spec.build import build_table
from trustsem.spec.trust_model import WORDING_FACTOR, WORDINGS, TrustModel
from trustsem.syntax import parse_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ESTIMATE = 1e-4  # of estimates, relative to max(1, |lavaan's|)
DERIVED = 1e-3  # of standard errors and measures
EXACT = 1e-6  # population moments in, population parameters out: the stopping rule's distance
STYLE, REVERSED = 0.09, 0.06

FACTORS = """
group_identity         =~ 0.76*gi1 + 0.72*gi2 + 0.68*gi3
social_trust           =~ 0.74*st1 + 0.72*st2 + 0.66*st3
public_opinion         =~ 0.74*po1 + 0.76*po2 + 0.66*po3
intergroup_interaction =~ 0.74*igi1 + 0.72*igi2 + 0.66*igi3
social_knowledge       =~ 0.72*sk1 + 0.74*sk2 + 0.64*sk3
intergroup_trust       =~ 0.76*igt1 + 0.80*igt2 + 0.70*igt3
intergroup_interaction ~ 0.35*group_identity + 0.25*social_trust + 0.20*public_opinion
social_knowledge       ~ 0.55*intergroup_interaction
intergroup_trust       ~ 0.45*social_knowledge + 0.15*intergroup_interaction
group_identity        ~~ 0.35*social_trust + 0.30*public_opinion
social_trust          ~~ 0.40*public_opinion
"""


@cache
def population() -> Population:
    """The intergroup path without any wording effect."""
    return Population.from_syntax(FACTORS, standardized=True)


def with_effect(kind: str | None) -> np.ndarray:
    """Return the covariance matrix of the scored items with a wording effect of that kind added to it."""
    key = np.array([-1.0 if name.endswith("3") else 1.0 for name in population().observed])
    effects = {"random_intercept": STYLE * np.outer(key, key), "method_factor": REVERSED * np.outer(key < 0, key < 0)}
    return population().observed_cov + effects.get(kind or "", 0.0)


def estimated_in_population(wording: str | None, effect: str | None) -> dict[str, float]:
    table = build_table(parse_model(TrustModel(paths="intergroup", wording=wording).syntax()))
    truth = pseudo_true_parameters(table, population().observed, with_effect(effect))
    return {**dict(zip(truth.names, truth.values, strict=True)), "F": truth.discrepancy}


@pytest.mark.parametrize("kind", WORDINGS)
def test_agrees_with_lavaan(kind: str) -> None:
    reference: dict[str, Any] = json.loads((GOLDEN / f"wording_{kind}.json").read_text(encoding="utf-8"))
    fit = ts.fit(TrustModel(paths="intergroup", wording=kind), pd.read_csv(GOLDEN / "data" / "wording.csv"))
    assert fit.n_obs == reference["n_obs"]
    ours = {(row["lhs"], row["op"], row["rhs"]): row for row in fit.estimates.to_dict("records")}
    assert len(ours) == len(reference["estimates"])
    for row in reference["estimates"]:
        mine = ours[row["lhs"], row["op"], row["rhs"]]
        assert mine["est"] == pytest.approx(row["est"], abs=ESTIMATE, rel=ESTIMATE)
        assert mine["std_all"] == pytest.approx(row["std_all"], abs=ESTIMATE)
        assert pd.isna(mine["se"]) if row["se"] == 0 else mine["se"] == pytest.approx(row["se"], abs=DERIVED)
    for name, value in reference["fit_measures"].items():
        assert fit.fit_measures[name] == pytest.approx(value, rel=DERIVED), name


@pytest.mark.parametrize(("kind", "size"), [("random_intercept", STYLE), ("method_factor", REVERSED)])
def test_an_effect_in_the_population_is_found_and_its_paths_are_those_without_it(kind: str, size: float) -> None:
    factor = WORDING_FACTOR[kind]
    found, plain = estimated_in_population(kind, kind), estimated_in_population(None, None)
    assert found["F"] == pytest.approx(0, abs=EXACT)
    assert found[f"{factor}~~{factor}"] == pytest.approx(size, abs=EXACT)
    for name, value in plain.items():
        assert found[name] == pytest.approx(value, abs=1e-5), name


@pytest.mark.parametrize("kind", WORDINGS)
def test_no_effect_is_estimated_as_none(kind: str) -> None:
    factor = WORDING_FACTOR[kind]
    found = estimated_in_population(kind, None)
    assert found[f"{factor}~~{factor}"] == pytest.approx(0, abs=EXACT)
    assert found["F"] == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize("kind", WORDINGS)
def test_an_effect_left_out_shows_as_misfit(kind: str) -> None:
    assert estimated_in_population(None, kind)["F"] > 0.05


@pytest.mark.parametrize("kind", WORDINGS)
def test_tests_of_no_effect_hold_their_size_and_find_effects(kind: str) -> None:
    """The difference test against the model without the factor: 1 df, size 5 %, and power where the effect is there.

    The variance may become negative, so the null value is no boundary and chi-square with 1 df is right. 60 samples
    of 400: at a true size of .05, more than 9 rejections come once in two thousand runs.
    """
    rng = np.random.default_rng(344)
    fits = {
        wording: build_table(parse_model(TrustModel(paths="intergroup", wording=wording).syntax()))
        for wording in (None, kind)
    }

    def difference(cov: np.ndarray) -> float:
        rows = rng.multivariate_normal(np.zeros(len(cov)), cov, size=400)
        moments = moments_from_arrays([rows], population().observed)
        plain, full = (fit_table(table, moments, PipelineOptions()).test.statistic for table in fits.values())
        return plain - full

    rejections = sum(difference(with_effect(None)) > 3.841 for _ in range(60))
    assert rejections <= 9
    assert all(difference(with_effect(kind)) > 3.841 for _ in range(5))
