"""Numbers that went wrong in a review, against lavaan 0.6-14 on the same simulated data or against a closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts


def _sample(seed: int = 3, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    z, w = rng.normal(size=(2, n))
    f1 = 0.4 * z + rng.normal(size=n)
    f2 = 0.5 * f1 + 0.2 * w + rng.normal(size=n)
    f3 = 0.5 * f1 + 0.3 * f2 + rng.normal(size=n)
    factors = {"a": f1, "b": f2, "c": f3}
    items = {
        f"{name}{k}": load * factor + 0.7 * rng.normal(size=n) + k
        for name, factor in factors.items()
        for k, load in enumerate((1.0, 0.8, 1.2, 0.6), start=1)
    }
    return pd.DataFrame({**items, "z": z, "w": w, "y": 0.3 * z + 0.2 * w + rng.normal(size=n)})


DATA = _sample()
HEYWOOD = pd.DataFrame(
    [[1, 0.7, 0.6, 0.2], [0.7, 1, 0.3, 0.25], [0.6, 0.3, 1, 0.15], [0.2, 0.25, 0.15, 1]],
    index=["h1", "h2", "h3", "h4"],
    columns=["h1", "h2", "h3", "h4"],
)


def _index(fit: ts.Fit, lhs: str, op: str, rhs: str) -> tuple[float, float]:
    frame = fit.modification_indices()
    row = frame[(frame["lhs"] == lhs) & (frame["op"] == op) & (frame["rhs"] == rhs)].iloc[0]
    return float(row["mi"]), float(row["epc"])


def test_modification_indices_keep_a_bound_that_holds() -> None:
    # lavaan with h1 ~~ v*h1; v > 0 on these moments: mi 3.125, epc 0.148 (n 120); ignoring the bound it was 80.5
    fit = ts.fit("f =~ h1 + h2 + h3 + h4\nh1 ~~ v*h1\nv > 0", sample_cov=HEYWOOD * 120 / 119, n_obs=120)
    assert _index(fit, "h1", "~~", "h2") == pytest.approx((3.12542, 0.148276), rel=1e-4)
    freed = ts.fit("f =~ h1 + h2 + h3 + h4\nh1 ~~ v*h1\nv > 0\nh2 ~~ h4", sample_cov=HEYWOOD * 120 / 119, n_obs=120)
    drop = fit.fitted.test.statistic - freed.fitted.test.statistic
    assert _index(fit, "h2", "~~", "h4")[0] == pytest.approx(drop, rel=0.05)


def test_nonlinear_equality_is_as_good_as_the_linear_one_for_score_tests() -> None:
    linear = ts.fit("f =~ a1 + p*a2 + q*a3 + a4\np == q", DATA)
    nonlinear = ts.fit("f =~ a1 + p*a2 + q*a3 + a4\nexp(p) == exp(q)", DATA)
    assert nonlinear.score_test()["statistic"].tolist() == pytest.approx(linear.score_test()["statistic"].tolist())
    one, other = linear.modification_indices(), nonlinear.modification_indices()
    keys = ["lhs", "op", "rhs"]
    both = one.merge(other, on=keys, suffixes=("", "_other"))
    assert len(both) == len(one) == len(other)
    assert both["mi_other"].to_numpy() == pytest.approx(both["mi"].to_numpy(), rel=1e-5, abs=1e-8)
    assert both["epc_other"].to_numpy() == pytest.approx(both["epc"].to_numpy(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e-6, 1e4])
def test_bound_holds_in_any_unit(unit: float) -> None:
    moments = HEYWOOD * unit**2
    fit = ts.fit("f =~ h1 + h2 + h3 + h4", sample_cov=moments, n_obs=120, bounds="pos_var")
    fixed = ts.fit("f =~ h1 + h2 + h3 + h4\nh1 ~~ 0*h1", sample_cov=moments, n_obs=120)
    assert fit.converged
    assert fit.admissible
    assert fit.fit_measures["chisq"] == pytest.approx(fixed.fit_measures["chisq"], rel=1e-6)
    assert fit.vcov is not None


@pytest.mark.parametrize("unit", [1e-8, 1e-4, 1e6])
def test_standard_errors_do_not_vanish_in_small_units(unit: float) -> None:
    model = "f =~ a1 + a2 + a3 + a4\nf ~ p*z + q*w\npq := p*q"
    plain, scaled = ts.fit(model, DATA).estimates, ts.fit(model, DATA * unit).estimates
    assert scaled["se"].isna().tolist() == plain["se"].isna().tolist()
    assert scaled["z"].to_numpy() == pytest.approx(plain["z"].to_numpy(), rel=1e-5, nan_ok=True)


def test_what_a_constraint_holds_has_no_standard_error() -> None:
    estimates = ts.fit("y ~ p*z + q*w\ntotal := p*q + p\ntotal == 0.2", DATA).estimates
    assert np.isnan(estimates.loc[estimates["lhs"] == "total", "se"].iloc[0])


def test_units_of_predictors_change_neither_identification_nor_tests() -> None:
    model = "y ~ p*z + q*w\na1 ~ y + z"
    plain = ts.fit(model, DATA)
    scaled = ts.fit(model, DATA.assign(z=DATA["z"] * 1e7, w=DATA["w"] * 1e-3))
    assert scaled.fit_measures["chisq"] == pytest.approx(plain.fit_measures["chisq"], rel=1e-6)
    one, other = plain.wald("p == 0\nq == 0"), scaled.wald("p == 0\nq == 0")
    assert (one.df, other.df) == (2, 2)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6)


def test_orthogonal_covers_latent_outcomes() -> None:
    # lavaan: orthogonal = TRUE sets orthogonal.x and orthogonal.y
    model = "f1 =~ a1 + a2 + a3\nf2 =~ b1 + b2 + b3\nf3 =~ c1 + c2 + c3\nf2 ~ f1\nf3 ~ f1"
    fit = ts.fit(model, DATA, orthogonal=True)
    written = ts.fit(model + "\nf2 ~~ 0*f3", DATA)
    assert fit.fit_measures["df"] == 25
    assert fit.fit_measures["chisq"] == pytest.approx(written.fit_measures["chisq"])
    observed = ts.fit("f1 =~ a1 + a2 + a3\nf2 =~ b1 + b2 + b3\nf2 ~ f1\ny ~ f1", DATA, orthogonal=True).estimates
    assert np.isfinite(observed.loc[(observed["lhs"] == "f2") & (observed["rhs"] == "y"), "se"].iloc[0])


def test_effect_coding_of_second_order_means() -> None:
    factors = "f1 =~ a1 + a2 + a3\nf2 =~ b1 + b2 + b3\nf3 =~ c1 + c2 + c3\ng =~ f1 + f2 + f3"
    estimates = ts.fit(factors, DATA, effect_coding=True, meanstructure=True).estimates
    intercepts = estimates[estimates["op"] == "~1"]
    means = dict(zip(intercepts["lhs"], intercepts["est"], strict=True))
    assert means["f1"] + means["f2"] + means["f3"] == pytest.approx(0, abs=1e-9)
    items = ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]
    assert means["g"] == pytest.approx(float(DATA[items].to_numpy().mean()))


def test_effect_coding_beside_a_fixed_loading() -> None:
    plain = ts.fit("f =~ a1 + a2 + a3 + a4", DATA)
    fixed = ts.fit("f =~ a1 + a2 + 2*a3 + a4", DATA, effect_coding=True)
    assert fixed.fit_measures["df"] == 2
    assert fixed.fit_measures["chisq"] == pytest.approx(plain.fit_measures["chisq"])


def test_rows_of_sample_cov_may_come_in_another_order() -> None:
    cov = pd.DataFrame(DATA[["y", "z", "w"]]).cov()
    one = ts.fit("y ~ z + w", sample_cov=cov, n_obs=300).estimates["est"]
    other = ts.fit("y ~ z + w", sample_cov=cov.loc[["w", "y", "z"]], n_obs=300).estimates["est"]
    assert other.tolist() == pytest.approx(one.tolist())


def test_overflow_in_a_definition_is_no_crash() -> None:
    estimates = ts.fit("y ~ p*z + q*w\nbig := (p*1000)^(q + 1000)", DATA).estimates
    assert not np.isfinite(estimates["est"].iloc[-1])
