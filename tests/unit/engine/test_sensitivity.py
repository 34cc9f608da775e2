"""Sensitivity of indirect effects: the published closed form, the fit at rho = 0, constraints, refusals."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import EffectError, UsageError

HS = pd.read_csv(Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv")
LATENT = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"


@cache
def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    t = rng.integers(0, 2, 400).astype(float)
    m = 0.5 * t + rng.normal(size=400)
    y = 0.4 * m + 0.2 * t + rng.normal(size=400)
    return pd.DataFrame({"t": t, "m": m, "y": y, "side": np.where(np.arange(400) % 2, "b", "a")})


@pytest.mark.parametrize("options", [{}, {"estimator": "MLR"}, {"meanstructure": True}, {"estimator": "ULS"}])
def test_closed_form(options: dict[str, object]) -> None:
    """b2 s1 / s2 (r - rho sqrt((1 - r^2) / (1 - rho^2))), r the correlation of the residuals of m and y given t.

    Imai, Keele & Yamamoto 2010, Theorem 4; zero at rho = r.
    """
    found = ts.fit("m ~ t\ny ~ m + t", data(), **options).sensitivity("t", "m", "y")  # type: ignore[arg-type]
    design = np.column_stack([np.ones(400), data()["t"]])
    coefficients, *_ = np.linalg.lstsq(design, data()[["m", "y"]].to_numpy(), rcond=None)
    e_m, e_y = (data()[["m", "y"]].to_numpy() - design @ coefficients).T
    r = np.corrcoef(e_m, e_y)[0, 1]
    rho = found.frame["rho"].to_numpy()
    expected = coefficients[1, 0] * e_y.std() / e_m.std() * (r - rho * np.sqrt((1 - r**2) / (1 - rho**2)))
    assert len(rho) == 19
    assert found.frame["est"].to_numpy() == pytest.approx(expected, abs=1e-7)  # converged to 1e-13 in F
    assert found.rho_at_zero == pytest.approx(r, abs=1e-6)
    assert found.residual_share == pytest.approx(r**2, abs=1e-6)
    total = np.var(e_m) / np.var(data()["m"]) * _residual_of_y()
    assert found.total_share == pytest.approx(r**2 * total, abs=1e-6)
    assert found.frame["chisq"].to_numpy() == pytest.approx(0.0, abs=1e-6)
    assert found.frame["admissible"].all()
    assert found.findings == ()


def _residual_of_y() -> float:
    """Return the share of y's variance that m and t leave."""
    design = np.column_stack([np.ones(400), data()[["m", "t"]]])
    coefficients, *_ = np.linalg.lstsq(design, data()["y"].to_numpy(), rcond=None)
    return float(np.var(data()["y"] - design @ coefficients) / np.var(data()["y"]))


def test_standard_errors_are_those_of_other_parameterisations() -> None:
    """The same restriction written as a nonlinear constraint of the model, at one rho."""
    fit = ts.fit("m ~ t\ny ~ m + t", data())
    ours = fit.sensitivity("t", "m", "y", [0.3]).frame.iloc[0]
    text = "m ~ a*t\ny ~ b*m + t\nm ~~ vm*m\ny ~~ vy*y\nm ~~ cov*y\ncov == 0.3*sqrt(vm*vy)\nindirect := a*b"
    theirs = ts.fit(text, data()).estimates.set_index("label").loc["indirect"]
    assert ours["est"] == pytest.approx(theirs["est"], abs=1e-6)
    assert ours["se"] == pytest.approx(theirs["se"], rel=1e-4)


@pytest.mark.parametrize("options", [{}, {"std_lv": True}, {"missing": "fiml"}])
def test_rho_zero_is_the_fit(options: dict[str, object]) -> None:
    fit = ts.fit(LATENT + "textual ~ visual\nspeed ~ textual + visual", HS, **options)  # type: ignore[arg-type]
    row = fit.sensitivity("visual", "textual", "speed", [0, 0.4]).frame.iloc[0]
    own = fit.effects("visual", "speed", "textual").set_index("effect").loc["total indirect"]
    errors = own["se"]
    for name in ("est", "se", "ci_lower", "ci_upper", "std_all", "std_se"):
        assert row[name] == pytest.approx(own[name], abs=1e-5 * errors), name
    assert row["chisq"] == pytest.approx(2 * fit.fitted.moments.n_effective * fit.fitted.estimate.value, abs=1e-6)


def test_the_correlation_is_the_one_that_was_asked_for() -> None:
    """What the refit implies between the residuals, from its moments: psi_my / sqrt(psi_mm psi_yy)."""
    fit = ts.fit("m ~ t\ny ~ m + t", data())
    at_zero = fit.sensitivity("t", "m", "y").rho_at_zero
    free = ts.fit("m ~ t\ny ~ 0*m + t\nm ~~ y", data())  # the same moments with the arrow at 0
    assert free.standardized().query("op == '~~' and lhs == 'm' and rhs == 'y'")["est_std"].iloc[0] == pytest.approx(
        at_zero, abs=1e-6
    )


def test_a_curve_that_breaks_has_no_crossing() -> None:
    """Symptom: a jump between two minima was reported as the rho at which the effect is 0."""
    fit = ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv")
    ends = ("humanistic_quality", "interpersonal_interaction", "interpersonal_trust")
    found = fit.sensitivity(*ends)
    assert found.rho_at_zero is None
    assert {"sensitivity-jump", "sensitivity-data-speak"} <= {finding.code for finding in found.findings}
    assert "none on the grid" in repr(found)


def test_a_grid_without_a_crossing_says_so() -> None:
    found = ts.fit("m ~ t\ny ~ m + t", data()).sensitivity("t", "m", "y", [-0.2, 0.0])
    assert found.rho_at_zero is None
    assert found.residual_share is None
    assert [finding.code for finding in found.findings] == ["sensitivity-no-zero"]
    assert found.to_dict()["rho_at_zero"] is None


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("m ~ t\ny ~ t\nm ~~ 0*y", {}, "No path"),
        ("m ~ t\ny ~ 0.2*m + t\nm ~~ y", {}, "already"),
        ("m ~ t\ny ~ m + t\nm ~~ v*m\ny ~~ v*y", {}, "constraint"),
        ("m ~ t\ny ~ m + t\nm ~~ v*m\nv > 0.1", {}, "inequalities"),
        ("m ~ t\ny ~ m + t", {"group": "side"}, "groups"),
    ],
)
def test_models_that_are_refused(model: str, options: dict[str, object], said: str) -> None:
    fit = ts.fit(model, data(), **options)  # type: ignore[arg-type]
    with pytest.raises((UsageError, EffectError), match=said):
        fit.sensitivity("t", "m", "y")


def test_loops_and_ordinal_items_are_refused() -> None:
    loop = ts.fit(LATENT + "textual ~ speed + sex\nspeed ~ textual + ageyr\ntextual ~~ speed", HS)
    with pytest.raises(UsageError, match="loop"):
        loop.sensitivity("sex", "textual", "speed")
    exact = ts.fit(LATENT + "textual ~ visual\nspeed ~ textual + visual\nspeed ~~ 0*speed", HS)
    with pytest.raises(UsageError, match="no residual"):
        exact.sensitivity("visual", "textual", "speed")
    cut = HS.assign(x4=pd.qcut(HS["x4"], 3, labels=False))
    ordinal = ts.fit(LATENT + "textual ~ visual\nspeed ~ textual", cut, ordered=["x4"])
    with pytest.raises(UsageError, match="Ordinal"):
        ordinal.sensitivity("visual", "textual", "speed")


@pytest.mark.parametrize("rho", [[], [1.0], ["a"], [True], [float("nan")]])
def test_grids_that_mean_nothing(rho: list[object]) -> None:
    with pytest.raises(UsageError, match="grid"):
        ts.fit("m ~ t\ny ~ m + t", data()).sensitivity("t", "m", "y", rho)  # type: ignore[arg-type]


def test_unknown_names_and_names_twice() -> None:
    fit = ts.fit("m ~ t\ny ~ m + t", data())
    with pytest.raises(EffectError, match="no variable 'mm'"):
        fit.sensitivity("t", "mm", "y")
    with pytest.raises(UsageError, match="three variables"):
        fit.sensitivity("t", "t", "y")
