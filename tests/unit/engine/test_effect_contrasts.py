"""Contrasts, shares, group differences, R-squared, effects under `through`: values, intervals of draws, refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects import EffectKind, effect_functions
from trustsem.errors import EffectError, UsageError

TWO = """
m1 ~ a1*x
m2 ~ a2*x
y ~ b1*m1 + b2*m2 + c*x
m1 ~~ m2
gap := a1*b1 - a2*b2
share := (a1*b1 + a2*b2)/(c + a1*b1 + a2*b2)
one := a1*b1/(c + a1*b1 + a2*b2)
"""


@cache
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    x = rng.normal(size=300)
    m1, m2 = 0.5 * x + rng.normal(size=300), 0.3 * x + rng.normal(size=300)
    y = 0.4 * m1 + 0.2 * m2 + 0.2 * x + rng.normal(size=300)
    return pd.DataFrame({"x": x, "m1": m1, "m2": m2, "y": y, "side": np.where(np.arange(300) % 2, "b", "a")})


@cache
def fit() -> ts.Fit:
    return ts.fit(TWO, data())


@cache
def grouped() -> ts.Fit:
    return ts.fit("m1 ~ x\ny ~ m1 + x", data(), group="side")


ALL = ["delta", "second_order", "monte_carlo", "percentile", "bca"]


def test_contrasts_are_the_definition_of_a_difference() -> None:
    frame = fit().effect_contrasts("x", "y", ci=ALL, draws=60, seed=2)
    defined = fit().intervals(ALL, draws=60, seed=2).set_index("label").loc["gap"]
    assert frame["path"].tolist() == ["x -> m1 -> y"]
    assert frame["other_path"].tolist() == ["x -> m2 -> y"]
    row = frame.iloc[0]
    assert row["est"] - row["est_other"] == pytest.approx(row["difference"])
    for name in ("se", *(f"ci_{side}_{kind}" for side in ("lower", "upper") for kind in ALL)):
        assert row[name] == pytest.approx(defined[name], rel=1e-6), name
    assert row["std_difference"] == pytest.approx(fit().standardized().query("lhs == 'gap'")["est_std"].iloc[0])
    assert frame.attrs["seed"] == 2


@pytest.mark.parametrize(("through", "label"), [(None, "share"), ("m1", "one")])
def test_the_share_is_the_definition_of_a_ratio(through: str | None, label: str) -> None:
    found = fit().proportion_mediated("x", "y", through, ci=ALL, draws=60, seed=2)
    defined = fit().intervals(ALL, draws=60, seed=2).set_index("label").loc[label]
    for name in ("est", "se", *(f"ci_{side}_{kind}" for side in ("lower", "upper") for kind in ALL)):
        assert found.frame[name].iloc[0] == pytest.approx(defined[name], rel=1e-6), name
    assert {finding.code for finding in found.findings} == {"bootstrap-few-draws"}
    assert found.to_dict()["proportions"][0]["est"] == pytest.approx(defined["est"])


def share_of(direct: float, a: float = 0.5, b: float = 0.5, n: int = 300):
    rng = np.random.default_rng(1)
    x = rng.normal(size=n)
    m = a * x + rng.normal(size=n)
    frame = pd.DataFrame({"x": x, "m": m, "y": b * m + direct * x + rng.normal(size=n)})
    return ts.fit("m ~ x\ny ~ m + x", frame).proportion_mediated("x", "y")


def test_a_share_that_is_not_defined_or_not_to_be_trusted() -> None:
    opposite = share_of(-0.6)
    assert opposite.frame["est"].isna().all()
    assert opposite.to_dict()["proportions"][0]["ci_lower"] is None
    assert "opposite signs" in opposite.frame["reason"].iloc[0]
    assert [finding.code for finding in opposite.findings] == ["proportion-undefined"]
    small = share_of(-0.1, a=0.3, b=0.3, n=80)
    assert "proportion-unstable" in {finding.code for finding in small.findings}
    assert small.frame["reason"].tolist() == [""]
    assert share_of(0.5).findings == ()


def test_a_share_that_the_model_decides() -> None:
    found = ts.fit("m1 ~ x\ny ~ m1", data()).proportion_mediated("x", "y")
    assert found.frame["est"].iloc[0] == pytest.approx(1.0)
    assert [finding.code for finding in found.findings] == ["proportion-by-assumption"]


def test_a_model_without_indirect_effects_has_an_empty_table() -> None:
    one = ts.fit("y ~ x", data())
    for ci in ("delta", "second_order", "percentile", "monte_carlo"):
        assert one.effects(ci=ci).empty
    assert one.effects(ci=["delta", "bca"], draws=5, seed=1).empty


def test_nothing_to_compare() -> None:
    with pytest.raises(EffectError, match="two indirect paths") as caught:
        grouped().effect_contrasts("x", "y")
    assert caught.value.exit_code == 16
    with pytest.raises(EffectError, match="no indirect effect"):
        ts.fit("y ~ x", data()).proportion_mediated("x", "y")


def test_draws_follow_the_paths_that_were_asked_for() -> None:
    """Symptom: with `through` the total indirect effect in draws was that of all mediators. Guard: it is the sum."""
    boot = fit().bootstrap(50, seed=1)
    rows = fit().decompose("x", "y", "m1").rows
    drawn = effect_functions(fit().fitted.estimate, rows).in_draws(boot.raw)
    assert [row.kind for row in rows] == [EffectKind.SPECIFIC, EffectKind.TOTAL_INDIRECT]
    assert drawn[:, 1] == pytest.approx(drawn[:, 0])
    frame = boot.effects("x", "y", "m1").set_index("effect")
    assert frame.loc["total indirect", "ci_lower"] == frame.loc["specific indirect", "ci_lower"]
    assert abs(frame.loc["total indirect", "bias"]) < frame.loc["total indirect", "se"]


def test_a_loop_on_itself_in_draws() -> None:
    """Symptom: draws of the effect of a variable on itself were larger by 1. Guard: they lie around the estimate."""
    rng = np.random.default_rng(2)
    z, w, e, f = rng.normal(size=(4, 500))
    p = (z + 0.4 * w + e + 0.4 * f) / (1 - 0.4 * 0.3)
    frame = pd.DataFrame({"z": z, "w": w, "p": p, "q": 0.3 * p + w + f})
    loop = ts.fit("p ~ z + q\nq ~ w + p\np ~~ q", frame)
    effects = loop.monte_carlo(500, seed=1).effects("p", "p").set_index("effect")
    row = effects.loc["total"]
    assert row["ci_lower"] < row["est"] < row["ci_upper"]
    assert abs(row["bias"]) < row["se"]


def test_one_run_serves_all_kinds_and_agrees_with_single_ones() -> None:
    frame = fit().effects("x", "y", ci=["percentile", "bca", "monte_carlo"], draws=80, seed=3)
    boot, monte = fit().bootstrap(80, seed=3), fit().monte_carlo(80, seed=3)
    for kind, drawn in (("percentile", boot), ("bca", boot), ("monte_carlo", monte)):
        for prefix, standardized in (("", False), ("std_", True)):
            own = drawn.effects(
                "x", "y", kind=kind if kind != "monte_carlo" else "percentile", standardized=standardized
            )
            assert frame[f"{prefix}ci_lower_{kind}"].to_numpy() == pytest.approx(own["ci_lower"].to_numpy())
            assert frame[f"{prefix}ci_upper_{kind}"].to_numpy() == pytest.approx(own["ci_upper"].to_numpy())
    single = fit().effects("x", "y", ci="bca", draws=80, seed=3)
    assert single["ci_lower"].to_numpy() == pytest.approx(frame["ci_lower_bca"].to_numpy())
    assert single["se"].to_numpy() == pytest.approx(frame["se_bootstrap"].to_numpy())
    assert single["pvalue"].isna().all()
    assert frame["se"].to_numpy() == pytest.approx(fit().effects("x", "y")["se"].to_numpy())
    assert {"n_draws_bootstrap", "n_draws_monte_carlo", "bias_bootstrap"} <= set(frame.columns)


def test_group_differences_from_draws() -> None:
    """Groups are independent samples: draws of the difference vary by the sum of both variances."""
    boot = grouped().bootstrap(600, seed=1)
    frame = boot.group_differences("x", "y").set_index("effect")
    apart = boot.effects("x", "y").set_index(["effect", "group"])["se"]
    for effect in ("specific indirect", "total"):
        expected = np.hypot(apart[effect, 1], apart[effect, 2])
        assert frame.loc[effect, "se"] == pytest.approx(expected, rel=0.15)  # correlation of 600 draws: 4 / sqrt(600)
    delta = grouped().group_differences("x", "y").set_index("effect")
    assert frame["difference"].to_numpy() == pytest.approx(delta["difference"].to_numpy())
    parameters = boot.parameter_differences("~", "bca")
    same = grouped().parameter_differences("~")
    assert parameters["difference"].to_numpy() == pytest.approx(same["difference"].to_numpy())
    # 600 draws and 150 rows a group: a standard error of the bootstrap is off by some per cent from the delta method's
    assert parameters["se"].to_numpy() == pytest.approx(same["se"].to_numpy(), rel=0.25)
    with pytest.raises(UsageError, match="one group"):
        fit().bootstrap(10, seed=1).group_differences("x", "y")


def test_r_squared_of_a_regression() -> None:
    """Delta method: 4 R^2 (1 - R^2)^2 / n with fixed or normal x (Cohen, Cohen, West & Aiken 2003, p. 88, large n)."""
    one = ts.fit("y ~ x", data(), fixed_x=False)
    row = one.r_squared_intervals().iloc[0]
    r2 = np.corrcoef(data()["x"], data()["y"])[0, 1] ** 2
    assert row["est"] == pytest.approx(r2)
    assert row["se"] == pytest.approx(np.sqrt(4 * r2 * (1 - r2) ** 2 / 300), rel=1e-6)
    drawn = one.bootstrap(300, seed=1)
    values = np.array([np.corrcoef(data()["x"][rows], data()["y"][rows])[0, 1] ** 2 for rows in _rows_of(one, 300)])
    assert drawn.r_squared("percentile").iloc[0]["ci_lower"] == pytest.approx(np.quantile(values, 0.025), rel=1e-4)
    assert one.monte_carlo(500, seed=1).r_squared()["ci_lower"].iloc[0] == pytest.approx(row["ci_lower"], abs=row["se"])


def _rows_of(one: ts.Fit, n: int) -> list[np.ndarray]:
    from trustsem.resample.draws import draw_counts

    cases = one.fitted.moments.groups[0].cases
    assert cases is not None
    return [np.repeat(np.arange(300), counts.astype(int)) for counts in draw_counts([cases], 1, np.arange(n))[0]]


def test_bca_of_a_regression_slope_is_that_of_scipy() -> None:
    """The same resamples and the same jackknife: limits agree to the accuracy of a refit."""
    from scipy import stats

    one, frame = ts.fit("y ~ b*x", data()), data()[["x", "y"]].to_numpy()

    def slope(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))

    class Given:
        bootstrap_distribution = np.array([slope(*frame[rows].T) for rows in _rows_of(one, 500)])

    reference = stats.bootstrap(
        tuple(frame.T), slope, paired=True, vectorized=False, n_resamples=0, bootstrap_result=Given(), method="BCa"
    ).confidence_interval
    own = one.intervals("bca", draws=500, seed=1).set_index("label").loc["b"]
    assert (own["ci_lower"], own["ci_upper"]) == pytest.approx(tuple(reference), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ci": "wild"}, "wild"),
        ({"ci": ["delta", "bcaa"]}, "bcaa"),
        ({"ci": []}, "no interval"),
        ({"ci": "delta", "seed": 1}, "seed"),
        ({"ci": "monte_carlo", "policy": "keep"}, "policy"),
        ({"ci": "bca", "policy": "burn"}, "burn"),
        ({"ci": "bca", "draws": 1}, "at least 2"),
        ({"ci": "bca", "draws": 2.5}, "draws"),
        ({"ci": "bca", "seed": -1}, "seed"),
    ],
)
def test_options_that_mean_nothing(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match="intervals cannot be computed") as caught:
        fit().effects("x", "y", **options)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_auxiliary_variables_have_no_intervals() -> None:
    """Symptom: intervals of draws were off by the rows of auxiliary variables. Guard: same rows as the estimates."""
    frame = data().assign(y=data()["y"].where(np.arange(300) % 7 > 0), z=data()["y"] + np.linspace(-1, 1, 300))
    one = ts.fit("m1 ~ x\ny ~ m1", frame, missing="fiml", auxiliary="z")
    found = one.bootstrap(20, seed=1).intervals()
    assert found["lhs"].tolist() == one.estimates["lhs"].tolist()
    assert found["est"].to_numpy() == pytest.approx(one.estimates["est"].to_numpy())
    free = one.estimates["se"].notna().to_numpy()
    assert (np.abs(found["bias"])[free] < 2 * found["se"][free]).all()
