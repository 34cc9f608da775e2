"""Draws with input that means nothing: one clear message, no number that looks right."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import TrustSemError, UsageError
from trustsem.resample import run as run_module

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@cache
def data() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "data" / "hs.csv")


@cache
def fitted(model: str = "x4 ~ a*x1\nx7 ~ b*x4 + x1", **options: object) -> ts.Fit:
    return ts.fit(model, data(), **options)  # type: ignore[arg-type]


CALLS = {
    "seed beyond 2^63": lambda fit: fit.bootstrap(10, seed=2**130),
    "seed of Monte Carlo": lambda fit: fit.monte_carlo(10, seed=2**63),
    "seed of a fit": lambda _: ts.fit("x4 ~ x1", data(), bootstrap=10, seed=2**63),
    "more draws than memory": lambda fit: fit.monte_carlo(10**11, seed=1),
    "ci None": lambda fit: fit.effects("x1", "x7", ci=None),
    "variable that is no name": lambda fit: fit.effects(3),
    "mediator None": lambda fit: fit.sensitivity("x1", None, "x7"),
    "rho that is no number": lambda fit: fit.sensitivity("x1", "x4", "x7", rho="abc"),
    "level that is text": lambda fit: fit.bootstrap(10, seed=1).intervals(level="a"),
    "no set of weights": lambda fit: fit.reweight(np.ones((301, 0))),
    "weights of three dimensions": lambda fit: fit.reweight(np.ones((301, 2, 2))),
    "no weights": lambda fit: fit.reweight(None),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_means_nothing_is_refused(call: object) -> None:
    with pytest.raises(TrustSemError):
        call(fitted())  # type: ignore[operator]


@pytest.mark.parametrize(
    "option", [["--ci", ","], ["--through", "emotional_communication", "--sensitivity", "--rho", ","]]
)
def test_empty_lists_are_not_the_default(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    # symptom: --rho , and --ci , gave the default's numbers; guard: an empty list is refused
    ends = ["--x", "humanistic_quality", "--y", "interpersonal_trust"]
    assert main(["effects", "interpersonal_path", "trust_patients", *ends, *option]) == 2
    assert "no " in capsys.readouterr().err


def test_memory_that_is_short_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def short(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("trustsem.cli.commands.effects.split_names", short)
    assert main(["effects", "interpersonal_path", "trust_patients", "--ci", "delta"]) == 2
    assert "not enough memory" in capsys.readouterr().err


def test_one_correlation_is_a_grid() -> None:
    assert fitted().sensitivity("x1", "x4", "x7", rho=0.3).frame["rho"].tolist() == [0.3]  # type: ignore[arg-type]


def test_a_variable_named_twice_counts_once() -> None:
    pd.testing.assert_frame_equal(fitted().effects(["x1", "x1"], "x7"), fitted().effects("x1", "x7"))


def test_a_file_of_one_array_is_no_file_of_draws(tmp_path: Path) -> None:
    # symptom: a .npy file given to resume= ended with a TypeError; guard: it is refused as any other file
    np.save(tmp_path / "draws.npy", np.arange(3))
    with pytest.raises(UsageError, match="no file of draws"):
        fitted().bootstrap(10, resume=tmp_path / "draws.npy")


def test_an_idle_constraint_makes_other_draws() -> None:
    # symptom: draws kept for a model without an inequality served one with it; guard: its text is in the fingerprint
    from trustsem.resample.store import fingerprint

    plain, bounded = fitted("x4 ~ a*x1"), fitted("x4 ~ a*x1\na > -5")
    object.__setattr__(bounded.fitted.estimate, "theta", plain.fitted.estimate.theta)
    assert fingerprint(plain.fitted, "x") != fingerprint(bounded.fitted, "x")


def test_sets_of_weights_without_a_positive_definite_start_do_not_converge() -> None:
    # symptom: a set with one respondent ended with a LinAlgError; guard: matrices are factored one by one then
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f", data())
    sets = np.column_stack([np.eye(301)[:, 0], np.ones(301)])
    found = fit.reweight(sets)
    assert found.estimates.notna().all(axis=1).tolist() == [False, True]
    assert [finding.code for finding in found.findings] == ["weights-not-converged"]


def test_an_interrupted_set_of_weights_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    # symptom: Ctrl-C left sets of weights, and a BCa's jackknife, partly done without a word; guard: it ends them
    kept = run_module._Run._take

    def interrupting(self: run_module._Run, part: run_module.Part) -> None:
        kept(self, part)
        raise KeyboardInterrupt

    boot = fitted().bootstrap(10, seed=1)
    monkeypatch.setattr(run_module._Run, "_take", interrupting)
    with pytest.raises(KeyboardInterrupt):
        fitted().reweight(np.ones((301, 2)))
    with pytest.raises(KeyboardInterrupt):
        boot.intervals("bca")


def test_parametric_draws_leave_products_alone() -> None:
    # symptom: x4 was drawn anew beside the old x4:x2; guard: refused unless product and parts are predictors as given
    fitted("x4 ~ x1 + x2 + x1:x2").bootstrap(3, seed=1, kind="parametric")
    for fit in (fitted("x4 ~ x1\nx7 ~ x4 + x2 + x4:x2"), fitted("x4 ~ x1 + x2 + x1:x2", fixed_x=False)):
        with pytest.raises(UsageError, match="products"):
            fit.bootstrap(3, seed=1, kind="parametric")


def test_second_order_intervals_need_linear_constraints() -> None:
    # symptom: with a == b^2 + .3 the bias of a*b was two thirds of b^3 + .3 b's; guard: refused
    fit = ts.fit("x4 ~ a*x1\nx7 ~ b*x4\nab := a*b\na == b^2 + .3", data())
    with pytest.raises(UsageError, match="nonlinear"):
        fit.intervals("second_order")


def test_draws_that_leave_nonlinear_constraints_say_so() -> None:
    bent = ts.fit("x4 ~ a*x1\nx7 ~ b*x4\nab := a*b\na == b^2 + .3", data()).monte_carlo(50, seed=1)
    straight = ts.fit("x4 ~ a*x1\nx7 ~ b*x4\nab := a*b\na == 2*b", data()).monte_carlo(50, seed=1)
    assert [[finding.code for finding in drawn.findings] for drawn in (bent, straight)] == [
        ["monte-carlo-constraints"],
        [],
    ]


def test_effects_beside_a_product_say_where_they_hold() -> None:
    # symptom: effects of x1 were those at x2 = 0, which nobody has, without a word
    centred = data().assign(**{name: data()[name] - data()[name].mean() for name in ("x1", "x2")})
    for frame, severity in ((data(), "warning"), (centred, "info")):
        findings = ts.fit("x4 ~ x1 + x2 + x1:x2", frame).findings
        assert [one.severity.value for one in findings if one.code == "effects-at-zero"] == [severity]
    assert "effects-at-zero" not in {one.code for one in fitted("x4 ~ x1 + x2").findings}


def test_fewer_draws_than_parameters_are_called_singular() -> None:
    # symptom: a Wald test of three parameters from two draws had one degree of freedom and p = 1e-11, without a word
    codes = [{one.code for one in ts.fit("x4 ~ x1 + x2 + x3", data(), bootstrap=n, seed=1).findings} for n in (4, 5)]
    assert ["bootstrap-singular" in found for found in codes] == [True, False]


def test_a_proportion_without_standard_errors_is_not_called_unstable() -> None:
    # symptom: "z = nan is not told apart from 0"; guard: nobody judges without standard errors
    found = fitted(se="none").proportion_mediated("x1", "x7").findings
    assert [one.code for one in found] == ["proportion-not-judged"]
