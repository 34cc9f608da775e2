"""`trustsem export` and `trustsem explain` from end to end; exported R scripts are run where R is."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
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
    assert "full information maximum likelihood" in " ".join(out.split())
    _, out, _ = run("explain", "individual_differences", "trust_patients", "--mimic", "stata", "--json")
    content = json.loads(out)
    assert content["schema"] == "trustsem.explain/1"
    assert content["program"] == "stata"
    assert all(item["values"] or item["note"] for item in content["differences"])
    assert run("explain", "individual_differences", "trust_patients", "--mimic", "amos")[0] == 2


def test_data_file_holds_groups_clusters_and_weights(run, tmp_path: Path) -> None:
    """Names for R, numbers for Mplus; rows of other groups and without a weight are left out."""
    model, data, out = tmp_path / "m.sem", tmp_path / "s.csv", tmp_path / "out"
    model.write_text(FACTORS, encoding="utf-8")
    frame = _classes(False)
    frame.loc[0, "weight"] = np.nan
    frame["ward"] = np.where(np.arange(len(frame)) < 20, "day", frame["school"])
    frame.to_csv(data, index=False)
    words = ("export", model, data, "--group", "ward", "--group-label", "Pasteur,Grant-White", "--cluster", "class",
             "--sampling-weights", "weight", "--weights-normalization", "total")  # fmt: skip
    assert run(*words, "--to", "lavaan", "--data-output", out)[0] == 0
    written = pd.read_csv(out)
    assert list(written) == [*(f"x{k}" for k in range(1, 7)), "ward", "class", "weight"]
    assert set(written["ward"]) == {"Pasteur", "Grant-White"}
    assert len(written) == len(frame) - 20
    assert run(*words, "--to", "mplus", "--data-output", out)[0] == 0
    numbers = pd.read_csv(out, header=None)
    assert set(numbers[6]) == {1, 2}
    assert (numbers[6] == 1).sum() == (written["ward"] == "Pasteur").sum()
    assert numbers[8].to_list() == pytest.approx(written["weight"].to_list())


def test_groups_of_a_shipped_model_are_exported(run) -> None:
    code, out, _ = run("export", "perception_gap", "--to", "lavaan")
    assert code == 0
    assert 'group = "side",\n  group.label = c("patient", "clinician")' in out
    assert out.count("psychological_attention =~ p2*pa2") == 2
    assert "GROUPING = side" in run("export", "perception_gap", "--to", "mplus")[1]
    assert "group" not in run("export", "perception_gap", "--group", "", "--to", "lavaan")[1]


# --- R ------------------------------------------------------------------------------------------------------------


def _lavaan_works() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(lavaan)"], capture_output=True, check=False).returncode == 0


HS = Path(__file__).resolve().parents[1] / "golden" / "data" / "hs.csv"
FACTORS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
WARDS = ("--group", "school")

# Estimators, treatments of missing answers and kinds of equality: model text, whether answers are missing, options.
DESIGNS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "configural": (FACTORS, False, WARDS),
    "scalar, MLR": (FACTORS, False, (*WARDS, "--group-equal", "loadings,intercepts", "--estimator", "MLR")),
    "partial, MLM": (
        FACTORS,
        False,
        (*WARDS, "--group-equal", "loadings", "--group-partial", "visual=~x2", "--estimator", "MLM"),
    ),
    "std.lv, metric": (FACTORS, False, (*WARDS, "--group-equal", "loadings", "--std-lv")),
    "effect coding, metric": (FACTORS, False, (*WARDS, "--group-equal", "loadings", "--effect-coding")),
    "labels and a predictor": (
        f"{FACTORS}\ntextual ~ c(a, b)*visual + ageyr\nd := a - b",
        False,
        WARDS,
    ),
    "blocks": (f"{FACTORS}\ngroup: Pasteur\nx1 ~~ x4\ngroup: Grant-White\nx2 ~~ x5", False, WARDS),
    "fiml, MLR, groups": (FACTORS, True, (*WARDS, "--missing", "fiml", "--estimator", "MLR")),
    "fiml, auxiliary": (FACTORS, True, ("--missing", "fiml", "--auxiliary", "ageyr")),
    "fiml_x": (f"{FACTORS}\ntextual ~ visual + x9", True, ("--missing", "fiml_x")),
    "two_stage": (FACTORS, True, ("--missing", "two_stage")),
    "robust_two_stage": (FACTORS, True, ("--missing", "robust_two_stage")),
    "two_stage, expected": (FACTORS, True, ("--missing", "two_stage", "--information", "expected")),
    "pairwise": (FACTORS, True, ("--missing", "pairwise")),
    "cluster": (FACTORS, False, ("--cluster", "class")),
    "weights, groups": (FACTORS, False, (*WARDS, "--sampling-weights", "weight")),
    "weights, cluster, fiml": (
        FACTORS,
        True,
        ("--sampling-weights", "weight", "--cluster", "class", "--missing", "fiml"),
    ),
    **{name: (FACTORS, False, ("--estimator", name)) for name in ("MLMV", "MLMVS", "MLF", "GLS", "WLS", "ULSMV")},
    "tests one by one": (
        FACTORS,
        False,
        ("--se", "robust", "--test", "satorra_bentler", "--test", "browne_residual_nt"),
    ),
    "sandwich and its test one by one": (
        FACTORS,
        False,
        ("--se", "robust_huber_white", "--test", "yuan_bentler_mplus", "--test", "standard"),
    ),
    "observed by h1": (FACTORS, False, ("--information", "observed", "--observed-information", "h1")),
    "unstructured h1": (FACTORS, False, ("--estimator", "MLR", "--h1-information", "unstructured")),
}


def _classes(has_gaps: bool) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.read_csv(HS)
    frame = frame.assign(weight=rng.uniform(0.5, 2, len(frame)).round(2), **{"class": rng.integers(0, 60, len(frame))})
    items = [f"x{number}" for number in range(1, 10)]
    if has_gaps:
        frame[items] = frame[items].mask(rng.random((len(frame), 9)) < 0.1)
    return frame


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_lavaan_finds_the_same_for_every_design(run, name: str, tmp_path: Path) -> None:
    text, has_gaps, words = DESIGNS[name]
    model, data = tmp_path / "m.sem", tmp_path / "hs.csv"
    model.write_text(text, encoding="utf-8")
    _classes(has_gaps).to_csv(data, index=False)
    _compare(run, (model, data, *words), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", model_names())
def test_lavaan_finds_the_same(run, name: str, tmp_path: Path) -> None:
    _compare(run, (name, ts.load_model(name).sample), tmp_path)


def _compare(run, words: tuple[object, ...], folder: Path) -> None:
    """Export, run in R, and compare estimates, standard errors and chi-squares."""
    if not _lavaan_works():
        pytest.skip("R with lavaan is not installed")
    script, data, table = folder / "m.R", folder / "d.csv", folder / "estimates.csv"
    assert run("export", *words, "--to", "lavaan", "-o", script, "--data-output", data)[0] == 0
    more = (
        f'write.csv(as.data.frame(parameterEstimates(fit)), "{table.as_posix()}", row.names = FALSE)\n'
        'for (name in c("chisq", "chisq.scaled")) if (name %in% names(fitMeasures(fit)))\n'
        '  cat("MEASURE", name, format(fitMeasures(fit)[[name]], digits = 10), "\\n")\n'
    )
    script.write_text(script.read_text(encoding="utf-8") + more, encoding="utf-8")
    done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with table.open(encoding="utf-8") as stream:
        theirs = {_key(row["lhs"], row["op"], row["rhs"], row.get("group", "1")): row for row in csv.DictReader(stream)}
    code, out, err = run("fit", *words, "--json")
    assert code == 0, err
    content = json.loads(out)
    auxiliary = set(content["options"]["auxiliary"])  # written out for lavaan, no part of our estimates
    assert len([key for key in theirs if not auxiliary & set(key)]) == len(content["estimates"])
    for row in content["estimates"]:
        found = theirs[_key(row["lhs"], row["op"], row["rhs"], str(row["group"]))]
        assert math.isclose(float(found["est"]), row["est"], abs_tol=TOLERANCE), row
        if row["se"] is not None:
            assert math.isclose(float(found["se"]), row["se"], abs_tol=TOLERANCE), row
    for name, value in re.findall(r"^MEASURE (\S+) (\S+)", done.stdout, re.MULTILINE):
        assert math.isclose(float(value), content["fit_measures"][name.replace(".", "_")], rel_tol=1e-4), name


def _key(lhs: str, op: str, rhs: str, group: str) -> tuple[str, ...]:
    # lavaan takes a name with a colon for a product of columns: the script writes a product of factors with _x_
    lhs, rhs = lhs.replace(":", "_x_"), rhs.replace(":", "_x_") if op != ":=" else rhs
    if op == ":=":
        return (op, lhs)
    if op == "~~":
        return (group, op, *sorted((lhs, rhs)))
    return (group, op, lhs) if op == "~1" else (group, op, lhs, rhs)
