"""`fit.equal_paths`: is the group a moderator? Wald tests by hand, the likelihood ratio by a fit of its own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import trustsem as ts
from trustsem.errors import UsageError
from trustsem.resources import samples_dir

DATA = samples_dir() / "trust_settings.csv"
MOVED = "interpersonal_trust~emotional_communication"  # the one path that differs in this sample


@cache
def fit(estimator: str = "MLR") -> ts.Fit:
    return ts.fit("care_setting", DATA, estimator=estimator)


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_likelihood_ratio_is_that_of_two_fits(estimator):
    result = fit(estimator).equal_paths()
    equal = ts.fit(
        "care_setting",
        DATA,
        estimator=estimator,
        group="setting",
        group_label=("outpatient", "inpatient"),
        group_equal=("loadings", "intercepts", "regressions"),
        group_partial=fit(estimator).options.spec.group_partial,
    )
    test = ts.compare(fit(estimator), equal).tests[0]
    row = result.frame[result.frame["test"] == "likelihood_ratio"].iloc[0]
    assert test is not None
    assert row["df"] == test.df == len(result.paths) == 7
    assert row["chisq"] == pytest.approx(test.statistic, rel=1e-6)


def test_wald_tests_by_hand():
    result = fit().equal_paths(MOVED)
    rows = fit().estimates.query("lhs == 'interpersonal_trust' and rhs == 'emotional_communication'")
    vcov = fit().vcov
    assert vcov is not None
    keys = [MOVED, f"{MOVED}.g2"]
    block = vcov.loc[keys, keys].to_numpy()
    variance = block[0, 0] + block[1, 1] - 2 * block[0, 1]
    by_hand = np.diff(rows["est"].to_numpy())[0] ** 2 / variance
    assert result.frame["chisq"].iloc[0] == pytest.approx(by_hand)
    assert result.frame["chisq"].iloc[1] == pytest.approx(by_hand)  # all of one are that one
    assert (result.frame["df"] == 1).all()
    assert (result.frame["pvalue"] < 0.05).all()


def test_only_the_path_that_differs_is_found():
    frame = fit().equal_paths().frame
    single = frame[(frame["test"] == "wald") & (frame["path"] != "")]
    assert single.loc[single["pvalue"] < 0.05, "path"].tolist() == [MOVED]
    assert fit().equal_paths().to_dict()["tests"][0]["path"] == single["path"].iloc[0]


def test_scales_that_differ_are_told():
    codes = {finding.code for finding in ts.fit("care_setting", DATA, group="setting").equal_paths().findings}
    assert "paths-on-different-scales" in codes
    assert "paths-on-different-scales" not in {finding.code for finding in fit().equal_paths().findings}


def test_refusals():
    with pytest.raises(UsageError, match="Did you mean"):
        fit().equal_paths("interpersonal_trust~emotional_comunication")
    with pytest.raises(UsageError, match="one group"):
        ts.fit("interpersonal_path", samples_dir() / "trust_patients.csv").equal_paths()
    equal = ts.fit("care_setting", DATA, group="setting", group_equal=("loadings", "regressions"))
    with pytest.raises(UsageError, match="nothing to test"):
        equal.equal_paths()
