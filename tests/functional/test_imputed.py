"""Imputing, fitting and pooling from end to end: through Python and on the command line."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import ConvergenceError, DataError, ModelError, UsageError

MODEL = "f =~ hq1 + hq2 + hq3 + ii1"
ITEMS = ["hq1", "hq2", "hq3", "ii1", "ii2", "ii3"]
SAMPLE = ts.samples_dir() / "trust_patients.csv"


@cache
def survey() -> ts.Survey:
    return ts.read_survey(SAMPLE, "dpt_patient")


@cache
def completed(m: int = 4) -> ts.ImputedData:
    return ts.impute(survey(), m, seed=3, columns=[*ITEMS, "age"])


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def simulated(n: int, seed: int) -> pd.DataFrame:
    """Return two factors of three items; items of the second go missing by how the first was answered (MAR)."""
    rng = np.random.default_rng(seed)
    f = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    values = 3 + np.repeat(f, 3, axis=1) * 0.8 + rng.normal(size=(n, 6)) * 0.6
    chance = np.where(values[:, :1] > 3, 0.5, 0.1)
    values[:, 3:][rng.random((n, 3)) < chance] = np.nan
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(1, 7)])


TWO = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ b*f"


# --- imputing -----------------------------------------------------------------------------------------------------


def test_completed_data_sets_look_like_the_survey() -> None:
    frame = survey().frame
    there = frame.notna()
    assert len(completed()) == 4
    for version in completed():
        assert list(version.columns) == list(frame.columns)
        assert version.index.equals(frame.index)
        pd.testing.assert_frame_equal(version[ITEMS].where(there[ITEMS]), frame[ITEMS], check_dtype=False)
    missing = completed()[0][ITEMS].isna()
    assert int(missing.to_numpy().sum()) == 0
    assert completed().n_imputed["ii1"] == int(frame["ii1"].isna().sum())
    assert frame["ii1"].isna().any()  # what was given has not changed


def test_a_seed_is_recorded_and_reproduces() -> None:
    drawn = ts.impute(survey(), 2, columns=ITEMS, burn_in=5, between=5)
    assert [finding.code for finding in drawn.findings if finding.code == "seed-drawn"]
    again = ts.impute(survey(), 2, seed=drawn.seed, columns=ITEMS, burn_in=5, between=5)
    pd.testing.assert_frame_equal(drawn[1], again[1])


def test_draws_are_left_off_the_scale_unless_rounding_is_asked_for() -> None:
    codes = {finding.code for finding in completed().findings}
    assert "imputed-outside-scale" in codes
    rounded = ts.impute(survey(), 2, seed=3, columns=ITEMS, round_to_scale=True, burn_in=5, between=5)
    assert {finding.code for finding in rounded.findings} >= {"imputations-rounded"}
    values = rounded[0][ITEMS].to_numpy()
    assert np.isin(values[~np.isnan(values)], [1, 2, 3, 4, 5]).all()


def test_a_survey_is_imputed_from_items_and_quantities() -> None:
    """Text covariates stay out; rows without any answer stay empty and are said."""
    plain = ts.impute(survey(), 2, seed=1, burn_in=2, between=1)
    assert set(survey().items) <= set(plain.columns)
    assert "age" in plain.columns
    assert "hospital" not in plain.columns
    frame = pd.DataFrame(
        {"x": [1.0, 2, 3, np.nan, 5, 6, 4], "y": [2.0, np.nan, 3, np.nan, 5, 7, 6], "t": list("abcdefg")}
    )
    few = ts.impute(frame, 2, seed=1)
    assert few[0].isna().to_numpy().sum() == 2
    assert any("stay empty" in finding.message for finding in few.findings)


def test_groups_are_imputed_by_themselves() -> None:
    """A relation that differs between groups survives: slopes of 1 and -1, averaged away when imputed together."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=600)
    side = np.repeat(["a", "b"], 300)
    y = np.where(side == "a", x, -x) + 0.3 * rng.normal(size=600)
    y[rng.random(600) < 0.5] = np.nan
    frame = pd.DataFrame({"x": x, "y": y, "side": side})
    apart, together = (ts.impute(frame, 2, seed=1, group=group)[0] for group in ("side", None))
    gaps = np.isnan(y) & (side == "b")
    assert np.corrcoef(x[gaps], apart["y"][gaps])[0, 1] < -0.9
    assert abs(np.corrcoef(x[gaps], together["y"][gaps])[0, 1]) < 0.3


def test_chains_that_move_slowly_and_pairs_never_answered_are_said() -> None:
    rng = np.random.default_rng(6)
    values = rng.multivariate_normal([0, 0, 0], np.full((3, 3), 0.9) + 0.1 * np.eye(3), 80)
    values[:40, 0] = np.nan
    values[40:, 1] = np.nan
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    data = ts.impute(frame, 300, seed=1, burn_in=10, between=1)
    codes = {finding.code: finding for finding in data.findings}
    assert "a with b" in codes["never-answered-together"].message
    assert "imputations-correlated" in codes


@pytest.mark.parametrize(
    ("change", "error", "phrase"),
    [
        ({"m": 1}, UsageError, "at least 2"),
        ({"m": 2.5}, UsageError, "at least 2"),
        ({"seed": -1}, UsageError, "seed=-1"),
        ({"between": 0}, UsageError, "between=0"),
        ({"columns": ["hq1", "hq9"]}, ModelError, "Did you mean 'hq"),
        ({"columns": ["hq1", "hospital"]}, DataError, "cannot be imputed"),
        ({"columns": ["hq1", "hospital"], "group": "hospital"}, UsageError, "column of the groups"),
        ({"columns": ["hq1", "hq2"], "group": "respondent"}, DataError, "in group"),
    ],
)
def test_what_cannot_be_imputed_is_refused(change: dict, error: type[Exception], phrase: str) -> None:
    arguments = {"m": 2, "seed": 1, "columns": ITEMS, **change}
    with pytest.raises(error) as caught:
        ts.impute(survey(), **arguments)
    assert phrase in str(caught.value)


def test_columns_without_a_distribution_are_refused() -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, np.nan], "y": [1.0, 1, 1, np.nan, 1, 1]})
    with pytest.raises(DataError, match="one answer only"):
        ts.impute(frame, 2, seed=1)
    twice = pd.DataFrame({"x": [1.0, 2, 4, 4, 5, np.nan, 7], "z": [2.0, 4, 8, 8, 10, 3, 14]})
    with pytest.raises(DataError, match="repeat or sum up"):
        ts.impute(twice, 2, seed=1)


# --- pooling ------------------------------------------------------------------------------------------------------


def test_pooled_estimates_agree_with_full_information() -> None:
    """Both are consistent under missing at random; they differ by Monte Carlo error sqrt(B / m) and what vanishes in n.

    Limits: four such errors and .1 standard errors for estimates, 15 % for standard errors (B / m of 40 data sets).
    """
    frame = simulated(600, 1)
    pooled = ts.fit_imputed(TWO, ts.impute(frame, 40, seed=2), meanstructure=True).estimates
    direct = ts.fit(TWO, frame, missing="fiml").estimates
    keys = ["lhs", "op", "rhs"]
    both = pooled.merge(direct, on=keys, suffixes=("", "_fiml")).dropna(subset=["se"])
    assert len(both) == 19
    between = both["riv"] * both["se"] ** 2 / (1 + both["riv"]) / (1 + 1 / 40)
    limit = 4 * np.sqrt(between / 40) + 0.1 * both["se_fiml"]
    assert ((both["est"] - both["est_fiml"]).abs() < limit).all()
    assert (both["se"] / both["se_fiml"]).between(0.85, 1.15).all()
    assert both.set_index(keys).loc[("x4", "~1", ""), "fmi"] > both.set_index(keys).loc[("x1", "~1", ""), "fmi"]
    listwise = ts.fit(TWO, frame, meanstructure=True).estimates.set_index(keys)
    biased = listwise.loc[("x1", "~1", ""), "est"]
    assert abs(biased - 3) > 0.3 > abs(both.set_index(keys).loc[("x1", "~1", ""), "est"] - 3)


def test_everything_that_a_pooled_fit_offers() -> None:
    frames = ts.impute(simulated(300, 3), 5, seed=4)
    fit = ts.fit_imputed(f"{TWO}\ndouble := 2*b", frames)
    assert fit.n_imputations == fit.n_given == 5
    row = fit.estimates.query("lhs == 'double'").iloc[0]
    single = fit.estimates.query("label == 'b'").iloc[0]
    assert row["est"] == pytest.approx(2 * single["est"])
    assert row["se"] == pytest.approx(2 * single["se"])
    assert row["df"] == pytest.approx(single["df"])
    assert fit.wald("b == 0").statistic == pytest.approx(single["t"] ** 2)
    assert fit.wald(["b == 0", "double == 0"], method="D2").df1 == 1
    effects = fit.effects("f", "g").query("effect == 'total'").iloc[0]
    assert effects["est"] == pytest.approx(single["est"])
    assert effects["se"] == pytest.approx(single["se"])
    standard = fit.standardized().query("label == 'b'").iloc[0]
    assert standard["est_std"] == pytest.approx(single["std_all"])
    assert fit.r_squared()["g"] == pytest.approx(np.mean([one.r_squared()["g"] for one in fit.fits]))
    assert fit.vcov is not None
    assert fit.vcov.loc["b", "b"] == pytest.approx(single["se"] ** 2)
    assert {"D2", "D3", "D4"} == set(fit.tests["test"])
    assert fit.pool == "D4"
    content = fit.to_dict()
    assert content["schema"] == "trustsem.fit_imputed/1"
    json.dumps(content, allow_nan=False)
    for width in (60, 80):
        text = fit.summary(width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "Rubin" in text


def test_small_samples_have_fewer_degrees_of_freedom() -> None:
    frames = ts.impute(simulated(300, 3), 5, seed=4)
    large, small = ts.fit_imputed(TWO, frames), ts.fit_imputed(TWO, frames, complete_df=100)
    free = large.estimates["se"].notna()
    assert (small.estimates["df"][free] < large.estimates["df"][free]).all()
    assert (small.estimates["df"][free] < 100).all()
    assert (small.estimates["pvalue"][free] >= large.estimates["pvalue"][free]).all()


def test_the_chosen_test_gives_the_fit_measures() -> None:
    frames = ts.impute(simulated(300, 3), 5, seed=4)
    for method in ("D2", "D3", "D4"):
        fit = ts.fit_imputed(TWO, frames, pool=method)
        assert fit.fit_measures["chisq"] == fit.model_tests.tests[method].chi_square
        assert fit.fit_measures["pvalue"] == fit.model_tests.tests[method].pvalue
    assert fit.undefined_measures["aic"]


def test_data_sets_that_fail_are_left_out_and_named() -> None:
    """A data set in which one item repeats another has no proper solution; two good ones are enough, one is not."""
    frames = list(completed())
    keep = [frames[0], broken(), frames[1]]
    fit = ts.fit_imputed(MODEL, keep)
    assert (fit.n_imputations, fit.n_given) == (2, 3)
    (finding,) = [found for found in fit.findings if found.code == "imputations-excluded"]
    assert "1 of 3" in finding.message
    assert "number 2" in finding.message
    with pytest.raises(ConvergenceError, match="1 of 2"):
        ts.fit_imputed(MODEL, [frames[0], broken()])


def broken() -> pd.DataFrame:
    """Return a data set whose items hold no factor: the optimiser finds no minimum."""
    frame = completed()[0].copy()
    rng = np.random.default_rng(8)
    loadings = np.array([1.0, 1.0, 1.0, -3.0])
    values = rng.normal(size=(len(frame), 1)) * 0.02 * loadings + rng.normal(size=(len(frame), 4))
    frame[["hq1", "hq2", "hq3", "ii1"]] = np.where(frame[["hq1", "hq2", "hq3", "ii1"]].notna(), values, np.nan)
    return frame


def test_findings_of_the_fits_come_once() -> None:
    fit = ts.fit_imputed("interpersonal_path", [survey().frame, survey().frame.copy()])
    codes = [finding.code for finding in fit.findings]
    assert fit.imputation is None
    assert codes.count("listwise-deletion") == 1
    assert "nothing-imputed" in codes


@pytest.mark.parametrize(
    ("datasets", "options", "error", "phrase"),
    [
        ("one", {}, UsageError, "two completed data sets"),
        ("frame", {}, UsageError, "must be a list"),
        ("two", {"missing": "fiml"}, UsageError, "completed"),
        ("two", {"estimater": "ML"}, UsageError, "Did you mean 'estimator'"),
        ("two", {"pool": "D5"}, UsageError, "Allowed: D2, D3, D4"),
        ("two", {"complete_df": 0}, UsageError, "complete_df"),
        ("two", {"ordered": True}, UsageError, "ordered"),
        ("two", {"estimator": "GLS", "pool": "D3"}, UsageError, "no likelihood"),
        ("two", {"se": "none"}, ConvergenceError, "standard errors"),
        ("other rows", {}, DataError, "different rows"),
        ("column lost", {}, ModelError, "Completed data set 2 of 2"),
    ],
)
def test_what_cannot_be_pooled_is_refused(datasets: str, options: dict, error: type[Exception], phrase: str) -> None:
    first, second = completed()[0], completed()[1]
    given = {
        "one": [first],
        "frame": first,
        "two": [first, second],
        "other rows": [first, second.iloc[5:]],
        "column lost": [first, second.drop(columns="hq2")],
    }[datasets]
    with pytest.raises(error) as caught:
        ts.fit_imputed(MODEL, given, **options)
    assert phrase in str(caught.value)


def test_unknown_hypotheses_are_refused() -> None:
    fit = ts.fit_imputed(MODEL, completed())
    with pytest.raises(ModelError, match="unknown labels"):
        fit.wald("a == 0")
    with pytest.raises(UsageError, match="D1"):
        fit.wald("a == 0", method="D3")


# --- command line -------------------------------------------------------------------------------------------------


def test_command_imputes_fits_and_pools(run, tmp_path) -> None:
    target = tmp_path / "pooled.json"
    words = ("fit-imputed", "interpersonal_path", "trust_patients", "-m", 3, "--seed", 5)
    code, out, err = run(*words, "--auxiliary", "age", "--output", target)
    assert code == 0
    assert all(word in out for word in ("Imputed", "Seed", "Fit, from D4", "CFI", "fmi", "Rubin", "outside the scale"))
    assert "Written" in err
    content = json.loads(target.read_text(encoding="utf-8"))
    code, out, _ = run(*words, "--auxiliary", "age", "--json")
    again = json.loads(out)
    assert again["schema"] == "trustsem.fit_imputed/1"
    assert again["estimates"] == content["estimates"]
    assert again["imputation"]["seed"] == 5
    assert "age" in again["imputation"]["columns"]
    python = ts.fit_imputed(
        "interpersonal_path", ts.impute(survey(), 3, seed=5, columns=again["imputation"]["columns"])
    )
    assert again["fit_measures"]["chisq"] == pytest.approx(python.fit_measures["chisq"])


def test_command_takes_completed_files(run, tmp_path) -> None:
    files = []
    for number, frame in enumerate(completed()[:2]):
        files.append(tmp_path / f"completed{number}.csv")
        frame.to_csv(files[-1], index=False)
    model = tmp_path / "model.sem"
    model.write_text(MODEL, encoding="utf-8")
    code, out, _ = run("fit-imputed", model, *files, "--codebook", "none", "--estimator", "mlr", "--json")
    assert code == 0
    content = json.loads(out)
    assert content["imputation"] is None
    assert content["pooling"]["n_imputations"] == 2
    python = ts.fit_imputed(MODEL, completed()[:2], estimator="MLR")
    assert content["fit_measures"]["chisq_scaled"] == pytest.approx(python.fit_measures["chisq_scaled"])
    assert math.isfinite(content["fit_measures"]["cfi_robust"])


def test_command_takes_the_groups_of_the_model(run) -> None:
    code, out, _ = run("fit-imputed", "care_setting", "trust_settings", "-m", 2, "--seed", 1)
    assert code == 0
    assert "group inpatient" in out


@pytest.mark.parametrize(
    ("words", "code", "phrase"),
    [
        (("trust_patients", "-m", 1), 2, "at least 2"),
        (("trust_patients", "--pool", "D7"), 2, "Allowed: D2, D3, D4"),
        (("trust_patients", "--estimator", "nonsense"), 2, "not available"),
        (("trust_patients", "trust_patients", "--seed", 1), 2, "nothing is imputed"),
        (("no_such_data",), 10, "no file"),
        (("trust_patients", "--auxiliary", "agee"), 12, "Did you mean 'age'"),
    ],
)
def test_command_refuses(run, words: tuple, code: int, phrase: str) -> None:
    ended, out, err = run("fit-imputed", "interpersonal_path", *words)
    assert (ended, out) == (code, "")
    assert phrase in err


# --- simulation ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_size_of_pooled_tests_and_coverage() -> None:
    """Under the model 5 % of samples are rejected and 95 % of intervals cover; limits: three standard errors of .013.

    The chi-square of complete data itself rejects about 6 % at this sample size.
    """
    rejected, covered, n = {"D2": 0, "D3": 0, "D4": 0}, 0, 300
    for seed in range(n):
        frames = ts.impute(simulated(300, 1000 + seed), 20, seed=seed, burn_in=50, between=15)
        fit = ts.fit_imputed(TWO, frames, meanstructure=True)
        for method in rejected:
            rejected[method] += fit.model_tests.tests[method].pvalue < 0.05
        row = fit.estimates.query("label == 'b'").iloc[0]
        covered += row["ci_lower"] < 0.5 < row["ci_upper"]
    assert all(0.01 < count / n < 0.095 for count in rejected.values()), rejected
    assert 0.91 < covered / n < 0.99
