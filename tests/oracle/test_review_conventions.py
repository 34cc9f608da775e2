"""Conventions at the edges, beside what lavaan 0.6-14 prints there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import TrustSemError
from trustsem.spec import REFUSED

NOISE = pd.DataFrame(np.random.default_rng(5).normal(size=(100, 6)), columns=[f"x{k}" for k in range(1, 7)])


def test_r_squared_of_what_only_zero_arrows_reach() -> None:
    # lavInspect(fit, "rsquare") has these variables with 0
    fit = ts.fit("f =~ x1 + x2 + x3 + 0*x6\nf ~ 0*x4\nx5 ~ 0*x4", NOISE)
    r_squared = fit.r_squared()
    assert set(r_squared) == {"x1", "x2", "x3", "x5", "x6", "f"}
    assert r_squared["x6"] == r_squared["x5"] == r_squared["f"] == 0.0


def test_incremental_indices_keep_their_formulas_where_the_baseline_fits_as_well() -> None:
    # lavaan prints 1 for an RFI below 0, and for IFI where the baseline's chi-square is below the model's df
    model = "\n".join([f"x{k} ~~ x{k}" for k in range(1, 7)] + ["x1 ~~ 0.3*x2"])
    measures = ts.fit(model, NOISE, preset="none").fit_measures
    chi, df = measures["chisq"], measures["df"]
    null = measures["baseline_chisq"]
    assert df == measures["baseline_df"] == 15
    assert chi > null
    assert measures["rfi"] == pytest.approx((null - chi) / null)
    assert measures["rfi"] < 0
    assert measures["ifi"] == pytest.approx((null - chi) / (null - df))


@pytest.mark.parametrize("name", REFUSED)
def test_every_feature_on_the_list_is_refused_with_its_alternative(name: str) -> None:
    feature = REFUSED[name]
    data = NOISE.rename(columns={"x6": "y", "x5": "x"})
    with pytest.raises(TrustSemError) as caught:
        ts.fit(f"g =~ x1 + x2 + x3 + x4\n{feature.example}", data)
    assert feature.alternative in str(caught.value) or feature.alternative in str(caught.value.remedy)
