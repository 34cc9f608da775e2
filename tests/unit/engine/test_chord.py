"""The chord method ends where scoring ends, and gives up where it does not lead to the minimum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.estimate.chord import minimise_by_chord
from trustsem.estimate.status import OptimStatus

HS = Path(__file__).resolve().parents[2] / "golden" / "data" / "hs.csv"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual"


@pytest.mark.parametrize("options", [{}, {"missing": "fiml"}, {"estimator": "GLS"}, {"estimator": "WLS"}])
def test_it_ends_at_the_estimates(options: dict[str, str]) -> None:
    data = pd.read_csv(HS)
    if "missing" in options:
        data.loc[::9, "x2"] = np.nan
    fit = ts.fit(MODEL, data, **options)  # type: ignore[arg-type]
    estimate = fit.fitted.estimate
    errors = fit.fitted.covariance.standard_errors
    assert errors is not None
    found = minimise_by_chord(estimate.objective, estimate.x + 0.1 * errors)  # a tenth of a standard error away
    assert found is not None
    assert found.status is OptimStatus.CONVERGED
    # g' H^-1 g < 1e-11 in units of F/2: with n = 301 a distance of 1e-4 standard errors
    assert (np.abs(found.x - estimate.x) < 1e-4 * errors).all()
    assert found.value == pytest.approx(estimate.value, abs=1e-10)


def test_it_gives_up_far_from_the_minimum() -> None:
    estimate = ts.fit(MODEL, pd.read_csv(HS)).fitted.estimate
    far = estimate.x.copy()
    far[:] = 0.0
    assert minimise_by_chord(estimate.objective, far) is None
