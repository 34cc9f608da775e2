"""The command line from end to end: what each command prints, its JSON, and where files go."""

from __future__ import annotations

import inspect
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from trustsem.cli.app import main
from trustsem.cli.fit_options import OPTION_NAMES
from trustsem.fitting import REFUSED_OPTIONS, fit
from trustsem.resources import samples_dir
from trustsem.spec import REFUSED, model_names

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = samples_dir() / "trust_patients.csv"
FACTOR = "f =~ hq1 + hq2 + hq3 + ii1"


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def run_json(run):
    def call(*words: object) -> dict:
        code, out, _ = run(*words, "--json")
        assert code == 0
        return json.loads(out)

    return call


# --- constructs, models, instruments ------------------------------------------------------------------------------


def test_constructs_lists_the_theory(run):
    code, out, err = run("constructs")
    assert code == 0
    assert err == ""
    assert all(name in out for name in ("humanistic_quality", "social_trust", "trust_relationship", "stated"))


def test_one_construct_with_paths_signs_and_items(run):
    _, out, _ = run("constructs", "emotional_communication")
    assert "interpersonal_interaction -> emotional_communication" in " ".join(out.split())
    assert "H10" in out
    assert "ec1 (dpt_patient)" in out


def test_chinese_names_and_wordings(run):
    assert "社会信任" in run("constructs", "social_trust", "--lang", "zh")[1]
    assert "从一见面起" in run("instruments", "show", "dpt_patient", "--lang", "zh")[1]


def test_models_are_listed_and_shown(run, run_json):
    _, out, _ = run("models", "list")
    assert all(name in out for name in model_names())
    _, out, _ = run("models", "show", "interpersonal_path")
    assert "interpersonal_trust ~ ec_ipt*emotional_communication" in out
    assert "reading" in out
    assert run_json("models", "show", "trust_formation")["expected_df"] == 780


def test_instruments_show_keys_scales_and_missing_codes(run, run_json):
    _, out, _ = run("instruments", "show", "dpt_patient")
    assert all(word in out for word in ("reversed", "agree5", "dont_know", "Strongly agree"))
    content = run_json("instruments", "show", "dpt_patient")
    assert len(content["items"]) == 42
    assert content["items"][0]["wording"]["zh"]


# --- check -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["interpersonal_path", "trust_formation", "second_order_trust"])
def test_check_counts_as_the_library_says(run_json, name):
    content = run_json("check", name)
    assert content["df"] == content["expected_df"]
    assert content["identified"]


def test_check_with_data_and_table(run):
    code, out, _ = run("check", "interpersonal_path", "trust_patients", "--table")
    assert code == 0
    assert "Complete rows" in out
    assert "auto_var" in out
    assert "line " in out


def test_check_options_shape_the_table(run_json):
    plain, scaled = run_json("check", "interpersonal_path"), run_json("check", "interpersonal_path", "--meanstructure")
    assert not plain["meanstructure"]
    assert scaled["meanstructure"]
    assert scaled["n_moments"] == plain["n_moments"] + 21


def test_everything_refused_is_listed(run, run_json):
    content = run_json("check", "--refused")
    assert {item["name"] for item in content["refused_features"]} == set(REFUSED)
    assert {item["name"] for item in content["refused_options"]} == set(REFUSED_OPTIONS)
    assert run("check", "--refused")[0] == 0


# --- describe ----------------------------------------------------------------------------------------------------


def test_describe_counts_rows_items_and_reasons(run, run_json):
    content = run_json("describe", "trust_patients", "--log")
    assert content["codebook"] == "dpt_patient"
    assert content["rows"]["n_rows"] == 1200
    item = content["items"][0]
    assert item["n"] + item["n_missing"] == 1200
    assert sum(item["missing"].values()) == item["n_missing"]
    assert any(entry["action"] == "reversed" for entry in content["log"])
    _, out, _ = run("describe", "trust_patients")
    assert all(word in out for word in ("floor", "ceiling", "dont_know", "Covariates"))


def test_describe_names_the_codebook_that_fits_without_applying_it(run):
    _, out, _ = run("describe", SAMPLE)
    assert "--codebook dpt_patient" in " ".join(out.split())
    assert "none: columns as they are" in out
    _, out, _ = run("describe", SAMPLE, "--codebook", "none")
    assert "--codebook" not in out


# --- fit ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference():
    return fit("interpersonal_path", SAMPLE)


def test_fit_prints_what_the_library_computes(run, reference):
    code, out, err = run("fit", "interpersonal_path", "trust_patients")
    assert code == 0
    assert err == ""
    assert f"{reference.fit_measures['chisq']:.3f}" in out
    assert f"{reference.n_obs} of 1200" in out
    assert "\x1b" not in out


def test_fit_json_is_the_fit(run_json, reference):
    content = run_json("fit", "interpersonal_path", "trust_patients")
    assert content["schema"] == "trustsem.fit/1"
    assert content == json.loads(json.dumps(reference.to_dict()))


def test_a_model_on_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(FACTOR))
    code, out, _ = run("fit", "-", "trust_patients")
    assert code == 0
    assert "standard input" in out
    assert "codebook dpt_patient" in out  # the bundled sample brings its own


def test_options_reach_the_fit(run_json, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(FACTOR))
    content = run_json("fit", "-", "trust_patients", "--std-lv", "--meanstructure", "--likelihood", "wishart")
    rows = {(row["lhs"], row["op"], row["rhs"]): row for row in content["estimates"]}
    assert rows["f", "~~", "f"]["est"] == 1
    assert rows["f", "=~", "hq1"]["se"] is not None
    assert ("hq1", "~1", "") in rows
    assert content["options"]["likelihood"] == "wishart"


def test_every_option_of_fit_is_on_the_command_line():
    taken = set(inspect.signature(fit).parameters) - {"model", "data", "sample_cov", "sample_mean", "n_obs"}
    assert set(OPTION_NAMES) == taken
    signature = inspect.signature(fit).parameters
    from trustsem.cli.fit_options import declared_options

    for name, parameter in inspect.signature(declared_options).parameters.items():
        assert (parameter.default or None) == (signature[name].default or None), name


def test_standardized_and_all_measures(run, run_json):
    _, out, _ = run("fit", "interpersonal_path", "trust_patients", "--standardized", "--measures", "all")
    assert "Standardised solution" in out
    assert "baseline_chisq" in out
    content = run_json("fit", "interpersonal_path", "trust_patients", "--standardized")
    assert content["standardized"][0]["est_std"] == pytest.approx(content["estimates"][0]["std_all"])


def test_output_is_the_same_json(run, tmp_path):
    target = tmp_path / "fit.json"
    code, out, err = run("fit", "interpersonal_path", "trust_patients", "--json", "--output", target)
    assert code == 0
    assert str(target) in err
    assert json.loads(target.read_text(encoding="utf-8")) == json.loads(out)
    assert [path.name for path in tmp_path.iterdir()] == ["fit.json"]


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_fit_keeps_the_terminal_width(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run("fit", "interpersonal_path", "trust_patients")
    assert max(map(len, out.splitlines())) <= int(columns)


def test_a_model_made_for_another_estimator_says_so(run):
    _, out, _ = run("fit", "hints7_communication_trust", "hints7_twin", "--ordered", "none")
    assert "made for WLSMV" in out
    _, out, _ = run("fit", "hints7_communication_trust", "hints7_twin")
    assert "made for" not in out
    _, out, _ = run("fit", "interpersonal_path", "trust_patients", "--ordered", "all")
    assert "made for ML of continuous answers" in out


# --- effects -----------------------------------------------------------------------------------------------------


def test_effects_are_those_of_the_fit(run, run_json, reference):
    pair = ("--x", "humanistic_quality", "--y", "interpersonal_trust")
    content = run_json("effects", "interpersonal_path", "trust_patients", *pair)
    frame = reference.effects(x="humanistic_quality", y="interpersonal_trust")
    assert [row["est"] for row in content["effects"]] == pytest.approx(frame["est"].tolist())
    _, out, _ = run("effects", "interpersonal_path", "trust_patients", *pair)
    assert "total indirect" in out
    assert "through interpersonal_interaction -> emotional_communication" in out


def test_effects_through_a_mediator(run_json):
    words = ("effects", "interpersonal_path", "trust_patients", "--x", "humanistic_quality", "--y")
    content = run_json(*words, "interpersonal_trust", "--through", "emotional_communication")
    kinds = [row["effect"] for row in content["effects"]]
    assert kinds == ["specific indirect", "total indirect"]


# --- demo --------------------------------------------------------------------------------------------------------


def test_demo_tells_the_whole_story(run, tmp_path):
    folder = tmp_path / "out"
    code, out, _ = run("demo", "--output", folder)
    text = " ".join(out.split())
    assert code == 0
    for part in ("SYNTHETIC", "1200 rows in the file", "as expected", "total indirect", "stability index",
                 "fixed at 0", "trust_formation_recursive", "associations", "polychoric", "WLSMV"):  # fmt: skip
        assert part in text
    assert json.loads((folder / "fit.json").read_text(encoding="utf-8"))["schema"] == "trustsem.fit/1"
    assert json.loads((folder / "effects.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_demo_json_and_files_again(run_json, tmp_path):
    run_json("demo", "--output", tmp_path / "out")
    content = run_json("demo", "--output", tmp_path / "out")  # an earlier demo may be overwritten
    assert content["schema"] == "trustsem.demo/1"
    assert len(content["paths"]) == 17
    assert all(path["expected"] for path in content["paths"])
    shift = [arrow["est_without_covariance"] - arrow["est"] for arrow in content["variant"]["arrows"]]
    assert all(moved > 0.02 for moved in shift)  # the sample has a positive disturbance covariance
    assert content["variant"]["chisq_difference"] > 0
    assert content["variant"]["pvalue"] < 0.05
    # what is read is the scaled chi-square, not the plain statistic, which has no p-value here
    assert content["fit_measures"]["pvalue"] is None
    exact = next(sentence for sentence in content["sentences"]["fit"] if "Exact fit" in sentence)
    assert f"{content['fit_measures']['chisq_scaled']:.3f}" in exact
    assert f"CFI {content['fit_measures']['cfi_robust']:.3f}" in " ".join(content["sentences"]["fit"])


def test_demo_does_not_touch_another_folder(run, tmp_path):
    (tmp_path / "fit.json").write_text("{}", encoding="utf-8")
    code, _, err = run("demo", "--output", tmp_path)
    assert code == 2
    assert "nothing was written" in err
    assert (tmp_path / "fit.json").read_text(encoding="utf-8") == "{}"


# --- the program -------------------------------------------------------------------------------------------------


def test_version_and_help(run):
    assert run("--version")[1].startswith("trustsem ")
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in ("demo", "constructs", "models", "instruments", "check", "describe", "effects"))


def test_help_imports_nothing_heavy():
    script = (
        "import sys\nfrom trustsem.cli.app import main\nmain(['--help'])\n"
        "print([m for m in ('pandas', 'scipy', 'numpy', 'rich', 'plotly', 'semopy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_fit_imports_only_what_it_needs():
    # Each of these costs a tenth of a second or more, and no fit of a text file needs it.
    heavy = ("scipy", "plotly", "semopy", "factor_analyzer", "sklearn", "statsmodels", "sympy", "rich", "openpyxl",
             "pyreadstat", "pyarrow.parquet", "numexpr", "bottleneck", "matplotlib", "trustsem.simulate",
             "trustsem.spec.export", "trustsem.fitting.cross_check", "trustsem.fitting.explain",
             "trustsem.cli.demonstration")  # fmt: skip
    script = (
        f"import sys\nfrom trustsem.cli.app import main\ncode = main(['fit', 'trust_formation', {str(SAMPLE)!r}])\n"
        f"print(code, 'pandas' in sys.modules, [m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "0 True []"


@pytest.mark.parametrize("module", ["typer", "pandas"])
def test_ctrl_c_while_modules_are_imported_leaves_no_traceback(tmp_path, module):
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    program = [sys.executable, "-m", "trustsem", "fit", "interpersonal_path", str(SAMPLE)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 130
    assert "Interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_shim_and_the_module_run_the_same_program():
    for words in (["cli.py"], ["-m", "trustsem"]):
        done = subprocess.run([sys.executable, *words, "--version"], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0
        assert done.stdout.startswith("trustsem ")


def test_the_shim_says_how_to_set_up_what_is_missing():
    done = subprocess.run([sys.executable, "-S", "cli.py", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_error():
    program = [sys.executable, "-m", "trustsem", "instruments", "show", "hints7", "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    "words", [["models", "list"], ["models", "list", "--json"], ["--help"], ["models", "show", "x"]]
)
def test_streams_that_cannot_be_written_are_no_bug(words):
    """Symptom: 'Internal error' and a traceback on a closed stdout, 'Internal error' on a full disk."""
    program = shlex.join([sys.executable, "-m", "trustsem", *words])
    normal = 12 if "x" in words else 0
    for redirection, expected in ((">&-", normal), ("2>&-", normal), (">/dev/full", normal or 2)):
        if "full" in redirection and not Path("/dev/full").exists():
            continue
        done = subprocess.run(f"{program} {redirection}", shell=True, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == expected
        assert "Traceback" not in done.stderr
        assert "bug" not in done.stderr


def test_sheet_and_encoding_reach_the_reader(run, tmp_path):
    """Symptom: messages recommend --encoding and --sheet, and no command took them."""
    text = tmp_path / "u.csv"
    text.write_bytes("x1,x2\n1,2\n3,5\n2,2\n".encode("utf-16-le"))
    assert run("describe", text)[0] == 10
    assert run("describe", text, "--encoding", "utf-16-le")[0] == 0
    book = tmp_path / "b.xlsx"
    with pd.ExcelWriter(book) as writer:
        pd.DataFrame({"note": ["a"]}).to_excel(writer, sheet_name="notes", index=False)
        pd.read_csv(SAMPLE).to_excel(writer, sheet_name="answers", index=False)
    for command in (["describe"], ["check", "interpersonal_path"], ["fit", "interpersonal_path"]):
        assert run(*command, book, "--sheet", "answers")[0] == 0
        assert run(*command, book, "--sheet", "2")[0] == 0
        assert run(*command, book, "--sheet", "nosuch")[0] == 10


def test_levers_say_whose_mapping_they_are(run, run_json):
    _, out, _ = run("constructs", "patient_anxiety")
    assert "stated" in out
    _, out, _ = run("constructs", "humanistic_quality")
    assert "mapping ours" in " ".join(out.split())
    (first, *_) = run_json("constructs", "humanistic_quality")["levers"]
    assert (first["basis"], first["sign"], first["sources"]) == ("ours", 1, ["li2021"])


@pytest.mark.slow
def test_fit_cross_check(run, run_json):
    content = run_json("fit", "interpersonal_path", "trust_patients", "--cross-check")
    assert content["cross_check"]["verdict"] == "agrees"
    _, out, _ = run("fit", "interpersonal_path", "trust_patients", "--cross-check")
    assert "semopy" in out
