"""`trustsem effects --ci`: intervals from draws, in text and JSON; what means nothing is refused before the fit."""

from __future__ import annotations

import json

import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.resources import samples_dir

MODEL, DATA = "interpersonal_path", str(samples_dir() / "trust_patients.csv")
PAIR = ["--x", "humanistic_quality", "--y", "interpersonal_trust"]


@pytest.fixture
def run(capsys):
    def call(*words: str) -> tuple[int, str, str]:
        code = main(["effects", MODEL, DATA, *PAIR, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("kind", ["percentile", "monte_carlo"])
def test_json_holds_what_the_library_gives(run, kind: str) -> None:
    code, out, _ = run("--ci", kind, "--draws", "40", "--seed", "3", "--json")
    assert code == 0
    payload = json.loads(out)
    fit = ts.fit(MODEL, DATA)
    drawn = fit.bootstrap(40, seed=3) if kind == "percentile" else fit.monte_carlo(40, seed=3)
    own = drawn.effects("humanistic_quality", "interpersonal_trust")
    assert [row["ci_lower"] for row in payload["effects"]] == pytest.approx(own["ci_lower"].tolist())
    assert [row["se"] for row in payload["effects"]] == pytest.approx(own["se"].tolist())
    assert all(row["pvalue"] is None for row in payload["effects"])
    source = "monte_carlo" if kind == "monte_carlo" else "bootstrap"
    assert (payload["ci"], payload["seed"], payload["n_draws_used"]) == ([kind], 3, {source: drawn.n_used})


def test_text_names_the_draws_and_has_no_empty_column(run) -> None:
    code, out, _ = run("--ci", "bias_corrected", "--draws", "40", "--seed", "3")
    assert code == 0
    assert "bias-corrected bootstrap intervals, 40 draws used, seed 3" in out
    assert "effect                 est     se  lower" in out
    assert "40 draws: limits of intervals vary" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ci", "wild"], "wild"),
        (["--seed", "3"], "--seed"),
        (["--draws", "30", "--policy", "keep"], "--draws"),
        (["--ci", "monte_carlo", "--policy", "keep"], "--policy"),
        (["--ci", "percentile", "--draws", "1"], "at least 2"),
        (["--ci", "percentile", "--policy", "burn"], "burn"),
        (["--ci", "delta", "--ci", "bcaa"], "bcaa"),
        (["--sensitivity"], "--through"),
        (["--rho", "0.5"], "--sensitivity"),
        (["--contrasts", "--y", "emotional_communication"], "--contrasts"),
        (["--sensitivity", "--through", "emotional_communication", "--rho", "a"], "no number"),
        (["--sensitivity", "--through", "emotional_communication", "--rho", "1.5"], "between -1 and 1"),
    ],
)
def test_what_means_nothing_is_refused(run, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert said in err


@pytest.mark.parametrize("width", ["80", "50"])
def test_several_kinds_stand_side_by_side(run, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    words = ["--ci", "delta", "--ci", "bca,second_order", "--draws", "40", "--seed", "3"]
    code, out, _ = run(*words, "--contrasts", "--proportion")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= int(width)
    assert "interval        lower  upper  std lower  std upper" in out
    for name in ("  delta", "  bca", "  second order"):
        assert name in out
    assert "less humanistic_quality" in out
    assert "1 by assumption" in " ".join(out.split())
    payload = json.loads(run(*words, "--contrasts", "--proportion", "--json")[1])
    assert payload["ci"] == ["delta", "bca", "second_order"]
    assert len(payload["contrasts"]) == 1
    assert payload["proportion_mediated"][0]["est"] == pytest.approx(1.0)
    assert {"ci_lower_bca", "std_ci_upper_second_order", "se_bootstrap"} <= set(payload["effects"][0])


def test_sensitivity_in_text_and_json(run) -> None:
    words = ["--through", "emotional_communication", "--sensitivity", "--rho=-.5,0,.5"]
    code, out, _ = run(*words)
    assert code == 0
    assert "correlate by rho = 0.374" in " ".join(out.split())
    record = json.loads(run(*words, "--json")[1])["sensitivity"]
    assert record["schema"] == "trustsem.sensitivity/1"
    assert [row["rho"] for row in record["curve"]] == [-0.5, 0.0, 0.5]


def test_no_path_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["effects", MODEL, DATA, "--x", "interpersonal_trust", "--y", "humanistic_quality"])
    assert code == 16
    assert "No path leads from interpersonal_trust to humanistic_quality" in capsys.readouterr().err


def test_the_command_knows_every_kind() -> None:
    from trustsem.cli.intervals import BOOTSTRAP, INTERVALS
    from trustsem.fitting.interval_request import CiKind, Source

    assert set(INTERVALS) == {kind.value for kind in CiKind}
    assert set(BOOTSTRAP) == {kind.value for kind in CiKind if kind.source is Source.BOOTSTRAP}


def test_draws_on_several_processes_and_kept_in_a_file(run, tmp_path) -> None:
    file = tmp_path / "draws.npz"
    options = ("--ci", "percentile", "--draws", "300", "--seed", "3", "--json")
    _, alone, _ = run(*options)
    code, out, _ = run(*options, "--workers", "2", "--resume", str(file))
    assert code == 0
    assert json.loads(out)["effects"] == json.loads(alone)["effects"]
    assert file.exists()
    code, again, _ = run("--ci", "percentile", "--draws", "300", "--resume", str(file), "--json")
    assert json.loads(again) == json.loads(out)  # the seed is in the file
    code, out, _ = run("--ci", "percentile", "--draws", "20", "--seed", "3", "--draw-kind", "parametric", "--json")
    assert json.loads(out)["effects"] != json.loads(alone)["effects"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "2"], "--workers needs a bootstrap"),
        (["--ci", "monte_carlo", "--draw-kind", "parametric"], "--draw-kind needs a bootstrap"),
        (["--ci", "percentile", "--draw-kind", "wild"], "nonparametric, parametric, bollen_stine"),
        (["--ci", "percentile", "--workers", "0"], "workers"),
        (["--ci", "percentile", "--workers", "2", "--scheduler", "tcp://a:1"], "one of them"),
    ],
)
def test_options_of_draws_are_refused_where_they_mean_nothing(run, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_an_interrupted_run_says_so_and_ends_with_130(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from trustsem.resample import run as resampling

    def stop(self: object, part: object) -> None:
        taken(self, part)
        if len(self.parts) == 1:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    taken = resampling._Run._take
    monkeypatch.setattr(resampling._Run, "_take", stop)
    code, out, _ = run("--ci", "percentile", "--draws", "1000", "--seed", "3", "--json")
    assert code == 130
    payload = json.loads(out)
    assert payload["n_draws_used"]["bootstrap"] <= 256
    assert "bootstrap-interrupted" in {finding["code"] for finding in payload["findings"]}
