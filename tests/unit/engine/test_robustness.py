"""Poor markers, wild units, solutions that do not exist."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts

MODEL = "f =~ a + b + c\ng =~ d + e + h\ng ~ f"


def draw(seed: int, n_obs: int, loadings: tuple[float, ...]) -> pd.DataFrame:
    """Six items of two factors that correlate at .4, in units up to 1e6 apart."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(n_obs, 2))
    f[:, 1] = 0.4 * f[:, 0] + np.sqrt(0.84) * f[:, 1]
    weight = np.array(loadings)
    x = f[:, [0, 0, 0, 1, 1, 1]] * weight + rng.normal(size=(n_obs, 6)) * np.sqrt(1 - weight**2)
    return pd.DataFrame(x * 10.0 ** rng.uniform(-3, 3, 6), columns=list("abcdeh"))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("marker", [0.05, 0.1, -0.1])
def test_a_poor_marker_gives_the_fit_of_a_good_one(seed: int, marker: float) -> None:
    """The marker only sets the units: where the other parameterization converges, this one does, with the same fit."""
    data = draw(seed, 400, (marker, 0.8, 0.7, 0.8, 0.7, 0.6))
    good = ts.fit(MODEL.replace("a + b + c", "b + a + c"), data)
    poor = ts.fit(MODEL, data)
    assert good.converged
    assert poor.converged
    assert poor.fit_measures["chisq"] == pytest.approx(good.fit_measures["chisq"], rel=1e-5, abs=1e-5)


def test_a_factor_that_is_not_there_is_reported_with_what_runs_away() -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
    fits = [ts.fit("f =~ a + b + c + d", data.sample(40, random_state=k)) for k in range(30)]
    failed = [fit for fit in fits if not fit.converged]
    assert failed, "noise alone should leave some of these samples without a minimum"
    (finding,) = [f for f in failed[0].findings if f.code == "not-converged"]
    assert "still improves along" in finding.message
    assert "stronger markers" in finding.message or "quasi-Newton" in finding.message
