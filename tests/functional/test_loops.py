"""Verdicts on loops whose truth is known, and `trustsem loops`."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.loop_analysis import LoopAnalysis

MODEL = """
a =~ a1 + a2 + a3
b =~ b1 + b2 + b3
x =~ x1 + x2 + x3
z =~ z1 + z2 + z3
a ~ b + x
b ~ a + z
a ~~ b
"""
FIXED = MODEL.replace("a ~~ b\n", "a ~~ 0*b\n")
ITEMS = [f"{name}{i}" for name in "abxz" for i in (1, 2, 3)]
DRAWS = 400


def population(to_a: float, to_b: float, causes: float, covariance: float) -> pd.DataFrame:
    """Covariances of three items each (loading .8 standardised) of a loop with causes x of a and z of b."""
    inverse = np.linalg.inv(np.eye(2) - np.array([[0, to_a], [to_b, 0]]))
    phi = np.array([[1, 0.3], [0.3, 1]])
    psi = np.array([[1, covariance], [covariance, 1]])
    inner = inverse @ (causes**2 * phi + psi) @ inverse.T
    across = causes * inverse @ phi
    latent = np.block([[inner, across], [across.T, phi]])
    loadings = np.kron(np.eye(4), np.ones((3, 1)))
    errors = np.repeat(np.diag(latent), 3) * (1 / 0.8**2 - 1)
    return pd.DataFrame(loadings @ latent @ loadings.T + np.diag(errors), index=ITEMS, columns=ITEMS)


def analyse(cov: pd.DataFrame, n_obs: int, model: str = MODEL) -> LoopAnalysis:
    return ts.fit(model, sample_cov=cov, n_obs=n_obs).loop_analysis(DRAWS, seed=1)


def verdict(analysis: LoopAnalysis) -> str:
    (loop,) = analysis.loops
    return loop.judgement.verdict.value


def codes(findings: object) -> set[str]:
    return {finding.code for finding in findings}  # type: ignore[attr-defined]


def test_a_well_instrumented_loop_is_supported() -> None:
    analysis = analyse(population(0.30, 0.25, 0.6, 0.2), 800)
    assert verdict(analysis) == "loop supported"
    assert "loop-cannot-tell" not in codes(analysis.findings)
    assert not {"weak-instrument", "implausible-loop"} & codes(analysis.fit.findings)


def test_the_shipped_loop_is_supported() -> None:
    """trust_formation: truth .25 and .30 (responses)."""
    analysis = sample_analysis("trust_formation", "trust_patients")
    assert verdict(analysis) == "loop supported"
    frame = analysis.frame.set_index("outcome")
    assert frame.loc["interpersonal_trust", "instruments"] == "intergroup_interaction, social_knowledge"
    assert (frame["first_stage_f"] > 50).all()
    assert (frame["wald_f"] > 50).all()
    assert (frame["expected_sign"] == 1).all()


@cache
def sample_analysis(model: str, sample: str) -> LoopAnalysis:
    return ts.fit(model, ts.samples_dir() / f"{sample}.csv").loop_analysis(DRAWS, seed=1)


def test_the_circle_of_conflict_has_an_instrument_each_way() -> None:
    analysis = sample_analysis("conflict_cycle", "conflict_survey")
    frame = analysis.frame.set_index("outcome")
    assert frame.loc["conflict", "instruments"] == "emotional_communication"
    roots = "root_legal, root_institutional, root_cultural, relief_channels"
    assert frame.loc["trust_relationship", "instruments"] == roots
    assert (frame["expected_sign"] == -1).all()
    assert verdict(analysis) == "loop supported"


def test_one_way_populations_are_told_apart() -> None:
    analysis = analyse(population(0.0, 0.4, 0.6, 0.2), 800)
    assert verdict(analysis) == "one direction"
    assert analysis.loops[0].judgement.direction == "a -> b"
    record = analysis.to_dict()["loops"][0]["stability_index"]
    assert record["se"] is None  # sqrt of a gain of 0 has no slope; the draws have an interval
    assert 0 < record["draws_ci_lower"] < record["draws_ci_upper"] < 0.5


def test_a_small_sample_leaves_the_second_arrow_open() -> None:
    analysis = analyse(population(0.0, 0.5, 0.8, 0.2), 120)
    assert verdict(analysis) == "cannot tell"
    assert any("is open" in reason for reason in analysis.loops[0].judgement.reasons)


def test_a_loop_that_fits_well_and_is_implausible_is_called_out() -> None:
    """Arrows of .7, a disturbance correlation of -.8 and weak instruments fit perfectly."""
    analysis = analyse(population(0.7, 0.7, 0.12, -0.8), 600)
    assert analysis.fit.fit_measures["chisq"] == pytest.approx(0, abs=1e-4)
    assert verdict(analysis) == "cannot tell"
    (warning,) = [finding for finding in analysis.findings if finding.code == "loop-cannot-tell"]
    assert warning.severity.value == "warning"
    assert "cancels itself" in warning.message
    assert "first-stage F" in warning.message
    assert {"weak-instrument", "implausible-loop"} <= codes(analysis.fit.findings)
    assert "they cancel each other" in " ".join(analysis.fit.summary().split())


def test_the_same_in_a_sample() -> None:
    rows = np.random.default_rng(17).multivariate_normal(np.zeros(12), population(0.7, 0.7, 0.12, -0.8), 600)
    fit = ts.fit(MODEL, pd.DataFrame(rows, columns=ITEMS))
    assert fit.converged
    analysis = fit.loop_analysis(DRAWS, seed=1)
    assert verdict(analysis) == "cannot tell"
    assert "loop-cannot-tell" in codes(analysis.findings)


def test_strong_instruments_do_not_save_a_loop_that_cancels() -> None:
    analysis = analyse(population(0.7, 0.7, 0.9, -0.9), 5000)
    assert all(not item.arrow.is_weak for item in analysis.loops[0].evidence.arrows)
    assert verdict(analysis) == "cannot tell"


def test_a_loop_that_does_not_settle() -> None:
    analysis = analyse(population(1.3, 1.2, 0.6, 0.2), 800)
    assert verdict(analysis) == "cannot tell"
    assert analysis.loops[0].evidence.unstable_share == pytest.approx(1, abs=0.02)
    assert analysis.equilibrium["est"].isna().all()
    assert "loop-unstable-draws" in codes(analysis.findings)


def test_draws_beyond_the_limit_are_counted() -> None:
    analysis = analyse(population(0.85, 0.85, 0.5, 0.1), 250)
    share = analysis.loops[0].evidence.unstable_share
    assert share is not None
    assert 0.05 < share < 0.6
    assert analysis.loops[0].evidence.basis.is_stable
    assert any("do not settle" in reason for reason in analysis.loops[0].judgement.reasons)
    assert analysis.equilibrium["share_stable"].to_numpy() == pytest.approx(1 - share)


def test_a_covariance_forced_to_zero() -> None:
    wrong = analyse(population(0.30, 0.25, 0.6, 0.4), 800, FIXED)
    assert verdict(wrong) == "cannot tell"
    assert any("fixes the disturbance covariance" in reason for reason in wrong.loops[0].judgement.reasons)
    frame = wrong.frame.set_index("outcome")
    assert frame.loc["a", "est_free"] == pytest.approx(0.30, abs=1e-3)
    assert frame.loc["b", "est_free"] == pytest.approx(0.25, abs=1e-3)
    assert (frame["est_zero"] > frame["est_free"] + 0.1).all()
    right = analyse(population(0.30, 0.25, 0.6, 0.0), 800, FIXED)
    assert verdict(right) == "loop supported"


def test_a_loop_without_an_instrument_rests_on_an_assumption() -> None:
    analysis = analyse(population(0.30, 0.25, 0.6, 0.0), 800, FIXED.replace("b ~ a + z", "b ~ a"))
    assert verdict(analysis) == "cannot tell"
    assert any("no instrument" in reason for reason in analysis.loops[0].judgement.reasons)
    assert any("that the model assumes" in reason for reason in analysis.loops[0].judgement.reasons)


def test_a_covariance_fixed_at_another_value_is_not_taken_for_zero() -> None:
    analysis = analyse(population(0.30, 0.25, 0.6, 0.2), 800, MODEL.replace("a ~~ b", "a ~~ 0.2*b"))
    assert verdict(analysis) == "cannot tell"
    assert analysis.frame[["est_free", "est_zero"]].isna().all(axis=None)
    assert "another value than zero" in analysis.loops[0].evidence.gaps[0]


def test_signs_against_the_theory() -> None:
    names = {"a": "conflict", "b": "trust_relationship", "x": "relief_channels", "z": "emotional_communication"}
    lines = []
    for line in MODEL.strip().splitlines():
        words = [names.get(word, word) for word in line.split()]
        lines.append(" ".join(words))
    analysis = analyse(population(0.30, 0.25, 0.6, 0.2), 800, "\n".join(lines))
    assert verdict(analysis) == "cannot tell"
    assert any("should be negative by the theory" in reason for reason in analysis.loops[0].judgement.reasons)


def test_sargan_and_the_second_estimator_speak_up() -> None:
    """A cause of b that also moves one item of x: the equation of a has instruments that contradict each other."""
    cov = population(0.30, 0.25, 0.6, 0.2)
    shift = np.eye(12)
    shift[ITEMS.index("a1"), ITEMS.index("z2")] = 0.35
    moved = pd.DataFrame(shift @ cov.to_numpy() @ shift.T, index=ITEMS, columns=ITEMS)
    analysis = analyse(moved, 800)
    assert verdict(analysis) == "cannot tell"
    assert any("Sargan" in reason for reason in analysis.loops[0].judgement.reasons)


@cache
def rows(n: int = 1000) -> pd.DataFrame:
    values = np.random.default_rng(8).multivariate_normal(np.zeros(12), population(0.3, 0.3, 0.8, 0.2), n)
    return pd.DataFrame(values, columns=ITEMS)


def test_groups_are_judged_one_by_one() -> None:
    data = rows(2000).assign(side=["p", "q"] * 1000)
    analysis = ts.fit(MODEL, data, group="side").loop_analysis(DRAWS, seed=1)
    assert [loop.evidence.group for loop in analysis.loops] == [1, 2]
    assert set(analysis.frame["group_label"]) == {"p", "q"}
    assert analysis.loops[0].evidence.variants.df_diff == 2
    assert "in group p" in analysis.summary()


@pytest.mark.parametrize(
    ("options", "gaps"),
    [({"missing": "fiml"}, 1), ({"ordered": True}, 1), ({"group": "side", "group_equal": "loadings"}, 1)],
)
def test_what_could_not_be_looked_at_is_named(options: dict[str, object], gaps: int) -> None:
    data = rows().assign(side=np.arange(1000) % 2)
    if "missing" in options:
        data.iloc[::8, 0] = np.nan
    if "ordered" in options:
        data[ITEMS] = np.digitize(data[ITEMS] / data[ITEMS].std(), [-0.8, 0.2, 1.0])
    analysis = ts.fit(MODEL, data, **options).loop_analysis(50, seed=1)  # type: ignore[arg-type]
    for loop in analysis.loops:
        assert len(loop.evidence.gaps) == gaps
        assert all(item.miiv is None for item in loop.evidence.arrows)
    assert "loop-not-looked-at" in codes(analysis.findings)
    json.dumps(analysis.to_dict(), allow_nan=False)
    assert max(map(len, analysis.summary(width=50).splitlines())) <= 50


def test_a_model_without_a_loop_and_draws_that_mean_nothing() -> None:
    fit = ts.fit("a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3\na ~ b", rows())
    with pytest.raises(EffectError, match="no feedback loop") as caught:
        fit.loop_analysis(50)
    assert (caught.value.code, caught.value.exit_code) == ("no-loop", 16)
    with pytest.raises(UsageError) as wrong:
        fit.loop_analysis(0, seed=-1)
    assert len(wrong.value.faults) == 2


def test_the_same_seed_gives_the_same_analysis() -> None:
    fit = ts.fit(MODEL, rows())
    one, two, other = (fit.loop_analysis(60, seed=seed).to_dict() for seed in (3, 3, 4))
    assert one == two
    assert one["loops"][0]["gain"]["draws_ci_lower"] != other["loops"][0]["gain"]["draws_ci_lower"]


# --- command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys):
    def call(*words: str) -> tuple[int, str, str]:
        code = main(["loops", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("width", [80, 50])
def test_text_has_verdict_and_parts(run, monkeypatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run("conflict_cycle", "conflict_survey", "--draws", "200", "--seed", "1")
    assert code == 0
    for part in ("Verdict: loop supported", "Does it settle?", "Instruments of each arrow", "Disturbance covariance",
                 "MIIV-2SLS beside the fit", "Effects at equilibrium", "seed 1"):  # fmt: skip
        assert part in out
    assert max(map(len, out.splitlines())) <= width


def test_json_is_the_analysis(run, tmp_path) -> None:
    target = tmp_path / "loops.json"
    words = ("conflict_cycle", "conflict_survey", "--draws", str(DRAWS), "--seed", "1", "--json", "-o", str(target))
    code, out, _ = run(*words)
    assert code == 0
    printed = json.loads(out)
    assert printed["schema"] == "trustsem.loops/1"
    expected = json.loads(json.dumps(sample_analysis("conflict_cycle", "conflict_survey").to_dict()))
    assert printed["loops"] == expected["loops"]
    assert json.loads(target.read_text(encoding="utf-8"))["loops"] == expected["loops"]


def test_exit_codes(run, tmp_path) -> None:
    code, _, err = run("trust_formation_recursive", "trust_patients")
    assert code == 16
    assert "no feedback loop" in err
    code, _, err = run("conflict_cycle", "conflict_survey", "--draws", "1")
    assert code == 2
    assert "at least 2" in err
    data = np.random.default_rng(9).multivariate_normal(np.zeros(12), population(1.3, 1.2, 0.6, 0.2), 800)
    pd.DataFrame(data, columns=ITEMS).to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "m.sem").write_text(MODEL, encoding="utf-8")
    code, out, err = run(str(tmp_path / "m.sem"), str(tmp_path / "d.csv"), "--draws", "50", "--seed", "1")
    assert code == 16
    assert "Verdict: cannot tell" in out
    assert "does not settle" in err


# --- repeated samples -------------------------------------------------------------------------------------------------

REPLICATIONS = 100


def verdicts(cov: pd.DataFrame, n_obs: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    counts = {"loop supported": 0, "one direction": 0, "cannot tell": 0, "no solution": 0}
    for _ in range(REPLICATIONS):
        rows = pd.DataFrame(rng.multivariate_normal(np.zeros(12), cov, n_obs), columns=ITEMS)
        fit = ts.fit(MODEL, rows)
        found = verdict(fit.loop_analysis(100, seed=1)) if fit.converged else "no solution"
        counts[found] += 1
    return counts


@pytest.mark.slow
def test_verdicts_in_repeated_samples() -> None:
    """Limits, written before the first run: of 100 samples each,

    a one-way population is called a loop in at most 10 (5 % expected, Monte-Carlo error added); a loop that cancels on
    weak instruments in at most 3, and in at most 3 called one direction; a loop of .3 and .25 with good instruments is
    supported in at least 50 and called one direction in at most 25.
    """
    one_way = verdicts(population(0.0, 0.4, 0.6, 0.2), 800, 11)
    assert one_way["loop supported"] <= 10
    cancelling = verdicts(population(0.7, 0.7, 0.12, -0.8), 600, 12)
    assert cancelling["loop supported"] <= 3
    assert cancelling["one direction"] <= 3
    loop = verdicts(population(0.30, 0.25, 0.7, 0.2), 1000, 13)
    assert loop["loop supported"] >= 50
    assert loop["one direction"] <= 25
