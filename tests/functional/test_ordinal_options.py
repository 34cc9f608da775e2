"""Options of ordinal items from the front door: what a model says, what a caller says, what is recommended."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import ModelError, UsageError
from trustsem.fitting.recommend import LOST, PILED, SKEWED
from trustsem.pipeline import ESTIMATORS

ONE = "f =~ a + b + c + d"
WITH_X = f"{ONE}\nf ~ age"
SHARES = {2: (0.5, 0.5), 3: (0.3, 0.4, 0.3), 4: (0.2, 0.3, 0.3, 0.2), 5: (0.1, 0.2, 0.4, 0.2, 0.1)}
HINTS, TWIN = "hints7_communication_trust", "hints7_twin.csv"


@cache
def answers(n_categories: int = 5, n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Return four items of one factor cut into categories, and an observed predictor of the factor."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    factor = 0.5 * age + rng.normal(size=n)
    responses = 0.8 * factor[:, None] + 0.6 * rng.normal(size=(n, 4))
    cuts = np.quantile(responses, np.cumsum(SHARES[n_categories])[:-1])
    frame = pd.DataFrame(1.0 + np.searchsorted(cuts, responses), columns=list("abcd"))
    return frame.assign(age=age)


def codes(fit: ts.Fit) -> list[str]:
    return [finding.code for finding in fit.findings]


def numbers(fit: ts.Fit) -> np.ndarray:
    tests = [value for test in fit.fitted.tests for value in (test.statistic, test.df)]
    return np.array([*fit.estimates["est"], *fit.estimates["se"], *tests], dtype=float)


# --- what the description of a model says ---------------------------------------------------------------------------


@cache
def twin(**options: object) -> ts.Fit:
    return ts.fit(HINTS, ts.samples_dir() / TWIN, **options)  # type: ignore[arg-type]


def test_a_model_of_ordinal_answers_is_fitted_as_such() -> None:
    fit = twin()
    given = fit.options.to_dict()
    assert (given["estimator"], given["ordered"], given["parameterization"]) == ("WLSMV", True, "theta")
    assert "ordinal-by-the-model" in codes(fit)
    assert "ordinal-analysed-as-continuous" not in codes(fit)
    assert fit.converged
    assert fit.admissible
    assert fit.fit_measures["df"] == ts.load_model(HINTS).expected_df
    assert (fit.fit_measures["rmsea_scaled"] or 0.0) < 0.03  # the twin was drawn from the model


def test_what_the_caller_says_replaces_it() -> None:
    continuous = twin(ordered=False)
    assert continuous.options.to_dict()["estimator"] == "ML"
    assert "ordinal-analysed-as-continuous" in codes(continuous)
    assert "ordinal-by-the-model" not in codes(continuous)
    with pytest.raises(ModelError, match="theta"):  # its mediators are ordinal
        twin(parameterization="delta")
    some = twin(ordered=("QualityCare", "CancerTrustDoctor"))
    assert sum(row.op == "|" for row in some.fitted.table) == 4 + 3


def test_an_estimator_of_numbers_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="ordered=False"):
        twin(estimator="MLR")
    with pytest.raises(UsageError, match="ordered=False"):
        twin(missing="fiml")
    assert twin(estimator="MLR", ordered=False).converged


def test_moments_are_analysed_as_numbers() -> None:
    fit = twin(ordered=False)
    names = list(fit.fitted.table.variables.observed)
    cov = pd.DataFrame(fit.fitted.moments.groups[0].cov, index=names, columns=names)
    again = ts.fit(HINTS, sample_cov=cov, n_obs=fit.n_obs)
    assert "ordinal-analysed-as-continuous" in codes(again)


def test_imputed_answers_are_analysed_as_numbers() -> None:
    survey = ts.read_survey(ts.samples_dir() / TWIN, "hints7")
    names = list(twin().fitted.table.variables.observed)
    filled = survey.frame[names].astype(float)
    completed = [filled.fillna(filled.mean() + 0.1 * k) for k in range(3)]
    pooled = ts.fit_imputed(HINTS, completed)
    assert pooled.fit_measures["df"] == 62


# --- every option does something ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "n_categories", "change"),
    [
        (ONE, 3, {"parameterization": "theta"}),
        (ONE, 3, {"ordered": ("a", "b")}),
        (WITH_X, 3, {"conditional_x": False}),
        (ONE, 3, {"std_lv": True}),
        *((ONE, 3, {"estimator": name}) for name, spec in ESTIMATORS.items()
          if spec.discrepancy in ("DWLS", "ULS", "WLS") and name not in ("WLSMV", "GLS")),
        (ONE, 3, {"se": "standard"}),
        (ONE, 3, {"test": "satorra_bentler"}),
    ],
)  # fmt: skip
def test_options_change_numbers(model: str, n_categories: int, change: dict[str, object]) -> None:
    base = numbers(ts.fit(model, answers(n_categories), ordered=True))
    changed = numbers(ts.fit(model, answers(n_categories), **{"ordered": True, **change}))  # type: ignore[arg-type]
    assert base.shape != changed.shape or not np.allclose(base, changed, rtol=1e-6, equal_nan=True)


def test_zero_cells_change_numbers_where_a_cell_is_empty() -> None:
    """Nobody with the lower answer to b has the upper one to a: one cell of their 2x2 table is empty."""
    frame = answers(2).copy()
    frame.loc[frame["b"] == 1, "a"] = 1.0
    by_default, with_less = (ts.fit(ONE, frame, ordered=True, zero_cells=cells) for cells in (None, (0.1, 0.0)))
    assert not np.allclose(numbers(by_default), numbers(with_less), rtol=1e-4, equal_nan=True)


def test_command_line_passes_them_on(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    data, model = tmp_path / "answers.csv", tmp_path / "one.sem"
    answers(3).to_csv(data, index=False)
    model.write_text(ONE, encoding="utf-8")
    options = ("--ordered", "all", "--parameterization", "theta", "--zero-cells", "0.4,0", "--estimator", "ULSMV")
    assert main(["fit", str(model), str(data), *options, "--json"]) == 0
    given = json.loads(capsys.readouterr().out)["options"]
    assert (given["ordered"], given["parameterization"], given["estimator"]) == (True, "theta", "ULSMV")
    assert given["zero_cells"] == [0.4, 0.0]
    assert main(["fit", str(model), str(data), "--ordered", "all", "--zero-cells", "half"]) == 2
    assert "zero_cells takes two numbers" in capsys.readouterr().err
    assert main(["fit", str(model), str(data), "--ordered", "a,e"]) != 0
    assert "e: not in the model" in capsys.readouterr().err


def test_check_counts_thresholds_with_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", HINTS, "hints7_twin", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    thresholds = sum(row.op == "|" for row in twin().fitted.table)
    # thirteen variances of continuous items are neither moments nor parameters of ordinal ones
    assert (content["n_parameters"], content["n_moments"]) == (29 - 13 + thresholds, 91 - 13 + thresholds)
    assert content["df"] == content["expected_df"]
    assert content["recommendation"]["estimator"] == "WLSMV"
    assert main(["check", HINTS, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["n_parameters"] == 29
    assert "counted-without-categories" in [finding["code"] for finding in content["findings"]]


# --- recommendation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_categories", [2, 3, 4])
def test_few_categories_are_ordinal(n_categories: int) -> None:
    advice = ts.recommend_estimator(answers(n_categories), ONE)
    assert (advice.estimator, advice.ordered, advice.missing) == ("WLSMV", tuple("abcd"), "listwise")
    assert "numbers" in advice.reasons[0]


def test_five_even_categories_do_as_numbers() -> None:
    advice = ts.recommend_estimator(answers(5), ONE)
    assert (advice.estimator, advice.ordered, advice.missing) == ("MLR", (), "listwise")


def test_five_uneven_categories_are_ordinal_in_a_large_complete_sample() -> None:
    frame = answers(5).copy()
    frame["a"] = frame["a"].where(np.arange(len(frame)) % 2 == 0, 1.0)
    piled = (frame["a"] == 1).mean()
    assert piled > PILED
    assert ts.recommend_estimator(frame, ONE).estimator == "WLSMV"
    assert abs(pd.Series.skew(frame["b"])) < SKEWED
    small = ts.recommend_estimator(frame.iloc[:150], ONE)
    assert small.estimator == "MLR"
    assert any("few for polychoric" in reason for reason in small.reasons)


def test_many_incomplete_rows() -> None:
    rng = np.random.default_rng(5)
    for n_categories, estimator, missing in ((5, "MLR", "fiml"), (3, "WLSMV", "pairwise")):
        frame = answers(n_categories).copy()
        frame["a"] = frame["a"].mask(rng.random(len(frame)) < 2 * LOST)
        advice = ts.recommend_estimator(frame, ONE)
        assert (advice.estimator, advice.missing) == (estimator, missing)
        fit = ts.fit(ONE, frame, estimator="auto")
        assert fit.n_obs == len(frame)
        assert "estimator-recommended" in codes(fit)


def test_numbers_are_numbers() -> None:
    frame = answers(5)[["a", "b", "c", "age"]].rename(columns={"age": "d"})
    mixed = ts.recommend_estimator(frame.assign(a=(frame["a"] > 2) * 1.0), ONE)
    assert mixed.estimator == "WLSMV"
    assert mixed.ordered == ("a", "b", "c")
    only = ts.recommend_estimator(pd.DataFrame(np.random.default_rng(2).normal(size=(300, 4)), columns=list("abcd")))
    assert (only.estimator, only.reasons[0]) == ("MLR", "The answers are numbers, not categories.")


def test_what_is_decided_stands() -> None:
    assert ts.recommend_estimator(answers(3), ONE, ordered=False).estimator == "MLR"
    assert ts.recommend_estimator(answers(5), ONE, ordered=("a",)).ordered == ("a",)
    assert ts.recommend_estimator(answers(3), ONE, missing="fiml").estimator == "MLR"
    assert ts.recommend_estimator(answers(5), ONE, missing="two_stage").estimator == "ML"


def test_auto_is_the_fit_that_it_names() -> None:
    auto = ts.fit(ONE, answers(3), estimator="auto")
    named = ts.fit(ONE, answers(3), estimator="WLSMV", ordered=True)
    assert numbers(auto) == pytest.approx(numbers(named), rel=1e-12, nan_ok=True)
    assert auto.options.to_dict()["estimator"] == "WLSMV"
    assert ts.fit(ONE, answers(3), estimator="auto", ordered=False).options.to_dict()["estimator"] == "MLR"


def test_auto_needs_answers() -> None:
    with pytest.raises(UsageError, match="moments do not show"):
        ts.fit(ONE, sample_cov=answers(3)[list("abcd")].cov(), n_obs=400, estimator="auto")


def test_models_show_says_how_a_model_is_fitted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", HINTS]) == 0
    assert "WLSMV, ordered items, parameterization theta" in " ".join(capsys.readouterr().out.split())


def test_recommendation_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "hints7_twin"]) == 0
    assert "--estimator WLSMV --ordered all --missing pairwise" in capsys.readouterr().out
    assert main(["check", "interpersonal_path", "trust_patients"]) == 0
    assert "--estimator MLR --missing fiml" in capsys.readouterr().out
