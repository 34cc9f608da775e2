"""`trustsem demo`: from a bundled survey to an answer, in one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsem.cli.console import print_json, print_text, terminal_width
from trustsem.cli.options import JsonOption
from trustsem.errors import UsageError
from trustsem.tables.text import format_pvalue, heading, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.cli.demonstration import Demonstration

FIT_FILE, EFFECTS_FILE = "fit.json", "effects.json"
REPORT_FILES = ("manifest.json", "report.json", "report.html", "report.md")
_MADE_BY = "trustsem demo"

_INTRODUCTION = (
    "This demo fits {model}, Figure 1 of Li et al. (2021) as reconstructed, to {sample}: {n_total} SYNTHETIC answers "
    "to the questionnaire {codebook}. No real person answered; the numbers say nothing about patients anywhere, they "
    "show what the tool does. The answers have five points and are analysed as ordered categories (estimator WLSMV): "
    "the model explains polychoric correlations, those of the continuous opinions that are taken to lie behind the "
    "answers. Data of one point in time show associations: that an arrow is a cause is the theory's claim."
)
_VARIANT_NOTE = (
    "Both variants belong in a report, and trust_formation_recursive beside them. With the covariance forced to 0, "
    "whatever else the two trusts have in common is booked on the two arrows, and the fit may stay as good."
)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for fit.json, effects.json and the report.")
    ] = Path("trustsem-demo"),
    as_json: JsonOption = False,
) -> None:
    """Fit the theory's model to a bundled synthetic survey and say in plain words what comes out."""
    _require_own_folder(output)
    from trustsem.cli.demonstration import demonstrate

    demonstration = demonstrate()
    files = (*_write_files(output, demonstration), *_write_report(output))
    if as_json:
        print_json("demo", {**_content(demonstration), "files": [str(path) for path in files]})
        return
    written = "\n".join(["Written:", *(f"  {path}" for path in files)])
    print_text(*_text(demonstration, terminal_width()), written, _next_steps())


# --- files ------------------------------------------------------------------------------------------------------


def _require_own_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier demo.

    Raises:
        UsageError: it is a file, or something else lies in it.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Give the name of a folder with --output.", code="not-a-folder")
    own = {FIT_FILE, EFFECTS_FILE, *REPORT_FILES}
    present = {path.name for path in folder.iterdir()}
    if present and not (present <= own and _is_demo(folder / EFFECTS_FILE)):
        raise UsageError(
            f"The folder {folder} holds other files than those of an earlier demo; nothing was written.",
            remedy="Give another folder: trustsem demo --output DIR.",
            code="folder-in-use",
        )


def _is_demo(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there or not JSON: not ours
        return False
    return isinstance(content, dict) and content.get("made_by") == _MADE_BY


def _write_files(folder: Path, demonstration: Demonstration) -> tuple[Path, Path]:
    from trustsem.cli.files import write_json
    from trustsem.fitting.serialise import records
    from trustsem.outputs import make_folder

    make_folder(folder)
    effects = {
        "schema": "trustsem.effects/1",
        "made_by": _MADE_BY,
        "synthetic": True,
        "model": demonstration.fit.model.name,
        "effects": records(demonstration.effects),
        "loops": records(demonstration.fit.loops()),
    }
    # The file that marks the folder as a demo's goes first: an interrupted run leaves a folder that can be used again.
    write_json(folder / EFFECTS_FILE, effects)
    write_json(folder / FIT_FILE, demonstration.fit.to_dict())
    return folder / FIT_FILE, folder / EFFECTS_FILE


def _write_report(folder: Path) -> tuple[Path, ...]:
    """Run the example study and write its report; draws are left to `trustsem report`, they take a minute."""
    from dataclasses import replace

    from trustsem.cli.progress import part_bar
    from trustsem.report import FORMATS, write_report
    from trustsem.resources import examples_dir
    from trustsem.study import read_study, run_study

    spec = read_study(examples_dir() / "demo-study" / "study.toml")
    with part_bar("Report") as progress:
        result = run_study(replace(spec, draws=0), progress=progress)
    wanted = "html" if "html" in FORMATS else "markdown"
    return write_report(result, folder, wanted, beside=(FIT_FILE, EFFECTS_FILE))


# --- text -------------------------------------------------------------------------------------------------------


def _text(demonstration: Demonstration, width: int) -> list[str]:
    from trustsem.cli.demonstration import all_sentences
    from trustsem.cli.effect_text import render_loops
    from trustsem.fitting.summary import render_findings, render_measures

    fit = demonstration.fit
    said = all_sentences(demonstration)
    return [
        _paragraph(_INTRODUCTION.format(**_places(demonstration)), width),
        _titled("Rows", [_paragraph(_rows_sentence(demonstration), width)]),
        _titled("Paths and what the theory expects", [_path_table(demonstration, width), _verdict_note(width)]),
        _titled("In words", [_bullets(said["paths"], width)]),
        _titled("Mediation: what the chains carry", [_effect_table(demonstration, width)]),
        _bullets(said["effects"], width),
        _titled("The loop of the two trusts", [render_loops(fit.loops(), width), _bullets(said["loop"], width)]),
        _titled("How far the arrows move without the disturbance covariance", [_arrow_table(demonstration, width)]),
        _bullets(said["variant"], width) + "\n" + _paragraph(_VARIANT_NOTE, width),
        _titled("Fit", [render_measures(fit, width), _bullets(said["fit"], width), _convention_note(width)]),
        _titled("What to know", [render_findings(fit.findings, width)]),
    ]


def _verdict_note(width: int) -> str:
    return _paragraph(
        "Verdicts at the 5% level; undecided: not told apart from zero; (reading): the sign is our reading of the "
        "source, an expectation and no claim of it. Estimates are unstandardised, std is with all variables "
        "standardised.",
        width,
    )


def _convention_note(width: int) -> str:
    return _paragraph(
        "The chi-square is the scaled one, CFI, TLI and RMSEA are the robust ones. Cut-offs are conventions (Hu & "
        "Bentler 1999; Browne & Cudeck 1993), not laws.",
        width,
    )


def _places(demonstration: Demonstration) -> dict[str, Any]:
    data, model = demonstration.fit.data, demonstration.fit.model
    source = data.source or {}
    return {"model": model.name, "sample": source.get("file"), "codebook": source.get("codebook"),
            "n_total": data.n_total}  # fmt: skip


def _rows_sentence(demonstration: Demonstration) -> str:
    fit = demonstration.fit
    total = fit.data.n_total or fit.n_obs
    return (
        f"{total} rows in the file -> {total - fit.n_obs} left out because an answer is missing -> {fit.n_obs} "
        f"complete rows used ({100 * fit.n_obs / total:.1f}%)."
    )


def _path_table(demonstration: Demonstration, width: int) -> str:
    from trustsem.tables.sentences import expectation_text

    errors = {(row["rhs"], row["lhs"]): row["se"] for row in demonstration.fit.estimates.to_dict("records")
              if row["op"] == "~"}  # fmt: skip
    rows: list[list[object]] = []
    last = ""
    for (predictor, outcome), claim in demonstration.claims.items():
        if outcome != last:
            rows.append([f"{outcome} ~"])
            last = outcome
        rows.append([f"  {predictor}", claim.est, errors[predictor, outcome], format_pvalue(claim.pvalue), claim.std,
                     expectation_text(claim.expected), claim.verdict.value])  # fmt: skip
    return render_table(["", "est", "se", "p", "std", "expected", "verdict"], rows, width=width)


def _effect_table(demonstration: Demonstration, width: int) -> str:
    rows: list[list[object]] = []
    pair = ("", "")
    for row in demonstration.effects.to_dict("records"):
        if (row["x"], row["y"]) != pair:
            pair = (row["x"], row["y"])
            rows.append([f"{row['x']} on {row['y']}:"])
        way = row["path"].split(" -> ")[1:-1]
        name = f"through {' -> '.join(way)}" if row["effect"] == "specific indirect" else row["effect"]
        rows.append([f"  {name}", row["est"], row["se"], format_pvalue(row["pvalue"]), row["std_all"]])
    return render_table(["", "est", "se", "p", "std"], rows, width=width)


def _arrow_table(demonstration: Demonstration, width: int) -> str:
    from trustsem.cli.demonstration import arrow_rows

    rows: list[list[object]] = [
        [f"{row['predictor']} -> {row['outcome']}", row["est"], row["se"], row["est_without_covariance"],
         row["se_without_covariance"]]
        for row in arrow_rows(demonstration)
    ]  # fmt: skip
    return render_table(["arrow", "free", "se", "fixed at 0", "se"], rows, width=width)


def _titled(title: str, parts: list[str]) -> str:
    return f"{heading(title)}\n" + "\n\n".join(part for part in parts if part)


def _paragraph(text: str, width: int) -> str:
    return "\n".join(wrap_text(text, width))


def _bullets(sentences: list[str], width: int) -> str:
    return "\n".join(line for text in sentences for line in wrap_text(f"- {text}", width, hanging=2))


def _next_steps() -> str:
    return (
        "Next:\n"
        "  trustsem models show trust_formation         the model, arrow by arrow\n"
        "  trustsem fit trust_formation trust_patients --ordered all\n"
        "                                               every number\n"
        "  trustsem describe YOUR_FILE                  begin with your own data\n"
        "  trustsem init YOUR_FILE                      a study file for it, to be run by trustsem report"
    )


def _content(demonstration: Demonstration) -> dict[str, Any]:
    from trustsem.cli.commands.constructs import expected_record
    from trustsem.cli.demonstration import all_sentences, arrow_rows, covariance_test
    from trustsem.fitting.serialise import plain, records

    fit, variant = demonstration.fit, demonstration.variant
    test = covariance_test(demonstration)
    return {
        "synthetic": True,
        "model": fit.model.name,
        "data": fit.data.source,
        "rows": {"in_file": fit.data.n_total, "complete": fit.n_obs},
        "paths": [
            {
                "predictor": predictor,
                "outcome": outcome,
                "est": plain(claim.est),
                "pvalue": plain(claim.pvalue),
                "std_all": plain(claim.std),
                "expected": expected_record(claim.expected),
                "verdict": claim.verdict.value,
            }
            for (predictor, outcome), claim in demonstration.claims.items()
        ],
        "effects": records(demonstration.effects),
        "loops": records(fit.loops()),
        "fit_measures": {name: plain(value) for name, value in fit.fit_measures.items()},
        "variant": {
            "difference": "interpersonal_trust ~~ 0*intergroup_trust",
            "arrows": [{key: plain(value) for key, value in row.items()} for row in arrow_rows(demonstration)],
            "fit_measures": {name: plain(value) for name, value in variant.fit_measures.items()},
            "chisq_difference": None if test is None else plain(test.statistic),
            "df_difference": None if test is None else test.df,
            "pvalue": None if test is None else plain(test.pvalue),
        },
        "sentences": all_sentences(demonstration),
        "findings": [finding.to_dict() for finding in fit.findings],
    }
