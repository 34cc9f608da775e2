"""`trustsem export` and `trustsem explain` from end to end; exported R scripts are run where R is."""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
from pathlib import Path

import pytest

import trustsem as ts
from trustsem.cli.app import main
from trustsem.spec import model_names

TOLERANCE = 1e-4  # lavaan's own stopping rule leaves 1e-5


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_script_to_stdout(run) -> None:
    code, out, err = run("export", "interpersonal_path", "--to", "lavaan")
    assert code == 0
    assert err == ""
    assert "library(lavaan)" in out
    assert "put the name of your scored data here" in out
    assert "trustsem finds" not in out  # nothing was fitted


def test_options_reach_the_script(run) -> None:
    _, out, _ = run("export", "interpersonal_path", "--to", "mplus", "--std-lv", "--information", "observed")
    assert "INFORMATION = OBSERVED;" in out
    assert "hum_qual@1;" in out


def test_data_gives_expected_results_and_a_file(run, tmp_path: Path) -> None:
    script, data = tmp_path / "m.inp", tmp_path / "scored.dat"
    code, out, err = run(
        "export", "interpersonal_path", "trust_patients", "--to", "mplus", "-o", script, "--data-output", data
    )
    assert code == 0
    assert out == ""
    assert "answers of respondents" in err
    text = script.read_text(encoding="utf-8")
    assert "chisq 199.04" in text
    assert f'FILE = "{data.as_posix()}";' in text
    lines = data.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 1200
    assert {len(line.split(",")) for line in lines} == {21}
    assert any("." in line.split(",") for line in lines)  # missing answers are full stops, rows are kept
    survey = ts.read_survey(ts.samples_dir() / "trust_patients.csv", "dpt_patient")
    assert int(lines[0].split(",")[2]) == int(survey.frame["hq3"].iloc[0])  # scored, reversed items turned


def test_no_data_file_unless_asked(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("export", "second_order_trust", "trust_patients", "--to", "lavaan")
    assert list(tmp_path.iterdir()) == []


def test_json(run) -> None:
    _, out, _ = run("export", "second_order_trust", "--to", "mplus", "--json")
    content = json.loads(out)
    assert content["schema"] == "trustsem.export/1"
    assert content["names"]["interpersonal_trust"] == "int_trus"
    assert content["script"].startswith("TITLE:")


def test_wrong_use(run, tmp_path: Path) -> None:
    assert run("export", "interpersonal_path", "--to", "mpluss")[0] == 2
    code, _, err = run("export", "interpersonal_path", "--to", "lavaan", "--data-output", tmp_path / "x.csv")
    assert code == 2
    assert "needs DATA" in err
    assert run("export", "interpersonal_path", "--to", "mplus", "--likelihood", "wishart")[0] == 2
    code, _, err = run("export", "interpersonal_path", "--to", "lavaan", "-o", tmp_path / "no" / "m.R")
    assert code == 2
    assert "cannot be written" in err


def test_explain(run) -> None:
    code, out, _ = run("explain", "individual_differences", "trust_patients", "--mimic", "mplus")
    assert code == 0
    assert "Mean structure" in out
    assert "full information maximum likelihood" in out
    _, out, _ = run("explain", "individual_differences", "trust_patients", "--mimic", "stata", "--json")
    content = json.loads(out)
    assert content["schema"] == "trustsem.explain/1"
    assert content["program"] == "stata"
    assert all(item["values"] or item["note"] for item in content["differences"])
    assert run("explain", "individual_differences", "trust_patients", "--mimic", "amos")[0] == 2


# --- R ------------------------------------------------------------------------------------------------------------


def _lavaan_works() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(lavaan)"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", model_names())
def test_lavaan_finds_the_same(run, name: str, tmp_path: Path) -> None:
    if not _lavaan_works():
        pytest.skip("R with lavaan is not installed")
    sample = ts.load_model(name).sample
    script, data, table = tmp_path / "m.R", tmp_path / "d.csv", tmp_path / "estimates.csv"
    assert run("export", name, sample, "--to", "lavaan", "-o", script, "--data-output", data)[0] == 0
    more = f'write.csv(as.data.frame(parameterEstimates(fit)), "{table.as_posix()}", row.names = FALSE)\n'
    script.write_text(script.read_text(encoding="utf-8") + more, encoding="utf-8")
    done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with table.open(encoding="utf-8") as stream:
        theirs = {_key(row["lhs"], row["op"], row["rhs"]): row for row in csv.DictReader(stream)}
    content = json.loads(run("fit", name, sample, "--json")[1])
    assert len(theirs) == len(content["estimates"])
    for row in content["estimates"]:
        found = theirs[_key(row["lhs"], row["op"], row["rhs"])]
        assert math.isclose(float(found["est"]), row["est"], abs_tol=TOLERANCE), row
        if row["se"] is not None:
            assert math.isclose(float(found["se"]), row["se"], abs_tol=TOLERANCE), row


def _key(lhs: str, op: str, rhs: str) -> tuple[str, ...]:
    if op == "~~":
        return (op, *sorted((lhs, rhs)))
    return (op, lhs) if op in (":=", "~1") else (op, lhs, rhs)
