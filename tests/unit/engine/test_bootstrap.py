"""Bootstrap: draws equal refits, seeds decide everything, intervals agree with SciPy's and with theory."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import trustsem as ts
from trustsem.effects.draws import effect_draws
from trustsem.errors import UsageError
from trustsem.fitting.bootstrap import Bootstrap, bootstrap_fit
from trustsem.resample import DrawPolicy, IntervalKind, bootstrap_limits
from trustsem.resample.draws import draw_counts

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + c*visual
indirect := a*b
total := c + a*b
ratio := indirect / max(total, 0.01)
"""


@cache
def data() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "hs.csv")


def refitted(fit: ts.Fit, text: str, seed: int, draw: int, **options: object) -> ts.Fit:
    """Fit the model to the rows of one draw, the long way."""
    cases = [sample.cases for sample in fit.fitted.moments.groups]
    counts = draw_counts([c for c in cases if c is not None], seed, np.array([draw]))
    rows = np.repeat(np.arange(len(counts[0][0])), counts[0][0].astype(int))
    return ts.fit(text, data().iloc[rows].reset_index(drop=True), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"meanstructure": True, "std_lv": True}, {"estimator": "MLR"}])
def test_a_draw_is_the_fit_to_its_rows(options: dict[str, object]) -> None:
    fit = ts.fit(MODEL, data(), **options)  # type: ignore[arg-type]
    draws = bootstrap_fit(fit, 6, 11, "keep").raw
    for number in (0, 5):
        own = refitted(fit, MODEL, 11, number, **options)
        # scoring converges linearly and stops when a step would lower F by 1e-11: a thousandth of a standard error
        errors = fit.fitted.covariance.standard_errors
        assert errors is not None
        assert (np.abs(draws.theta[number] - own.fitted.estimate.theta) < 1e-3 * errors).all()


def test_covariates_take_their_moments_from_the_draw() -> None:
    text = MODEL + "visual ~ ageyr + sex"
    fit = ts.fit(text, data())
    boot = bootstrap_fit(fit, 4, 3, "keep")
    own = refitted(fit, text, 3, 2)
    drawn = boot.draws.iloc[2]
    assert drawn["ageyr~~ageyr"] == pytest.approx(
        own.estimates.set_index(["lhs", "rhs"]).loc[("ageyr", "ageyr"), "est"]
    )
    assert drawn["visual~ageyr"] == pytest.approx(
        own.estimates.query("lhs == 'visual' and rhs == 'ageyr'")["est"].iloc[0], abs=1e-5
    )


def test_groups_with_equal_loadings() -> None:
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
    fit = ts.fit(text, data(), group="school", group_equal=["loadings", "intercepts"])
    draws = bootstrap_fit(fit, 50, 2, "keep").raw
    names = [row.key for row in fit.fitted.table.free_rows]
    one, other = names.index("visual=~x2"), names.index("visual=~x2.g2")
    assert draws.ledger.converged.all()
    assert draws.theta[:, one] == pytest.approx(draws.theta[:, other], abs=1e-12)
    assert draws.theta[:, one].std() == pytest.approx(fit.fitted.covariance.standard_errors[one], rel=0.6)  # type: ignore[index]


def test_definitions_standardised_values_and_effects_agree_with_the_fit_of_a_draw() -> None:
    fit = ts.fit(MODEL, data())
    boot = bootstrap_fit(fit, 3, 21, "keep")
    own = refitted(fit, MODEL, 21, 1)
    assert boot.draws.iloc[1].to_numpy() == pytest.approx(own.estimates["est"].to_numpy(), abs=5e-5)
    rows = fit.decompose("visual", "speed").rows
    names = (*fit.fitted.table.variables.observed, *fit.fitted.table.variables.latent)
    found = effect_draws(rows, names, boot.raw.stacks)
    theirs = own.effects("visual", "speed")
    assert found.est[1] == pytest.approx(theirs["est"].to_numpy(), abs=1e-5)
    assert found.std_all[1] == pytest.approx(theirs["std_all"].to_numpy(), abs=1e-5)


def test_seed_decides_and_chunks_do_not() -> None:
    fit = ts.fit(MODEL, data())
    long, short = (bootstrap_fit(fit, n, 7, "keep").raw for n in (300, 20))
    assert long.theta[:20] == pytest.approx(short.theta, abs=1e-7)
    other = bootstrap_fit(fit, 20, 8, "keep").raw
    assert np.abs(other.theta - short.theta).max() > 1e-3


def test_clusters_are_drawn_whole() -> None:
    frame = data().assign(room=np.arange(301) // 7)
    fit = ts.fit(MODEL, frame, cluster="room")
    cases = fit.fitted.moments.groups[0].cases
    assert cases is not None
    counts = draw_counts([cases], 1, np.arange(3))[0]
    for draw in counts:
        assert all(len(set(draw[cases.clusters == c])) == 1 for c in range(43))
    boot = bootstrap_fit(fit, 200, 1, "drop")
    ratio = boot.intervals()["se"] / fit.estimates["se"]
    assert 0.7 < ratio.median() < 1.4  # the sandwich estimates what the cluster bootstrap draws


def test_full_information() -> None:
    rng = np.random.default_rng(5)
    frame = data().copy()
    frame[["x1", "x5", "x9"]] = frame[["x1", "x5", "x9"]].mask(rng.random((301, 3)) < 0.15)
    fit = ts.fit(MODEL, frame, missing="fiml")
    boot = bootstrap_fit(fit, 60, 1, "drop")
    assert boot.n_used > 50
    assert 0.6 < (boot.intervals()["se"] / fit.estimates["se"]).median() < 1.6


def test_standard_errors_are_those_of_theory_for_normal_data() -> None:
    rng = np.random.default_rng(1)
    factor = rng.normal(size=800)
    frame = pd.DataFrame({f"y{k}": 0.8 * factor + 0.6 * rng.normal(size=800) for k in range(4)})
    fit = ts.fit("f =~ y0 + y1 + y2 + y3", frame)
    boot = bootstrap_fit(fit, 1500, 4, "drop")
    # a bootstrap standard error of 1,500 draws is off by 2 %; the sample's fourth moments by some more
    assert boot.intervals()["se"].to_numpy() == pytest.approx(fit.estimates["se"].to_numpy(), rel=0.12, nan_ok=True)


def test_intervals_agree_with_scipy() -> None:
    """The same statistic, draws and jackknife: SciPy's percentile, basic and BCa intervals."""
    rng = np.random.default_rng(3)
    sample = rng.exponential(size=60)
    draws = np.array([rng.choice(sample, 60).mean() for _ in range(999)])[:, None]
    jackknife = np.array([np.delete(sample, k).mean() for k in range(60)])[:, None]
    for kind, name in (
        (IntervalKind.PERCENTILE, "percentile"),
        (IntervalKind.BASIC, "basic"),
        (IntervalKind.BCA, "BCa"),
    ):
        previous = stats.bootstrap((sample,), np.mean, n_resamples=0, bootstrap_result=_Given(draws[:, 0]), method=name)
        low, high = bootstrap_limits(kind, draws, np.array([sample.mean()]), jackknife=jackknife)
        # SciPy takes the share of draws below the estimate as (below + at or below) / 2, as we do
        assert (low[0], high[0]) == pytest.approx(tuple(previous.confidence_interval), rel=1e-9)


class _Given:
    """Draws that SciPy takes as its own."""

    def __init__(self, values: np.ndarray) -> None:
        self.bootstrap_distribution = values


def test_policies_and_the_ledger() -> None:
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ x7 + x8 + x9", data().head(100))
    kept = bootstrap_fit(fit, 120, 9, "keep")
    dropped = bootstrap_fit(fit, 120, 9, "drop")
    redrawn = bootstrap_fit(fit, 120, 9, "redraw")
    assert dropped.n_used <= kept.n_used <= 120
    assert list(kept.ledger.columns) == ["draw", "converged", "iterations", "admissible", "boundary", "used"]
    assert redrawn.n_used >= min(120, dropped.n_used)
    assert (dropped.ledger["used"] == dropped.ledger["admissible"]).all()
    bad = int((~dropped.ledger["used"]).sum())
    codes = {finding.code for finding in dropped.findings}
    assert (bad > 0) == bool(codes & {"bootstrap-not-converged", "bootstrap-inadmissible"})


def test_json_and_repr() -> None:
    boot = bootstrap_fit(ts.fit(MODEL, data()), 10, 1, "drop")
    record = boot.to_dict()
    assert record["schema"] == "trustsem.bootstrap/1"
    assert record["seed"] == 1
    assert len(record["intervals"]) == len(boot.fit.estimates)
    assert "seed 1" in repr(boot)
    assert isinstance(boot, Bootstrap)
    assert boot.policy is DrawPolicy.DROP


def test_what_cannot_be_bootstrapped_is_refused() -> None:
    moments = ts.fit("visual =~ x1 + x2 + x3", sample_cov=data()[["x1", "x2", "x3"]].cov(), n_obs=301)
    with pytest.raises(UsageError, match="respondents' answers"):
        bootstrap_fit(moments, 10, 1, "drop")
    fit = ts.fit(MODEL, data())
    for n, seed, policy, phrase in ((1, 1, "drop", "at least 2"), (10, -1, "drop", "seed"), (10, 1, "dorp", "policy")):
        with pytest.raises(UsageError) as caught:
            bootstrap_fit(fit, n, seed, policy)
        assert phrase in str(caught.value)
    with pytest.raises(UsageError, match="unknown"):
        bootstrap_fit(fit, 10, 1, "drop").intervals("bcaa")


@pytest.mark.parametrize("draw", [0, 2, 4])  # 0 and 4 are nearly inadmissible: scoring needs some hundred steps
def test_weights_travel_with_their_rows(draw: int) -> None:
    frame = data().assign(weight=np.random.default_rng(8).uniform(0.3, 3.0, 301))
    fit = ts.fit(MODEL, frame, estimator="MLR", sampling_weights="weight")
    boot = bootstrap_fit(fit, 5, 5, "keep")
    assert boot.ledger["converged"].all()
    cases = fit.fitted.moments.groups[0].cases
    assert cases is not None
    counts = draw_counts([cases], 5, np.array([draw]))[0][0]
    rows = np.repeat(np.arange(301), counts.astype(int))
    own = ts.fit(MODEL, frame.iloc[rows].reset_index(drop=True), estimator="MLR", sampling_weights="weight")
    errors = fit.estimates["se"].to_numpy()
    off = np.abs(boot.draws.loc[draw].to_numpy() - own.estimates["est"].to_numpy())
    assert (off <= np.where(errors > 0, 1e-3 * errors, 1e-12)).all()
    plain = ts.fit(MODEL, frame.iloc[rows].reset_index(drop=True))  # and not the draw without weights
    assert np.abs(boot.draws.loc[draw].to_numpy() - plain.estimates["est"].to_numpy()).max() > 0.01


def test_full_information_with_covariates_takes_their_moments_from_the_draw() -> None:
    rng = np.random.default_rng(5)
    frame = data().copy()
    frame[["x1", "x5"]] = frame[["x1", "x5"]].mask(rng.random((301, 2)) < 0.1)
    text = MODEL + "visual ~ ageyr"
    fit = ts.fit(text, frame, missing="fiml")
    boot = bootstrap_fit(fit, 3, 4, "keep")
    cases = fit.fitted.moments.groups[0].cases
    assert cases is not None
    counts = draw_counts([cases], 4, np.array([1]))[0][0]
    rows = np.repeat(np.arange(301), counts.astype(int))
    own = ts.fit(text, frame.iloc[rows].reset_index(drop=True), missing="fiml")
    errors = own.estimates["se"].to_numpy()
    off = np.abs(boot.draws.iloc[1].to_numpy() - own.estimates["est"].to_numpy())
    assert (off < np.where(errors > 0, 1e-2 * errors, 1e-6)).all()
    effects = boot.effects("ageyr", "speed")
    assert np.isfinite(effects["se"]).all()
