"""Invariance and comparison of ordinal items: what is planted is found, what cannot be tested is said or refused."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import UsageError
from trustsem.measurement import release_tests
from trustsem.measurement.bias import item_bias
from trustsem.pipeline.difference import difference_of, nesting_of

FIVE = "f =~ y1 + y2 + y3 + y4 + y5"
ITEMS = ("y1", "y2", "y3", "y4", "y5")
LOADINGS = np.array([0.8, 0.7, 0.75, 0.8, 0.7])
CUTS = {5: (-1.3, -0.4, 0.4, 1.3), 3: (-0.6, 0.6), 2: (0.1,)}


def group(
    rng: np.random.Generator,
    label: str,
    n: int,
    *,
    mean: float = 0.0,
    sd: float = 1.0,
    loadings: np.ndarray = LOADINGS,
    cuts: dict[int, tuple[float, ...]] | None = None,
    shift: float = 0.0,
    categories: int = 5,
) -> pd.DataFrame:
    """Return answers to five ordinal items; `shift` is added to the third latent response, `cuts` by item."""
    factor = rng.normal(mean, sd, n)
    latent = np.outer(factor, loadings) + rng.normal(0, 0.6, (n, 5))
    latent[:, 2] += shift
    columns = {
        name: np.searchsorted((cuts or {}).get(k, CUTS[categories]), latent[:, k]) + 1 for k, name in enumerate(ITEMS)
    }
    return pd.DataFrame(columns).assign(group=label)


@cache
def two(seed: int, categories: int = 5, n: int = 800, **second: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    other = {name: np.array(value) if name == "loadings" else value for name, value in second.items()}
    if "cuts" in other:
        other["cuts"] = dict(other["cuts"])
    parts = [
        group(rng, "a", n, categories=categories),
        group(rng, "b", n, mean=0.3, sd=1.2, categories=categories, **other),
    ]
    return pd.concat(parts, ignore_index=True)


def analysed(data: pd.DataFrame, **options: Any) -> ts.Invariance:
    given = {"ordered": True, "group": "group", "rules": "chisq", "levels": "thresholds,metric,scalar"} | options
    return ts.invariance(FIVE, data, **given)


def found(result: ts.Invariance) -> list[str]:
    released = result.released
    return released.loc[released["why"] == "score test", "parameter"].tolist()


# --- what is planted ----------------------------------------------------------------------------------------------


def test_equal_items_hold_at_every_level_and_the_means_are_those_of_the_population() -> None:
    """The mean of group b is .3, the standard deviations are 1 and 1.2: d does not depend on the marker's unit."""
    result = analysed(two(1), parameterization="theta", levels=None)
    rungs = result.table.query("level in ['configural', 'thresholds', 'metric', 'scalar', 'strict']")
    assert rungs["status"].tolist() == ["reference", *["holds"] * 4]
    assert rungs["df"].diff().dropna().tolist() == [10, 4, 4, 5]
    row = result.latent_means.iloc[0]
    assert row["d_ci_lower"] < 0.3 / math.sqrt((1 + 1.2**2) / 2) < row["d_ci_upper"]
    assert result.items.empty  # strict holds: equal levels give equal answers


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_a_shifted_threshold_is_found(parameterization: str) -> None:
    data = two(2, cuts=((1, (-1.3, 0.1, 0.4, 1.3)),))
    result = analysed(data, parameterization=parameterization)
    assert found(result) == ["y2|t2"]
    assert result.released.set_index("parameter").loc["y2|t2", "kind"] == "thresholds"
    assert result.decision == "scalar (partial)"
    assert "y2~1" in result.released["parameter"].tolist()  # of an unequal item the intercept is free as well


@pytest.mark.parametrize("item", [0, 3])
def test_a_smaller_loading_is_found_be_it_the_markers(item: int) -> None:
    weak = LOADINGS.copy()
    weak[item] *= 0.4
    result = analysed(two(3, loadings=tuple(weak)))
    assert found(result) == [f"f=~y{item + 1}"]
    assert f"y{item + 1}~1" in result.released["parameter"].tolist()


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_a_shifted_intercept_is_found_and_its_points_are_the_mean_difference(parameterization: str) -> None:
    """Points against a simulated population: answers of group b to the third item, with and without its shift.

    Over 150 such samples the mean estimate is .500 for .502, its standard error .0389 for a spread of .0390.
    """
    data = two(4, shift=0.5, n=1500)
    result = analysed(data, parameterization=parameterization)
    assert found(result) == ["y3~1"]
    row = result.released.set_index("parameter").loc["y3~1"]
    assert row["est_a"] == 0
    assert row["est_b"] > 0.3
    big = [group(np.random.default_rng(9), "b", 400_000, mean=0.3, sd=1.2, shift=shift)["y3"] for shift in (0.5, 0.0)]
    truth = float(np.mean(big[0]) - np.mean(big[1]))
    item = result.items.set_index("item").loc["y3"]
    assert abs(item["points"] - truth) < 3 * item["se"] < 0.12
    scale = result.scales.iloc[0]
    assert scale["observed"] == pytest.approx(scale["bias"] + scale["construct"])
    means = data.groupby("group")[list(ITEMS)].mean().mean(axis=1)
    assert scale["observed"] == pytest.approx(means["b"] - means["a"], abs=0.03)


def test_dmacs_of_ordinal_items_against_simulation() -> None:
    """Root mean square of the difference of expected scores over people of the focal group, drawn at random."""
    result = analysed(two(5, shift=0.5), parameterization="theta")
    fitted = result.levels["scalar"].fitted
    (bias,) = [one for one in item_bias(fitted) if one.item == "y3"]
    est = result.levels["scalar"].estimates
    value = {(r["lhs"], r["op"], r["rhs"], r["group"]): r["est"] for r in est.to_dict("records")}
    draws = np.random.default_rng(1).normal(size=200_000)
    v = value["f", "~1", "", 2] + math.sqrt(value["f", "~~", "f", 2]) * draws

    def expected(k: int) -> np.ndarray:
        sd = math.sqrt(value["y3", "~~", "y3", k])
        line = value["y3", "~1", "", k] + value["f", "=~", "y3", k] * v
        z = np.array([(line - value["y3", "|", f"t{c}", k]) / sd for c in range(1, 5)])
        return 1 + np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))(z[:, :20_000]).sum(axis=0)

    gap = expected(2) - expected(1)
    data = two(5, shift=0.5)
    spread = math.sqrt(np.mean([np.var(g["y3"], ddof=1) for _, g in data.groupby("group")]))
    assert bias.points.value == pytest.approx(gap.mean(), abs=0.01)
    assert bias.dmacs == pytest.approx(math.sqrt(np.mean(gap**2)) / spread, abs=0.01)


def test_score_tests_are_near_the_differences_that_they_predict() -> None:
    """One constraint at a time, refitted: both are tests of the same restriction, here a true one, at n = 3000."""
    data = two(6, n=1500)
    options = {"ordered": True, "group": "group"}
    equal = {"group_equal": ["thresholds", "loadings"]}
    metric = ts.fit(FIVE, data, **options, **equal).fitted
    tests = {test.written: test for test in release_tests(metric, ["thresholds", "loadings"])}
    assert set(tests) == {f"y{i}|t{k}" for i in range(1, 6) for k in range(1, 5)} | {f"f=~y{i}" for i in range(1, 6)}
    for written in ("y2|t3", "y4|t1", "f=~y3", "f=~y5"):
        freed = ts.fit(FIVE, data, **options, **equal, group_partial=[written]).fitted
        assert tests[written].statistic == pytest.approx(difference_of(metric, freed).statistic, rel=0.1, abs=0.1)


def test_intercepts_that_a_level_fixes_are_tested_and_equal_their_difference() -> None:
    data = two(7, n=1500)
    options = {"ordered": True, "group": "group", "group_equal": ["thresholds", "loadings", "intercepts"]}
    scalar = ts.fit(FIVE, data, **options).fitted
    tests = {test.written: test for test in release_tests(scalar, ["intercepts"])}
    assert set(tests) == {f"y{i}~1" for i in range(1, 6)}
    freed = ts.fit(f"{FIVE}\ny3 ~ c(0, NA)*1", data, **options).fitted
    assert freed.test.df == scalar.test.df - 1
    assert tests["y3~1"].statistic == pytest.approx(difference_of(scalar, freed).statistic, rel=0.1, abs=0.1)


# --- few categories -----------------------------------------------------------------------------------------------


def test_three_categories_start_with_thresholds_and_loadings() -> None:
    result = analysed(two(8, categories=3), levels=None, parameterization="theta")
    assert result.ladder.step("thresholds") is None
    assert result.ladder.step("metric").level.equal == ("thresholds", "loadings")  # type: ignore[union-attr]
    table = result.table.set_index("level")
    assert table.loc["metric", "df_diff"] == 4
    note = next(finding for finding in result.findings if finding.code == "invariance-few-categories")
    assert "thresholds and loadings equal together" in note.message
    fit = ts.fit(FIVE, two(8, categories=3), ordered=True, group="group", group_equal="thresholds")
    assert fit.fitted.test.df == result.configural.fitted.test.df  # equal thresholds are no restriction


def test_a_loading_of_three_categories_is_found_and_no_threshold_in_its_place() -> None:
    weak = LOADINGS.copy()
    weak[3] *= 0.4
    result = analysed(two(9, categories=3, loadings=tuple(weak)), levels="metric,scalar")
    assert found(result) == ["f=~y4"]


def test_two_categories_say_what_is_taken_for_granted() -> None:
    result = analysed(two(10, categories=2), levels=None)
    assert [step.level.name for step in result.ladder.steps][:3] == ["configural", "metric", "scalar"]
    table = result.table.set_index("level")
    assert table.loc["metric", "df_diff"] == 4
    codes = {finding.code: finding for finding in result.findings}
    assert "scaling factors" in codes["invariance-two-categories"].message
    assert "theta" in codes["invariance-two-categories"].message


# --- refusals and choices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": "strict"}, "delta parameterization"),
        ({"levels": "thresholds", "ordered": ()}, "for ordinal items"),
        ({"levels": "thresholds", "categories": 3}, "restrict nothing"),
    ],
)
def test_levels_that_the_items_do_not_have_are_refused(options: dict[str, Any], words: str) -> None:
    given = dict(options)
    data = two(11, categories=given.pop("categories", 5))
    with pytest.raises(UsageError, match=words):
        analysed(data, **given)


def test_residuals_left_out_under_delta_are_said() -> None:
    result = analysed(two(1), levels=None)
    assert result.ladder.step("strict") is None
    note = next(finding for finding in result.findings if finding.code == "invariance-residuals-untested")
    assert "theta" in str(note.remedy)


def test_one_version_of_each_index_is_used_at_every_level_and_named_beforehand() -> None:
    result = analysed(two(1))
    for step in result.ladder.steps:
        for attempt in step.attempts:
            if attempt.comparison is not None:
                assert attempt.comparison.indices == {"cfi": "cfi_scaled", "rmsea": "rmsea_scaled", "srmr": "srmr"}
    shown = result.table["cfi"]
    assert np.allclose(shown.diff().dropna(), result.table["delta_cfi"].dropna())
    rules = result.summary().split("Levels\n")[0]
    assert "cfi_scaled" in rules
    assert "Savalei" in rules


def test_levels_can_be_reproduced_by_fit() -> None:
    data = two(4, shift=0.5, n=1500)
    result = analysed(data)
    own = ts.fit(
        f"{FIVE}\ny3 ~ c(0, NA)*1",
        data,
        ordered=True,
        group="group",
        group_equal=["thresholds", "loadings", "intercepts"],
    )
    assert own.fitted.test.statistic == pytest.approx(result.levels["scalar"].fitted.test.statistic, rel=1e-6)
    assert not [f for f in result.findings if f.code == "group-equal-not-applied"]  # the level wrote it, not the text


def test_the_command_line_takes_ordinal_items(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    two(1).to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "five.sem").write_text(FIVE, encoding="utf-8")
    words = [str(tmp_path / "five.sem"), str(tmp_path / "data.csv"), "--group", "group", "--ordered", "all", "--json"]
    assert main(["invariance", *words, "--parameterization", "theta", "--rule", "chisq"]) == 0
    content = json.loads(capsys.readouterr().out)
    names = [level["level"] for level in content["levels"]]
    assert names[:5] == ["configural", "thresholds", "metric", "scalar", "strict"]
    assert content["levels"][1]["equal"] == ["thresholds"]
    assert main(["compare", *words, "--equal", "thresholds", "--equal", "thresholds,loadings"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [test["df"] for test in content["tests"]] == [10, 4]
    assert [test["method"] for test in content["tests"]] == ["satorra_2000"] * 2


# --- comparing ----------------------------------------------------------------------------------------------------


def test_the_order_of_the_items_does_not_matter() -> None:
    """One factor against two; the restricted model names its items in another order."""
    data = two(12)[list(ITEMS)]
    general = ts.fit("f =~ y1 + y2 + y3\ng =~ y4 + y5", data, ordered=True)
    plain, turned = (ts.fit(text, data, ordered=True) for text in (FIVE, "f =~ y4 + y2 + y5 + y1 + y3"))
    expected = difference_of(plain.fitted, general.fitted)
    for method in (None, "satorra_2000_exact"):
        ours = difference_of(turned.fitted, general.fitted, method)
        assert ours.df == 1
        assert ours.statistic == pytest.approx(difference_of(plain.fitted, general.fitted, method).statistic, rel=1e-5)
    assert ts.compare(turned, general).tests[0].statistic == pytest.approx(expected.statistic, rel=1e-5)  # type: ignore[union-attr]


@cache
def mixed() -> pd.DataFrame:
    """Three ordinal and two continuous items with a predictor."""
    rng = np.random.default_rng(13)
    x = rng.normal(size=900)
    factor = 0.4 * x + rng.normal(size=900)
    latent = np.outer(factor, LOADINGS) + rng.normal(0, 0.6, (900, 5))
    columns: dict[str, Any] = {name: np.searchsorted(CUTS[5], latent[:, k]) + 1 for k, name in enumerate(ITEMS[:3])}
    return pd.DataFrame(columns | {"y4": latent[:, 3], "y5": latent[:, 4], "x": x})


def test_nesting_sees_slopes_variances_and_means() -> None:
    """Restrictions of each kind of statistic, by order of variables that differ, are nested, and not the other way."""
    data, ordered = mixed(), list(ITEMS[:3])
    general = ts.fit(f"{FIVE}\nf ~ x\ny2 ~ x", data, ordered=ordered).fitted
    swapped = "f =~ y5 + y1 + y4 + y3 + y2"
    for text in (f"{swapped}\nf ~ x", f"{swapped}\nf ~ 0*x\ny2 ~ x", f"{FIVE}\nf ~ x\ny2 ~ x\ny4 ~~ v*y4\ny5 ~~ v*y5"):
        restricted = ts.fit(text, data, ordered=ordered).fitted
        assert nesting_of(restricted, general).is_nested, text
        assert not nesting_of(general, restricted).is_nested, text
        test = difference_of(restricted, general)
        assert test.df == restricted.test.df - general.test.df
        assert math.isfinite(test.statistic)
    means = ts.fit(f"{FIVE}\nf ~ x\ny2 ~ x\ny4 ~ m*1\ny5 ~ m*1", data, ordered=ordered).fitted
    assert nesting_of(means, general).is_nested
    assert not nesting_of(general, means).is_nested


def test_a_threshold_restriction_is_not_nested_in_a_model_of_correlations() -> None:
    """Equal thresholds leave correlations alone: only the thresholds show that the second is no special case."""
    data = two(12)[list(ITEMS)]
    symmetric = ts.fit(f"{FIVE}\ny1 | a*t1 + b*t2\ny2 | a*t1 + b*t2", data, ordered=True)
    equal_loadings = ts.fit("f =~ y1 + l*y2 + l*y3 + y4 + y5\ny1 | a*t1\ny2 | a*t1\ny3 | a*t1", data, ordered=True)
    comparison = ts.compare(symmetric, equal_loadings)
    assert comparison.tests == (None,)
    (finding,) = [f for f in comparison.findings if f.code.startswith("comparison-not-nested")]
    assert "no AIC" in str(finding.remedy)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ({"ordered": True}, {"estimator": "ULSMV"}, "comparison-ordinal"),
        ({"ordered": True}, {"ordered": ["y1", "y2"]}, "comparison-ordinal"),
        ({"ordered": True}, {"ordered": True, "estimator": "ULSMV"}, "comparison-estimator"),
        ({"ordered": True}, {"ordered": True, "estimator": "WLSM"}, "comparison-estimator"),
        ({"ordered": True}, {"ordered": True, "rows": 700}, "comparison-rows"),
    ],
)
def test_fits_that_cannot_be_compared(one: dict[str, Any], other: dict[str, Any], code: str) -> None:
    fits = []
    for text, options in ((FIVE, one), ("f =~ y1 + a*y2 + a*y3 + y4 + y5", other)):
        given = dict(options)
        fits.append(ts.fit(text, two(12)[list(ITEMS)].iloc[: given.pop("rows", None)], **given))
    comparison = ts.compare(*fits)
    assert comparison.tests == (None,)
    assert code in {finding.code for finding in comparison.findings}


def test_unscaled_differences_have_no_pvalue() -> None:
    data = two(12)[list(ITEMS)]
    texts = (FIVE, "f =~ y1 + a*y2 + a*y3 + y4 + y5")
    plain = [ts.fit(text, data, ordered=True, estimator="DWLS", test="standard") for text in texts]
    robust = [ts.fit(text, data, ordered=True) for text in texts]
    for fits, method in ((plain, None), (robust, "standard")):
        comparison = ts.compare(*fits, method=method)
        (test,) = comparison.tests
        assert test is not None
        assert test.pvalue is None
        assert test.rmsea is None
        assert test.statistic > 0
        assert "difference-no-distribution" in {finding.code for finding in comparison.findings}
    full = ts.compare(*(ts.fit(text, data, ordered=True, estimator="WLS") for text in texts)).tests[0]
    assert full is not None
    assert full.pvalue is not None  # weighed by the inverse of its covariance, n F is a chi-square


def test_delta_and_theta_can_be_compared() -> None:
    """Two ways of writing models of the same statistics: the test is that within one parameterization."""
    data = two(12)
    equal = {"group_equal": ["thresholds", "loadings"]}
    options = {"ordered": True, "group": "group"}
    general = ts.fit(FIVE, data, parameterization="theta", **options)
    tests = [
        ts.compare(general, ts.fit(FIVE, data, parameterization=name, **equal, **options)).tests[0]
        for name in ("delta", "theta")
    ]
    assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=1e-5)  # type: ignore[union-attr]


# --- level --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_step_to_equal_loadings_holds_its_level() -> None:
    """Type I error of thresholds and loadings against configural, 2 x 400, five categories: 3 to 8 % of 400 samples.

    The standard error of 5 % in 400 samples is 1.1 %.
    """
    rejected = []
    for seed in range(400):
        rng = np.random.default_rng(10_000 + seed)
        data = pd.concat([group(rng, "a", 400), group(rng, "b", 400, mean=0.3, sd=1.2)], ignore_index=True)
        options: dict[str, Any] = {"ordered": True, "group": "group"}
        general = ts.fit(FIVE, data, **options).fitted
        restricted = ts.fit(FIVE, data, group_equal=["thresholds", "loadings"], **options).fitted
        pvalue = difference_of(restricted, general).pvalue
        assert pvalue is not None
        rejected.append(pvalue < 0.05)
    assert 0.03 <= np.mean(rejected) <= 0.08
