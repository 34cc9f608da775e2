"""`ts.fit(..., bootstrap=)`: standard errors and intervals are those of the draws, everywhere they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.errors import UsageError

HS = Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ a*visual\ntwice := 2 * a"


def test_errors_and_limits_are_those_of_the_draws() -> None:
    data = pd.read_csv(HS)
    plain = ts.fit(MODEL, data)
    fit = ts.fit(MODEL, data, bootstrap=300, seed=4)
    own = plain.bootstrap(300, seed=4).intervals("percentile")
    for name in ("se", "ci_lower", "ci_upper"):
        assert fit.estimates[name].to_numpy() == pytest.approx(own[name].to_numpy(), nan_ok=True)
    assert fit.estimates["est"].equals(plain.estimates["est"])
    assert fit.fit_measures == plain.fit_measures
    free = fit.estimates.query("op == '~'")
    assert free["z"].iloc[0] == pytest.approx(free["est"].iloc[0] / free["se"].iloc[0])
    assert fit.vcov is not None
    assert np.sqrt(fit.vcov.loc["a", "a"]) == pytest.approx(free["se"].iloc[0])
    assert fit.wald("a == 0").statistic == pytest.approx(float(free["z"].iloc[0]) ** 2)
    assert fit.effects("visual", "textual")["se"].iloc[0] == pytest.approx(free["se"].iloc[0])
    assert fit.resampled is not None
    said = f"standard errors from {fit.resampled.n_used} bootstrap draws (seed 4)"
    assert said in " ".join(fit.summary().split())
    record = fit.to_dict()["options"]
    assert (record["se"], record["bootstrap"], record["seed"]) == ("bootstrap", 300, 4)


def test_a_seed_is_drawn_and_recorded() -> None:
    fit = ts.fit(MODEL, pd.read_csv(HS), bootstrap=5)
    seed = fit.to_dict()["options"]["seed"]
    again = ts.fit(MODEL, pd.read_csv(HS), se="bootstrap", bootstrap=5, seed=seed)
    assert again.estimates.equals(fit.estimates)
    assert "bootstrap-few-draws" in {finding.code for finding in fit.findings}


def test_what_cannot_be_drawn_is_refused() -> None:
    data = pd.read_csv(HS)
    with pytest.raises(UsageError, match="respondents' answers"):
        ts.fit(MODEL, sample_cov=data[[f"x{k}" for k in range(1, 7)]].cov(), n_obs=301, bootstrap=10)
    for options in ({"bootstrap": "many"}, {"bootstrap": True}, {"bootstrap": 10, "seed": 1.5}):
        with pytest.raises(UsageError):
            ts.fit(MODEL, data, **options)  # type: ignore[arg-type]


def test_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model = tmp_path / "m.sem"
    model.write_text(MODEL)
    assert main(["fit", str(model), str(HS), "--bootstrap", "40", "--seed", "2", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["options"]["bootstrap"] == 40
    own = ts.fit(MODEL, pd.read_csv(HS)).bootstrap(40, seed=2).intervals()
    assert [row["se"] for row in record["estimates"] if row["se"]] == pytest.approx(own["se"].dropna().tolist())
