"""Parametric and Bollen-Stine draws, ordinal and incomplete data, second starts, constraints."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.fitting.draw_sources import sampler_of
from trustsem.resample import DrawKind, DrawPolicy
from trustsem.resample.samplers import LeaveOneOut

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
textual ~ a*visual
"""
ITEMS = [f"x{k}" for k in range(1, 7)]


@cache
def data() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "hs.csv")


@cache
def fitted(**options: object) -> ts.Fit:
    return ts.fit(MODEL, data(), **options)  # type: ignore[arg-type]


@cache
def categories() -> pd.DataFrame:
    frame = data()[ITEMS].apply(
        lambda column: pd.cut(column, column.quantile([0, 0.3, 0.7, 1]), labels=False, include_lowest=True)
    )
    return frame.assign(age=data()["ageyr"])


def incomplete() -> pd.DataFrame:
    frame = data().copy()
    frame[ITEMS] = frame[ITEMS].mask(np.random.default_rng(2).random((301, 6)) < 0.1)
    return frame


def test_the_model_holds_among_transformed_rows() -> None:
    for options in ({}, {"meanstructure": True}, {"group": "school", "group_equal": ("loadings", "intercepts")}):
        fit = fitted(**options)
        sampler = sampler_of(fit, DrawKind.BOLLEN_STINE, 1)
        for cases, implied in zip(sampler.cases, fit.fitted.estimate.objective.implied(fit.fitted.estimate.x)):  # type: ignore[attr-defined]
            assert np.cov(cases.values.T, ddof=0) == pytest.approx(implied.sigma, abs=1e-10)
            if fit.fitted.table.meanstructure:
                assert cases.values.mean(axis=0) == pytest.approx(implied.mu, abs=1e-10)
            else:
                assert cases.values.mean(axis=0) == pytest.approx(data()[ITEMS].mean().to_numpy(), abs=1e-10)


@pytest.mark.parametrize("kind", ["parametric", "bollen_stine"])
def test_draws_in_which_the_model_holds_have_its_chi_square(kind: str) -> None:
    boot = fitted().bootstrap(800, seed=3, kind=kind, policy="keep")
    test = boot.fit_test()
    assert (test.statistic, test.df) == (pytest.approx(fitted().fit_measures["chisq"]), 8)
    # mean of a chi-square with 8 degrees of freedom; its standard error over 800 draws is 0.14, and its expectation at
    # n = 301 is some percent above
    assert 7.4 < test.mean < 9.2
    assert test.pvalue == pytest.approx(np.mean(boot.raw.statistic >= test.statistic))
    assert boot.to_dict()["fit_test"]["kind"] == kind


def test_statistics_of_draws_are_those_of_their_own_fits() -> None:
    fit = fitted()
    boot = fit.bootstrap(3, seed=4, kind="bollen_stine", policy="keep")
    sampler = sampler_of(fit, DrawKind.BOLLEN_STINE, 4)
    own = ts.fit(MODEL, pd.DataFrame(sampler.rows(2)[0].values, columns=ITEMS))
    assert boot.raw.statistic[2] == pytest.approx(own.fit_measures["chisq"], abs=1e-5)
    with pytest.raises(UsageError, match="bollen_stine"):
        fit.bootstrap(3, seed=4).fit_test()


def test_parametric_draws_keep_predictors_and_missing_answers() -> None:
    frame = incomplete()
    fit = ts.fit(f"{MODEL}visual ~ ageyr", frame, missing="fiml")
    sampler = sampler_of(fit, DrawKind.PARAMETRIC, 1)
    rows = sampler.rows(0)[0].values
    names = list(fit.fitted.table.variables.observed)
    assert (np.isnan(rows[:, :6]) == frame[names[:6]].isna().to_numpy()).all()
    assert (rows[:, names.index("ageyr")] == frame["ageyr"]).all()
    boot = fit.bootstrap(40, seed=1, kind="parametric", policy="keep")
    assert 0.6 < (boot.intervals()["se"] / fit.estimates["se"]).median() < 1.5


def test_parametric_standard_errors_are_those_of_theory() -> None:
    boot = fitted().bootstrap(1500, seed=2, kind="parametric", policy="keep")
    # normal data by construction: maximum likelihood errors; 1,500 draws are off by 2 %, small samples by some more
    assert boot.intervals()["se"].to_numpy() == pytest.approx(
        fitted().estimates["se"].to_numpy(), rel=0.12, nan_ok=True
    )


@pytest.mark.parametrize("options", [{}, {"parameterization": "theta"}])
def test_a_draw_of_ordinal_answers_is_the_fit_to_its_rows(options: dict[str, str]) -> None:
    text = f"{MODEL}visual ~ age\nindirect := a * a"
    fit = ts.fit(text, categories(), ordered=ITEMS, **options)  # type: ignore[arg-type]
    boot = fit.bootstrap(3, seed=6, policy="keep")
    rows = sampler_of(fit, DrawKind.NONPARAMETRIC, 6).rows(1)[0].values
    own = ts.fit(text, pd.DataFrame(rows, columns=list(fit.fitted.table.variables.observed)), ordered=ITEMS, **options)  # type: ignore[arg-type]
    errors = fit.estimates["se"].fillna(1.0).replace(0.0, 1.0).to_numpy()
    # both stop where a step would lower F by 1e-13
    assert (np.abs(boot.draws.iloc[1].to_numpy() - own.estimates["est"].to_numpy()) < 1e-3 * errors).all()
    theirs = own.standardized()["est_std"].to_numpy()
    drawn = boot.fit.bootstrap(2, seed=6, policy="keep")
    standardized = drawn.intervals("percentile", standardized=True)
    assert standardized["est"].to_numpy() == pytest.approx(fit.standardized()["est_std"].to_numpy(), nan_ok=True)
    from trustsem.resample.quantities import row_draws, standardized_draws

    values = row_draws(fit.fitted.table, boot.raw.theta, boot.raw.stacks)
    found = standardized_draws(fit.fitted.table, values, boot.raw.stacks)[1]
    assert found == pytest.approx(theirs, abs=2e-4, nan_ok=True)


def test_ordinal_bootstrap_errors_are_near_the_robust_ones() -> None:
    fit = ts.fit(MODEL, categories(), ordered=ITEMS)
    for kind in ("nonparametric", "parametric"):
        boot = fit.bootstrap(150, seed=2, kind=kind)
        assert 0.8 < (boot.intervals()["se"] / fit.estimates["se"]).median() < 1.25
        assert boot.effects("visual", "textual")["ci_lower"].iloc[0] > 0


def test_a_draw_without_a_category_fails_and_is_counted() -> None:
    frame = categories().copy()
    frame["x1"] = 0
    frame.loc[:1, "x1"] = 1  # two answers: a draw has none of them with probability e^-2
    frame.loc[2:150, "x1"] = 2
    fit = ts.fit(MODEL, frame, ordered=ITEMS)
    boot = fit.bootstrap(40, seed=1)
    failed = int((~boot.ledger["converged"]).sum())
    assert 0 < failed < 20
    assert f"{failed} of 40 bootstrap draws did not converge" in " ".join(f.message for f in boot.findings)


def test_constraints_and_bounds_are_kept_in_every_draw() -> None:
    fit = ts.fit(MODEL.replace("x2 +", "b*x2 +") + "\nb > 0.5", data())
    boot = fit.bootstrap(30, seed=2, policy="keep")
    assert boot.draws["visual=~x2"].min() >= 0.5 - 1e-6
    at_edge = boot.draws["visual=~x2"] < 0.5 + 1e-6
    assert at_edge.any()
    assert (boot.ledger["boundary"].to_numpy() == at_edge.to_numpy()).all()
    assert "bootstrap-boundary" in {finding.code for finding in boot.findings}


def test_two_stage_draws() -> None:
    fit = ts.fit(MODEL, incomplete(), missing="robust_two_stage")
    boot = fit.bootstrap(80, seed=1)
    assert 0.7 < (boot.intervals()["se"] / fit.estimates["se"]).median() < 1.4


def test_kinds_that_data_have_not_are_refused() -> None:
    frame = data().assign(room=np.arange(301) // 7, w=1.5)
    cases = [
        (ts.fit(MODEL, frame, cluster="room"), "parametric", "clusters"),
        (ts.fit(MODEL, frame, sampling_weights="w"), "bollen_stine", "weights"),
        (ts.fit(MODEL, incomplete(), missing="fiml"), "bollen_stine", "incomplete"),
        (ts.fit(MODEL, categories(), ordered=ITEMS), "bollen_stine", "ordinal"),
        (fitted(), "wild", "Allowed: nonparametric, parametric, bollen_stine"),
        (ts.fit(MODEL, incomplete(), missing="pairwise"), "nonparametric", "fiml"),
    ]
    for fit, kind, said in cases:
        with pytest.raises(UsageError) as caught:
            fit.bootstrap(5, seed=1, kind=kind)
        assert said in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"missing": "fiml"}])
def test_draws_of_weighted_groups_are_the_fits_of_their_rows(options: dict[str, str]) -> None:
    # symptom: estimates that groups share drifted from the weighted fit of the drawn rows, by up to .03
    # guard: weights that were normalised in each group sum to its rows in every draw again
    frame = (incomplete() if options else data()).assign(w=np.random.default_rng(3).uniform(0.2, 3, 301))
    given = {"group": "school", "sampling_weights": "w", "group_equal": ("loadings", "intercepts"), **options}
    fit = ts.fit(MODEL, frame, **given)  # type: ignore[arg-type]
    boot = fit.bootstrap(2, seed=4, policy="keep")
    for draw in range(2):
        drawn = [
            pd.DataFrame(cases.values, columns=ITEMS).assign(w=cases.weights, school=label)
            for cases, label in zip(
                sampler_of(fit, DrawKind.NONPARAMETRIC, 4).rows(draw), fit.fitted.table.group_labels, strict=True
            )
        ]
        again = ts.fit(MODEL, pd.concat(drawn), **given)  # type: ignore[arg-type]
        # a draw's estimates are within a thousandth of a standard error of a full refit
        assert boot.raw.theta[draw] == pytest.approx(again.fitted.estimate.theta, abs=3e-4)


def test_leaving_one_out_leaves_everybody_out_once() -> None:
    cases = tuple(sample.cases for sample in fitted(group="school").fitted.moments.groups)
    sampler = LeaveOneOut(cases)  # type: ignore[arg-type]
    counts = sampler.counts(np.arange(sampler.n_units))
    assert sampler.n_units == 301
    assert sum((count == 0).sum() for count in counts) == 301
    assert all(((count == 0).sum(axis=0) == 1).all() for count in counts)


def test_policy_redraw_replaces_what_fails() -> None:
    small = ts.fit(MODEL, data().head(60))
    dropped, redrawn = (small.bootstrap(200, seed=1, policy=policy) for policy in ("drop", "redraw"))
    assert dropped.n_used < 200 <= redrawn.n_used
    assert redrawn.policy is DrawPolicy.REDRAW
